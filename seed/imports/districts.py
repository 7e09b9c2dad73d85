"""The import of districts: their boundaries, matched by official key.

What the registry says about a district stays; only its boundary is replaced. A district the
registry lacks becomes a draft. If its parent is neither registered nor in the file it has none, and
is flagged; a mapping with `only_known_parents` leaves it out as one of other territory.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import shapely
from shapely import MultiPolygon, Point
from sqlalchemy import Connection

from db.boundaries import (
    KeyedDistrict,
    draw_schematic_cells,
    keyed_districts,
    lock_boundaries,
    union_parents,
)
from db.models import District
from db.registry import ids_by_slug, insert_missing, upsert
from seed.geometry import GeometryError
from seed.geometry.areas import area
from seed.geometry.placement import Placement
from seed.identity import distinct_slug, entity_id
from seed.imports.fields import Reader, columns_of
from seed.mappings.rules import written
from seed.readers import Record
from seed.report import FileReport
from seed.targets import DISTRICTS

SRID = 4326
NOT_STATED_HERE = ("parent", "slug", "boundary_quality")


@dataclass(frozen=True)
class Row:
    """A row of the file under the registry's names. A rejected one has no boundary."""

    position: str
    fields: Mapping[str, Any]
    boundary: MultiPolygon | None
    usable: bool = True

    @property
    def schemes(self) -> set[str]:
        """Of its own key and of its parent's."""
        return {key.partition(":")[0] for key in (self.key, self.parent) if key}

    @property
    def key(self) -> str:
        return f"{self.fields['scheme']}:{self.fields['key']}"

    @property
    def parent(self) -> str | None:
        parent = self.fields.get("parent")
        return parent if parent is None or ":" in parent else f"{self.fields['scheme']}:{parent}"


@dataclass(frozen=True)
class Registered:
    """What the import meets in the registry: districts by `scheme:key`, and its own source."""

    districts: Mapping[str, KeyedDistrict]
    source_slug: str
    source_id: UUID


@dataclass
class DistrictImport:
    """Writes the boundaries of a file, all at once: they are drawn and united together."""

    connection: Connection
    reader: Reader
    placement: Placement | None
    source: UUID
    whole: bool = True

    def key(self, record: Record) -> str | None:
        fields = self.reader.mapping.fields
        stated = [fields[name].read(name, record.properties) for name in ("scheme", "key")]
        return ":".join(written(each) for each in stated) if all(stated) else None

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        rows = [row for record in records if (row := self._row(record, repeated))]
        source = self.reader.mapping.source.slug
        known = _registered(self.connection, rows, source, self.source)
        rows = _with_known_parents(rows, known.districts, self.reader)
        _write(self.connection, rows, known, self.reader.report)

    def _row(self, record: Record, repeated: Container[str]) -> Row | None:
        """A row whose boundary cannot be taken is still known to be in the file."""
        mapping, report = self.reader.mapping, self.reader.report
        values = self.reader.read(DISTRICTS, mapping.fields, record.properties, record.position)
        if values is None:
            return None
        row = Row(record.position, {"boundary_quality": "official"} | values, None)
        if row.key in repeated:
            report.reject("several rows have this key", record.position, "key", values["key"])
            return replace(row, usable=False)
        if self.placement is None:  # a file of names and keys
            return row
        try:
            return replace(row, boundary=self._boundary(record))
        except GeometryError as refused:
            report.reject(str(refused), record.position, "geometry")
            return replace(row, usable=False)

    def _boundary(self, record: Record) -> MultiPolygon:
        """The area as a valid shape in degrees; raises GeometryError."""
        if record.geometry is None or self.placement is None:
            raise GeometryError(record.flaw or "a district without a boundary")
        found = area(self.placement.to_degrees(record.geometry))
        if found.flaw:
            reason = f"repaired ({found.flaw}): area changed by {found.change:.4%}"
            self.reader.report.flag(reason, record.position, "geometry")
        if found.left_out:
            reason = f"{found.left_out} points and lines beside the area left out"
            self.reader.report.flag(reason, record.position, "geometry")
        return found.boundary


# --- what becomes of it --------------------------------------------------------------------------


def _registered(connection: Connection, rows: Sequence[Row], slug: str, source: UUID) -> Registered:
    lock_boundaries(connection)
    known = keyed_districts(connection, {scheme for row in rows for scheme in row.schemes})
    return Registered(known, slug, source)


def _with_known_parents(
    rows: Sequence[Row], known: Mapping[str, KeyedDistrict], reader: Reader
) -> list[Row]:
    """Rows that are new and whose parent is not registered lose it, or are left out."""
    report, only_known = reader.report, reader.mapping.only_known_parents
    new = {row.key: row for row in rows if row.usable and row.key not in known}
    foreign = {
        row.position: row.parent
        for row in new.values()
        if _is_foreign(row, new, known, whole=only_known)
    }
    if not only_known:
        for position, parent in foreign.items():
            report.flag("not registered: left empty", position, "parent", parent)
        return [_without_parent(row) if row.position in foreign else row for row in rows]
    if foreign:
        parents = sorted({parent for parent in foreign.values() if parent})
        shown = ", ".join(parents[:5]) + (" …" if len(parents) > 5 else "")
        report.left_out += len(foreign)
        report.note(f"{len(foreign)} rows left out: their parents are not registered ({shown})")
    return [row for row in rows if row.position not in foreign]


def _is_foreign(row: Row, new: Mapping[str, Row], known: Container[str], *, whole: bool) -> bool:
    """Whether its parent is neither registered nor in the file, or is below itself; with `whole`
    also whether that is so of any district above it."""
    above, passed = row.parent, {row.key}
    while above and above in new and above not in passed:
        passed.add(above)
        above = new[above].parent
    if above in passed:
        return True
    return above is not None and above not in known and (whole or above == row.parent)


