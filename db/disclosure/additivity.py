"""What adds up to what: the sums that hold among the cells of an indicator in a period.

A cell is a district and the terms it is broken down by. Districts are the sum of their children of
each level that existed then and of what is in none of them, and the sum of the predecessors that a
reform made them of; a dimension whose codelist is additive makes up the whole.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from db.codes import UNASSIGNABLE
from db.disclosure.protection import Sum

Terms = frozenset[tuple[str, str]]
Cell = tuple[UUID, Terms]
Lifetime = tuple[date | None, date | None]


def cell_of(district: UUID, breakdowns: Mapping[str, str]) -> Cell:
    return district, frozenset(breakdowns.items())


@dataclass(frozen=True, slots=True)
class Additivity:
    """`children`: by parent those of each level. `merged`: by successor those that became it, each
    as a whole.

    `terms`: by dimension and term the narrower ones, where the term '' is the whole.
    """

    children: Mapping[UUID, Sequence[Sequence[UUID]]]
    lifetimes: Mapping[UUID, Lifetime]
    wholes: Mapping[UUID, Sequence[UUID]]
    """What a district is a part of, or became a part of."""
    merged: Mapping[UUID, Sequence[UUID]]
    terms: Mapping[str, Mapping[str, Sequence[str]]]


def additivity(
    children: Collection[tuple[UUID, str, UUID, date | None, date | None]],
    merged: Collection[tuple[UUID, UUID]],
    terms: Collection[tuple[str, str, str]],
) -> Additivity:
    """From rows (parent, level, child, first day, last day), (successor, predecessor) and
    (dimension, term, narrower)."""
    by_level: dict[UUID, dict[str, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    wholes: dict[UUID, list[UUID]] = defaultdict(list)
    for parent, level, child, *_ in children:
        by_level[parent][level].append(child)
        wholes[child].append(parent)
    successors: dict[UUID, list[UUID]] = defaultdict(list)
    for successor, predecessor in merged:
        successors[successor].append(predecessor)
        wholes[predecessor].append(successor)
    dimensions: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for dimension, term, narrower in terms:
        dimensions[dimension][term].append(narrower)
    return Additivity(
        children={parent: list(levels.values()) for parent, levels in by_level.items()},
        lifetimes={child: (begins, ends) for _, _, child, begins, ends in children},
        wholes=wholes,
        merged=successors,
        terms=dimensions,
    )


def sums_of(cells: Collection[Cell], known: Additivity, day: date | None) -> Iterator[Sum]:
    """The sums that any of the cells takes part in. They may name cells that nobody counted.

    `day`: on which they were counted; None: nobody knows.
    """
    yield from _of_districts(cells, known, day)
    yield from _of_breakdowns(cells, known)


def _of_districts(cells: Collection[Cell], known: Additivity, day: date | None) -> Iterator[Sum]:
    by_terms: dict[Terms, set[UUID]] = defaultdict(set)
    for district, terms in cells:
        if UNASSIGNABLE not in terms:
            by_terms[terms].add(district)
    for terms, districts in by_terms.items():
        covered = _with_wholes(districts, known.wholes)
        for total in covered:
            apart = (total, terms | {UNASSIGNABLE})
            for several in known.children.get(total, ()):
                children = [each for each in several if _existed(each, known, day)]
                if covered.intersection(children):
                    parts = tuple((child, terms) for child in children)
                    yield Sum((total, terms), (*parts, apart) if apart in cells else parts)
            merged = known.merged.get(total, ())
            if covered.intersection(merged):
                yield Sum((total, terms), tuple((part, terms) for part in merged))


def _existed(district: UUID, known: Additivity, day: date | None) -> bool:
    """A district and what it became a part of do not both count; undated, those of today do."""
    begins, ends = known.lifetimes[district]
    if day is None:
        return ends is None
    return (begins or day) <= day <= (ends or day)


def _with_wholes(districts: set[UUID], wholes: Mapping[UUID, Sequence[UUID]]) -> set[UUID]:
    """A value below says something of what is above, though nobody counted that."""
    found, front = set(districts), list(districts)
    while front:
        further = [whole for whole in wholes.get(front.pop(), ()) if whole not in found]
        found.update(further)
        front += further
    return found


def _of_breakdowns(cells: Collection[Cell], known: Additivity) -> Iterator[Sum]:
    for dimension, parts in known.terms.items():
        broken_down = {
            (district, frozenset(term for term in terms if term[0] != dimension))
            for district, terms in cells
            if any(name == dimension for name, _ in terms)
        }
        for district, others in broken_down:
            for term, narrower in parts.items():
                total = others | {(dimension, term)} if term else others
                yield Sum(
                    (district, total),
                    tuple((district, others | {(dimension, each)}) for each in narrower),
                )
