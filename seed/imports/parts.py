"""What belongs to an entity: the sites of an offering, the statements about a measure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from db.lookups import rows_of
from db.models import OfferingSite, Site
from db.registry import Row, replace_parts, upsert
from seed.identity import entity_id, part_id
from seed.imports.fields import Reader, columns_of
from seed.imports.known import as_uuid
from seed.imports.places import stated_point
from seed.imports.stream import Stream
from seed.mappings import ImportMapping, PartRule, ValueRefused, wanted
from seed.mappings.rules import look_up, written
from seed.readers import Record
from seed.readers.json_values import flatten
from seed.targets import OFFERINGS, Target


@dataclass(frozen=True)
class Origin:
    """Where parts are from: the source of the file, and that of each of their owners."""

    mapping: ImportMapping
    source: UUID
    owners: Mapping[UUID, UUID]

    def site(self, key: str) -> UUID:
        kept = as_uuid(key) if self.mapping.keeps_ids else None
        return kept or entity_id("site", str(self.source), key)


AT_SITE = ("opening_hours", "opening_note")  # what differs between offerings of one site
SITES = OFFERINGS.parts["sites"]
PLACED = ("longitude", "latitude", "place")
NOT_OF_SITES = {*AT_SITE, *PLACED}


@dataclass
class Part:
    """A part as a record describes it: its key within the source, its fields, its place."""

    position: str
    key: str
    values: Mapping[str, Any]
    stated: BaseGeometry | None = None
    point: tuple[float, float] | None = None

    @property
    def district(self) -> UUID | None:
        return self.values.get("district")


def part_records(
    record: Record, key: str, name: str, rule: PartRule, target: Target, reader: Reader
) -> Iterator[Part]:
    """The parts of an entity; what cannot be taken is reported and left out."""
    of = target.parts[name]
    for number, each in enumerate(records_of(record, rule), 1):
        values = reader.read(of, rule.fields, each.properties, each.position)
        if values is None:
            continue
        stated = rule.key.read("key", each.properties) if rule.key else None
        own = written(stated) if stated is not None else key if number == 1 else f"{key}#{number}"
        place = stated_point(each, values, reader.report) if of is SITES else None
        if place is not None or any(value is not None for value in values.values()):
            yield Part(each.position, own, values, place)


def stated_points(stream: Stream) -> Iterator[Point | None]:
    """The places of a table as its records give them, as far as they can be understood."""
    rule = stream.mapping.parts.get("sites")
    if rule is None:
        return
    for record in stream.records():
        for each in records_of(record, rule):
            with suppress(ValueRefused):
                fields = {name: rule.fields[name] for name in PLACED if name in rule.fields}
                values = {name: of.read(name, each.properties) for name, of in fields.items()}
                yield stated_point(each, values)


def records_of(record: Record, rule: PartRule) -> Iterator[Record]:
    if rule.records is None:
        yield record
        return
    found = look_up(record.properties, rule.records)
    each = found if isinstance(found, list) else [] if found is None else [found]
    for number, item in enumerate(each, 1):
        above = {f"^.{name}": value for name, value in record.properties.items()}
        properties = {**flatten(item), **above}
        if wanted(rule.only, properties):
            yield Record(f"{record.position}, {rule.records} {number}", properties)


def write_parts(
    connection: Connection,
    target: Target,
    name: str,
    origin: Origin,
    parts: Mapping[UUID, Sequence[Part]],
    standing: Collection[UUID],
    *,
    placed: bool,
) -> set[UUID]:
    """Make these all the parts their owners have. Returns the owners for which that is a change.

    `standing` are the owners that may have parts already. `placed`: the file has coordinates. One
    that has none leaves those of its sites alone.
    """
    if name == "sites":
        return _write_sites(connection, origin, parts, standing, placed=placed)
    of = target.parts[name]
    owner = f"{target.table}_id"
    rows = [
        part_row(of, (owner, identity), origin.owners[identity], position, part)
        for identity, owned in parts.items()
        for position, part in enumerate(owned)
    ]
    return {*replace_parts(connection, of.model, owner, standing, rows).owner_ids}


def part_row(
    of: Target, owner: tuple[str, UUID], source: UUID, position: int, part: Part
) -> dict[str, Any]:
    """A part that has one owner, given with the column that names it."""
    column, identity = owner
    return {
        "id": part_id(identity, of.table, part.key),
        column: identity,
        "source_id": source,
        "position": position,
        **dict(columns_of(of, part.values)),
    }


def _write_sites(
    connection: Connection,
    origin: Origin,
    parts: Mapping[UUID, Sequence[Part]],
    standing: Collection[UUID],
    *,
    placed: bool,
) -> set[UUID]:
    """A site is a row of its own, which several offerings of a source may share."""
    owners: dict[UUID, set[UUID]] = {}
    stated: dict[UUID, tuple[UUID, Part]] = {}
    links: list[Row] = []
    for offering, owned in parts.items():
        for position, part in enumerate(owned):
            identity = origin.site(part.key)
            stated.setdefault(identity, (origin.owners[offering], part))
            owners.setdefault(identity, set()).add(offering)
            links.append(at_site_row(offering, identity, position, part))
    sites = _sites(connection, origin, stated, placed=placed)
    written_sites = upsert(connection, Site, sites)
    changed = {each for site in written_sites.changed_ids for each in owners[site]}
    linked = replace_parts(connection, OfferingSite, "offering_id", standing, links)
    return changed | {*linked.owner_ids}


def _sites(
    connection: Connection,
    origin: Origin,
    stated: Mapping[UUID, tuple[UUID, Part]],
    *,
    placed: bool,
) -> list[Row]:
    """The rows of sites, from the source of their first offering. One with an id of its own that is
    here already keeps its source; if it is not from such a file, it stays as it is."""
    known: dict[UUID, tuple[Any, ...]] = {}
    if origin.mapping.keeps_ids:
        known = rows_of(connection, Site, list(stated), ("source_id", "external_key"))
    found = (
        (identity, *known.get(identity, (source, part.key)), part)
        for identity, (source, part) in stated.items()
    )
    return [
        site_row(identity, source, part, placed=placed)
        for identity, source, key, part in found
        if key == part.key
    ]


def site_row(identity: UUID, source: UUID, part: Part, *, placed: bool) -> dict[str, Any]:
    own = {name: value for name, value in part.values.items() if name not in NOT_OF_SITES}
    row = {
        "id": identity,
        "source_id": source,
        "external_key": part.key,
        **dict(columns_of(SITES, own)),
    }
    if not placed:
        return row
    precision = row.get("precision") or ("exact" if part.point is not None else None)
    return row | {"point": part.point, "precision": precision}


def at_site_row(offering: UUID, site: UUID, position: int, part: Part) -> dict[str, Any]:
    return {
        "id": part_id(offering, "offering_site", site),
        "offering_id": offering,
        "site_id": site,
        "position": position,
        **{name: part.values[name] for name in AT_SITE if name in part.values},
    }
