"""The interval of a rate, as PostgreSQL works it out for lists and ranks, against SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import isclose

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tests.databases import Database

Interval = tuple[Decimal, Decimal]

INTERVAL = """
SELECT low, high FROM published.interval_of(%s::numeric, %s::numeric, %s::numeric, 100, 1)
"""
proportions = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def intervals(
    database: Database, counts: Sequence[tuple[float, int | None, int | None]]
) -> list[Interval | None]:
    with psycopg.connect(database.public_url) as connection:
        return [connection.execute(INTERVAL, each).fetchone() for each in counts]


@given(st.lists(proportions, min_size=1, max_size=30))
def test_it_is_that_of_wilson(settled: Database, counts: list[tuple[int, int]]) -> None:
    found = intervals(settled, [(100 * part / whole, part, whole) for part, whole in counts])
    for each, interval in zip(counts, found, strict=True):
        expected = binomtest(*each).proportion_ci(method="wilson")
        assert interval
        assert isclose(interval[0], 100 * expected.low, rel_tol=1e-9, abs_tol=1e-9)
        assert isclose(interval[1], 100 * expected.high, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("counts", [(1, 0), (3, 2), (-1, 5), (1, -5), (None, 5), (1, None)])
def test_what_is_no_proportion_has_none(
    settled: Database, counts: tuple[int | None, int | None]
) -> None:
    assert intervals(settled, [(20, *counts)]) == [None]


def test_counts_of_another_value_say_nothing(settled: Database) -> None:
    found = intervals(settled, [(20, 200, 1000), (17, 200, 1000), (30, 200, 1000)])
    assert [bool(each) for each in found] == [True, False, False]
