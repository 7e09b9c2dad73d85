"""Which district has more, as far as the numbers can tell."""

from dataclasses import replace
from typing import Any

from api.analyses.answers.asked import (
    Asked,
    Chosen,
    about,
    at_time,
    bounded,
    day,
    indicator_of,
    opening,
    read,
    reason,
    sources,
    wanted,
)
from api.analyses.answers.envelope import Answer, plain
from api.analyses.parameters import RankingParameters
from api.analyses.ranking import Interval, Ranked, ranked
from api.analyses.reading import Area, Cell, Indicator, counted
from api.analyses.sentences import Amount, Said, rest
from db import cells
from db.pool import Pool

COLUMNS = {
    "rank": "rank",
    "first_rank": "first_rank",
    "last_rank": "last_rank",
    "distinct_from_next": "distinct_from_next",
    "district": "district.slug",
    "name": "district.name",
    "key": "district.key",
    "value": "value",
    "low": "interval.low",
    "high": "interval.high",
    "numerator": "numerator",
    "denominator": "denominator",
    "flags": "flags.code",
}

Valued = tuple[Area, Cell, float]


async def ranking(asked: Asked[RankingParameters]) -> Answer | None:
    indicator = await indicator_of(asked)
    if indicator is None:
        return None
    level = indicator.level(asked.parameters.level)
    chosen = Chosen(level, indicator.period(level, asked.parameters.time))
    which = wanted(asked, indicator, chosen.periods, chosen.levels)
    found = await read(asked, indicator, replace(which, day=day(asked, indicator, chosen.slot)))
    here = [area.at(chosen.slot.period) if chosen.slot else None for area in found.areas]
    valued = [
        (area, cell, cell.value)
        for area, cell in zip(found.areas, here, strict=True)
        if cell and cell.value is not None
    ]
    intervals = await _intervals(asked.pool, indicator, valued)
    items = _ranked(valued, intervals, ascending=asked.parameters.order == "asc")
    why = reason(here)
    return Answer(
        state=found.state,
        members={
            **about(indicator, asked.parameters.breakdowns),
            **at_time(indicator, chosen),
            **bounded(asked),
            **counted(here),
            "order": asked.parameters.order,
            "interval": "wilson_95" if any(item["interval"] for item in items) else None,
        },
        items=items,
        spoken=indicator.spoken,
        said=[
            opening(chosen.slot),
            *([Said(why)] if why else [*_said(items), *rest(counted(here))]),
        ],
        sources=sources(indicator, here),
        citation=indicator.citation,
        reason=why,
        columns=COLUMNS,
    )


async def _intervals(
    pool: Pool, indicator: Indicator, valued: list[Valued]
) -> list[Interval | None]:
    """Of rates that are the share of a count in another; else None."""
    factor, decimals = (indicator.document[name] for name in ("factor", "decimals"))
    if factor is None:
        return [None] * len(valued)
    counts = [(value, *_counts(cell)) for _, cell, value in valued]
    found = await cells.intervals(pool, counts, factor, decimals)
    return [Interval(*bound) if bound else None for bound in found]


def _counts(cell: Cell) -> tuple[float | None, float | None]:
    """Those that an interval can be worked out from: not what was shared out in a reform."""
    if {flag["code"] for flag in cell.flags} >= {"recalculated", "estimated"}:
        return None, None
    return cell.numerator, cell.denominator


def _ranked(
    valued: list[Valued], intervals: list[Interval | None], *, ascending: bool
) -> list[dict[str, Any]]:
    values = [value for *_, value in valued]
    return [
        _item(each, *valued[each.index][:2], intervals[each.index])
        for each in ranked(values, intervals, ascending=ascending)
    ]


def _item(each: Ranked, area: Area, cell: Cell, interval: Interval | None) -> dict[str, Any]:
    bounds = interval and {"low": plain(interval.low), "high": plain(interval.high)}
    return {
        "rank": each.rank,
        "first_rank": each.first,
        "last_rank": each.last,
        "distinct_from_next": each.distinct_from_next,
        "district": area.reference,
        "value": cell.value,
        "interval": bounds,
        "numerator": cell.numerator,
        "denominator": cell.denominator,
        "flags": cell.flags,
    }


def _said(items: list[dict[str, Any]]) -> list[Said]:
    by_value = sorted(items, key=lambda item: item["value"])
    lowest, highest = by_value[0], by_value[-1]
    if len(items) == 1:
        only = {"first": highest["district"]["name"], "highest": Amount(highest["value"])}
        return [Said("only", only)]
    values = {
        "count": len(items),
        "first": highest["district"]["name"],
        "highest": Amount(highest["value"]),
        "last": lowest["district"]["name"],
        "lowest": Amount(lowest["value"]),
    }
    return [Said("ranking", values), *_unsure(items)]


def _unsure(items: list[dict[str, Any]]) -> list[Said]:
    if items[0]["distinct_from_next"] is not False:
        return []
    names = (item["district"]["name"] for item in items[:2])
    return [Said("unsure", dict(zip(("first", "second"), names, strict=True)))]
