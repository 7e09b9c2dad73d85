"""Simplified boundaries that still fit together: neighbours, levels, and successive divisions.

PostGIS 3.3 cannot simplify a coverage, GEOS (through shapely) can, but only areas that do not
overlap. So the borders of all areas, of every level and date, are cut into one mosaic of faces;
the mosaic is simplified, and each area is put together again from its faces. A border that two
areas share is one line in the mosaic and stays one line, whether they are neighbours, a county and
its municipalities, or a merged municipality and its predecessors.

Numbers are metres of a Lambert azimuthal equal-area projection around the areas (its centre rounded
to ten degrees, so that a new area does not move all others): the algorithm, Visvalingam's, removes
the corners whose triangle is smaller than the square of the tolerance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

TOLERANCES = (50, 200, 1000)

GRID = 0.1  # vertices this close are one
SLIVER = 0.1  # of the tolerance: a narrower face lies between two drawings of one border
STEPS = 6  # a face too narrow for the tolerance gets a half of it, a fourth …, or stays as it is
DECIMALS = 6  # as published; rounded here, where it can still be checked

Geometries = NDArray[np.object_]
Indices = NDArray[np.intp]
Numbers = NDArray[np.float64]
Projection = Callable[[Numbers], Numbers]


@dataclass(frozen=True)
class Area:
    """A boundary in EPSG:4326."""

    id: UUID
    geometry: BaseGeometry


@dataclass(frozen=True)
class SimplifiedBoundary:
    """A simplified boundary, MULTIPOLYGON in EPSG:4326 as WKB, by its tolerance in metres."""

    district_id: UUID
    tolerance: int
    wkb: bytes


PUBLISHED = text("""
SELECT id, ST_AsBinary(boundary) AS wkb FROM registry.public_district
WHERE boundary IS NOT NULL ORDER BY id
""")


def simplify_all(connection: Connection) -> Iterator[SimplifiedBoundary]:
    """Simplify every published boundary: a border can only be simplified with all that share it."""
    rows = connection.execute(PUBLISHED).all()
    mosaic = Mosaic([Area(row.id, shapely.from_wkb(row.wkb)) for row in rows])
    for tolerance in TOLERANCES:
        for district_id, shape in mosaic.simplified(tolerance).items():
            yield SimplifiedBoundary(district_id, tolerance, shapely.to_wkb(shape))


def simplified(areas: Sequence[Area], tolerance: float) -> dict[UUID, BaseGeometry]:
    """The areas, simplified together: valid, right-handed MULTIPOLYGONs in EPSG:4326."""
    return Mosaic(areas).simplified(tolerance)


class Mosaic:
    """The faces that the borders of the areas enclose, and which of them make up which area."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self.areas = areas
        if not areas:
            return
        originals = np.array([area.geometry for area in areas], dtype=object)
        self._to_metres, self._to_degrees = _projection(originals)
        projected = shapely.transform(originals, self._to_metres)
        self._faces = _faces(projected)
        inside = shapely.STRtree(shapely.point_on_surface(self._faces))
        self._area, self._face = inside.query(projected, predicate="contains")

    def simplified(self, tolerance: float) -> dict[UUID, BaseGeometry]:
        if not self.areas:
            return {}
        owner = self._owners(tolerance * SLIVER)
        faces = _simplified_faces(_joined(self._faces, owner), tolerance)
        whole = owner[self._face] == self._face
        cuts = np.searchsorted(self._area[whole], range(1, len(self.areas)))
        return {
            area.id: self._composed(faces[members]) or _multipolygon(area.geometry)
            for area, members in zip(self.areas, np.split(self._face[whole], cuts), strict=True)
        }

    def _owners(self, width: float) -> Indices:
        """For each face itself or, for a sliver, the face it is to be joined to."""
        area = shapely.area(self._faces)
        sliver = 2 * area < width * shapely.length(self._faces)
        sliver[self._mainstays(area)] = False
        return _owners(sliver, self._faces)

    def _mainstays(self, size: Numbers) -> Indices:
        """The largest face of each area: however narrow, it must not go to a neighbour."""
        order = np.lexsort((size[self._face], self._area))
        last = np.append(np.diff(self._area[order]) > 0, True)[: len(order)]
        mainstays: Indices = self._face[order[last]]
        return mainstays

    def _composed(self, faces: Geometries) -> BaseGeometry | None:
        """The faces as one area, or nothing where that does not give a valid area."""
        area = shapely.coverage_union_all(faces)
        exact = _multipolygon(shapely.transform(area, self._to_degrees))
        rounded = shapely.transform(exact, lambda places: places.round(DECIMALS))
        valid = (shape for shape in (rounded, exact) if shape.is_valid and not shape.is_empty)
        return next(valid, None)


