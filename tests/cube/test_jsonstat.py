"""Any cube is written so that pyjstat reads the same cells."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from pyjstat import pyjstat

from api.cube import jsonstat
from api.cube.model import Cube
from tests.cube.cubes import cubes

pytestmark = pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
"""pyjstat says so to itself: `write()` calls what it warns of."""

HERE = {
    "rel": "self",
    "href": "https://example.org/v1/observations.jsonstat",
    "type": "application/json-stat+json",
}


def written(cube: Cube) -> bytes:
    return jsonstat.dataset(cube, [HERE])


@settings(deadline=None)  # pandas takes its time
@given(cube=cubes(including=True))
def test_pyjstat_reads_what_was_written(cube: Cube) -> None:
    frame = pyjstat.Dataset.read(written(cube).decode()).write("dataframe", naming="id")
    cube = cube.widened
    names = [dimension.id for dimension in cube.dimensions]
    assert list(frame.columns) == [*names, "value"]
    codes = [list(dimension.places) for dimension in cube.dimensions]
    assert list(map(tuple, frame[names].values)) == list(product(*codes))
    read = [None if value != value else value for value in frame["value"]]  # noqa: PLR0124 - NaN
    assert read == cube.dense()


@settings(deadline=None)  # pandas takes its time
@given(cube=cubes())
def test_pyjstat_finds_each_cell_by_its_codes(cube: Cube) -> None:
    dataset = pyjstat.Dataset.read(written(cube).decode())
    for place, value in cube.cells.items():
        query = [
            {dimension.id: category.code}
            for dimension, category in zip(cube.dimensions, cube.at(place), strict=True)
        ]
        assert dataset.get_value(query) == value


@given(cube=cubes())
def test_a_cell_without_value_says_why_unless_nothing_was_observed(cube: Cube) -> None:
    document = json.loads(written(cube), parse_constant=_refuse)
    status = document.get("status", {})
    for place, value in enumerate(document["value"]):
        flags = cube.marks[place].flags if place in cube.marks else ()
        assert status.get(str(place), "") == ",".join(flags)
        assert value is not None or flags or place not in cube.cells
    said = document["extension"]["status"]["label"]
    assert set(status.values()) == set(said)


@given(cube=cubes())
def test_a_part_is_listed_with_its_whole(cube: Cube) -> None:
    document = json.loads(written(cube))
    for dimension in cube.dimensions:
        category = document["dimension"][dimension.id]["category"]
        parts = {
            part: whole for whole, parts in category.get("child", {}).items() for part in parts
        }
        assert parts == {each.code: each.parent for each in dimension.categories if each.parent}


def _refuse(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")
