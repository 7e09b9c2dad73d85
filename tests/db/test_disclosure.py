"""What is hidden, and that it cannot be recomputed: linear programming plays the one who tries."""

from collections.abc import Mapping
from itertools import product
from math import inf
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from db.disclosure.protection import Pattern, Sum, Table, protect


def feasible(
    values: Mapping[Any, float], sums: list[Sum], hidden: set[Any], cell: object
) -> tuple[float, float]:
    """Where a hidden cell can lie, from all that is visible: dense, all at once."""
    unknown = sorted(hidden, key=repr)
    matrix, constants = [], []
    for each in sums:
        signs = dict.fromkeys(each.parts, 1) | {each.total: -1}
        matrix.append([signs.get(key, 0) for key in unknown])
        constants.append(
            -sum(sign * values[key] for key, sign in signs.items() if key not in hidden)
        )
    ends = []
    for direction in (1, -1):
        cost = np.zeros(len(unknown))
        cost[unknown.index(cell)] = direction
        answer = linprog(cost, A_eq=np.array(matrix), b_eq=constants, bounds=(0, None))
        ends.append(direction * answer.fun if answer.status == 0 else inf)
    return ends[0], ends[1]


def cube(counts: list[list[int]]) -> tuple[dict[Any, float], list[Sum]]:
    """Districts by sexes with all their totals."""
    rows, columns = range(len(counts)), range(len(counts[0]))
    values: dict[Any, float] = {(r, c): counts[r][c] for r, c in product(rows, columns)}
    values |= {(r, "all"): sum(counts[r]) for r in rows}
    values |= {("all", c): sum(counts[r][c] for r in rows) for c in columns}
    values["all", "all"] = sum(map(sum, counts))
    sums = [Sum((r, "all"), tuple((r, c) for c in columns)) for r in (*rows, "all")]
    sums += [Sum(("all", c), tuple((r, c) for r in rows)) for c in (*columns, "all")]
    return values, sums


def hidden_of(values: Mapping[Any, float], sums: list[Sum], **more: object) -> Pattern:
    return protect(Table(values, sums, 3, **more))  # type: ignore[arg-type]


def test_a_small_count_is_hidden_together_with_the_next_smallest_beside_it() -> None:
    values = {"county": 112, "a": 2, "b": 10, "c": 100}
    pattern = hidden_of(values, [Sum("county", ("a", "b", "c"))])
    assert pattern.hidden == {"a": "primary", "b": "secondary"}
    assert not pattern.exposed


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    values = {"county": 110, "a": 0, "b": 10, "c": 100}
    assert hidden_of(values, [Sum("county", ("a", "b", "c"))]).hidden == {}


def test_two_small_counts_that_give_each_other_away_take_a_third_with_them() -> None:
    values = {"county": 32, "a": 1, "b": 1, "c": 30}
    assert set(hidden_of(values, [Sum("county", ("a", "b", "c"))]).hidden) == {"a", "b", "c"}


def test_a_zero_protects_nobody() -> None:
    values = {"county": 102, "a": 2, "b": 0, "c": 100}
    assert set(hidden_of(values, [Sum("county", ("a", "b", "c"))]).hidden) == {"a", "c"}


def test_zeros_that_must_be_hidden_take_their_total_with_them() -> None:
    values = {"county": 0, "a": 0, "b": 0, "c": 0}
    pattern = hidden_of(values, [Sum("county", ("a", "b", "c"))], small={"a"})
    assert set(pattern.hidden) == {"county", "a"}
    assert not pattern.exposed


def test_a_part_of_two_people_cannot_lie_farther_apart() -> None:
    values = {"a": 1, "people": 2}
    beside = Sum("people", ("a", "others"))
    pattern = hidden_of(values, [beside], open={"people"}, wholes={"a": 2})
    assert set(pattern.hidden) == {"a"}
    assert not pattern.exposed


def test_an_only_part_takes_its_total_with_it() -> None:
    values = {"county": 52, "region": 2, "other": 50, "a": 2, "b": 0}
    sums = [Sum("county", ("region", "other")), Sum("region", ("a", "b"))]
    assert set(hidden_of(values, sums).hidden) == {"region", "other", "a"}


def test_what_was_hidden_stays_hidden() -> None:
    values = {"county": 112, "a": 20, "b": 10, "c": 82}
    pattern = hidden_of(values, [Sum("county", ("a", "b", "c"))], hidden={"a"})
    assert pattern.hidden == {"a": "secondary", "b": "secondary"}


def test_what_is_public_anyway_is_not_hidden_and_what_follows_from_it_is_named() -> None:
    values = {"county": 12, "a": 2, "b": 10}
    pattern = hidden_of(values, [Sum("county", ("a", "b"))], open={"county", "b"})
    assert pattern.hidden == {"a": "primary"}
    assert pattern.exposed == {"a"}


def test_a_part_without_a_value_protects_the_others() -> None:
    values = {"county": 112, "a": 2, "c": 100}
    pattern = hidden_of(values, [Sum("county", ("a", "unknown", "c"))])
    assert pattern.hidden == {"a": "primary"}


def test_a_total_that_is_not_the_sum_of_its_parts_protects_nobody() -> None:
    values = {"county": 148, "a": 2, "b": 10, "c": 100}
    assert set(hidden_of(values, [Sum("county", ("a", "b", "c"))]).hidden) == {"a", "b"}


def test_a_complement_is_as_private_as_a_count() -> None:
    values = {"all": 100, "unemployed": 98, "others": 2}
    pattern = hidden_of(values, [Sum("all", ("unemployed", "others"))], open={"all"})
    assert set(pattern.hidden) == {"unemployed", "others"}


def _row(width: int) -> st.SearchStrategy[list[int]]:
    count = st.one_of(st.integers(0, 4), st.integers(0, 60))
    return st.lists(count, min_size=width, max_size=width)


@settings(deadline=None)
@given(
    st.integers(2, 5).flatmap(
        lambda width: st.lists(
            st.lists(
                st.one_of(st.integers(0, 4), st.integers(0, 60)), min_size=width, max_size=width
            ),
            min_size=2,
            max_size=6,
        )
    ),
    st.integers(2, 6),
)
def test_no_hidden_cell_of_a_table_can_be_recomputed(counts: list[list[int]], least: int) -> None:
    values, sums = cube(counts)
    pattern = protect(Table(values, sums, least))
    assert {key for key, value in values.items() if 0 < value < least} <= pattern.hidden.keys()
    for cell in pattern.hidden:
        low, high = feasible(values, sums, set(pattern.hidden), cell)
        assert low - 1e-6 <= values[cell] <= high + 1e-6
        assert cell in pattern.exposed or high - low >= least - 1e-5
    assert not pattern.exposed or sum(map(sum, counts)) < least * 3
