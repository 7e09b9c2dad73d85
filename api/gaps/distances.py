"""Great-circle distances from where people live to offerings.

A census grid has a hundred thousand inhabited cells a county. PostGIS takes seconds to ask of each
whether an offering is near, or a minute if the distance is large; points in three dimensions, where
the straight way through the sphere grows with the way around it, take a tenth of a second
(docs/adr/0038-distances-are-measured-in-memory.md).
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from db import gaps
from db.gaps import Cells, Kind, Spots
from db.pool import Pool
from db.state import State

Floats: TypeAlias = NDArray[np.float64]
Place = tuple[float, float]
"""Longitude and latitude."""

EARTH = 6_371_008.7714150598
"""Metres: the mean radius of WGS 84, which PostGIS measures great circles by."""


def vectors(longitudes: Floats, latitudes: Floats) -> Floats:
    """Points on a sphere with the radius 1."""
    x, y = np.radians(longitudes), np.radians(latitudes)
    return np.column_stack((np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)))


def around(chords: Floats) -> Floats:
    """Metres around the earth, of straight ways through a sphere with the radius 1."""
    return 2 * EARTH * np.arcsin(np.minimum(chords / 2, 1.0))


@dataclass(frozen=True)
class Grid:
    """Where people live. `kinds` says of each cell, by `kind`, in which districts it lies."""

    state: State
    longitudes: Floats
    latitudes: Floats
    residents: Floats
    kind: NDArray[np.int32]
    kinds: Sequence[Kind]

    @classmethod
    def of(cls, cells: Cells) -> "Grid":
        return cls(
            cells.state,
            doubles(cells.longitudes),
            doubles(cells.latitudes),
            doubles(cells.residents),
            np.frombuffer(cells.kind, ">i4").astype(np.int32),
            cells.kinds,
        )

    @cached_property
    def vectors(self) -> Floats:
        return vectors(self.longitudes, self.latitudes)

    @cached_property
    def east(self) -> Floats:
        """Longitudes by kind, each as often as people live there; so is `north` of latitudes."""
        return self.sums(self.longitudes * self.residents)

    @cached_property
    def north(self) -> Floats:
        return self.sums(self.latitudes * self.residents)

    @cached_property
    def _kinds_in(self) -> dict[UUID, list[int]]:
        found: dict[UUID, list[int]] = {}
        for number, kind in enumerate(self.kinds):
            for district in kind.districts:
                found.setdefault(district, []).append(number)
        return found

    def within(self, districts: Iterable[UUID]) -> list[int]:
        """The kinds of cells that lie in at least one of the districts."""
        return sorted({number for id_ in districts for number in self._kinds_in.get(id_, ())})

    def sums(self, amounts: Floats) -> Floats:
        """By kind."""
        found: Floats = np.bincount(self.kind, amounts, minlength=len(self.kinds)).astype(float)
        return found


def doubles(raw: bytes) -> Floats:
    return np.frombuffer(raw, ">f8").astype(np.float64)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The offering that is nearest to where people live, or else to a point in the district."""

    offering: UUID
    metres: float
    from_residents: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """People of a district, and those within the distance; None: the grid knows of nobody there."""

    residents: float | None
    covered: float | None
    nearest: Nearest | None = None


class _Near:
    """Offerings in space, for looking up which one is nearest."""

    def __init__(self, spots: Spots) -> None:
        from scipy.spatial import KDTree  # noqa: PLC0415 - SciPy takes memory, and most never ask

        self._ids = spots.ids
        points = vectors(doubles(spots.longitudes), doubles(spots.latitudes))
        self._tree = KDTree(points) if spots.ids else None

    def metres(self, places: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """To the nearest, and which one that is; of several as near, the first."""
        if self._tree is None:
            return np.full(len(places), np.inf), np.zeros(len(places), dtype=np.int64)
        chords, numbers = self._tree.query(places)
        return around(chords), numbers

    def nearest(self, longitude: float, latitude: float) -> tuple[UUID, float] | None:
        if self._tree is None:
            return None
        metres, numbers = self.metres(vectors(np.array([longitude]), np.array([latitude])))
        return self._ids[numbers[0]], float(metres[0])


class Reachable:
    """How near the offerings are to where people live. Made in a thread: it takes some tenths of a
    second."""

    def __init__(self, grid: Grid, spots: Spots, distance: float | None) -> None:
        self._grid = grid
        self._near = _Near(spots)
        self._everybody = grid.sums(grid.residents)
        self._covered = None if distance is None else self._within(distance)

    def _within(self, distance: float) -> Floats:
        grid = self._grid
        metres, _ = self._near.metres(grid.vectors)
        return grid.sums(np.where(metres <= distance, grid.residents, 0.0))

    def people(self, districts: Iterable[UUID]) -> Reach:
        """Of all these districts together, each cell once."""
        here = self._grid.within(districts)
        residents = float(self._everybody[here].sum())
        if not residents:
            return Reach(None, None)
        covered = None if self._covered is None else float(self._covered[here].sum())
        return Reach(residents, covered)

    def district(self, id_: UUID, point: Place | None) -> Reach:
        """Of one, with the offering nearest to the middle of where people live, or to a point."""
        found = self.people([id_])
        middle = self._middle(id_) if found.residents else None
        start = middle or point
        nearest = self._near.nearest(*start) if start else None
        if nearest is None:
            return found
        return replace(found, nearest=Nearest(*nearest, from_residents=middle is not None))

    def _middle(self, id_: UUID) -> Place:
        here = self._grid.within([id_])
        grid = self._grid
        residents = self._everybody[here].sum()
        x, y = (sums[here].sum() / residents for sums in (grid.east, grid.north))
        return float(x), float(y)


class Residents:
    """The grid as one process knows it: read once a publication, and shared by all who ask."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._reading = asyncio.Lock()
        self._grid: Grid | None = None

    async def of(self, state: State) -> Grid:
        """As of this state, or of a later one."""
        async with self._reading:
            if self._grid is None or self._grid.state.sequence < state.sequence:
                self._grid = Grid.of(await gaps.cells(self._pool))
            return self._grid
