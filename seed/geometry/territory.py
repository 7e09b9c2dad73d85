"""The registry's districts: which of them a point is in, and whether that is the stated one.

A point on the boundary of two districts is in both. The caller leaves out schematic boundaries,
which decide nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
import shapely
from pyproj import Geod
from shapely import Point, STRtree
from shapely.geometry.base import BaseGeometry

from seed.geometry import Geometries, Mask, as_array

K = TypeVar("K", bound=Hashable)
EARTH = Geod(ellps="GRS80")


class Territory(Generic[K]):
    """Boundaries of districts in degrees, by any key; levels may lie on top of each other."""

    def __init__(self, boundaries: Mapping[K, BaseGeometry]) -> None:
        self._keys = list(boundaries)
        self._index = {key: number for number, key in enumerate(self._keys)}
        self._boundaries = as_array(boundaries.values())
        shapely.prepare(self._boundaries)
        self._tree = STRtree(self._boundaries)

    def __bool__(self) -> bool:
        """Whether there is a boundary at all; without one nothing can be outside."""
        return bool(self._keys)

    def districts_at(self, points: Iterable[Point | None]) -> list[tuple[K, ...]]:
        """The districts of every point, in the order the boundaries were given in."""
        placed = as_array(points)
        found: dict[int, list[int]] = defaultdict(list)
        for point, district in self._pairs(placed):
            found[point].append(district)
        return [
            tuple(self._keys[number] for number in sorted(found[index])) if index in found else ()
            for index in range(len(placed))
        ]

    def covers(self, points: Iterable[Point | None]) -> Mask:
        """Whether each point is in a district."""
        placed = as_array(points)
        inside = np.zeros(len(placed), dtype=np.bool_)
        inside[[point for point, _ in self._pairs(placed)]] = True
        return inside

    def swapped(self, points: Iterable[Point | None]) -> Mask:
        """Whether each point is outside, and inside with longitude and latitude exchanged."""
        placed = as_array(points)
        turned = shapely.transform(placed, lambda places: places[:, ::-1])
        return ~self.covers(placed) & self.covers(turned)

    def kilometres_to(self, point: Point) -> float:
        """How far a point lies outside; 0 within."""
        nearest = self._boundaries[self._tree.nearest(point)]
        line = shapely.shortest_line(point, nearest)
        return float(EARTH.geometry_length(line)) / 1000

    def disagrees(self, stated: K | None, point: Point | None) -> tuple[K, ...] | None:
        """The districts a point lies in, if the stated one is none of them; None if it is.

        None as well where that cannot be told: no point, or no boundary for the stated district.
        """
        return self.disagreements([stated], [point]).get(0)

    def disagreements(
        self, stated: Sequence[K | None], points: Iterable[Point | None]
    ) -> dict[int, tuple[K, ...]]:
        """By the number of the row: where its point lies instead of in its stated district."""
        placed = as_array(points)
        here = self.districts_at(placed)
        located = ~(shapely.is_missing(placed) | shapely.is_empty(placed))
        return {
            row: here[row]
            for row, key in enumerate(stated)
            if key in self._index and located[row] and key not in here[row]
        }

    def _pairs(self, placed: Geometries) -> Iterable[tuple[int, int]]:
        """Point and district, by their numbers."""
        points, districts = self._tree.query(placed)
        x, y = shapely.get_x(placed[points]), shapely.get_y(placed[points])
        inside = shapely.intersects_xy(self._boundaries[districts], x, y)
        return zip(points[inside].tolist(), districts[inside].tolist(), strict=True)
