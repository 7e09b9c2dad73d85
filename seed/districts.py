"""The import of districts: their boundaries, matched by official key.

What the registry says about a district stays; only its boundary is replaced. A district the
registry lacks becomes a draft, if its county (its parent, by the mapping) is registered.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from shapely import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from db.boundaries import (
    KeyedDistrict,
    draw_schematic_cells,
    keyed_districts,
    lock_boundaries,
    union_parents,
)
from db.models import District, Source
from db.registry import ids_by_slug, insert_missing, upsert, writer
from seed.identity import distinct_slug, entity_id, source_id
from seed.mappings import (
    ImportMapping,
    MappingError,
    SourceRule,
    ValueRefused,
    fitting,
    named,
)
from seed.readers import Record, UnreadableError, geojson
from seed.report import FileReport, Report

REPAIRABLE = 0.001  # of the area: what a repair may change
NOT_STATED = "not_stated"
SRID = 4326


@dataclass(frozen=True)
class Row:
    """A row of the file under the registry's names. A rejected one has no boundary."""

    position: str
    fields: Mapping[str, str | None]
    boundary: MultiPolygon | None

    @property
    def key(self) -> str:
        return f"{self.fields['scheme']}:{self.fields['key']}"

    @property
    def parent(self) -> str | None:
        parent = self.fields.get("parent")
        return parent and f"{self.fields['scheme']}:{parent}"


@dataclass(frozen=True)
class Registered:
    """What the import meets in the registry: districts by `scheme:key`, and its own source."""

    districts: Mapping[str, KeyedDistrict]
    source_slug: str
    source_id: UUID


def import_districts(
    url: str,
    files: Sequence[Path],
    *,
    mapping: str | None = None,
    dry_run: bool = False,
    actor: str,
) -> Report:
    """Import files, each in one transaction. A file that is refused does not stop the next."""
    report = Report(dry_run)
    for file in files:
        report.files.append(_import_file(url, file, mapping, dry_run=dry_run, actor=actor))
    return report


def _import_file(
    url: str, file: Path, mapping: str | None, *, dry_run: bool, actor: str
) -> FileReport:
    report = FileReport(str(file))
    try:
        chosen, records = _read(file, mapping)
    except (UnreadableError, MappingError, OSError) as error:
        report.refuse(str(error))
        return report
    report.mapping = chosen.title
    rows = _without_duplicates(_rows(records, chosen, report), report)
    with writer(url, actor) as connection:
        attempt = connection.begin_nested()
        _write(connection, rows, chosen.source, report)
        if dry_run:
            attempt.rollback()
    return report


def _read(file: Path, mapping: str | None) -> tuple[ImportMapping, list[Record]]:
    document = geojson.read(file)
    chosen = named(mapping) if mapping else fitting("districts", document.columns)
    if lacking := chosen.columns - document.columns:
        raise MappingError(f"the file lacks columns of the mapping: {', '.join(sorted(lacking))}")
    return chosen, document.records(chosen.crs)


# --- what the file says --------------------------------------------------------------------------


def _rows(records: Sequence[Record], mapping: ImportMapping, report: FileReport) -> list[Row]:
    wanted = [record for record in records if mapping.wants(record.properties)]
    report.read = len(records)
    if unwanted := len(records) - len(wanted):
        report.left_out += unwanted
        report.note(f"{unwanted} rows left out: the mapping takes only {mapping.only}")
    found = (_row(record, mapping, report) for record in wanted)
    return [row for row in found if row is not None]


def _row(record: Record, mapping: ImportMapping, report: FileReport) -> Row | None:
    fields: Mapping[str, str | None] | None = None
    boundary = None
    try:
        fields = mapping.read(record.properties)
        boundary = _boundary(record, report)
    except ValueRefused as refused:
        report.reject(refused.reason, record.position, refused.field, refused.value)
    return Row(record.position, fields, boundary) if fields is not None else None


def _boundary(record: Record, report: FileReport) -> MultiPolygon:
    """The area as a valid shape; raises ValueRefused."""
    polygons = _polygons(record)
    if polygons.is_valid:
        return polygons
    repaired, change = _repaired(polygons)
    if not change < REPAIRABLE:
        raise ValueRefused("geometry", None, f"invalid: {shapely.is_valid_reason(polygons)}")
    reason = f"repaired ({shapely.is_valid_reason(polygons)}): area changed by {change:.4%}"
    report.flag(reason, record.position, "geometry")
    return repaired


