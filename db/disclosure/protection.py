"""Which counts must stay hidden so that nobody is recognised, and none can be recomputed.

A count n is sensitive where 0 < n < threshold. It is hidden (primary), and with it as many others
(secondary) as it takes: from what stays visible, and from every sum that is declared to hold, the
interval in which a hidden count can lie must be at least as wide as the threshold.

Whoever looks from outside is taken to know all visible counts, all sums, and that no count is
negative. Intervals are found by propagation, which is exact as long as the hidden cells of a
component hang together in one way only; where they form a circle (districts by sexes), linear
programming decides (Fischetti & Salazar-González: the attacker's problem).
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf
from typing import Literal

Key = Hashable
Kind = Literal["primary", "secondary"]
Interval = tuple[float, float]

ROUNDS = 100
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Sum:
    """The total is the sum of its parts."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def members(self) -> tuple[Key, ...]:
        return (self.total, *self.parts)


@dataclass(frozen=True, slots=True)
class Table:
    """Counts that hang together by sums.

    `sums` may name cells without a value: nobody knows them, and they are at least 0. `open` cells
    are public whatever is decided here; `hidden` ones were hidden before, and stay so; `small` ones
    must be hidden whatever their own value. `wholes` are what cells are parts of, as everybody
    knows: of two people, no more than two can be hidden.
    """

    values: Mapping[Key, float]
    sums: Sequence[Sum]
    threshold: float
    open: Collection[Key] = frozenset()
    hidden: Collection[Key] = frozenset()
    small: Collection[Key] = frozenset()
    wholes: Mapping[Key, float] = field(default_factory=dict)


@dataclass(slots=True)
class Pattern:
    """What to hide, and why; and which cells can be recomputed all the same."""

    hidden: dict[Key, Kind] = field(default_factory=dict)
    exposed: set[Key] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Equation:
    """Sum of sign × unknown = constant: what somebody outside can write down."""

    signs: Mapping[Key, int]
    constant: float


def protect(table: Table) -> Pattern:
    """The cells to hide. Those found `exposed` follow from what is open already."""
    pattern = Pattern(dict.fromkeys(table.hidden, "secondary"))
    pattern.hidden |= dict.fromkeys(sensitive(table), "primary")
    sums = touching(table.sums)
    while exposed := _exposed(table, sums, pattern) or _exposed(table, sums, pattern, exact=True):
        cell = min(exposed, key=lambda key: (table.values[key], repr(key)))
        partner = _partner(table, pattern, sums, cell)
        if partner is None:
            pattern.exposed.add(cell)
        else:
            pattern.hidden[partner] = "secondary"
    return pattern


def sensitive(table: Table) -> set[Key]:
    """The cells that are too small to be shown."""
    return {key for key in table.small if key in table.values} | {
        key
        for key, value in table.values.items()
        if 0 < value < table.threshold and key not in table.open
    }


def intervals(
    equations: Sequence[Equation], of: Collection[Key], enough: float, *, exact: bool = True
) -> dict[Key, Interval]:
    """Where some unknowns can lie: of those that cannot go `enough` far, how far; if not exact,
    perhaps less far than told.
    """
    found: dict[Key, Interval] = {}
    for component in components(equations):
        bounds = _propagated(component)
        if exact and _has_circle(component):
            open_ = [key for key, (low, high) in bounds.items() if key in of and high > low]
            bounds |= _programmed(component, open_, enough)
        found |= {key: bound for key, bound in bounds.items() if key in of}
    return found


def equations_of(
    values: Mapping[Key, float], sums: Sequence[Sum], hidden: Collection[Key]
) -> list[Equation]:
    """The sums as somebody sees them who knows all values but the hidden ones.

    Only those that say something of a hidden cell, if only through cells that nobody counted.
    """
    return _around(values, touching(sums), hidden)


def _around(
    values: Mapping[Key, float], sums: Mapping[Key, Sequence[Sum]], hidden: Collection[Key]
) -> list[Equation]:
    seen, front = set(hidden), list(hidden)
    found: dict[int, Equation | None] = {}
    while front:
        for each in sums.get(front.pop(), ()):
            if id(each) in found:
                continue
            found[id(each)] = _equation(each, values, hidden)
            unknown = {key for key in each.members if key not in values} - seen
            seen |= unknown
            front += unknown
    return [equation for equation in found.values() if equation]


def _equation(each: Sum, values: Mapping[Key, float], hidden: Collection[Key]) -> Equation | None:
    """Where all members are known to us, the constant is what the hidden ones really add up to,
    even if the source's own total is another: the difference may be known elsewhere. A sum with
    unknown members that would have to be negative does not hold, and says nothing.
    """
    signs = dict.fromkeys(each.parts, 1) | {each.total: -1}
    unknown = {key: sign for key, sign in signs.items() if key in hidden or key not in values}
    if all(key in values for key in unknown):
        return Equation(unknown, sum(sign * values[key] for key, sign in unknown.items()))
    constant = -sum(sign * values[key] for key, sign in signs.items() if key not in unknown)
    return None if _is_impossible(unknown, values, constant) else Equation(unknown, constant)


