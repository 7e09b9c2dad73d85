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
from math import inf
from typing import Literal

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

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
    are public whatever is decided here; `hidden` ones were hidden before, and stay so.
    """

    values: Mapping[Key, float]
    sums: Sequence[Sum]
    threshold: float
    open: Collection[Key] = frozenset()
    hidden: Collection[Key] = frozenset()


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
    pattern = Pattern({key: "secondary" for key in table.hidden})
    pattern.hidden |= {key: "primary" for key in sensitive(table)}
    touching = _touching(table.sums)
    while exposed := _exposed(table, pattern) - pattern.exposed:
        cell = min(exposed, key=lambda key: (table.values[key], repr(key)))
        partner = _partner(table, pattern, touching, cell)
        if partner is None:
            pattern.exposed.add(cell)
        else:
            pattern.hidden[partner] = "secondary"
    return pattern


def sensitive(table: Table) -> set[Key]:
    """The cells that are too small to be shown."""
    return {
        key
        for key, value in table.values.items()
        if 0 < value < table.threshold and key not in table.open
    }


def intervals(equations: Sequence[Equation]) -> dict[Key, Interval]:
    """Where each unknown can lie."""
    found: dict[Key, Interval] = {}
    for component in _components(equations):
        found |= _propagated(component)
        if _has_circle(component):
            found |= _programmed(component, found)
    return found


def equations_of(
    values: Mapping[Key, float], sums: Sequence[Sum], hidden: Collection[Key]
) -> list[Equation]:
    """The sums as somebody sees them who knows all values but the hidden ones.

    Where all members are known to us, the constant is what the hidden ones really add up to, even
    if the source's own total is not the sum of its parts: the difference may be known elsewhere. A
    sum with unknown members that would have to be negative does not hold, and says nothing.
    """
    equations = []
    for each in sums:
        signs = {key: 1 for key in each.parts} | {each.total: -1}
        unknown = {key: s for key, s in signs.items() if key in hidden or key not in values}
        if not unknown:
            continue
        if all(key in values for key in unknown):
            constant = sum(sign * values[key] for key, sign in unknown.items())
        else:
            constant = -sum(sign * values[key] for key, sign in signs.items() if key in values)
            constant += sum(sign * values[key] for key, sign in unknown.items() if key in values)
            if _is_impossible(unknown, values, constant):
                continue
        equations.append(Equation(unknown, constant))
    return equations


def _is_impossible(
    unknown: Mapping[Key, int], values: Mapping[Key, float], constant: float
) -> bool:
    """Whether the members nobody knows would have to be negative together."""
    rest = constant - sum(sign * values[key] for key, sign in unknown.items() if key in values)
    missing = {sign for key, sign in unknown.items() if key not in values}
    return (missing == {1} and rest < 0) or (missing == {-1} and rest > 0)


def _exposed(table: Table, pattern: Pattern) -> set[Key]:
    """Hidden cells whose interval is too narrow."""
    found = intervals(equations_of(table.values, table.sums, pattern.hidden))
    return {
        key
        for key in pattern.hidden
        if key in found and found[key][1] - found[key][0] < table.threshold - CLOSE
    }


def _partner(
    table: Table, pattern: Pattern, touching: Mapping[Key, Sequence[Sum]], cell: Key
) -> Key | None:
    """What to hide beside a cell: preferably one whose own sums already hide something, and small.

    A zero hides nothing; a total is large, so it comes last by itself.
    """

    def is_choice(key: Key) -> bool:
        return (
            table.values.get(key, 0) > 0 and key not in pattern.hidden and key not in table.open
        )

    def cost(key: Key) -> tuple[int, float, str]:
        bare = sum(
            not any(member in pattern.hidden for member in each.members) for each in touching[key]
        )
        return bare, table.values[key], repr(key)

    for reach in _reaches(pattern, touching, cell):
        if choices := {key for each in reach for key in each.members if is_choice(key)}:
            return min(choices, key=cost)
    return None


def _reaches(
    pattern: Pattern, touching: Mapping[Key, Sequence[Sum]], cell: Key
) -> Iterator[Sequence[Sum]]:
    """The sums to look for a partner in: those that hide the fewest first, then all around."""
    own = sorted(
        touching[cell], key=lambda each: sum(key in pattern.hidden for key in each.members)
    )
    for each in own:
        yield [each]
    seen, front = {cell}, [cell]
    while front:
        reach = [each for key in front for each in touching[key]]
        yield reach
        front = [
            key
            for each in reach
            for key in each.members
            if key in pattern.hidden and key not in seen
        ]
        seen.update(front)


def _touching(sums: Sequence[Sum]) -> Mapping[Key, list[Sum]]:
    found: dict[Key, list[Sum]] = defaultdict(list)
    for each in sums:
        for key in each.members:
            found[key].append(each)
    return found


# --- where an unknown can lie --------------------------------------------------------------------


def _components(equations: Sequence[Equation]) -> list[list[Equation]]:
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
                low, high = bounds[other] if its_sign > 0 else tuple(-x for x in bounds[other])[::-1]
                least, most = least - high, most - low
        if sign < 0:
            least, most = -most, -least
        low, high = bounds[key]
        bounds[key] = max(low, least), min(high, most)


def _programmed(
    component: Sequence[Equation], propagated: Mapping[Key, Interval]
) -> dict[Key, Interval]:
    """The exact interval of each unknown of a component, by linear programming."""
    unknowns = list(dict.fromkeys(key for equation in component for key in equation.signs))
    column = {key: number for number, key in enumerate(unknowns)}
    entries = [
        (row, column[key], sign)
        for row, equation in enumerate(component)
        for key, sign in equation.signs.items()
    ]
    rows, columns, signs = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_array((signs, (rows, columns)), shape=(len(component), len(unknowns)))
    constants = np.array([equation.constant for equation in component])

    def furthest(number: int, direction: int) -> float:
        cost = np.zeros(len(unknowns))
        cost[number] = direction
        answer = linprog(cost, A_eq=matrix, b_eq=constants, bounds=(0, None), method="highs")
        return float(direction * answer.fun) if answer.status == 0 else direction * -inf

    return {
        key: (max(0.0, furthest(column[key], 1)), furthest(column[key], -1))
        for key in unknowns
        if propagated[key][1] > propagated[key][0]
    }
