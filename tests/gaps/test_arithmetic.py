"""Need, supply and distances without a server, whatever the numbers are."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from api.gaps.distances import EARTH, Grid, Reachable, around, vectors
from api.gaps.supply import MODES, People, Terms, balance, capacity, people, serving, together
from db.gaps import Cells, Held, Kind, Spots, Supply
from db.state import State

SPHERE = Geod(a=EARTH, f=0)
HERE, THERE, OFFER = (UUID(int=number) for number in (1, 2, 3))

counts = st.integers(0, 500)
holdings = st.lists(
    st.builds(Held, st.sampled_from(("Plätze", "Stunden")), counts, counts), max_size=2
)
degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
near = st.tuples(st.floats(13, 13.5), st.floats(50, 50.5))


def supply(offerings: int, *held: Held) -> Supply:
    return Supply(offerings, held, {})


def state() -> State:
    return State(1, "2024-05-07", "2024-05-07T16:00:00Z")


def doubles(numbers: list[Any]) -> bytes:
    """As PostgreSQL sends them."""
    return np.array(numbers, ">f8").tobytes()


@given(
    offerings=counts,
    value=st.none() | st.integers(0, 10_000_000),
    per=st.floats(0.001, 1e6),
    least=st.none() | st.floats(0, 1e6),
    is_hidden=st.booleans(),
)
def test_a_balance_is_sound(
    *, offerings: int, value: int | None, per: float, least: float | None, is_hidden: bool
) -> None:
    lives = People(None if is_hidden else value, is_hidden, [])
    found = balance(supply(offerings), lives, Terms("offerings", None, per, least))
    assert all(math.isfinite(each) for each in (found.rate, found.needed, found.missing) if each)
    assert (found.rate is None) == (not lives.value)
    assert (found.missing is None) == (least is None or lives.value is None)
    assert (found.status == "no_offering") == (offerings == 0)
    if offerings:
        assert (found.status == "suppressed") == is_hidden
        assert (found.status == "gap") == bool(found.missing)
    if found.missing:
        assert found.needed is not None
        assert offerings + found.missing >= found.needed * (1 - 1e-9) - 1e-6
        assert offerings + found.missing - 1 < found.needed


def test_a_number_that_fits_exactly_is_enough() -> None:
    """2.3 for 1,000 of 10,000 people is 23 in decimals, and a little more in binary."""
    lives = People(10_000, is_hidden=False, flags=[])
    found = balance(supply(23), lives, Terms("offerings", None, 1000, 2.3))
    assert (found.status, found.missing) == ("ok", 0)


def test_what_could_make_up_for_it_is_not_missing() -> None:
    lives = People(1000, is_hidden=False, flags=[])
    terms = Terms("capacity", None, 1000, 50)
    some = balance(supply(3, Held("Plätze", 40, 2)), lives, terms)
    assert (some.status, some.missing, some.supply, some.is_least) == ("no_data", None, 40, True)
    enough = balance(supply(3, Held("Plätze", 60, 2)), lives, terms)
    assert (enough.status, enough.missing) == ("ok", 0)
    none = balance(supply(3), lives, terms)
    assert (none.status, none.supply, none.rate) == ("no_data", None, None)


@given(offerings=st.integers(0, 20), held=holdings)
def test_capacities_are_never_mixed(offerings: int, held: list[Held]) -> None:
    there = supply(offerings, *{each.unit: each for each in held}.values())
    for unit in (None, "Plätze", "Tage"):
        found = capacity(there, unit)
        of_unit = [each for each in there.capacity if unit in (None, each.unit)]
        assert found.stated + found.unstated == offerings
        assert found.value == (of_unit[0].total if len(of_unit) == 1 else None)


def test_people_of_nowhere_are_unknown() -> None:
    assert together([]).value is None
    assert people([None]).value is None
    assert together([People(3, is_hidden=False, flags=[]), People(None, True, [])]).is_hidden


def test_every_mode_is_told() -> None:
    found = serving(Supply(0, [], {None: 2, "mobile": 1}))
    assert found["total"] == 3
    assert found["by_mode"] == {mode: {"unknown": 2, "mobile": 1}.get(mode, 0) for mode in MODES}


@given(one=degrees, other=degrees)
def test_the_way_around_is_that_of_a_geodesic(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    a, b = vectors(*(np.array([one[axis], other[axis]]) for axis in (0, 1)))
    found = float(around(np.array([np.linalg.norm(a - b)]))[0])
    expected = SPHERE.inv(*one, *other)[2]
    # on the other side of the earth a straight way says little about the way around
    assert found == pytest.approx(expected, abs=0.01 if expected < 1.9e7 else 2000)


@settings(deadline=None)  # the first one imports SciPy
@given(
    cells=st.lists(st.tuples(near, st.integers(1, 500), st.booleans()), min_size=1, max_size=12),
    places=st.lists(near, max_size=6),
    distance=st.floats(1, 50_000),
)
def test_everybody_near_is_counted_once(
    cells: list[tuple[tuple[float, float], int, bool]],
    places: list[tuple[float, float]],
    distance: float,
) -> None:
    ways = [
        min((SPHERE.inv(*at, *place)[2] for place in places), default=math.inf) for at, *_ in cells
    ]
    if any(abs(way - distance) < 0.01 for way in ways):
        return
    source = {"title": "Amt"}
    kinds = [Kind([HERE], 100, source), Kind([HERE, THERE], 100, source)]
    at_x, at_y = ([at[axis] for at, *_ in cells] for axis in (0, 1))
    kind = np.array([is_both for *_, is_both in cells], ">i4").tobytes()
    many = [count for _, count, _ in cells]
    grid = Grid.of(Cells(state(), doubles(at_x), doubles(at_y), doubles(many), kind, kinds))
    x, y = (doubles([place[axis] for place in places]) for axis in (0, 1))
    spots = Spots(state(), [OFFER] * len(places), x, y, 0, 0, [])
    found = Reachable(grid, spots, distance)
    for district, members in ((HERE, cells), (THERE, [cell for cell in cells if cell[2]])):
        reach = found.district(district, None)
        assert reach.residents == (sum(n for _, n, _ in members) or None)
        if members:
            inside = [way <= distance for way in ways]
            covered = sum(
                n
                for (_, n, both), is_near in zip(cells, inside, strict=True)
                if is_near and (both or district == HERE)
            )
            assert reach.covered == covered
        assert (reach.nearest is None) == (not places or not members)
    assert found.people([HERE, THERE]) == found.people([HERE])
