"""Where parts say they are: a geometry, two columns, or one cell; and whether that can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

import numpy as np
import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from db.lookups import boundaries
from seed.geometry import GeometryError
from seed.geometry.placement import Placement
from seed.geometry.points import point_from_columns, point_from_geometry, point_from_text
from seed.geometry.territory import Territory
from seed.imports.stream import Stream
from seed.mappings import ImportMapping
from seed.readers import Record
from seed.report import FileReport

NOBODY = UUID(int=0)
INEXACT = 0.05  # degrees, some kilometres, that a schematic boundary may be off
SAMPLE = 500  # geometries that the order of the axes is judged by
IN_DEGREES = {"geojson", "geojson-lines"}  # RFC 7946, section 4: WGS 84 if nothing else is said


class Placeable(Protocol):
    """What has a place: as stated at first, in degrees in the end."""

    position: str
    stated: BaseGeometry | None
    point: tuple[float, float] | None

    @property
    def district(self) -> UUID | None: ...


@dataclass
class Places:
    """Turns what records say into points of the registry, and says what is odd about them.

    Districts of the `territory` are told by their boundaries; the `outline` has schematic ones too.
    """

    placement: Placement | None
    territory: Territory[UUID]
    outline: Territory[UUID]
    names: Mapping[UUID, str]
    report: FileReport

    def resolve(self, parts: Sequence[Placeable]) -> None:
        """Give every part its point in degrees; what cannot be is kept without a place."""
        located = [part for part in parts if part.stated is not None]
        if not located or self.placement is None:
            return
        placed = self.placement.all_to_degrees([part.stated for part in located])
        for number, flaw in placed.flaws.items():
            self._flag(located[number], f"kept without a place: {flaw}")
        self._keep(located, placed.geometries)
        self._check_territory([part for part in located if part.point is not None])

    def _keep(self, parts: Sequence[Placeable], points: Iterable[Any]) -> None:
        for part, point in zip(parts, points, strict=True):
            if point is not None:
                part.point = (float(point.x), float(point.y))

    def _check_territory(self, parts: Sequence[Placeable]) -> None:
        """A stated district that disagrees with the point stays as stated."""
        if not self.outline or not parts:
            return
        points = shapely.points([part.point for part in parts])
        swapped = self.outline.swapped(points)
        outside = ~self.outline.covers(points)
        for number in np.flatnonzero(outside).tolist():
            self._tell_outside(parts[number], swapped=bool(swapped[number]))
        stated = [part.district for part in parts]
        for row, here in self.territory.disagreements(stated, points).items():
            lies = ", ".join(self.names[each] for each in here) or "none of the districts"
            self._flag(
                parts[row],
                f"kept as stated, but the point lies in {lies}",
                self.names.get(stated[row] or NOBODY),
            )

    def _tell_outside(self, part: Placeable, *, swapped: bool) -> None:
        if swapped:
            part.point = None
            self._flag(part, "kept without a place: longitude and latitude seem to be swapped")
        else:
            self._flag(part, "outside the registry's territory")

    def _flag(self, part: Placeable, reason: str, district: str | None = None) -> None:
        field = "geometry" if district is None else "district"
        self.report.flag(reason, part.position, field, district)


def stated_point(
    record: Record, values: Mapping[str, Any], report: FileReport | None = None
) -> Point | None:
    """The point a record gives, as the file has it; None where it gives none."""
    if record.flaw and report:
        report.flag(record.flaw, record.position, "geometry")
    try:
        return _stated(record, values)
    except GeometryError as refused:
        if report:
            report.flag(f"kept without a place: {refused}", record.position, "geometry")
        return None


def _stated(record: Record, values: Mapping[str, Any]) -> Point | None:
    if values.get("place") is not None:
        return point_from_text(str(values["place"]))
    longitude, latitude = values.get("longitude"), values.get("latitude")
    if longitude is not None and latitude is not None:
        return point_from_columns(longitude, latitude)
    if record.geometry is None or record.geometry.is_empty:
        return None
    return point_from_geometry(record.geometry)


def placement_of(
    stream: Stream, geometries: Iterable[BaseGeometry | None], kind: str, report: FileReport
) -> Placement | None:
    """How the coordinates of a table are to be read; None for a table without any."""
    sample = list(islice((each for each in geometries if each is not None), SAMPLE))
    if not sample:
        return None
    mapping: ImportMapping = stream.mapping
    placement = Placement.of(
        stream.table.crs, mapping.crs, sample, implied=kind.lower() in IN_DEGREES
    )
    for note in placement.notes:
        report.note(note)
    return placement


def places_of(
    connection: Connection,
    placement: Placement | None,
    names: Mapping[UUID, str],
    report: FileReport,
) -> Places:
    real = {identity: shapely.from_wkb(shape) for identity, shape in boundaries(connection)}
    schematic = {
        identity: shapely.from_wkb(shape).buffer(INEXACT)
        for identity, shape in boundaries(connection, schematic=True)
    }
    return Places(placement, Territory(real), Territory(real | schematic), names, report)