def _is_impossible(
    unknown: Mapping[Key, int], values: Mapping[Key, float], constant: float
) -> bool:
    """Whether the members nobody knows would have to be negative together."""
    rest = constant - sum(sign * values[key] for key, sign in unknown.items() if key in values)
    missing = {sign for key, sign in unknown.items() if key not in values}
    return (missing == {1} and rest < 0) or (missing == {-1} and rest > 0)


def _exposed(
    table: Table, sums: Mapping[Key, Sequence[Sum]], pattern: Pattern, *, exact: bool = False
) -> set[Key]:
    """Hidden cells whose interval is too narrow, but for those that are known to be so."""
    asked = pattern.hidden.keys() - pattern.exposed
    least = table.threshold - CLOSE
    equations = _around(table.values, sums, pattern.hidden)
    found = intervals(equations, asked, least, exact=exact)
    return {
        key
        for key, (low, high) in found.items()
        if high - low < min(least, table.wholes.get(key, inf) - CLOSE)
    }


def _partner(
    table: Table, pattern: Pattern, sums: Mapping[Key, Sequence[Sum]], cell: Key
) -> Key | None:
    """What to hide beside a cell: preferably one whose own sums already hide something, and small.

    A zero hides nothing, unless it is the sum of zeros, or a part of a sum that is zero; a total is
    large, so it comes last by itself.
    """

    def is_free(key: Key) -> bool:
        return key in table.values and key not in pattern.hidden and key not in table.open

    def is_large(key: Key, _: Sum) -> bool:
        return table.values[key] > 0

    def is_opposite(key: Key, each: Sum) -> bool:
        return (key == each.total) != (cell == each.total)

    def cost(key: Key) -> tuple[int, float, str]:
        bare = sum(
            not any(member in pattern.hidden for member in each.members) for each in sums[key]
        )
        return bare, table.values[key], repr(key)

    for will_do, reach in product((is_large, is_opposite), _reaches(table, pattern, sums, cell)):
        members = {
            key for each in reach for key in each.members if is_free(key) and will_do(key, each)
        }
        if members:
            return min(members, key=cost)
    return None


def _reaches(
    table: Table, pattern: Pattern, sums: Mapping[Key, Sequence[Sum]], cell: Key
) -> Iterator[Sequence[Sum]]:
    """The sums to look for a partner in: those with the fewest unknowns first, then all around."""

    def is_unknown(key: Key) -> bool:
        return key in pattern.hidden or key not in table.values

    for each in sorted(sums[cell], key=lambda each: sum(map(is_unknown, each.members))):
        yield [each]
    seen, front = {cell}, [cell]
    while front:
        reach = [each for key in front for each in sums[key]]
        yield reach
        around = dict.fromkeys(key for each in reach for key in each.members)
        front = [key for key in around if is_unknown(key) and key not in seen]
        seen.update(front)


def touching(sums: Sequence[Sum]) -> Mapping[Key, list[Sum]]:
    """The sums that each cell takes part in."""
    found: dict[Key, list[Sum]] = defaultdict(list)
    for each in sums:
        for key in each.members:
            found[key].append(each)
    return found


# --- where an unknown can lie --------------------------------------------------------------------


def components(equations: Sequence[Equation]) -> list[list[Equation]]:
    """Equations that share unknowns, directly or through others."""
    by_key: dict[Key, list[int]] = defaultdict(list)
    for number, equation in enumerate(equations):
        for key in equation.signs:
            by_key[key].append(number)
    left, found = set(range(len(equations))), []
    while left:
        front, members = [left.pop()], []
        while front:
            number = front.pop()
            members.append(equations[number])
            near = {n for key in equations[number].signs for n in by_key[key]} & left
            left -= near
            front += near
        found.append(members)
    return found


def _has_circle(component: Sequence[Equation]) -> bool:
    """A connected graph is a tree if it has one edge less than nodes."""
    unknowns = {key for equation in component for key in equation.signs}
    edges = sum(len(equation.signs) for equation in component)
    return edges >= len(component) + len(unknowns)


def _propagated(component: Sequence[Equation]) -> dict[Key, Interval]:
    bounds: dict[Key, Interval] = {
        key: (0.0, inf) for equation in component for key in equation.signs
    }
    for _ in range(ROUNDS):
        before = dict(bounds)
        for equation in component:
            _tighten(equation, bounds)
        if bounds == before:
            break
    return bounds


def _tighten(equation: Equation, bounds: dict[Key, Interval]) -> None:
    """Each unknown is the constant less all others, whatever those may be."""
    for key, sign in equation.signs.items():
        least = most = equation.constant
        for other, its_sign in equation.signs.items():
            if other != key:
                low, high = (
                    bounds[other] if its_sign > 0 else tuple(-x for x in bounds[other])[::-1]
                )
                least, most = least - high, most - low
        if sign < 0:
            least, most = -most, -least
        low, high = bounds[key]
        bounds[key] = max(low, least), min(high, most)


def _programmed(
    component: Sequence[Equation], of: Sequence[Key], enough: float
) -> dict[Key, Interval]:
    from db.disclosure.programming import extremes  # noqa: PLC0415 - see there

    return extremes(
        [equation.signs for equation in component],
        [equation.constant for equation in component],
        of,
        enough=enough,
    )
