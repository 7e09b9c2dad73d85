"""Geometry checks: where coordinates are, whether a shape is an area, in which district a point is.

Shapes are shapely's, x before y. Nothing here knows files or the database.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Geometries: TypeAlias = NDArray[np.object_]
Mask: TypeAlias = NDArray[np.bool_]
Coordinates: TypeAlias = NDArray[np.float64]
Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north."""


class GeometryError(ValueError):
    """A geometry cannot be used. The message is for the person who brought the file."""


def as_array(geometries: Any) -> Geometries:
    """Geometries (None: none) as an array, whatever held them."""
    return np.array(list(geometries), dtype=np.object_)
