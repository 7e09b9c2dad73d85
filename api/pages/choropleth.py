"""A map of values and its legend, and a ranking as bars: answers of analyses as they are drawn."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from api.analyses.answers.envelope import Answer
from api.pages.maps import Map, ground

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """A map, and what is shown in each of its areas. `unbounded`: who has no boundary."""

    map: Map | None
    items: Mapping[str, Item]
    unbounded: list[Item]

    @property
    def qualities(self) -> list[str]:
        """How sure the boundaries are, where that is worth a word."""
        found = (item["boundary_quality"] for item in self.items.values())
        labels = {each["label"]: None for each in found if each and each["code"] != "official"}
        return list(labels)


def picture(drawn: Answer, district: Item | None) -> Picture:
    features = [json.loads(feature) for feature in drawn.features or ()]
    found = ground(features)
    chosen = [district["slug"]] if district else []
    drawn_map = found.drawn(emphasised=chosen) if found else None
    bounded = {area.slug for area in drawn_map.areas} if drawn_map else set()
    return Picture(
        drawn_map,
        {item["slug"]: item for item in drawn.items},
        [item for item in drawn.items if item["slug"] not in bounded],
    )


@dataclass(frozen=True, slots=True)
class Class:
    """An entry of a legend; of the first class the lower end is in it, too."""

    low: float
    high: float
    color: str
    count: int
    is_first: bool


@dataclass(frozen=True, slots=True)
class Legend:
    """Classes with how many areas are in them; and who has no value, by whether it is hidden."""

    classes: list[Class]
    hidden: list[Item]
    missing: list[Item]


def legend(drawn: Answer) -> Legend:
    classes = drawn.members["classification"]
    ends = zip(classes["breaks"], classes["breaks"][1:], strict=False)
    rows = zip(ends, classes["colors"], classes["counts"], strict=True)
    unknown = [item for item in drawn.items if item["value"] is None]
    return Legend(
        [
            Class(low, high, color, count, number == 0)
            for number, ((low, high), color, count) in enumerate(rows)
        ],
        [item for item in unknown if is_hidden(item)],
        [item for item in unknown if not is_hidden(item)],
    )


def wrapped(text: str, width: int) -> list[str]:
    """In lines, as text in SVG does not break by itself."""
    return textwrap.wrap(text.unescape() if isinstance(text, Markup) else text, width)


def is_hidden(item: Item) -> bool:
    return any(flag["code"] == "suppressed" for flag in item["flags"])


@dataclass(frozen=True, slots=True)
class Rank:
    """A line of the ranking, with a bar from zero, and the ends of its interval if it has one; all
    in percent of the width there is.
    """

    item: Item
    start: float
    length: float
    interval: tuple[float, ...]


def ranks(ranked: Answer) -> list[Rank]:
    ends: list[float] = [end for item in ranked.items for end in (item["value"], *_interval(item))]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    scale: float = 100 / ((high - low) or 1)

    def at(value: float) -> float:
        return round((value - low) * scale, 2)

    return [_rank(item, at) for item in ranked.items]


def _rank(item: Item, at: Callable[[float], float]) -> Rank:
    start, end = at(min(item["value"], 0)), at(max(item["value"], 0))
    bounds = tuple(map(at, _interval(item)))
    return Rank(item, start, round(end - start, 2), bounds)


def _interval(item: Item) -> tuple[float, ...]:
    return (item["interval"]["low"], item["interval"]["high"]) if item["interval"] else ()