def _polygons(record: Record) -> MultiPolygon:
    if record.geometry is None or record.geometry.is_empty:
        raise ValueRefused("geometry", None, record.flaw or "a district without a boundary")
    kind = record.geometry.geom_type
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ValueRefused("geometry", kind, "not an area: a polygon is needed")
    return _multipolygon(record.geometry)


def _multipolygon(geometry: BaseGeometry) -> MultiPolygon:
    parts = shapely.get_parts(geometry)
    return MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _repaired(polygons: MultiPolygon) -> tuple[MultiPolygon, float]:
    """A valid shape, and by which share of its area it differs. A bow-tie has no area at first."""
    valid = shapely.make_valid(polygons, method="structure", keep_collapsed=False)
    repaired = _multipolygon(valid)
    if not polygons.area or repaired.is_empty:
        return repaired, math.inf
    return repaired, abs(repaired.area - polygons.area) / polygons.area


def _without_duplicates(rows: Sequence[Row], report: FileReport) -> list[Row]:
    """Of two rows with one key neither is right by itself: both are rejected."""
    counted = Counter(row.key for row in rows)
    for row in rows:
        if counted[row.key] > 1 and row.boundary is not None:
            reason = f"{counted[row.key]} rows have this key"
            report.reject(reason, row.position, "key", row.fields["key"])
    return [replace(row, boundary=None) if counted[row.key] > 1 else row for row in rows]


# --- what becomes of it --------------------------------------------------------------------------


def _write(
    connection: Connection, rows: Sequence[Row], source: SourceRule, report: FileReport
) -> None:
    lock_boundaries(connection)
    known = keyed_districts(connection, {str(row.fields["scheme"]) for row in rows})
    usable = [row for row in rows if row.boundary is not None]
    replaced = [row for row in usable if row.key in known and _fits(row, known[row.key], report)]
    added = _additions([row for row in usable if row.key not in known], known, report)
    if replaced or added:
        registered = Registered(known, source.slug, _source_id(connection, source, report))
        _replace(connection, replaced, registered, report)
        _add(connection, added, registered, report)
    _report_absent(rows, known, report)
    _redraw(connection, report)


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
    changes = [{"id": districts[row.key].id} | _drawn(row, source_id) for row in rows]
    counts = upsert(connection, District, changes)
    report.changed += counts.changed
    report.unchanged += counts.unchanged


def _drawn(row: Row, source_id: UUID) -> dict[str, Any]:
    return {
        "boundary": shapely.to_wkb(shapely.set_srid(row.boundary, SRID), include_srid=True),
        "boundary_quality": row.fields["boundary_quality"],
        "boundary_source_id": source_id,
    }


def _additions(
    rows: Sequence[Row], known: Mapping[str, KeyedDistrict], report: FileReport
) -> list[Row]:
    """Rows the registry lacks, without those of a parent it lacks as well: other territory."""
    ours = [row for row in rows if row.parent is None or row.parent in known]
    if foreign := len(rows) - len(ours):
        parents = sorted({row.parent for row in rows if row.parent} - known.keys())
        shown = ", ".join(parents[:5]) + (" …" if len(parents) > 5 else "")
        report.left_out += foreign
        report.note(f"{foreign} rows left out: their parents are not registered ({shown})")
    return ours


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
    stated = {name: row.fields.get(name) for name in ("name", "level", "kind", "scheme", "key")}
    own = {
        "id": identity,
        "slug": distinct_slug(str(row.fields["name"]), identity, taken),
        "parent_id": registered.districts[row.parent].id if row.parent else None,
        "source_id": registered.source_id,
        "external_key": row.key,
    }
    return own | stated | _drawn(row, registered.source_id)


def _source_id(connection: Connection, source: SourceRule, report: FileReport) -> UUID:
    if source.license == NOT_STATED:
        report.flag("may be imported, but not published", None, "license", source.license)
    registered = ids_by_slug(connection, Source).get(source.slug)
    if registered is not None:
        return registered
    identity = source_id(source.slug)
    insert_missing(connection, Source, [{"id": identity} | source.model_dump()])
    return identity


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


def _redraw(connection: Connection, report: FileReport) -> None:
    if cells := draw_schematic_cells(connection, missing=False):
        report.note(f"{cells} schematic boundaries drawn again around the new ones")
    if united := union_parents(connection):
        report.note(f"{united} boundaries made anew from their parts")
