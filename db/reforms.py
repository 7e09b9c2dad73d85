"""What districts are made of, across reforms: which parts, of which time, with which share.

A district that a reform touches has several states, each from one reform to the next. A state is
what its predecessors were together, and what became of it in its successors; both ways are followed
over any number of reforms, and written down as parts when that changes, so that values can be
recalculated by one join (db/recalculated.py).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.types.range import DateRange

Direction = Literal["own", "past", "future"]

WHOLE = Decimal("0.999")
"""Shares are rounded."""

MOST_PARTS = 2_000
"""Of one state: parts that are exchanged to and fro multiply. Beyond it nothing is recalculated."""


class Lifetime(NamedTuple):
    """When a district existed, from the first to the last day; None: nobody knows of an end."""

    begins: date | None
    ends: date | None


class Succession(NamedTuple):
    """On that day a share of the predecessor became a part of the successor."""

    predecessor: UUID
    successor: UUID
    on: date
    share: Decimal


class State(NamedTuple):
    """A district between two reforms: from a day, until before another."""

    district: UUID
    begins: date
    ends: date


class Figure(NamedTuple):
    """So many people lived there on a day."""

    on: date
    people: int


@dataclass(frozen=True, slots=True)
class Part:
    """A state that makes up another, or itself (`own`, node 0).

    `above` are the nodes between, each of which stands for all the parts below it. `share`: how
    much of the part's value counts; None: that cannot be known. `leaves`: how many of the
    `of_leaves` last parts it stands for.
    """

    node: int
    direction: Direction
    above: tuple[int, ...]
    state: State
    share: Decimal | None
    leaves: int
    of_leaves: int


class Step(NamedTuple):
    """The value of another state goes over into this one, by a share."""

    state: State
    share: Decimal | None


Populations = Mapping[UUID, Sequence[Figure]]


class _Reforms:
    """What came before each state, and after it."""

    def __init__(
        self, steps: Iterable[tuple[State, State, Decimal]], populations: Populations
    ) -> None:
        self.before: dict[State, list[tuple[State, Decimal]]] = defaultdict(list)
        self._after: dict[State, list[tuple[State, Decimal]]] = defaultdict(list)
        self._populations = populations
        for earlier, later, share in steps:
            self.before[later].append((earlier, share))
            self._after[earlier].append((later, share))

    def origins(self, state: State) -> list[Step]:
        return [Step(*each) for each in self.before.get(state, ())]

    def successors(self, state: State) -> list[Step]:
        """How much of each was in the state, unless a part of it went nobody knows where."""
        later = self._after.get(state, [])
        is_whole = sum(share for _, share in later) >= WHOLE
        return [Step(each, self._fraction(state, each) if is_whole else None) for each, _ in later]

    def _fraction(self, earlier: State, later: State) -> Decimal | None:
        """How much of the later state was in the earlier one, by where people lived last."""
        origins = self.before[later]
        if len(origins) == 1:
            return Decimal(1)
        people = {
            state: share * figure
            for state, share in origins
            if (figure := _last(self._populations.get(state.district, ()), state)) is not None
        }
        total = sum(people.values())
        return people[earlier] / total if len(people) == len(origins) and total else None


def parts(
    lifetimes: Mapping[UUID, Lifetime],
    successions: Collection[Succession],
    populations: Populations,
) -> dict[State, list[Part]]:
    """Of every state of a district that a reform touches: itself, and what it is made of."""
    states = _states(lifetimes, successions)
    known = _Reforms(_steps(states, successions), populations)
    return {
        state: found
        for several in states.values()
        for state in several
        if (found := _made_of(state, known)) is not None
    }


def _states(
    lifetimes: Mapping[UUID, Lifetime], successions: Collection[Succession]
) -> dict[UUID, list[State]]:
    days: dict[UUID, set[date]] = defaultdict(set)
    for each in successions:
        if {each.predecessor, each.successor} <= lifetimes.keys():
            days[each.predecessor].add(each.on)
            days[each.successor].add(each.on)
    return {
        district: list(_cut(district, lifetimes[district], on)) for district, on in days.items()
    }


def _cut(district: UUID, lifetime: Lifetime, days: Collection[date]) -> Iterator[State]:
    """The first and the last state have no end: what is told of a district before it began, or
    after it ended, is told of those."""
    first, last = lifetime.begins or date.min, lifetime.ends or date.max
    inside = (day for day in sorted(days) if first < day <= last)
    cuts = [date.min, *inside, date.max]
    yield from (State(district, *ends) for ends in pairwise(cuts))


def _steps(
    states: Mapping[UUID, Sequence[State]], successions: Collection[Succession]
) -> Iterator[tuple[State, State, Decimal]]:
    """From a state to the ones that follow it, the same district's included if it goes on."""
    gone: dict[tuple[UUID, date], Decimal] = defaultdict(Decimal)
    for each in successions:
        earlier = [s for s in states.get(each.predecessor, ()) if s.begins < each.on]
        later = [s for s in states.get(each.successor, ()) if s.ends > each.on]
        if earlier and later:
            gone[each.predecessor, each.on] += each.share
            yield earlier[-1], later[0], each.share
    for several in states.values():
        for earlier_one, later_one in pairwise(several):
            left = 1 - gone[earlier_one.district, earlier_one.ends]
            if left > 1 - WHOLE:
                yield earlier_one, later_one, left


