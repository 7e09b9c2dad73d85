"""The dashboard: one view of an indicator, as map, ranking, series and table."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from api.analyses.answers.envelope import Answer
from api.analyses.answers.trend import changed
from api.analyses.parameters import (
    Bounded,
    DashboardParameters,
    MapParameters,
    RankingParameters,
)
from api.analyses.sentences import Said, is_percentage
from api.pages import charts, choropleth
from api.pages.board import Board, Item, View
from api.pages.reading import Document
from api.resources import OBSERVATIONS
from db.codes import MOST_CLASSES, SCHEMES

PLACE = "/dashboard"
OF_AN_INDICATOR = ("indicator", "level", "time", "breakdown", "classes")
"""What is chosen anew with an indicator, as another may not have it."""
OF_A_VIEW = (
    *("level", "time", "boundary", "breakdown", "district"),
    *("method", "classes", "scope", "scheme"),
)
FOR_PEOPLE = ("html", "atom")


def shown(found: Board, view: View, base: str) -> dict[str, Any]:
    """What the template of the page is given."""
    level = found.drawn.members["level"]
    return {
        "board": found,
        "indicator": found.indicator,
        "level": level,
        "period": found.drawn.members["period"],
        "parts": [term["label"] for term in found.drawn.members["breakdowns"].values()],
        "map": choropleth.picture(found.drawn, found.district),
        "legend": choropleth.legend(found.drawn),
        "ranks": choropleth.ranks(found.ranked),
        "places": _places(found),
        "charts": _charts(found),
        "comparisons": _comparisons(found),
        "developed": _developed_items(found),
        "in_points": is_percentage(found.indicator),
        "spoken": found.drawn.sentence(*_said_of_district(found), *_said_of_change(found)),
        "boundary": found.drawn.members["boundary"],
        "sources": sources(found),
        "licenses": sorted({source["license"] for source in sources(found)}),
        "cited": found.drawn.cited,
        "downloads": _downloads(found, view, base),
        "choices": choices(found.available, level and level["code"], view.parameters.boundary),
        "view": view,
        "chosen": view.parameters,
        "wrapped": choropleth.wrapped,
        "to_district": lambda slug: view.address.changed(district=slug),
        "everywhere": str(view.without("parent").address),
        "kept_with_indicator": _kept(view, OF_AN_INDICATOR),
        "kept_with_view": _kept(view, OF_A_VIEW),
        "schemes": SCHEMES,
        "most_classes": MOST_CLASSES,
        "has_parts": any(map(_has_parts, found.ranked.items)),
        "is_elsewhere": view.parameters.district is not None and found.district is None,
    }


def _has_parts(item: Item) -> bool:
    return item["numerator"] is not None and item["denominator"] is not None


def _kept(view: View, fields: Collection[str]) -> list[tuple[str, str]]:
    """What a form sends along as it is, having no field for it."""
    return [pair for pair in view.address.pairs() if pair[0] not in fields]


def by_theme(known: Sequence[Document]) -> dict[str, list[Document]]:
    """Indicators by their first theme, those without one last."""
    found: dict[str, list[Document]] = {}
    for each in known:
        label = each["themes"][0]["label"] if each["themes"] else ""
        found.setdefault(label, []).append(each)
    return dict(sorted(found.items(), key=lambda pair: (not pair[0], pair[0])))


@dataclass(frozen=True, slots=True)
class Choices:
    """What else could be shown: levels with their labels, periods of this level, and the districts
    of other days, by day: `since` then, `until` then, or just `on` that day."""

    levels: Sequence[Item]
    periods: Sequence[Item]
    days: Mapping[str, str]


def choices(available: Answer, level: str | None, boundary: date | None) -> Choices:
    """As the matrix of availability has them; the latest period first."""
    levels = {item["level"]["code"]: item["level"] for item in available.items}
    periods = [item for item in available.items if item["level"]["code"] == level]
    days = _days(available.members["reforms"], boundary)
    return Choices(list(levels.values()), periods[::-1], days)


def _days(reforms: Sequence[str], chosen: date | None) -> dict[str, str]:
    """Another one that was asked for, those since which a reform holds, the latest first, and the
    last one before any."""
    before = [date.fromisoformat(day) - timedelta(days=1) for day in reforms[:1]]
    asked = {chosen.isoformat(): "on"} if chosen else {}
    return asked | dict.fromkeys(reforms[::-1], "since") | {str(day): "until" for day in before}


def _said_of_district(found: Board) -> Sequence[Said]:
    """Which indicator it is was said of the map."""
    return found.compared.said[1:] if found.compared else ()


def _said_of_change(found: Board) -> Sequence[Said]:
    """Of the district alone, or of all of its level; nothing if nothing can have changed."""
    if found.district:
        own = [item for item in _developed_items(found) if _is(item, found.district)]
        return [changed(item) for item in own]
    if found.developed is None or found.developed.members["from"] == found.developed.members["to"]:
        return ()
    return found.developed.said[1:]


def _is(item: Item, district: Item) -> bool:
    return bool(item["district"]["id"] == district["id"])


def _developed_items(found: Board) -> list[Item]:
    """Those of whom two periods can be compared, or of whom it is known why not."""
    items = found.developed.items if found.developed else []
    return [
        item
        for item in items
        if item["base"]["period"] != item["end"]["period"] and _is_valued(item)
    ]


def _is_valued(item: Item) -> bool:
    return any(point["value"] is not None for point in item["points"])


def sources(found: Board) -> list[Item]:
    each = (source for answer in found.answers for source in answer.sources)
    return list({json.dumps(source): source for source in each}.values())


def _places(found: Board) -> list[Item]:
    """All areas by name: the table that says what the map shows."""
    ranked = {item["district"]["id"]: item for item in found.ranked.items}
    return [
        item | {"ranked": ranked.get(item["id"]), "made": found.made.get(n)}
        for n, item in enumerate(found.drawn.items)
    ]


Chart = tuple[str, charts.Lines]
"""What it shows, and how it is drawn."""


def _charts(found: Board) -> list[Chart]:
    """The series of the district beside those around it. Counts of areas of different size would
    not fit into one picture."""
    if found.compared is None or found.developed is None:
        return []
    lines = [_series(item, found.available) for item in found.developed.items]
    valued = [line for line in lines if line.values]
    is_count = found.indicator["type"]["code"] == "count"
    groups = [[line] for line in valued] if is_count else [valued]
    days = _ends(found.available)
    drawn = ((group, charts.series(group, days)) for group in groups)
    return [(", ".join(line.name for line in group), chart) for group, chart in drawn if chart]


def _series(item: Item, available: Answer) -> charts.Series:
    level = item["district"]["level"]["code"]
    periods = [e["period"]["edtf"] for e in available.items if e["level"]["code"] == level]
    values = {p["period"]: p["value"] for p in item["points"] if p["value"] is not None}
    return charts.Series(item["district"]["name"], values, periods, item["breaks"])


def _ends(available: Answer) -> dict[str, date | None]:
    """The periods of all levels in order, each with its last day."""
    found = {each["period"]["edtf"]: each["period"]["latest"] for each in available.items}
    ordered = sorted(found.items(), key=lambda pair: (pair[1] or "", pair[0]))
    return {period: date.fromisoformat(day) if day else None for period, day in ordered}


def _comparisons(found: Board) -> list[Item]:
    """What the district is compared with, but for what has no value and what came before."""
    if found.compared is None:
        return []
    (item,) = found.compared.items
    named = {
        each["reference"]["id"] if each["reference"] else each["with"]: each
        for each in item["comparisons"][::-1]
    }
    return [
        each
        for each in item["comparisons"]
        if each in named.values() and each["reference_value"] is not None
    ]


def _downloads(found: Board, view: View, base: str) -> dict[str, dict[str, str]]:
    """The same as data: what the map shows, the ranking, and all observations of the level."""
    place = f"{base}/v1/indicators/{quote(found.indicator['slug'])}"
    level = found.drawn.members["level"]
    of_level = level and level["code"]
    return {
        "picture": {"svg": view.asking(f"{base}{PLACE}/map.svg", DashboardParameters)},
        "map": {
            name: view.asking(f"{place}/map.{name}", MapParameters)
            for name in MapParameters.formats
        },
        "ranking": {
            name: view.asking(f"{place}/ranking.{name}", RankingParameters)
            for name in RankingParameters.formats
        },
        "observations": {
            name: view.asking(f"{place}/observations", Bounded, format=name, level=of_level)
            for name in OBSERVATIONS.formats
            if name not in FOR_PEOPLE
        },
    }
