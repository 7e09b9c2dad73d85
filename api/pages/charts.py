"""Charts of observations as SVG: a line a district over the periods, or a bar a district."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 12, 32
BAR, GAP = 22, 10
LABELLED = 0.36  # of the width, for the names beside bars
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
class Line:
    """The values of one district; a gap in them is a gap in the line."""

    name: str
    shape: str
    number: int
    points: list[Point]
    path: str


@dataclass(frozen=True, slots=True)
class Lines:
    kind: str
    lines: list[Line]
    ticks: list[Tick]
    periods: list[tuple[str, float]]
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
    ticks = _ticks([each["value"] for each in known])
    low, high = ticks[0], ticks[-1]
    step = (WIDTH - LEFT - RIGHT) / max(len(periods) - 1, 1)
    across = {period: LEFT + step * number for number, period in enumerate(periods)}

    def along(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    lines = []
    for number, name in enumerate(districts):
        of = {_period(each): each["value"] for each in known if each["district"]["name"] == name}
        points = [
            Point(across[period], along(of[period]), period, of[period])
            for period in periods
            if period in of
        ]
        lines.append(Line(name, SHAPES[number], number + 1, points, _path(points, step)))
    marks = [Tick(value, along(value)) for value in ticks]
    return Lines("lines", lines, marks, _labelled(across))


def _labelled(across: Mapping[str, float]) -> list[tuple[str, float]]:
    """As many periods as there is room for."""
    every = math.ceil(len(across) / 8)
    return [pair for number, pair in enumerate(across.items()) if number % every == 0]


def _path(points: Sequence[Point], step: float) -> str:
    steps, before = [], None
    for point in points:
        follows = before is not None and point.x - before.x < step * 1.5
        steps.append(f"{'L' if follows else 'M'}{point.x:.1f} {point.y:.1f}")
        before = point
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
