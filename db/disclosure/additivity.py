"""What adds up to what: the sums that hold among the cells of an indicator in a period.

A cell is a district and the terms it is broken down by. Districts are the sum of their children of
each level and of what is in none of them, and the sum of the predecessors that a reform made them
of; a dimension whose codelist is additive makes up the whole.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from db.codes import UNASSIGNABLE
from db.disclosure.protection import Sum

Terms = frozenset[tuple[str, str]]
Cell = tuple[UUID, Terms]


def cell_of(district: UUID, breakdowns: Mapping[str, str]) -> Cell:
    return district, frozenset(breakdowns.items())


@dataclass(frozen=True, slots=True)
class Additivity:
    """`children`: (parent, level, child). `merged`: (successor, predecessor), each as a whole.

    `terms`: (dimension, term, narrower term), where the term '' is the whole.
    """

    children: Mapping[UUID, Sequence[Sequence[UUID]]]
    parents: Mapping[UUID, UUID]
    merged: Mapping[UUID, Sequence[UUID]]
    terms: Mapping[str, Mapping[str, Sequence[str]]]


def additivity(
    children: Collection[tuple[UUID, str, UUID]],
    merged: Collection[tuple[UUID, UUID]],
    terms: Collection[tuple[str, str, str]],
) -> Additivity:
    """From rows (parent, level, child), (successor, predecessor), (dimension, term, narrower)."""
    by_level: dict[UUID, dict[str, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for parent, level, child in children:
        by_level[parent][level].append(child)
    successors: dict[UUID, list[UUID]] = defaultdict(list)
    for successor, predecessor in merged:
        successors[successor].append(predecessor)
    dimensions: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for dimension, term, narrower in terms:
        dimensions[dimension][term].append(narrower)
    return Additivity(
        children={parent: list(levels.values()) for parent, levels in by_level.items()},
        parents={child: parent for parent, _, child in children},
        merged=successors,
        terms=dimensions,
    )


def sums_of(cells: Collection[Cell], known: Additivity) -> Iterator[Sum]:
    """The sums that any of the cells takes part in. They may name cells that nobody counted."""
    yield from _of_districts(cells, known)
    yield from _of_breakdowns(cells, known)


def _of_districts(cells: Collection[Cell], known: Additivity) -> Iterator[Sum]:
    by_terms: dict[Terms, set[UUID]] = defaultdict(set)
    for district, terms in cells:
        if UNASSIGNABLE not in terms:
            by_terms[terms].add(district)
    for terms, districts in by_terms.items():
        covered = _with_ancestors(districts, known.parents)
        for total in covered:
            apart = (total, terms | {UNASSIGNABLE})
            for children in known.children.get(total, ()):
                if covered.intersection(children):
                    parts = tuple((child, terms) for child in children)
                    yield Sum((total, terms), (*parts, apart) if apart in cells else parts)
            merged = known.merged.get(total, ())
            if covered.intersection(merged):
                yield Sum((total, terms), tuple((part, terms) for part in merged))


def _with_ancestors(districts: set[UUID], parents: Mapping[UUID, UUID]) -> set[UUID]:
    """A value below says something of what is above, though nobody counted that."""
    found = set(districts)
    for district in districts:
        here = parents.get(district)
        while here and here not in found:
            found.add(here)
            here = parents.get(here)
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
