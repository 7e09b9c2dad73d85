"""Where a record says it is: its geometry, two columns, or one cell; and whether that can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shapely import Point

from seed.geometry import NoPlace, Placement, Territory, point
from seed.readers import Record
from seed.report import FileReport

Place = tuple[float, float]


@dataclass
class Places:
    """Turns what records say into points of the registry, and says what is odd about them."""

    placement: Placement | None
    territory: Territory
    report: FileReport

    def find(self, record: Record, stated: Mapping[str, Any]) -> Place | None:
        """Longitude and latitude, or None for a record that says none or an impossible one."""
        if record.flaw:
            self.report.flag(record.flaw, record.position, "geometry")
        try:
            found = self._stated(record, stated)
        except NoPlace as refused:
            self.report.flag(f"kept without a place: {refused}", record.position, "geometry")
            return None
        if found is not None and self.territory.known and not self.territory.covers(found):
            self.report.flag("outside the registry's territory", record.position, "geometry")
        return found

    def check_district(self, district: UUID | None, place: Place | None, position: str) -> None:
        """A stated district that disagrees with the point stays as stated, and is flagged."""
        if district is None or place is None:
            return
        if reason := self.territory.disagreement(district, place):
            self.report.flag(f"kept as stated: {reason}", position, "district")

    def _stated(self, record: Record, stated: Mapping[str, Any]) -> Place | None:
        found = point(
            self.placement,
            geometry=record.geometry,
            longitude=stated.get("longitude"),
            latitude=stated.get("latitude"),
            cell=stated.get("place"),
            territory=self.territory,
        )
        return None if found is None else _pair(found)


def _pair(found: Point) -> Place:
    return (found.x, found.y)
