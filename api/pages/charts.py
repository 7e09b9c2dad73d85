"""Charts of observations as SVG: a line a district over the periods, or a bar a district."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 12, 32
BAR, GAP = 22, 10
LABELLED = 0.36  # of the width, for the names beside bars
LABEL = 69  # of a period, across
MOST_LINES = 6
MOST_BARS = 60
NEARLY = 0.8
SHAPES = ("circle", "square", "triangle", "diamond", "cross", "ring")

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tick:
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    period: str
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a district, by period, and the periods that others of its level have, in order.

    `breaks`: periods from which on a value means something else than before.
    """

    name: str
    values: Mapping[str, float]
    periods: Sequence[str]
    breaks: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """The values of one district; a gap in them is a gap in the line."""

    name: str
    shape: str
    number: int
    points: list[Point]
    path: str


@dataclass(frozen=True, slots=True)
class Lines:
    """`breaks` are the periods, each with where it is, from which on a series begins anew."""

    kind: str
    lines: list[Line]
    ticks: list[Tick]
    periods: list[tuple[str, float]]
    breaks: list[tuple[str, float]] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    value: float
    start: float
    length: float
    y: float


@dataclass(frozen=True, slots=True)
class Bars:
    kind: str
    period: str
    bars: list[Bar]
    zero: float
    height: float
    width: int = WIDTH


def chart(observations: Sequence[Document]) -> Lines | Bars | None:
    """The chart that fits: lines where there are several periods, bars of the last one else."""
    known = _alike([each for each in observations if each["value"] is not None])
    periods = sorted({_period(each) for each in known})
    districts = list(dict.fromkeys(each["district"]["name"] for each in known))
    if not known:
        return None
    if len(periods) > 1 and len(districts) <= MOST_LINES:
        return _lines(known, periods, districts)
    period = _telling(known)
    shown = [each for each in known if _period(each) == period]
    return _bars(period, shown[:MOST_BARS]) if len(shown) > 1 else None


def _alike(known: Sequence[Document]) -> list[Document]:
    """The totals; without them those of a breakdown, if all are of the same one."""
    totals = [each for each in known if not each["breakdowns"]]
    parts = {str(each["breakdowns"]) for each in known}
    return totals or (list(known) if len(parts) == 1 else [])


def _telling(known: Sequence[Document]) -> str:
    """The latest period that is known of nearly as many districts as any other."""
    counts = Counter(map(_period, known))
    enough = NEARLY * max(counts.values())
    return max(period for period, count in counts.items() if count >= enough)


def _period(observation: Document) -> str:
    return str(observation["period"]["edtf"])


def _lines(known: Sequence[Document], periods: Sequence[str], districts: Sequence[str]) -> Lines:
    lines = [Series(name, _values(known, name), periods) for name in districts]
    return _drawn(lines, _evenly(periods))


def _values(known: Sequence[Document], district: str) -> dict[str, float]:
    return {_period(each): each["value"] for each in known if each["district"]["name"] == district}


def series(lines: Sequence[Series], days: Mapping[str, date | None]) -> Lines | None:
    """Over the time there is between the last days of the periods; None unless there are two."""
    periods = [period for period in days if any(period in line.values for line in lines)]
    if len(periods) < 2:
        return None
    dated = {period: day for period in periods if (day := days[period])}
    is_dated = len(set(dated.values())) == len(periods)
    return _drawn(lines, _over_time(dated) if is_dated else _evenly(periods))


def _evenly(periods: Sequence[str]) -> dict[str, float]:
    step = (WIDTH - LEFT - RIGHT) / max(len(periods) - 1, 1)
    return {period: LEFT + step * number for number, period in enumerate(periods)}


def _over_time(days: Mapping[str, date]) -> dict[str, float]:
    first, last = min(days.values()), max(days.values())
    scale = (WIDTH - LEFT - RIGHT) / (last - first).days
    return {period: LEFT + scale * (day - first).days for period, day in days.items()}


def _drawn(lines: Sequence[Series], across: Mapping[str, float]) -> Lines:
    ticks = _ticks([value for line in lines for value in line.values.values()])
    low, high = ticks[0], ticks[-1]

    def along(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    found = []
    for number, line in enumerate(lines):
        points = [
            Point(across[period], along(line.values[period]), period, line.values[period])
            for period in across
            if period in line.values
        ]
        path = _path(points, line)
        found.append(Line(line.name, SHAPES[number % len(SHAPES)], number + 1, points, path))
    marks = [Tick(value, along(value)) for value in ticks]
    broken = {period for line in lines for period in line.breaks}
    breaks = [(period, at) for period, at in across.items() if period in broken]
    return Lines("lines", found, marks, _labelled(across), breaks)


def _labelled(across: Mapping[str, float]) -> list[tuple[str, float]]:
    """As many periods as there is room for, the last one among them."""
    found: list[tuple[str, float]] = []
    for period, at in sorted(across.items(), key=lambda pair: -pair[1]):
        if not found or found[-1][1] - at >= LABEL:
            found.append((period, at))
    return found[::-1]


def _path(points: Sequence[Point], line: Series) -> str:
    """From value to value; not over a period without one, and not over a break."""
    joined = {pair for pair in pairwise(line.periods) if pair[1] not in line.breaks}
    steps, before = [], ""
    for point in points:
        step = "L" if (before, point.period) in joined else "M"
        steps.append(f"{step}{point.x:.1f} {point.y:.1f}")
        before = point.period
    return "".join(steps)


def _bars(period: str, latest: Sequence[Document]) -> Bars:
    values = [float(each["value"]) for each in latest]
    low, high = min(0.0, *values), max(0.0, *values)
    room = WIDTH * (1 - LABELLED) - 80
    scale = room / ((high - low) or 1)
    zero = WIDTH * LABELLED - low * scale
    bars = [
        Bar(
            each["district"]["name"],
            value,
            zero + min(value, 0) * scale,
            abs(value) * scale,
            number * (BAR + GAP),
        )
        for number, (each, value) in enumerate(zip(latest, values, strict=True))
    ]
    return Bars("bars", period, bars, zero, len(bars) * (BAR + GAP))


def _ticks(values: Sequence[float], wanted: int = 5) -> list[float]:
    """Round numbers from below the least to above the greatest value."""
    low, high = min(values), max(values)
    if low > 0 and low < 0.4 * high:
        low = 0
    span = (high - low) or abs(high) or 1
    power = 10 ** math.floor(math.log10(span / wanted))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= wanted)
    first, last = math.floor(low / step), math.ceil(high / step)
    last += last == first
    return [round(number * step, 10) for number in range(first, last + 1)]