def _last(figures: Sequence[Figure], state: State) -> int | None:
    """The last figure before the state ended, and after it began."""
    within = [figure for figure in figures if state.begins <= figure.on < state.ends]
    return max(within).people if within else None


class _TooManyError(Exception):
    pass


def _made_of(state: State, known: _Reforms) -> list[Part] | None:
    found = [Part(0, "own", (), state, Decimal(1), 1, 1)]
    try:
        _follow(found, "past", state, known.origins)
        _follow(found, "future", state, known.successors)
    except _TooManyError:
        return None
    return found


def _follow(
    found: list[Part],
    direction: Direction,
    start: State,
    onward: Callable[[State], Sequence[Step]],
) -> None:
    """Add all that lies in a direction, each state as often as there are ways to it."""
    first = len(found)
    nodes: list[tuple[tuple[int, ...], State, Decimal | None]] = []
    leaves: dict[int, int] = defaultdict(int)

    def walk(state: State, above: tuple[int, ...], share: Decimal | None) -> None:
        for following, own in onward(state):
            node = first + len(nodes)
            if node > MOST_PARTS:
                raise _TooManyError
            product = None if share is None or own is None else share * own
            nodes.append((above, following, product))
            walk(following, (*above, node), product)
            if not onward(following):
                for each in (*above, node):
                    leaves[each] += 1

    walk(start, (), Decimal(1))
    total = sum(leaves[first + n] for n, (above, *_) in enumerate(nodes) if not above)
    found += [
        Part(first + n, direction, above, state, share, leaves[first + n], total)
        for n, (above, state, share) in enumerate(nodes)
    ]


# --- reading and writing --------------------------------------------------------------------------


def replace_parts(cursor: Cursor[Any]) -> None:
    """Write down what districts are made of, from what is published of them."""
    lifetimes = {row[0]: Lifetime(*row[1:]) for row in cursor.execute(_DISTRICTS)}
    successions = [Succession(*row) for row in cursor.execute(_SUCCESSIONS)]
    touched = [id_ for each in successions for id_ in (each.predecessor, each.successor)]
    populations: dict[UUID, list[Figure]] = defaultdict(list)
    for district, on, people in cursor.execute(_POPULATIONS, [touched, touched]):
        populations[district].append(Figure(on, int(people)))
    made = parts(lifetimes, successions, populations)
    cursor.execute("DELETE FROM published.district_part")
    rows = [_row(target, part) for target, several in made.items() for part in several]
    cursor.executemany(_INSERT, rows)
    cursor.execute("ANALYZE published.district_part")


def _row(target: State, part: Part) -> tuple[Any, ...]:
    return (
        target.district,
        _span(target),
        part.node,
        part.direction,
        list(part.above),
        part.state.district,
        _span(part.state),
        part.share,
        part.leaves,
        part.of_leaves,
    )


def _span(state: State) -> DateRange:
    begins = None if state.begins == date.min else state.begins
    return DateRange(begins, None if state.ends == date.max else state.ends)


_DISTRICTS: LiteralString = "SELECT id, valid_from, valid_to FROM published.district"

_SUCCESSIONS: LiteralString = """
SELECT d.id, (s -> 'district' ->> 'id')::uuid, (s ->> 'valid_on')::date, (s ->> 'share')::numeric
FROM published.district d CROSS JOIN jsonb_array_elements(d.document::jsonb -> 'successors') AS s
ORDER BY 3, 1, 2
"""

_POPULATIONS: LiteralString = """
SELECT id, (document::jsonb ->> 'population_as_of')::date, population
FROM published.district
WHERE id = ANY (%s) AND population >= 0 AND document::jsonb ->> 'population_as_of' IS NOT NULL
UNION ALL
SELECT o.district_id, o.period_latest, o.value
FROM published.observation o JOIN published.indicator i ON i.id = o.indicator_id
WHERE i.slug = 'population' AND o.district_id = ANY (%s) AND o.breakdowns = '{}'
  AND o.value IS NOT NULL AND o.period_latest IS NOT NULL
"""

_INSERT: LiteralString = """
INSERT INTO published.district_part
    (target_id, span, node, direction, above, district_id, part_span, share, leaves, of_leaves)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
