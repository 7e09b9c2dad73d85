"""A small invented county for gaps: districts on a chessboard, people, offerings and a grid.

Everything is drawn from a seed and kept as plain values, so that tests can count by plain Python
what the server should answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import shapely
from pyproj import Geod
from shapely import MultiPolygon, Point

from db import models
from db.codes import ORGANISATION_MODES
from db.publication import publish
from db.registry import upsert, writer
from tests.databases import Database
from tests.db import village
from tests.db.village import HERE, key

SPHERE = Geod(a=6371008.7714150598, f=0)
"""The great circle of PostGIS: the mean radius of WGS 84."""
WEST, SOUTH, SIDE = 13.0, 50.0, 0.1
LONG_AGO, LATELY = date(2021, 12, 31), date(2023, 1, 1)
AGES = ("under_5", "from_5", "from_65")
CATEGORIES = {"advice": None, "debts": "advice", "care": None}
"""By code, the one above it."""


@dataclass(frozen=True)
class Town:
    """`people` by age: None is unknown, "hidden" suppressed."""

    name: str
    parent: str
    box: shapely.Polygon | None
    people: dict[str, int | str | None]
    begins: date | None = None
    ends: date | None = None

    @property
    def chain(self) -> tuple[str, ...]:
        return (self.name, self.parent, "county")

    @property
    def total(self) -> int | None:
        counts = list(self.people.values())
        return sum(counts) if all(isinstance(count, int) for count in counts) else None  # type: ignore[arg-type]


@dataclass(frozen=True)
class Offer:
    name: str
    category: str
    mode: str | None
    point: Point | None
    town: str | None
    serves: tuple[str, ...]
    capacity: int | None
    ended: bool
    status: str = "published"
