"""Where the coordinates of a table are: in which system, and which axis comes first.

In files of geodata x is the easting or longitude, whatever order the coordinate system defines
(EPSG:31467 and its easting-first twin EPSG:5677 are then the same). Some files keep to the
definition instead. Which of the two a file does is told by where its coordinates come to lie: in
the area the system is used in, or far away from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from seed.geometry import Bounds, Coordinates, Geometries, GeometryError, Mask, as_array
from seed.geometry.territory import Territory
from seed.readers import UnreadableError

WGS84 = "OGC:CRS84"
WORLD: Bounds = (-180, -90, 180, 90)
MOSTLY = 0.5  # of a sample: what has to fit; the other rows are refused one by one

# The same system with and without the number of the zone before the easting, and the zones of
# Gauß-Krüger, whose eastings begin with it: a coordinate tells which of them it is in.
ZONES = ((31466, 31467, 31468, 31469), (5676, 5677, 5678, 5679), (2397, 2398, 2399))
FAMILIES = ((25831, 5649), (25832, 4647), (25833, 5650), *ZONES)
# A country is often delivered whole in the zone of its middle: degrees beyond the area of use.
BESIDE = (6.5, 1.0)
# Where Gauß-Krüger is used. EPSG knows its fifth zone in Bavaria only, where a corner of it is; it
# is that of eastern Saxony as well. There an easting is hardly to be told from a northing.
GERMANY: Bounds = (5.5, 47, 15.5, 55.5)

# What files in metres are in, where Quartier is used.
METRIC = (25832, 25833, 4647, 5650, 31466, 31467, 31468, 31469, 3006, 3857)
USED: Bounds = (5, 46, 25, 70)


class Placed(NamedTuple):
    """Geometries in degrees, None for those without a place; why not, by their number."""

    geometries: Geometries
    flaws: dict[int, str]


@dataclass(frozen=True)
class Reading:
    """One way to understand coordinates: a system, and whether northing or latitude comes first."""

    crs: CRS
    turned: bool = False

    def place(self, geometries: Geometries) -> tuple[Geometries, Mask]:
        """Degrees, and which of the geometries lie where the system is used."""
        degrees = self.degrees(geometries)
        fits = _within(degrees, _area(self.crs)) & _is_somewhere(geometries)
        if self.crs.is_projected:
            # No place on land is within 180 m of the origin of a projected system.
            fits &= ~_within(geometries, WORLD)
        return degrees, fits

    def degrees(self, geometries: Geometries) -> Geometries:
        transformer = _transformer(self.crs)
        if transformer is None and not self.turned:
            flat: Geometries = shapely.force_2d(geometries)
            return flat

        def moved(places: Coordinates) -> Coordinates:
            x, y = places.T[::-1] if self.turned else places.T
            return np.column_stack(transformer.transform(x, y) if transformer else (x, y))

        degrees: Geometries = shapely.transform(geometries, moved)
        return degrees


@dataclass(frozen=True)
class Placement:
    """How the coordinates of one table become longitude and latitude (EPSG:4326, 2D).

    `readings` are tried in turn on each geometry, `notes` say what was found out about the table.
    """

    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        stated: str | None,
        named: str | None,
        sample: Iterable[BaseGeometry | None],
        *,
        implied: bool = False,
        territory: Territory[Any] | None = None,
    ) -> Placement:
        """From the system the file states and the one the mapping names, which is believed first.

        `sample` are geometries of the table, as many as it takes to judge; `implied`: the format
        means WGS 84 if it states none. UnreadableError says what to name in the mapping.
        """
        located = _located(as_array(sample))
        crs = _system(stated, named, located, implied, territory)
        readings = _readings(crs, located, territory)
        notes = (
            _believed(stated, named),
            _turned(readings[0]),
            _zones(readings, located),
            _elsewhere(readings, located, territory),
        )
        return cls(readings, tuple(note for note in notes if note is not None))

    def to_degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        """One geometry; GeometryError if it cannot be where it says."""
        placed = self.all_to_degrees([geometry])
        if placed.flaws:
            raise GeometryError(placed.flaws[0])
        return placed.geometries[0]

    def all_to_degrees(self, geometries: Iterable[BaseGeometry | None]) -> Placed:
        """Many at once, which takes a hundredth of the time. None and empty ones stay None."""
        stated = as_array(geometries)
        placed = _place(self.readings, stated)
        if (shapely.get_srid(placed) > 0).any():  # EWKT brings along the number of its own system
            placed = shapely.set_srid(placed, 4326)
        lost = np.flatnonzero(shapely.is_missing(placed) & ~_is_nothing(stated))
        return Placed(placed, {int(row): self._flaw(stated[row]) for row in lost})

    def _flaw(self, geometry: BaseGeometry) -> str:
        first = self.readings[0]
        others = tuple(replace(each, turned=not each.turned) for each in self.readings)
        if _place(others, as_array([geometry]))[0] is not None:
            return f"{_shown(geometry)}: the axes are the other way round than in the other rows"
        return _misfit(first.crs, geometry)


def fitting_systems(
    sample: Iterable[BaseGeometry | None], territory: Territory[Any] | None = None
) -> list[str]:
    """The coordinate systems these coordinates may be in, the likeliest first."""
    located = _located(as_array(sample))
    if not len(located):
        return []
    if np.mean(_within(located, WORLD)) >= MOSTLY:
        return ["EPSG:4326"]
    fitting = [crs for crs in map(CRS.from_epsg, METRIC) if _may_be(crs, located)]
    near = [crs for crs in fitting if _may_be_in(territory, crs, located)]
    return [_name(crs) for crs in near or fitting]


# --- which system --------------------------------------------------------------------------------


def _system(
    stated: str | None,
    named: str | None,
    located: Geometries,
    implied: bool,
    territory: Territory[Any] | None,
) -> CRS:
    name = named or stated or _own_system(located) or (WGS84 if implied else None)
    if name is None:
        lacking = "the file does not say which coordinate system it is in"
        where = "a shapefile says so in its .prj file"
        raise UnreadableError(
            f"{lacking} ({where}): {_advice(fitting_systems(located, territory))}"
        )
    return _crs(name)


def _own_system(located: Geometries) -> str | None:
    """The system that EWKT and EWKB say with every geometry."""
    numbers = set(shapely.get_srid(located).tolist()) - {0}
    if len(numbers) > 1:
        listed = ", ".join(f"EPSG:{number}" for number in sorted(numbers))
        raise UnreadableError(f"the geometries are in several coordinate systems ({listed})")
    return f"EPSG:{numbers.pop()}" if numbers else None


def _crs(name: str) -> CRS:
    try:
        stated = CRS.from_user_input(name)
    except CRSError as error:
        raise UnreadableError(f"unknown coordinate system {name!r}") from error
    if not (stated.is_projected or stated.is_geographic):
        raise UnreadableError(f"{name!r} has neither longitude and latitude nor a map projection")
    # The .prj file of a shapefile does not say where its system is used.
    known = stated.to_epsg() if stated.area_of_use is None else None
    return (stated if known is None else CRS.from_epsg(known)).to_2d()


def _believed(stated: str | None, named: str | None) -> str | None:
    if not (stated and named) or _crs(stated).equals(_crs(named), ignore_axis_order=True):
        return None
    return f"the file states {_name(_crs(stated))}; the mapping's {_name(_crs(named))} is believed"


# --- which axis first ----------------------------------------------------------------------------


def _readings(
    crs: CRS, located: Geometries, territory: Territory[Any] | None
) -> tuple[Reading, ...]:
    """Exactly one order of the axes puts the coordinates where the system is used."""
    straight, turned = _orders(crs)
    if not len(located):
        return straight
    fitting = [each for each in (straight, turned) if _share(each, located) >= MOSTLY]
    if not fitting:
        raise UnreadableError(_misfit(crs, _first_misfit(straight, located), territory))
    return fitting[0] if len(fitting) == 1 else _nearer(straight, turned, located, territory)


def _orders(crs: CRS) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    code = crs.to_epsg()
    family = next((each for each in FAMILIES if code in each), ())
    systems = [crs, *(CRS.from_epsg(other) for other in family if other != code)]
    return tuple(map(Reading, systems)), tuple(Reading(each, turned=True) for each in systems)


def _nearer(
    straight: tuple[Reading, ...],
    turned: tuple[Reading, ...],
    located: Geometries,
    territory: Territory[Any] | None,
) -> tuple[Reading, ...]:
    """Both orders fit: the territory decides, then custom, unless the definition speaks against."""
    if territory:
        near = [each for each in (straight, turned) if _is_near(each, located, territory)]
        if len(near) == 1:
            return near[0]
    crs = straight[0].crs
    if crs.is_projected and crs.axis_info[0].direction == "north":
        seen = f"{_shown(located[0])} is where {_name(crs)} is used, whichever axis comes first"
        raise UnreadableError(f"{seen}: convert the file to longitude and latitude")
    return straight


def _turned(reading: Reading) -> str | None:
    if not reading.turned:
        return None
    first = "the northing comes" if reading.crs.is_projected else "the latitude comes"
    return f"{first} first in this file: axes exchanged"


def _zones(readings: tuple[Reading, ...], located: Geometries) -> str | None:
    counts = []
    rest = located
    for reading in readings:
        _, fits = reading.place(rest)
        counts.append(int(fits.sum()))
        rest = rest[~fits]
    others = [
        f"{count} of {len(located)} places looked at are in {_name(reading.crs)}"
        for reading, count in list(zip(readings, counts, strict=True))[1:]
        if count
    ]
    return f"by the first figures of the easting, {', '.join(others)}" if others else None


def _elsewhere(
    readings: tuple[Reading, ...], located: Geometries, territory: Territory[Any] | None
) -> str | None:
    """A wrong zone puts every place into another country, and nothing else tells of it."""
    if not territory or not len(located) or _share(readings, located, territory):
        return None
    outside = "none of the places looked at is in the registry's territory"
    better = fitting_systems(located, territory)
    near = [name for name in better if _may_be_in(territory, _crs(name), located)]
    return f"{outside}; in {' or '.join(near)} they would be" if near else outside


# --- where coordinates come to lie ---------------------------------------------------------------


def _place(readings: tuple[Reading, ...], geometries: Geometries) -> Geometries:
    """Degrees by the first reading that fits; None where none does."""
    placed = np.full(len(geometries), None, dtype=np.object_)
    rest = np.flatnonzero(~_is_nothing(geometries) & _is_finite(geometries))
    for reading in readings:
        degrees, fits = reading.place(geometries[rest])
        placed[rest[fits]] = degrees[fits]
        rest = rest[~fits]
    return placed


def _share(
    readings: tuple[Reading, ...], located: Geometries, territory: Territory[Any] | None = None
) -> float:
    """How many of the places come to lie where the system is used, or in the territory."""
    placed = _place(readings, located)
    inside = ~shapely.is_missing(placed)
    if territory is not None:
        inside &= territory.covers(shapely.centroid(placed))
    return float(inside.mean())


def _is_near(readings: tuple[Reading, ...], located: Geometries, territory: Territory[Any]) -> bool:
    return _share(readings, located, territory) >= MOSTLY


def _may_be(crs: CRS, located: Geometries) -> bool:
    """Strictly in the area of use, as far as Quartier is used there, in either order."""
    known = _area(crs, (0.5, 0.5))
    area = (*np.maximum(known[:2], USED[:2]), *np.minimum(known[2:], USED[2:]))
    readings = (Reading(crs), Reading(crs, turned=True))
    return any(np.mean(_within(each.degrees(located), area)) >= MOSTLY for each in readings)


def _may_be_in(territory: Territory[Any] | None, crs: CRS, located: Geometries) -> bool:
    if not territory:
        return False
    return any(_is_near(readings, located, territory) for readings in _orders(crs))


def _first_misfit(readings: tuple[Reading, ...], located: Geometries) -> BaseGeometry:
    return located[shapely.is_missing(_place(readings, located))][0]


def _located(geometries: Geometries) -> Geometries:
    somewhere = _is_somewhere(geometries) & _is_finite(geometries)
    located: Geometries = geometries[somewhere & ~_is_nothing(geometries)]
    return located


def _is_somewhere(geometries: Geometries) -> Mask:
    """0, 0 is what programs write for no place at all."""
    somewhere: Mask = np.any(shapely.bounds(geometries) != 0, axis=1)
    return somewhere


def _is_finite(geometries: Geometries) -> Mask:
    places, numbers = shapely.get_coordinates(geometries, return_index=True)
    finite = np.ones(len(geometries), dtype=np.bool_)
    finite[numbers[~np.isfinite(places).all(axis=1)]] = False
    return finite


def _is_nothing(geometries: Geometries) -> Mask:
    nothing: Mask = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    return nothing


def _within(geometries: Geometries, area: Bounds) -> Mask:
    west, south, east, north = shapely.bounds(geometries).T
    inside: Mask = (west >= area[0]) & (south >= area[1]) & (east <= area[2]) & (north <= area[3])
    return inside


@cache
def _area(crs: CRS, beside: tuple[float, float] = BESIDE) -> Bounds:
    """Where a system is used and a little around it; the world for degrees, or if unknown."""
    used = crs.area_of_use
    if used is None or crs.is_geographic or used.west > used.east:
        return WORLD
    if any(crs.to_epsg() in zones for zones in ZONES):
        return GERMANY
    width, height = beside
    return used.west - width, used.south - height, used.east + width, used.north + height


@cache
def _transformer(crs: CRS) -> Transformer | None:
    """None: the coordinates are the degrees we want."""
    if crs.equals(CRS(WGS84), ignore_axis_order=True):
        return None
    return Transformer.from_crs(crs, WGS84, always_xy=True)


# --- what to say ---------------------------------------------------------------------------------


def _misfit(crs: CRS, geometry: BaseGeometry, territory: Territory[Any] | None = None) -> str:
    alone = as_array([geometry])
    if not _is_finite(alone)[0]:
        return "has coordinates that are no numbers"
    if not _is_somewhere(alone)[0]:
        return "0, 0 is no place"
    seen, advice = _shown(geometry), _advice(fitting_systems(alone, territory))
    if crs.is_geographic:
        return f"{seen} is no longitude and latitude: {advice}"
    if _within(alone, WORLD)[0]:
        likely = f"{seen} looks like longitude and latitude, not like metres of {_name(crs)}"
        return f"{likely}: name EPSG:4326 in the mapping"
    west, south, east, north = _area(crs, (0, 0))
    area = f"longitude {west:g} to {east:g}, latitude {south:g} to {north:g}"
    strange = f"{seen} is not where {_name(crs)} is used ({area}), whichever axis comes first"
    return f"{strange}: {advice}"


def _advice(systems: list[str]) -> str:
    if not systems:
        return "name the coordinate system in the mapping (none of those usual here fits)"
    kind = "degrees" if systems == ["EPSG:4326"] else "metres"
    return f"these may be {kind}; name the coordinate system in the mapping, {' or '.join(systems)}"


def _name(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _shown(geometry: BaseGeometry) -> str:
    x, y = geometry.bounds[:2]
    decimals = 5 if abs(x) <= 180 and abs(y) <= 180 else 0
    return f"{x:.{decimals}f}, {y:.{decimals}f}"
