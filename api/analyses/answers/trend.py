"""How values changed from one period to another, district by district."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from api.analyses.answers.asked import (
    Asked,
    about,
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
from api.analyses.parameters import TrendParameters
from api.analyses.reading import Area, Cell, Slot, counted, observed, within
from api.analyses.sentences import Amount, Difference, Said, is_percentage
from api.analyses.trends import Point, trend
from db.codes import LEVELS

COLUMNS = {
    "district": "district.slug",
    "name": "district.name",
    "key": "district.key",
    "from": "base.period",
    "to": "end.period",
    "base": "base.value",
    "end": "end.value",
    "absolute": "absolute",
    "relative": "relative",
    "slope": "slope",
    "breaks": "breaks",
}

Item = dict[str, Any]


async def development(asked: Asked[TrendParameters]) -> Answer | None:
    indicator = await indicator_of(asked)
    if indicator is None:
        return None
    parameters = asked.parameters
    is_named = parameters.district is not None and parameters.level is None
    level = None if is_named else indicator.level(parameters.level)
    slots = within(indicator.periods(level), parameters.from_, parameters.to)
    slots = slots if parameters.to else observed(slots)
    levels = LEVELS if level is None else (level,)
    which = replace(
        wanted(asked, indicator, [slot.period for slot in slots], levels),
        districts=parameters.district,
        day=day(asked, indicator, slots[-1] if slots else None) if parameters.district else None,
    )
    found = await read(asked, indicator, which)
    items = [_item(area, slots, parameters) for area in found.areas] if slots else []
    cells = [cell for area in found.areas for cell in _cells(area, slots, parameters.boundary)]
    why = reason(cells) if slots else "no_periods" if indicator.slots else "no_observations"
    return Answer(
        state=found.state,
        members={
            **about(indicator, parameters.breakdowns),
            "level": indicator.levels.get(level or ""),
            "from": slots[0].edtf if slots else None,
            "to": slots[-1].edtf if slots else None,
            **bounded(asked),
            "absolute_in": "percentage_points" if is_percentage(indicator.document) else "unit",
            **counted(cells),
        },
        items=items,
        spoken=indicator.spoken,
        said=[opening(None), *([Said(why)] if why else _said(items, slots))],
        sources=sources(indicator, cells),
        citation=indicator.citation,
        reason=why,
        columns=COLUMNS,
    )


def _cells(area: Area, slots: Sequence[Slot], boundary: date | None) -> list[Cell | None]:
    """Of every period in which the district existed, or was observed all the same; of all of them,
    if those of another day are recalculated to it."""
    return [
        cell
        for slot in slots
        if (cell := area.at(slot.period)) or ((on := boundary or slot.latest) and area.existed(on))
    ]


def _item(area: Area, slots: Sequence[Slot], parameters: TrendParameters) -> Item:
    points = [_point(area, slot) for slot in slots]
    found = trend(_trimmed(points, parameters))
    return {
        "district": area.reference,
        "base": {"period": found.base.period, "value": found.base.value},
        "end": {"period": found.end.period, "value": found.end.value},
        "absolute": plain(found.absolute),
        "relative": plain(found.relative),
        "slope": plain(found.slope),
        "breaks": found.breaks,
        "missing": found.missing,
        "points": [
            {"period": period, "value": cell.value, "flags": cell.flags}
            for period, cell in area.series.items()
        ],
    }


def _point(area: Area, slot: Slot) -> Point:
    cell = area.at(slot.period)
    year = year_of(slot.earliest, slot.latest) if slot.earliest and slot.latest else None
    if cell is None:
        return Point(slot.period, year, None)
    return Point(slot.period, year, cell.value, cell.is_break)


def _trimmed(points: Sequence[Point], parameters: TrendParameters) -> Sequence[Point]:
    """From the first value to the last, unless it was said from when to when."""
    known = [number for number, point in enumerate(points) if point.value is not None]
    if not known:
        return points
    first = 0 if parameters.from_ else known[0]
    last = len(points) - 1 if parameters.to else known[-1]
    return points[first : last + 1]


def year_of(earliest: date, latest: date) -> float:
    """The middle of a period as a year with a fraction."""
    return (earliest.year + _part(earliest, -1) + latest.year + _part(latest, 0)) / 2


def _part(day: date, days: int) -> float:
    length = date(day.year, 12, 31).timetuple().tm_yday
    return (day.timetuple().tm_yday + days) / length


def _said(items: Sequence[Item], slots: Sequence[Slot]) -> list[Said]:
    if len(items) == 1:
        return [changed(items[0])]
    changes = [item["absolute"] for item in items if item["absolute"] is not None]
    said = {
        "from": slots[0].edtf,
        "to": slots[-1].edtf,
        "up": sum(change > 0 for change in changes),
        "down": sum(change < 0 for change in changes),
        "same": changes.count(0),
    }
    unknown = len(items) - len(changes)
    return [Said("trends", said), *([Said("unknown", {"count": unknown})] if unknown else [])]


def changed(item: Item) -> Said:
    """How the value of one district changed, or why that cannot be said."""
    change, base, end = item["absolute"], item["base"], item["end"]
    said = {"district": item["district"]["name"], "from": base["period"], "to": end["period"]}
    if base["value"] is not None and base["period"] == end["period"]:
        return Said("trend_once", said | {"end": Amount(end["value"])})
    if change is None:
        return Said("trend_break" if item["breaks"] else "trend_unknown", said)
    said |= {"base": Amount(base["value"]), "end": Amount(end["value"])}
    name = "trend_up" if change > 0 else "trend_down" if change < 0 else "trend_same"
    return Said(name, said | {"difference": Difference(abs(change))})