def _without_parent(row: Row) -> Row:
    return replace(row, fields={**row.fields, "parent": None})


def _write(
    connection: Connection, rows: Sequence[Row], registered: Registered, report: FileReport
) -> None:
    known = registered.districts
    usable = [row for row in rows if row.usable]
    replaced = [row for row in usable if row.key in known and _fits(row, known[row.key], report)]
    _replace(connection, replaced, registered, report)
    added = [row for row in usable if row.key not in known]
    _add(connection, added, registered, report)
    _report_absent(rows, known, report)
    redraw(connection, report)


def _fits(row: Row, known: KeyedDistrict, report: FileReport) -> bool:
    """Whether the row is about this district; what differs otherwise is reported and kept."""
    if row.fields["level"] != known.level:
        reason = f"the registry has {row.key} as {known.level}"
        report.reject(reason, row.position, "level", row.fields["level"])
        return False
    if _is_swapped(row, known):
        report.reject("latitude and longitude are swapped", row.position, "geometry")
        return False
    _compare(row, known, report)
    return True


def _is_swapped(row: Row, known: KeyedDistrict) -> bool:
    if known.lon is None or known.lat is None or row.boundary is None:
        return False
    here, there = Point(known.lon, known.lat), Point(known.lat, known.lon)
    return bool(row.boundary.covers(there) and not row.boundary.covers(here))


def _compare(row: Row, known: KeyedDistrict, report: FileReport) -> None:
    for name, stated in (("name", known.name), ("kind", known.kind)):
        value = row.fields.get(name)
        if value is not None and value != stated:
            report.flag(f"the registry says {stated!r}, which stays", row.position, name, value)
    if _misses_point(row, known):
        reason = f"the registered point ({known.lon}, {known.lat}) of {known.name} lies outside"
        report.flag(reason, row.position, "geometry")
    if known.valid_to is not None:
        report.note(_ended(known), row.position)


def _misses_point(row: Row, known: KeyedDistrict) -> bool:
    if known.lon is None or known.lat is None or row.boundary is None:
        return False
    return not row.boundary.covers(Point(known.lon, known.lat))


def _ended(known: KeyedDistrict) -> str:
    ended = f"{known.name} ended {known.valid_to}"
    if not known.successors:
        return f"{ended}, no successor is registered; the boundary is kept with it"
    successors = ", ".join(known.successors)
    return f"{ended}, successor {successors}; the boundary is kept with the predecessor"


def _replace(
    connection: Connection, rows: Sequence[Row], registered: Registered, report: FileReport
) -> None:
    districts, source_id = registered.districts, registered.source_id
    drawn = [row for row in rows if row.boundary is not None]
    changes = [{"id": districts[row.key].id} | _drawn(row, source_id) for row in drawn]
    counts = upsert(connection, District, changes)
    report.changed += counts.changed
    report.unchanged += counts.unchanged + len(rows) - len(drawn)


def _drawn(row: Row, source_id: UUID) -> dict[str, Any]:
    if row.boundary is None:
        return {}
    return {
        "boundary": shapely.to_wkb(shapely.set_srid(row.boundary, SRID), include_srid=True),
        "boundary_quality": row.fields["boundary_quality"],
        "boundary_source_id": source_id,
    }


def _add(
    connection: Connection, rows: Sequence[Row], registered: Registered, report: FileReport
) -> None:
    taken = set(ids_by_slug(connection, District))
    drafts = []
    for row in rows:
        drafts.append(_draft(row, registered, taken))
        taken.add(drafts[-1]["slug"])
        report.flag("not in the registry: added as a draft", row.position, "key", row.key)
    report.new += insert_missing(connection, District, drafts).new


def _draft(row: Row, registered: Registered, taken: Container[str]) -> dict[str, Any]:
    identity = entity_id("district", registered.source_slug, row.key)
    stated = {name: value for name, value in row.fields.items() if name not in NOT_STATED_HERE}
    own = {
        "id": identity,
        "slug": distinct_slug(str(row.fields["name"]), identity, taken),
        "parent_id": _parent_id(row.parent, registered) if row.parent else None,
        "source_id": registered.source_id,
        "external_key": row.key,
    }
    return own | dict(columns_of(DISTRICTS, stated)) | _drawn(row, registered.source_id)


def _parent_id(key: str, registered: Registered) -> UUID:
    """That of a registered district, or of one from the same file."""
    if found := registered.districts.get(key):
        return found.id
    return entity_id("district", registered.source_slug, key)


def _report_absent(
    rows: Sequence[Row], known: Mapping[str, KeyedDistrict], report: FileReport
) -> None:
    """Districts next to the imported ones that the file does not have."""
    listed = {row.key for row in rows}
    imported = [known[key] for key in listed & known.keys()]
    places = {(each.parent_id, each.level) for each in imported if each.parent_id is not None}
    for each in known.values():
        if each.key in listed or each.archived or (each.parent_id, each.level) not in places:
            continue
        if each.merged:
            union = "its boundary is the union of its predecessors', where all have one"
            report.note(f"{each.name} ({each.key}) is not in the file; {union}")
        else:
            report.flag(f"{each.name} ({each.key}) is not in the file", None)


def redraw(connection: Connection, report: FileReport) -> None:
    """Make anew what is made from boundaries that changed."""
    if cells := draw_schematic_cells(connection, missing=False):
        report.note(f"{cells} schematic boundaries drawn again around the new ones")
    if united := union_parents(connection):
        report.note(f"{united} boundaries made anew from their parts")
