"""Boundaries of districts: areas, repaired where that changes next to nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from seed.geometry import GeometryError

REPAIRABLE = 0.001  # of the area: what a repair may change

_NO_AREAS = {"Point": "a point", "LineString": "a line", "LinearRing": "a line"}


class Area(NamedTuple):
    """A valid boundary.

    `flaw` is what was wrong before the repair (None: nothing), `change` the share of the area by
    which the repair changed it; `left_out` counts points and lines that lay beside the areas.
    """

    boundary: MultiPolygon
    flaw: str | None = None
    change: float = 0.0
    left_out: int = 0


def area(geometry: BaseGeometry | None, *, repairable: float = REPAIRABLE) -> Area:
    """A geometry as a boundary; GeometryError if it is none or not to be repaired."""
    if geometry is None or geometry.is_empty:
        raise GeometryError("a district without a boundary")
    parts = list(_parts(geometry))
    polygons = [part for part in parts if part.geom_type == "Polygon"]
    if not polygons:
        raise GeometryError(f"not an area but {_called(geometry)}: a polygon is needed")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise GeometryError("has coordinates that are no numbers")
    return _valid(MultiPolygon(polygons), len(parts) - len(polygons), repairable)


def _parts(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    """The single shapes of a geometry, however collections are nested; empty ones are none."""
    if geometry.is_empty:
        return
    if hasattr(geometry, "geoms"):
        for part in geometry.geoms:
            yield from _parts(part)
    else:
        yield shapely.force_2d(geometry)


def _called(geometry: BaseGeometry) -> str:
    kinds = {_NO_AREAS[part.geom_type] for part in _parts(geometry)}
    if kinds == {"a line"} and shapely.line_merge(geometry).is_closed:
        return "a closed line (a GIS turns lines into polygons)"
    return kinds.pop() if len(kinds) == 1 else "a collection of points and lines"


def _valid(polygons: MultiPolygon, left_out: int, repairable: float) -> Area:
    if polygons.is_valid:
        return Area(polygons, left_out=left_out)
    flaw = shapely.is_valid_reason(polygons)
    repaired, change = _repaired(polygons)
    if not change < repairable:
        cost = "" if math.isinf(change) else f", by {change:.2%}"
        raise GeometryError(f"invalid ({flaw}), and a repair would change the area{cost}")
    return Area(repaired, flaw, change, left_out)


def _repaired(polygons: MultiPolygon) -> tuple[MultiPolygon, float]:
    """A valid shape, and by which share of its area it differs. A bow-tie has no area at first."""
    valid = shapely.make_valid(polygons, method="structure", keep_collapsed=False)
    repaired = MultiPolygon([part for part in _parts(valid) if part.geom_type == "Polygon"])
    if not polygons.area or repaired.is_empty:
        return repaired, math.inf
    return repaired, abs(repaired.area - polygons.area) / polygons.area
