"""Maps as SVG: boundaries of districts and places of offerings, drawn here, without a script."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely

Position = tuple[float, float]

WIDTH = 1000.0  # units of a drawing across
MARGIN = 0.04
SMALLEST = 0.15  # degrees: a map of one point shows some of its surroundings
FLATTEST, STEEPEST = 0.6, 1.0  # height to width
CLUSTER = 44.0  # units: marks that would overlap are one
LETTER, LINE = 0.6, 1.3  # of a size of 24 units, for which names have room
SIZE = 24.0


@dataclass(frozen=True, slots=True)
class Box:
    """West, south, east, north in degrees (EPSG:4326)."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, positions: Iterable[Position]) -> Box | None:
        found = list(positions)
        if not found:
            return None
        longitudes, latitudes = [x for x, _ in found], [y for _, y in found]
        return cls(min(longitudes), min(latitudes), max(longitudes), max(latitudes))

    def widened(self) -> Box:
        across = max(self.east - self.west, SMALLEST) * (0.5 + MARGIN)
        along = max(self.north - self.south, SMALLEST) * (0.5 + MARGIN)
        x, y = (self.west + self.east) / 2, (self.south + self.north) / 2
        return Box(x - across, y - along, x + across, y + along)


@dataclass(frozen=True, slots=True)
class Projection:
    """Equirectangular about a middle latitude: true to shape for an area of a county's size."""

    west: float
    north: float
    across: float
    along: float

    @classmethod
    def over(cls, box: Box) -> Projection:
        across = WIDTH / (box.east - box.west)
        middle = math.radians((box.south + box.north) / 2)
        return cls(box.west, box.north, across, across / max(math.cos(middle), 0.05))

    def point(self, position: Position) -> Position:
        x, y = position[:2]
        return (x - self.west) * self.across, (self.north - y) * self.along


