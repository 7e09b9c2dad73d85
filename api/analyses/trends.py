"""How a value changed: from a base to an end, and how fast in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Missing = Literal["no_value", "break_in_series", "base_is_zero", "too_few_values", "not_dated"]


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a series. `year` may have a fraction; `is_break`: it begins a series anew."""

    period: str
    year: float | None
    value: float | None
    is_break: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """`absolute` is in the unit of the value, of a rate in percentage points; `relative` in percent
    of the base; `slope` in the unit a year, by least squares. `missing` says of each None why.
    """

    base: Point
    end: Point
    breaks: tuple[str, ...]
    absolute: float | None
    relative: float | None
    slope: float | None
    missing: dict[str, Missing]


def trend(points: Sequence[Point]) -> Trend:
    """Of points in the order of their periods, from the first to the last.

    Across a break nothing is compared: what it says is that the values before mean something else.
    The slope is that of the points since the last break.
    """
    base, end = points[0], points[-1]
    breaks = tuple(point.period for point in points[1:] if point.is_break)
    since = max((n for n, point in enumerate(points) if point.is_break), default=0)
    missing: dict[str, Missing] = {}
    absolute = relative = None
    if reason := _incomparable(base, end, breaks):
        missing |= {"absolute": reason, "relative": reason}
    else:
        assert base.value is not None
        assert end.value is not None
        absolute = end.value - base.value
        relative = 100 * absolute / abs(base.value) if base.value else None
        if relative is None:
            missing["relative"] = "base_is_zero"
    slope, reason = _slope(points[since:])
    if reason:
        missing["slope"] = reason
    return Trend(base, end, breaks, absolute, relative, slope, missing)


def _incomparable(base: Point, end: Point, breaks: Sequence[str]) -> Missing | None:
    if base.value is None or end.value is None:
        return "no_value"
    if base is end:
        return "too_few_values"
    return "break_in_series" if breaks else None


def _slope(points: Sequence[Point]) -> tuple[float | None, Missing | None]:
    known = [(p.year, p.value) for p in points if p.year is not None and p.value is not None]
    if len({year for year, _ in known}) < 2:
        is_dated = any(point.year is not None for point in points)
        return None, "too_few_values" if is_dated else "not_dated"
    years, values = [[pair[part] for pair in known] for part in (0, 1)]
    mean_year, mean_value = sum(years) / len(known), sum(values) / len(known)
    spread = sum((year - mean_year) ** 2 for year in years)
    together = sum((year - mean_year) * (value - mean_value) for year, value in known)
    return together / spread, None
