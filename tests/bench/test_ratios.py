"""Ratios are taken round by round, floors by their median."""

from __future__ import annotations

import pytest

from bench.ratios import Spread, ratio, spread
from bench.results import (
    CACHED,
    CUBE,
    CUBE_COPY,
    CUBE_LINES,
    LIST,
    REFERENCE,
    SQL,
    UNCACHED,
    Floor,
    Results,
    floors,
)


def test_rounds_are_compared_one_by_one() -> None:
    """A round in which the machine was busy slows both, and changes no ratio."""
    assert ratio([100, 10, 120], [10, 1, 10]) == Spread(10, 10, 12)


def test_rounds_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1, 2], [1])


def test_a_spread_has_both_ends() -> None:
    assert spread([3, 1, 2]) == Spread(2, 1, 3)


@pytest.mark.parametrize(
    ("median", "ceiling", "reached"),
    [(13, False, True), (12.9, False, False), (13, True, True), (13.1, True, False)],
)
def test_a_floor_is_reached_by_the_median(median: float, ceiling: bool, reached: bool) -> None:
    assert Floor("case", "title", Spread(median, 0, 99), 13, "×", ceiling).reached is reached


def test_what_was_not_measured_is_neither() -> None:
    assert all(floor.reached is None for floor in floors(Results(100)))


def test_the_table_of_the_issue() -> None:
    rates = {UNCACHED: [60.0], CACHED: [900.0], "tipg": [5.0], REFERENCE: [100.0]}
    results = Results(
        100_000,
        rates={"page-100": rates},
        seconds={"export": {UNCACHED: [2.0], "copy": [1.0], "tipg": [40.0]}},
        first_byte={UNCACHED: [0.004]},
        growth={UNCACHED: [30e6]},
        publications={"changed": [29.0], "one": [0.5, 0.1, 0.4]},
    )
    found = [floor for floor in floors(results) if floor.found]
    assert {each.title: (each.found and each.found.median, each.reached) for each in found} == {
        "page-100: uncached, against the reference": (0.6, True),
        "page-100: uncached, against tipg": (12, False),
        "page-100: cached, against tipg": (180, True),
        "full export: time, against the bare COPY": (2, False),
        "full export: time, against tipg": (0.05, True),
        "full export: first byte": (4, True),
        "full export: growth of memory": (30, False),
        "publication of 100,000 changed offerings": (29, True),
        "publication of one changed offering": (0.4, False),
    }  # fmt: skip


def test_what_indicators_are_held_to() -> None:
    """Rates of four connections each: who answers half as often takes twice as long."""
    results = Results(
        300,
        200,
        races={
            "jsonstat": {UNCACHED: [40.0], SQL: [100.0]},
            "map-200": {UNCACHED: [50.0], LIST: [150.0]},
        },
        seconds={CUBE: {CUBE_LINES: [1.2], CUBE_COPY: [1.0]}},
        publications={"first-year": [2.0], "year": [4.0, 6.0, 7.0]},
    )
    found = [floor for floor in floors(results) if floor.found]
    assert {each.title: (each.found and each.found.median, each.reached) for each in found} == {
        "publication of the first year of 200 indicators": (2, True),
        "publication of another year of 200 indicators": (6, False),
        "jsonstat: time, against its SQL in pgbench": (2.5, True),
        "map-200: time, against the list of these districts": (3, False),
        "all observations as CSV: time, against the bare COPY": (1.2, True),
    }


def test_growth_is_how_much_longer_it_takes() -> None:
    results = Results(
        1_000_000,
        against=100_000,
        titles={"item": "one offering"},
        rates={"item": {"100,000": [300.0], "1,000,000": [150.0]}},
    )
    (floor,) = floors(results)
    assert floor.found == Spread(2, 2, 2)
    assert not floor.reached
