"""Who has more: ranks, and how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a rate may lie (`published.interval_of`)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """`rank`: as sorted, equal values share it. `first`, `last`: the ranks that it could have as
    far as the intervals say; None without one. `distinct_from_next`: whether its interval is
    apart from that of the next one; None if one of both has none, or nobody follows.
    """

    index: int
    rank: int
    first: int | None
    last: int | None
    distinct_from_next: bool | None


def ranked(
    values: Sequence[float], intervals: Sequence[Interval | None], *, ascending: bool = False
) -> list[Ranked]:
    """In the order of their ranks; the highest value first, unless ascending."""
    order = sorted(range(len(values)), key=lambda index: values[index], reverse=not ascending)
    known = [each for each in intervals if each]
    found: list[Ranked] = []
    for position, index in enumerate(order):
        is_tie = position > 0 and values[order[position - 1]] == values[index]
        rank = found[-1].rank if is_tie else position + 1
        after = order[position + 1] if position + 1 < len(order) else None
        first, last = _possible(intervals[index], known, len(values), ascending=ascending)
        distinct = None if after is None else _apart(intervals[index], intervals[after])
        found.append(Ranked(index, rank, first, last, distinct))
    return found


def _possible(
    own: Interval | None, known: Sequence[Interval], number: int, *, ascending: bool
) -> tuple[int, int] | tuple[None, None]:
    """Only if all have an interval: of one without, nobody knows where it belongs."""
    if own is None or len(known) < number:
        return None, None
    above = sum(each.low > own.high for each in known)
    below = sum(each.high < own.low for each in known)
    if ascending:
        above, below = below, above
    return above + 1, number - below


def _apart(one: Interval | None, other: Interval | None) -> bool | None:
    if one is None or other is None:
        return None
    return one.low > other.high or other.low > one.high
