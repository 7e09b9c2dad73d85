"""A district in all indicators: latest values, those of its parent, and their trend."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from api.analyses.answers.asked import Asked, Between
from api.analyses.answers.envelope import Answer, plain
from api.analyses.answers.trend import year_of
from api.analyses.comparison import compared
from api.analyses.differing import differing, key
from api.analyses.parameters import ProfileParameters
from api.analyses.reading import SPOKEN
from api.analyses.sentences import Said
from api.analyses.trends import Point, trend
from db import cells
from db.cells import ProfileRow

COLUMNS = {
    "indicator": "indicator.slug",
    "title": "indicator.title",
    "unit": "indicator.unit",
    "headline": "headline",
    "period": "period.edtf",
    "value": "value",
    "flags": "flags.code",
    "calculated": "calculated.value",
    "calculated_difference": "calculated.difference",
    "parent_value": "parent.value",
    "difference": "parent.difference",
    "ratio": "parent.ratio",
    "base": "trend.base.period",
    "base_value": "trend.base.value",
    "absolute": "trend.absolute",
    "relative": "trend.relative",
    "slope": "trend.slope",
}

Item = dict[str, Any]


async def profile(asked: Asked[ProfileParameters]) -> Answer | None:
    found = await cells.profile(asked.pool, asked.name, asked.lang)
    if found is None:
        return None
    district = json.loads(found.area)
    groups = groupby(found.rows, key=lambda row: row.indicator)
    series = [list(rows) for _, rows in groups]
    own = [rows for rows in series if rows[0].is_own]
    headlines = [rows for rows in own if _latest(rows).headline]
    only_headline = asked.parameters.headline and bool(headlines)
    own = headlines if only_headline else own
    latest = [json.loads(_latest(rows).observation or b"") for rows in own]
    state, calculated = await differing(asked.pool, [key(document) for document in latest])
    if state != found.state:
        raise Between
    items = [
        _item(rows, document, calculated.get(n))
        for n, (rows, document) in enumerate(zip(own, latest, strict=True))
    ]
    sources = {json.dumps(document["source"]): document["source"] for document in latest}
    names = ("id", "slug", "name", "level", "scheme", "key")
    return Answer(
        state=found.state,
        members={
            "district": {name: district[name] for name in names},
            "parent": district["parent"],
            "offerings": found.offerings,
            "measures": found.measures,
            "only_headline": only_headline,
        },
        items=items,
        spoken={lang: {} for lang in SPOKEN},
        said=[_said(district, items, found)],
        sources=list(sources.values()) or [district["source"]],
        reason=None if items else "no_observations",
        columns=COLUMNS,
    )


def _latest(rows: Iterable[ProfileRow]) -> ProfileRow:
    """The one that came with its document."""
    return next(row for row in rows if row.observation)


def _item(rows: Sequence[ProfileRow], latest: dict[str, Any], calculated: Item | None) -> Item:
    """The latest observation of the district, and what is beside it."""
    indicator = json.loads(_latest(rows).document or b"")
    value = None if "suppressed" in _latest(rows).flags else latest["value"]
    beside = _parent(rows, latest["period"]["edtf"])
    return {
        "indicator": {
            name: indicator[name] for name in ("id", "slug", "title", "unit", "decimals", "type")
        },
        "headline": indicator["headline"],
        "polarity": indicator["polarity"],
        "period": latest["period"],
        "value": value,
        "flags": latest["flags"],
        "calculated": calculated,
        "parent": _beside(value, beside),
        "trend": _trend([row for row in rows if row.is_own]),
    }


def _parent(rows: Iterable[ProfileRow], period: str) -> float | None:
    """In the same period."""
    found = (row for row in rows if not row.is_own and row.period == period)
    return next((row.value for row in found if _shown(row) is not None), None)


def _beside(value: float | None, parent: float | None) -> Item:
    found = compared(value, parent)
    return {
        "value": parent,
        "difference": plain(found.difference),
        "ratio": plain(found.ratio),
        "index": plain(found.index),
        "missing": found.missing,
    }


def _trend(rows: Sequence[ProfileRow]) -> Item | None:
    """From the first dated value to the last; None where there is only one."""
    dated = [row for row in rows if row.earliest and row.latest]
    points = list({row.period: _point(row) for row in reversed(dated)}.values())[::-1]
    known = [number for number, point in enumerate(points) if point.value is not None]
    if len(known) < 2:
        return None
    found = trend(points[known[0] : known[-1] + 1])
    return {
        "base": {"period": found.base.period, "value": found.base.value},
        "end": {"period": found.end.period, "value": found.end.value},
        "absolute": plain(found.absolute),
        "relative": plain(found.relative),
        "slope": plain(found.slope),
        "breaks": found.breaks,
        "missing": found.missing,
    }


def _point(row: ProfileRow) -> Point:
    year = year_of(row.earliest, row.latest) if row.earliest and row.latest else None
    return Point(row.period, year, _shown(row), "break" in row.flags)


def _shown(row: ProfileRow) -> float | None:
    return None if "suppressed" in row.flags else row.value


def _said(district: dict[str, Any], items: Sequence[Item], found: cells.Profile) -> Said:
    values = sum(item["value"] is not None for item in items)
    counts = {"count": values, "offerings": found.offerings, "measures": found.measures}
    return Said("profile", {"district": district["name"], **counts})