@dataclass(frozen=True, slots=True)
class Area:
    """A district as it is drawn."""

    slug: str
    name: str
    path: str
    label: Position
    is_emphasised: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A place, with the numbers that the entities there have in the list beside the map."""

    numbers: tuple[int, ...]
    names: tuple[str, ...]
    x: float
    y: float

    @property
    def text(self) -> str:
        return str(self.numbers[0]) if len(self.numbers) == 1 else f"×{len(self.numbers)}"

    @property
    def title(self) -> str:
        pairs = zip(self.numbers, self.names, strict=True)
        listed = "; ".join(f"{number}. {name}" for number, name in pairs)
        return listed if len(self.numbers) == 1 else f"{self.text}: {listed}"


@dataclass(frozen=True, slots=True)
class View:
    """The part of a drawing that is shown, in its units."""

    left: float
    top: float
    width: float
    height: float

    @property
    def unit(self) -> float:
        """A thousandth of its width, as what is drawn must be as large in every part shown."""
        return self.width / WIDTH

    def within(self, x: float, half: float) -> float:
        """Where the middle of a name is that is to be read as a whole, and would be at `x`."""
        return max(min(x, self.left + self.width - half), self.left + half)

    def __str__(self) -> str:
        return f"{self.left:.0f} {self.top:.0f} {self.width:.0f} {self.height:.0f}"

    def proportioned(self) -> View:
        """Widened or heightened to a shape that fits on a page."""
        width = max(self.width, self.height / STEEPEST)
        height = max(self.height, width * FLATTEST)
        left = self.left - (width - self.width) / 2
        return View(left, self.top - (height - self.height) / 2, width, height)

    def shows(self, position: Position) -> bool:
        x, y = position[0] - self.left, position[1] - self.top
        return 0 <= x <= self.width and 0 <= y <= self.height


@dataclass(frozen=True, slots=True)
class Map:
    """What is drawn. `named` are the areas whose names do not overlap."""

    areas: Sequence[Area]
    named: Sequence[Area]
    marks: Sequence[Mark]
    view: View


@dataclass(frozen=True, slots=True)
class Ground:
    """The districts a map is drawn on, kept for as long as the publication lasts."""

    box: Box
    projection: Projection
    areas: tuple[Area, ...]

    def drawn(
        self, places: Sequence[tuple[int, str, Position]] = (), emphasised: Sequence[str] = ()
    ) -> Map:
        """The whole ground, or the part of it where the places are."""
        box = Box.around(position for *_, position in places)
        view = self._view(box.widened() if box and not emphasised else self.box)
        areas = [
            replace(area, is_emphasised=True) if area.slug in emphasised else area
            for area in self.areas
        ]
        placed = [(number, name, self.projection.point(at)) for number, name, at in places]
        marks = _marks(placed, view)
        return Map(areas, _named(areas, marks, view), marks, view)

    def _view(self, box: Box) -> View:
        left, top = self.projection.point((box.west, box.north))
        right, bottom = self.projection.point((box.east, box.south))
        return View(left, top, right - left, bottom - top).proportioned()


def _marks(places: Sequence[tuple[int, str, Position]], view: View) -> list[Mark]:
    """Places that would cover each other share a mark."""
    cell = CLUSTER * view.unit
    clusters: dict[tuple[int, int], list[tuple[int, str, Position]]] = {}
    for place in places:
        x, y = place[2]
        clusters.setdefault((round(x / cell), round(y / cell)), []).append(place)
    return [
        Mark(
            tuple(number for number, *_ in found),
            tuple(name for _, name, _ in found),
            sum(at[0] for *_, at in found) / len(found),
            sum(at[1] for *_, at in found) / len(found),
        )
        for found in clusters.values()
    ]


def _named(areas: Sequence[Area], marks: Sequence[Mark], view: View) -> list[Area]:
    """Those whose names find room; emphasised ones first, then those with the longest border."""
    named: list[Area] = []
    size = SIZE * view.unit
    taken = [(mark.x - size, mark.y - size, mark.x + size, mark.y + size) for mark in marks]
    for area in sorted(areas, key=lambda each: (not each.is_emphasised, -len(each.path))):
        if not view.shows(area.label):
            continue
        half, y = len(area.name) * size * LETTER / 2, area.label[1]
        x = view.within(area.label[0], half)
        room = (x - half, y - size * LINE / 2, x + half, y + size * LINE / 2)
        if not any(_overlap(room, other) for other in taken):
            named.append(replace(area, label=(round(x), y)))
            taken.append(room)
    return named


def _overlap(
    one: tuple[float, float, float, float], two: tuple[float, float, float, float]
) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def ground(features: Sequence[dict[str, Any]]) -> Ground | None:
    """The ground made of districts given as GeoJSON Features; None if none has a boundary."""
    bounded = [feature for feature in features if _rings(feature["geometry"])]
    box = Box.around(
        position for feature in bounded for ring in _rings(feature["geometry"]) for position in ring
    )
    if box is None:
        return None
    shown = box.widened()
    projection = Projection.over(shown)
    return Ground(shown, projection, tuple(_area(feature, projection) for feature in bounded))


def _area(feature: dict[str, Any], projection: Projection) -> Area:
    about = feature["properties"]
    rings = _rings(feature["geometry"])
    path = "".join(_path(map(projection.point, ring)) for ring in rings)
    at = (about.get("longitude"), about.get("latitude"))
    middle = at if None not in at else _inside(max(rings, key=len))
    x, y = projection.point(middle)
    return Area(about["slug"], about["name"], path, (round(x), round(y)))


def _inside(ring: list[Position]) -> Position:
    """A point in the area: near its middle, even if that lies outside."""
    point = shapely.point_on_surface(shapely.polygons(ring))
    return point.x, point.y


def _rings(geometry: dict[str, Any] | None) -> list[list[Position]]:
    if geometry is None:
        return []
    polygons = {"Polygon": [geometry.get("coordinates")], "MultiPolygon": geometry["coordinates"]}
    return [ring for polygon in polygons.get(geometry["type"], []) for ring in polygon]


def _path(points: Iterable[Position]) -> str:
    """A ring in whole units, each step from where the one before ended."""
    steps: list[str] = []
    before = (0, 0)
    for x, y in points:
        here = round(x), round(y)
        if not steps:
            steps.append(f"M{here[0]} {here[1]}l")
        elif here != before:
            steps.append(f"{here[0] - before[0]} {here[1] - before[1]} ")
        before = here
    return "".join(steps).rstrip() + "z"
