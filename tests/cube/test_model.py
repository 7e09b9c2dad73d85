"""Positions, and parts of cubes, against NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cube.model import Cube
from tests.cube.cubes import cubes


def dense(cube: Cube) -> np.ndarray:
    return np.array(cube.dense(), dtype=object).reshape(cube.shape)


@given(cube=cubes())
def test_a_position_is_where_numpy_has_it(cube: Cube) -> None:
    for place in cube.cells:
        indices = np.unravel_index(place, cube.shape)
        found = [
            dimension.categories[index]
            for dimension, index in zip(cube.dimensions, indices, strict=True)
        ]
        assert list(cube.at(place)) == found
        assert dense(cube)[indices] == cube.cells[place]


@given(cube=cubes(), data=st.data())
def test_what_is_chosen_is_what_numpy_takes(cube: Cube, data: st.DataObject) -> None:
    codes = {
        dimension.id: data.draw(st.permutations(list(dimension.places)).map(lambda each: each[:2]))
        for dimension in cube.dimensions
        if data.draw(st.booleans())
    }
    part = cube.chosen(codes)
    kept = [
        [dimension.places[code] for code in codes.get(dimension.id, dimension.places)]
        for dimension in cube.dimensions
    ]
    assert part.shape == tuple(map(len, kept))
    assert dense(part).tolist() == dense(cube)[np.ix_(*kept)].tolist()
    assert set(part.marks) <= set(part.cells)


@given(cube=cubes(including=True))
def test_what_is_included_is_a_metric_after_the_one_it_is_of(cube: Cube) -> None:
    layers = [
        dense(replace(cube, cells=values, included={}))
        for values in (cube.cells, *cube.included.values())
    ]
    wide = cube.widened
    stacked = np.stack(layers, axis=1).reshape(wide.shape)
    assert dense(wide).tolist() == stacked.tolist()
    named = [code for each in cube.metrics for code in (each.code, *(b.code for b in each.beside))]
    assert list(wide.of("metric").places) == named
    assert len(wide.marks) == len(cube.marks) * len(layers)


@given(cube=cubes(including=True))
def test_what_is_included_is_chosen_with_the_value(cube: Cube) -> None:
    metrics = list(cube.of("metric").places)[::-1]
    part = cube.chosen({"indicator": metrics})
    for name, values in cube.included.items():
        whole = dense(replace(cube, cells=values))
        assert dense(replace(part, cells=part.included[name])).tolist() == whole[::-1].tolist()


@given(cube=cubes())
def test_to_choose_nothing_changes_nothing(cube: Cube) -> None:
    assert cube.chosen({}) == cube


@given(cube=cubes())
def test_no_part_hangs_on_a_whole_that_is_gone(cube: Cube) -> None:
    for dimension in cube.dimensions[3:]:
        terms = list(dimension.places)[1:]
        part = cube.chosen({dimension.id: terms})
        (found,) = [each for each in part.dimensions if each.id == dimension.id]
        assert {category.parent for category in found.categories} == {None}


@given(cube=cubes())
def test_what_a_cube_does_not_have_cannot_be_chosen(cube: Cube) -> None:
    with pytest.raises(KeyError):
        cube.chosen({"time": ["0000"]})
    with pytest.raises(KeyError):
        cube.chosen({"weather": ["rain"]})
