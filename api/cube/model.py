"""A cube: observations by indicator, district, period and breakdown, whatever it is written as."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, product
from math import prod
from operator import mul
from typing import Any, Literal, NamedTuple

from db.state import State

TOTAL = "_T"
"""The category of what is not broken down, as SDMX calls it."""

Role = Literal["metric", "geo", "time"]
Value = float | None


@dataclass(frozen=True, slots=True)
class Category:
    """A place on an axis. `parent`: the code of the one it is a part of, if that is there too."""

    code: str
    label: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Metric(Category):
    """An indicator; its `unit` in full, and the `symbol` that is set after a value."""

    unit: str = ""
    symbol: str = ""
    decimals: int = 0
    notes: tuple[str, ...] = ()
    citation: str | None = None
    beside: tuple["Metric", ...] = ()
    """What is included of its values, as metrics of their own."""


@dataclass(frozen=True, slots=True)
class Area(Category):
    """A district; its code is `scheme:key` if it has one, else its slug."""

    id: str = ""
    slug: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Period(Category):
    """A time; its code is EDTF, its bounds are days if anybody knows them."""

    earliest: str | None = None
    latest: str | None = None


@dataclass(frozen=True)
class Dimension:
    """An axis: `indicator`, `district`, `time`, or a codelist that something is broken down by."""

    id: str
    label: str
    role: Role | None
    categories: tuple[Category, ...]

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each code is, counted from 0."""
        return {category.code: place for place, category in enumerate(self.categories)}


class Mark(NamedTuple):
    """What is said of a value beside it: flags, and of a forecast the scenario."""

    flags: tuple[str, ...]
    scenario: str | None = None


PLAIN = Mark(("final",))


@dataclass(frozen=True)
class Cube:
    """Cells by their position: the last dimension runs fastest.

    `cells` has what is observed, and None for a value that is hidden or not there. `marks` has
    what is said of a cell unless that is just `final`. `included` has more of each value, by name.
    `doubled`: observations left out because another source has one for the same cell.
    """

    state: State
    lang: str
    dimensions: tuple[Dimension, ...]
    cells: Mapping[int, Value] = field(default_factory=dict)
    marks: Mapping[int, Mark] = field(default_factory=dict)
    included: Mapping[str, Mapping[int, Value]] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[Mapping[str, Any]] = ()
    updated: str = ""
    doubled: int = 0
    titles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of the indicators, in each language that sentences are in."""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(dimension.categories) for dimension in self.dimensions)

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def strides(self) -> tuple[int, ...]:
        """How far apart neighbours on each dimension are."""
        return strides(self.shape)

    @property
    def metrics(self) -> list[Metric]:
        return [each for each in self.of("metric").categories if isinstance(each, Metric)]

    def of(self, role: Role) -> Dimension:
        """The dimension of this role: every cube has all three."""
        return next(dimension for dimension in self.dimensions if dimension.role == role)

    @cached_property
    def shown(self) -> int:
        """How many cells show a value."""
        return sum(value is not None for value in self.cells.values())

    @cached_property
    def hidden(self) -> int:
        """How many cells hide theirs."""
        return sum("suppressed" in mark.flags for mark in self.marks.values())

    @property
    def widened(self) -> "Cube":
        """The same with what is included as metrics, each after the one it is of."""
        if not self.included:
            return self
        indicators, *others = self.dimensions
        metrics = tuple(each for metric in self.metrics for each in (metric, *metric.beside))
        layers = (self.cells, *self.included.values())
        step = self.strides[0]

        def moved(position: int, layer: int) -> int:
            indicator, rest = divmod(position, step)
            return (indicator * len(layers) + layer) * step + rest

        return replace(
            self,
            dimensions=(replace(indicators, categories=metrics), *others),
            cells={
                moved(position, layer): value
                for layer, values in enumerate(layers)
                for position, value in values.items()
            },
            marks={
                moved(position, layer): mark
                for layer in range(len(layers))
                for position, mark in self.marks.items()
            },
            included={},
        )

    def dense(self) -> list[Value]:
        """A value a position; None where there is none to show."""
        values: list[Value] = [None] * self.size
        for position, value in self.cells.items():
            values[position] = value
        return values

    def at(self, position: int) -> Iterator[Category]:
        """What a position is about, a category a dimension."""
        for dimension, stride in zip(self.dimensions, self.strides, strict=True):
            yield dimension.categories[position // stride % len(dimension.categories)]

    def chosen(self, codes: Mapping[str, Sequence[str]]) -> "Cube":
        """The cells of some categories, in the order they are named in; all of the other axes.

        Raises KeyError for a dimension or category that the cube does not have.
        """
        unknown = codes.keys() - {dimension.id for dimension in self.dimensions}
        if unknown:
            raise KeyError(min(unknown))
        kept = [_kept(dimension, codes.get(dimension.id)) for dimension in self.dimensions]
        steps = [
            [place * stride for place in places]
            for (_, places), stride in zip(kept, self.strides, strict=True)
        ]
        here = list(enumerate(map(sum, product(*steps)))) if self.cells else []
        return replace(
            self,
            dimensions=tuple(dimension for dimension, _ in kept),
            cells={new: self.cells[old] for new, old in here if old in self.cells},
            marks={new: self.marks[old] for new, old in here if old in self.marks},
            included={
                name: {new: values[old] for new, old in here if old in values}
                for name, values in self.included.items()
            },
        )

    def holding(self, part: "Cube") -> "Cube":
        """The same axes with what is in a cube that has none but categories of theirs; a dimension
        that the part has not is in total there."""
        theirs = {dimension.id: dimension for dimension in part.dimensions}
        steps = [
            [own.places[code] * stride for code in _codes(theirs.get(own.id))]
            for own, stride in zip(self.dimensions, self.strides, strict=True)
        ]
        moved = list(map(sum, product(*steps))) if part.cells else []
        return replace(
            part,
            dimensions=self.dimensions,
            cells={moved[place]: value for place, value in part.cells.items()},
            marks={moved[place]: mark for place, mark in part.marks.items()},
            titles=self.titles,
        )


def _codes(dimension: Dimension | None) -> Sequence[str]:
    return tuple(dimension.places) if dimension else (TOTAL,)


def strides(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(accumulate([1, *reversed(shape[1:])], mul))[::-1]


def _kept(dimension: Dimension, codes: Sequence[str] | None) -> tuple[Dimension, list[int]]:
    if codes is None:
        return dimension, list(range(len(dimension.categories)))
    places = [dimension.places[code] for code in codes]
    categories = tuple(dimension.categories[place] for place in places)
    there = {category.code for category in categories}
    orphaned = (
        each if each.parent is None or each.parent in there else replace(each, parent=None)
        for each in categories
    )
    return replace(dimension, categories=tuple(orphaned)), places