def _projection(areas: Geometries) -> tuple[Projection, Projection]:
    west, south, east, north = shapely.total_bounds(areas)
    lon, lat = round((west + east) / 20) * 10, round((south + north) / 20) * 10
    laea = f"+proj=laea +lon_0={lon} +lat_0={lat} +ellps=GRS80 +units=m"
    there = Transformer.from_crs("EPSG:4326", laea, always_xy=True)
    return _by(there, "FORWARD"), _by(there, "INVERSE")


def _by(transformer: Transformer, direction: str) -> Projection:
    def project(places: Numbers) -> Numbers:
        return np.column_stack(
            transformer.transform(places[:, 0], places[:, 1], direction=direction)
        )

    return project


def _faces(areas: Geometries) -> Geometries:
    """Everything the borders enclose, and the outside: every border has a face on both sides."""
    west, south, east, north = shapely.total_bounds(areas)
    frame = shapely.box(west - 1e5, south - 1e5, east + 1e5, north + 1e5)
    borders = shapely.union_all([*shapely.boundary(areas), frame.boundary], grid_size=GRID)
    faces: Geometries = shapely.get_parts(shapely.polygonize([borders]))
    return faces


def _borders(faces: Geometries) -> tuple[Indices, Indices, Numbers]:
    """Each segment of the mosaic: the faces on its two sides and its length."""
    rings, face = shapely.get_rings(faces, return_index=True)
    places, ring = shapely.get_coordinates(rings, return_index=True)
    numbers = places @ [1, 1j]  # complex numbers sort and compare as one
    within = ring[:-1] == ring[1:]
    ends = np.sort(np.column_stack([numbers[:-1], numbers[1:]])[within], axis=1)
    order = np.lexsort(ends.T)
    ends, side = ends[order], face[ring[:-1][within][order]]
    twin = (ends[:-1] == ends[1:]).all(axis=1)
    return side[:-1][twin], side[1:][twin], np.abs(ends[:-1, 1] - ends[:-1, 0])[twin]


def _neighbours(slivers: NDArray[np.bool_], faces: Geometries) -> dict[int, Counter[int]]:
    """For each sliver, how much border it shares with which face."""
    shared: dict[int, Counter[int]] = defaultdict(Counter)
    if not slivers.any():
        return shared
    left, right, length = _borders(faces)
    for one, other in ((left, right), (right, left)):
        of_sliver = slivers[one]
        for sliver, face, metres in zip(
            one[of_sliver], other[of_sliver], length[of_sliver], strict=True
        ):
            shared[sliver][face] += metres
    return shared


def _owners(slivers: NDArray[np.bool_], faces: Geometries) -> Indices:
    """Give each sliver to the neighbour it shares most border with, from the edges inwards."""
    owner = np.arange(len(faces))
    waiting = _neighbours(slivers, faces)
    while joined := {
        sliver: max(solid, key=shared.__getitem__)
        for sliver, shared in waiting.items()
        if (solid := shared.keys() - waiting.keys())
    }:
        for sliver, face in joined.items():
            owner[sliver] = owner[face]
            del waiting[sliver]
    return owner


def _joined(faces: Geometries, owner: Indices) -> Geometries:
    """The faces with their slivers, which leave a hole in the numbering."""
    joined = faces.copy()
    for face in np.unique(owner[owner != np.arange(len(faces))]):
        joined[face] = shapely.coverage_union_all(faces[owner == face])
    joined[owner != np.arange(len(faces))] = None
    return joined


def _simplified_faces(faces: Geometries, tolerance: float) -> Geometries:
    """Simplify in steps that double, each without the faces that are too narrow for it.

    With their borders kept (`simplify_boundary=False`), what is left still fits to them. Area by
    length of border is a fourth of a square's side, and half the width of a strip.
    """
    limit = np.nan_to_num(shapely.area(faces) / shapely.length(faces))
    result = faces.copy()
    for step in tolerance / 2.0 ** np.arange(STEPS)[::-1]:
        large = limit >= step
        result[large] = shapely.coverage_simplify(result[large], step, simplify_boundary=False)
    return result


def _multipolygon(area: BaseGeometry) -> BaseGeometry:
    """Right-handed: shells counter-clockwise, holes clockwise (RFC 7946, section 3.1.6)."""
    return shapely.orient_polygons(shapely.multipolygons(shapely.get_parts(area)))
