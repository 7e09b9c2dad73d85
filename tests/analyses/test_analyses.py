"""Classes, ranks, trends and comparisons, against NumPy, SciPy and arithmetic."""

from itertools import pairwise
from math import isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress, zscore

from api.analyses.classes import (
    TooFewValues,
    classified,
    colors,
    contrast,
    luminance,
)
from api.analyses.comparison import compared, standing
from api.analyses.ranking import Interval, ranked
from api.analyses.trends import Point, trend
from db.codes import METHODS, Method

numbers = st.floats(-1e9, 1e9).map(lambda number: round(number, 3))
several = st.lists(numbers, min_size=1, max_size=60)


@given(several, st.sampled_from(METHODS), st.integers(1, 9))
def test_every_value_is_in_one_class_between_its_breaks(
    values: list[float], method: Method, classes: int
) -> None:
    found = classified(values, method, classes, "Blues", strict=False)
    assert len(found.colors) == len(found.breaks) - 1 == len(found.contrasts)
    assert all(low <= high for low, high in pairwise(found.breaks))
    assert sum(found.counts(values)) == len(values)
    for value in values:
        index = found.index(value)
        assert found.breaks[index] <= value <= found.breaks[index + 1]
        assert index == 0 or value > found.breaks[index]


@given(st.lists(numbers, min_size=5, max_size=60, unique=True))
def test_no_class_of_quantiles_or_natural_breaks_is_empty(values: list[float]) -> None:
    for method in ("quantile", "jenks"):
        assert 0 not in classified(values, method, 5, "Blues").counts(values)


def test_more_classes_than_values_are_refused() -> None:
    with pytest.raises(TooFewValues, match="only 2 different values"):
        classified([1, 1, 2], "jenks", 3, "Blues")
    with pytest.raises(TooFewValues, match="no value"):
        classified([], "equal", 3, "Blues", strict=False)
    assert classified([4], "stddev", 5, "Blues", strict=False).breaks == (4, 4)


def test_natural_breaks_are_where_the_gaps_are() -> None:
    found = classified([1, 2, 3, 10, 11, 12, 50, 51], "jenks", 3, "YlGnBu")
    assert list(found.breaks) == [1, 3, 12, 51]
    assert found.counts([1, 2, 3, 10, 11, 12, 50, 51]) == [3, 3, 2]


@pytest.mark.parametrize("number", range(1, 10))
def test_colours_get_darker_and_can_be_written_on(number: int) -> None:
    found = colors("Blues", number)
    assert len(found) == number
    light = [luminance(color) for color in found]
    assert light == sorted(light, reverse=True)
    for color in found:
        lights = luminance(color), luminance(contrast(color))
        assert (max(lights) + 0.05) / (min(lights) + 0.05) >= 4.5


def test_ranks_say_what_cannot_be_told_apart() -> None:
    values = [10.0, 30.0, 11.0, 30.0]
    intervals = [Interval(8, 12), Interval(28, 32), Interval(9, 13), Interval(29, 31)]
    found = {each.index: each for each in ranked(values, intervals)}
    assert [found[n].rank for n in range(4)] == [4, 1, 3, 1]
    assert [(found[n].first, found[n].last) for n in range(4)] == [(3, 4), (1, 2), (3, 4), (1, 2)]
    in_order = [each.distinct_from_next for each in ranked(values, intervals)]
    assert in_order == [False, True, False, None]
    lowest = ranked(values, intervals, ascending=True)
    assert [each.index for each in lowest[:2]] == [0, 2]
    assert (lowest[0].first, lowest[0].last) == (1, 2)


def test_without_intervals_ranks_are_only_ranks() -> None:
    assert [(e.rank, e.first, e.distinct_from_next) for e in ranked([1.0, 2.0], [None, None])] == [
        (1, None, None),
        (2, None, None),
    ]


@given(st.dictionaries(st.integers(1990, 2040), numbers, min_size=2, max_size=30))
def test_the_slope_is_that_of_a_regression(values: dict[int, float]) -> None:
    series = sorted(values.items())
    found = trend([Point(str(year), year, value) for year, value in series])
    expected = linregress([year for year, _ in series], [value for _, value in series]).slope
    assert found.slope is not None
    assert isclose(found.slope, expected, rel_tol=1e-6, abs_tol=1e-6)
    assert found.absolute == series[-1][1] - series[0][1]


def test_across_a_break_nothing_is_compared() -> None:
    points = [
        Point("2019", 2019, 10),
        Point("2020", 2020, 50, is_break=True),
        Point("2021", 2021, 52),
    ]
    found = trend(points)
    assert (found.absolute, found.relative, found.slope) == (None, None, 2)
    assert found.missing == dict.fromkeys(("absolute", "relative"), "break_in_series")
    assert found.breaks == ("2020",)


def test_a_series_may_begin_with_a_break() -> None:
    assert trend([Point("2020", 2020, 5, is_break=True), Point("2021", 2021, 6)]).absolute == 1


def test_a_trend_without_values_says_why() -> None:
    assert trend([Point("2019", 2019, 0), Point("2020", 2020, 5)]).missing == {
        "relative": "base_is_zero"
    }
    assert trend([Point("2019", 2019, None), Point("2020", 2020, 5)]).missing == {
        "absolute": "no_value",
        "relative": "no_value",
        "slope": "too_few_values",
    }
    once = {"absolute": "too_few_values", "relative": "too_few_values"}
    assert trend([Point("XXXX", None, 4)]).missing == {**once, "slope": "not_dated"}
    assert trend([Point("2020", 2020, 4)]).missing == {**once, "slope": "too_few_values"}


@given(several)
def test_a_z_score_is_that_of_scipy(values: list[float]) -> None:
    found = standing(values[0], values)
    if np.std(values) > 1e-6 * max(1.0, float(abs(np.mean(values)))):
        assert found.z_score is not None
        assert isclose(found.z_score, zscore(values)[0], rel_tol=1e-6, abs_tol=1e-9)


def test_comparisons_do_not_divide_by_zero() -> None:
    assert compared(5, 4).index == 125
    assert compared(5, 0).missing == dict.fromkeys(("ratio", "index"), "reference_is_zero")
    assert compared(None, 4).difference is None
    assert standing(3, [3, 3]).missing == {"z_score": "peers_are_equal"}
    assert standing(3, []).mean is None
