"""Asking for a cube: by the conditions of a list, or of an indicator and chosen codes."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from uuid import UUID

from api.analyses.reading import SPOKEN
from api.cube.making import cube
from api.cube.model import TOTAL, Area, Cube, Dimension
from db import conditions as c
from db import cube as database
from db.conditions import Condition, where
from db.queries import Source
from db.state import State

MOST = 1_000_000
"""Cells: more would be a document that neither side can hold."""
MOST_INCLUDING = 50_000
"""Observations whose counts are looked up before a statement takes too long."""
REMEMBERED = 64
NARROW = "narrow indicator, district, level or time"


class TooLargeError(ValueError):
    """More than a cube may have; says how much, and how to ask for less."""


async def read(
    source: Source,
    conditions: Sequence[Condition],
    lang: str,
    boundary: date | None = None,
    include: Sequence[str] = (),
) -> Cube:
    """All observations that match. Raises TooLargeError where there are more than may be read."""
    most = MOST_INCLUDING if include else MOST
    wanted = database.Wanted(tuple(conditions), lang, SPOKEN, most, boundary, bool(include))
    found = _bounded(await database.read(source, wanted), most)
    return cube(found, lang, include)


async def outline(source: Source, conditions: Sequence[Condition], lang: str) -> Cube:
    """The dimensions of the same cube, without a cell."""
    wanted = database.Wanted(tuple(conditions), lang, SPOKEN, MOST)
    return cube(_bounded(await database.outline(source, wanted), MOST), lang)


async def part(
    source: Source, indicator: str, outlined: Cube, codes: Mapping[str, Sequence[str]]
) -> Cube | None:
    """Of an indicator those of some categories, on the axes of its outline; None if that is of
    another state than they are."""
    found = await read(source, [_of(indicator), *_within(outlined, codes)], outlined.lang)
    return outlined.holding(found) if found.state == outlined.state else None


def _of(indicator: str) -> Condition:
    return where(c.equals, "indicator_id", UUID(indicator))


def _within(outlined: Cube, codes: Mapping[str, Sequence[str]]) -> Iterator[Condition]:
    """Nothing is said of an axis that is wanted as it is."""
    _, geo, time, *others = outlined.dimensions
    if _is_part(geo, codes):
        areas = (geo.categories[geo.places[code]] for code in codes[geo.id])
        ids = [UUID(area.id) for area in areas if isinstance(area, Area)]
        yield where(c.one_of, "district_id", ids)
    if _is_part(time, codes):
        yield where(c.one_of, "period", list(codes[time.id]))
    if any(_is_part(dimension, codes) for dimension in others):
        yield where(c.broken_down_as, (), list(_combined(others, codes)))


def _is_part(dimension: Dimension, codes: Mapping[str, Sequence[str]]) -> bool:
    return len(codes[dimension.id]) < len(dimension.categories)


def _combined(dimensions: Sequence[Dimension], codes: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Every way to break down by them; a total is not named."""
    for terms in product(*(codes[dimension.id] for dimension in dimensions)):
        named = zip((dimension.id for dimension in dimensions), terms, strict=True)
        yield json.dumps({name: code for name, code in named if code != TOTAL})


def _bounded(found: database.Found, most: int) -> database.Found:
    if found.count > most:
        raise TooLargeError(f"there are more than {most:,} observations; {NARROW}")
    return found


class Outlines:
    """Those of single indicators, remembered while nothing is published: to find out what is on an
    axis all observations are read, to find a few of them only these."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: OrderedDict[tuple[str, str], Cube] = OrderedDict()

    async def of(self, indicator: str, lang: str, state: State) -> Cube:
        """By id; of another state only if that is the current one by now."""
        known = self._known.get((indicator, lang))
        if known and known.state == state:
            return known
        found = await outline(self._source, [_of(indicator)], lang)
        self._known[indicator, lang] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found


def require_dense(found: Cube) -> None:
    """Raises TooLargeError if there are more positions than may be written, empty or not."""
    if found.size <= MOST:
        return
    sides = " × ".join(
        f"{len(dimension.categories)} ({dimension.id})" for dimension in found.dimensions
    )
    raise TooLargeError(f"{sides} are {found.size:,} cells, of {MOST:,} at most; {NARROW}")
