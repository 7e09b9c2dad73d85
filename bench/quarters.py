"""Quarters with detailed boundaries, so that districts with polygons are a case worth measuring.

They are the Voronoi cells of points scattered over the real municipalities, with borders bent like
those that follow streams and paths. Borders are bent as lines, before areas are made of them, so
that neighbours share every vertex.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, pi, radians

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

STEP = 35.0  # metres between two vertices of a border
# Wavelength and amplitude in metres. Steeper than 1 in sum, and the plane would fold.
WAVES = ((3000.0, 110.0), (1100.0, 42.0), (400.0, 15.0))
METRES = 111_320.0  # a degree of latitude

Points = NDArray[np.float64]


def boundaries(points: Points, radius: Points) -> list[bytes]:
    """The quarter around each point (longitude, latitude) as EWKB of a MULTIPOLYGON.

    `radius` is how far, in metres, settlement reaches around each.
    """
    origin, scale = points.mean(axis=0), _scale(points)
    flat = (points - origin) * scale
    lines = shapely.segmentize(_borders(flat, radius), STEP)
    drawn = shapely.transform(lines, lambda xy: np.round(_bent(xy) / scale + origin, 6))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(drawn)))
    inside = _bent(flat) / scale + origin
    return [_ewkb(face) for face in _around(inside, faces)]


def _scale(points: Points) -> Points:
    return np.array([METRES * cos(radians(float(points[:, 1].mean()))), METRES])


def _borders(flat: Points, radius: Points) -> BaseGeometry:
    """The lines between the points' cells, and around all of them, cut where they meet."""
    discs = shapely.buffer(shapely.points(flat), radius)
    land = shapely.buffer(shapely.buffer(shapely.union_all(discs), 3000), -2500)
    cells = shapely.voronoi_polygons(
        shapely.multipoints(flat), extend_to=shapely.envelope(land), only_edges=True
    )
    return shapely.node(shapely.union_all([cells, shapely.boundary(land)]))


def _bent(xy: Points) -> Points:
    x, y = xy[:, 0], xy[:, 1]
    bend_x = sum(size * np.sin(2 * pi * y / length + length) for length, size in WAVES)
    bend_y = sum(size * np.sin(2 * pi * x / length + 2 * length) for length, size in WAVES)
    return np.column_stack([x + bend_x, y + bend_y])


def _around(points: Points, faces: Iterable[BaseGeometry]) -> list[BaseGeometry]:
    tree = shapely.STRtree(list(faces))
    found = tree.query(shapely.points(points), predicate="within")
    of_point = dict(zip(*found.tolist(), strict=True))
    return [tree.geometries[of_point[number]] for number in range(len(points))]


def _ewkb(face: BaseGeometry) -> bytes:
    area = shapely.set_srid(shapely.multipolygons([shapely.orient_polygons(face)]), 4326)
    if not shapely.is_valid(area):
        raise ValueError(f"a quarter is drawn wrongly: {shapely.is_valid_reason(area)}")
    return bytes(shapely.to_wkb(area, include_srid=True))
