"""The people that offerings are for: which indicator counts them, and how many live where."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from api.analyses import reading
from api.analyses.answers.asked import Between, Chosen, last_day
from api.analyses.reading import Area, Cell, Indicator
from api.errors import InvalidParameter
from api.gaps.asked import Asked
from api.gaps.parameters import SupplyParameters
from api.gaps.supply import People, people
from api.types import Breakdown
from db import cells, gaps
from db.codes import LEVELS

Part = dict[str, str]
"""Codes by dimension; empty: everybody."""


@dataclass(frozen=True, slots=True)
class Place:
    """A district with the people in it, part by part."""

    area: Area
    cells: Sequence[Cell | None]

    @property
    def people(self) -> People:
        return people(self.cells)


@dataclass(frozen=True, slots=True)
class Population:
    """An indicator of people in the parts that were asked for, at a level and a time."""

    indicator: Indicator
    parts: Sequence[Part]
    chosen: Chosen
    day: date
    """On which the districts existed that are meant."""


async def population(asked: Asked[SupplyParameters]) -> Population | None:
    """None: the indicator is gone since its name was looked up."""
    name = asked.parameters.population or await _usual(asked)
    parts = _parts(asked.parameters.breakdown or [])
    found = [await reading.indicator(asked.pool, name, asked.lang, part) for part in parts]
    known = [each for each in found if each is not None]
    if len(known) < len(parts):
        return None
    if any(each.state != known[0].state for each in known):
        raise Between
    indicator = replace(known[0], slots=_in_all(known))
    if indicator.document["type"]["code"] != "count":
        raise InvalidParameter.named("population", f"{name} is no count, so no number of people")
    level = indicator.level(asked.parameters.level)
    slot = indicator.period(level, asked.parameters.time)
    day = asked.parameters.boundary or last_day(indicator, slot)
    return Population(indicator, parts, Chosen(level, slot), day)


async def _usual(asked: Asked[SupplyParameters]) -> str:
    """The one indicator that counts all people."""
    _, called, others = await gaps.counting_people(asked.pool)
    for names in (called, others):
        if len(names) == 1:
            return names[0]
    some = ", ".join((called or others)[: reading.MOST_NAMED])
    hint = f", such as {some}" if some else ""
    raise InvalidParameter.named("population", f"name the indicator that counts the people{hint}")


def _parts(breakdown: Sequence[Breakdown]) -> list[Part]:
    """Every combination: terms of one dimension are added up, dimensions cross."""
    codes: dict[str, dict[str, None]] = {}
    for term in breakdown:
        dimension, _, code = term.partition(":")
        codes.setdefault(dimension, {})[code] = None
    return [dict(zip(codes, combination, strict=True)) for combination in product(*codes.values())]


def _in_all(found: Sequence[Indicator]) -> list[reading.Slot]:
    """Levels and periods in which every part has observations."""
    first, *others = found
    there = [{(slot.level, slot.period) for slot in each.slots} for each in others]
    return [
        slot for slot in first.slots if all((slot.level, slot.period) in each for each in there)
    ]


async def places(asked: Asked[SupplyParameters], of: Population) -> list[Place]:
    """The districts that were asked for and existed then."""
    wanted = replace(
        _wanted(asked, of),
        levels=of.chosen.levels,
        parent=asked.parameters.parent,
        districts=asked.parameters.district,
        geometry=asked.geometry,
    )
    found = await _read(asked, of, wanted)
    return [place for place in found if place.area.existed(of.day)]


async def whole(asked: Asked[SupplyParameters], of: Population) -> Place | None:
    """The district above them, if one was named."""
    if asked.parameters.parent is None:
        return None
    wanted = replace(_wanted(asked, of), levels=LEVELS, districts=[asked.parameters.parent])
    return next(iter(await _read(asked, of, wanted)), None)


def _wanted(asked: Asked[SupplyParameters], of: Population) -> cells.Wanted:
    return cells.Wanted(
        indicator=of.indicator.id,
        lang=asked.lang,
        breakdowns={},
        periods=of.chosen.periods,
        levels=(),
        day=of.day,
        boundary=asked.parameters.boundary,
    )


async def _read(
    asked: Asked[SupplyParameters], of: Population, wanted: cells.Wanted
) -> list[Place]:
    """Each part by itself, and put together by district."""
    readings = [
        await reading.read(asked.pool, replace(wanted, breakdowns=part)) for part in of.parts
    ]
    if any(each.state != of.indicator.state for each in readings):
        raise Between
    period = of.chosen.slot.period if of.chosen.slot else ""
    parts = [{area.id: area.at(period) for area in each.areas} for each in readings]
    areas = {area.id: area for each in reversed(readings) for area in each.areas}
    return [
        Place(areas[id_], [part.get(id_) for part in parts])
        for id_ in dict.fromkeys(area.id for each in readings for area in each.areas)
    ]
