"""The expressions of PxWebApi 2, beside what they say in plain words."""

from __future__ import annotations

from contextlib import suppress
from fnmatch import fnmatchcase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.px.selection import NoSelection, chosen, split

CODE = st.text("abcABC019-.", min_size=1, max_size=4)
CODES = st.lists(CODE, min_size=1, max_size=8, unique_by=str.lower)
KEYS = ["14", "14522", "ags:14522180", "ags:14522190", "mittelland"]
YEARS = ["2019", "2020", "2021", "2022"]


@given(CODES, st.data())
def test_codes_are_chosen_once_and_in_the_order_of_the_variable(
    codes: list[str], data: st.DataObject
) -> None:
    asked = data.draw(st.lists(st.sampled_from(codes), min_size=1))
    written = [data.draw(st.sampled_from((code, code.upper(), code.lower()))) for code in asked]
    assert chosen(written, codes, is_time=False) == [code for code in codes if code in asked]


@given(CODES, st.text("abc019*?", min_size=1, max_size=5))
def test_patterns_match_as_file_names_do(codes: list[str], pattern: str) -> None:
    assume(set(pattern) & set("*?") and pattern.count("*") <= 2)
    expected = [code for code in codes if fnmatchcase(code.lower(), pattern.lower())]
    if expected:
        assert chosen([pattern], codes, is_time=False) == expected
    else:
        with pytest.raises(NoSelection, match="finds no value"):
            chosen([pattern], codes, is_time=False)


@given(CODES, st.integers(1, 9), st.integers(0, 9), st.booleans(), st.sampled_from(("top", "TOP")))
def test_top_is_the_first_of_places_and_the_last_of_times(
    codes: list[str], count: int, offset: int, is_time: bool, name: str
) -> None:
    ordered = codes[::-1] if is_time else codes
    _compare(f"{name}({count},{offset})", ordered[offset : offset + count], codes, is_time)
    if not offset:
        _compare(f"{name}({count})", ordered[:count], codes, is_time)


@given(CODES, st.integers(1, 9), st.integers(0, 9), st.booleans())
def test_bottom_is_the_other_end(codes: list[str], count: int, offset: int, is_time: bool) -> None:
    ordered = codes if is_time else codes[::-1]
    _compare(f"bottom({count},{offset})", ordered[offset : offset + count], codes, is_time)


@given(CODES, st.data())
def test_from_to_and_range_hold_their_ends(codes: list[str], data: st.DataObject) -> None:
    first, last = (codes.index(data.draw(st.sampled_from(codes))) for _ in range(2))
    places = range(len(codes))
    for expression, expected in (
        (f"from({codes[first]})", [place for place in places if place >= first]),
        (f"To({codes[last].upper()})", [place for place in places if place <= last]),
        (
            f"range({codes[first]},{codes[last]})",
            [place for place in places if min(first, last) <= place <= max(first, last)],
        ),
    ):
        _compare(expression, [codes[place] for place in expected], codes, is_time=False)


def _compare(expression: str, expected: list[str], codes: list[str], is_time: bool) -> None:
    if expected:
        found = chosen([expression], codes, is_time=is_time)
        assert found == [code for code in codes if code in expected]
    else:
        with pytest.raises(NoSelection, match="finds no value"):
            chosen([expression], codes, is_time=is_time)


@given(st.lists(st.text("ab1(),[]*? ", max_size=9) | CODE, min_size=1, max_size=5))
def test_whatever_is_written_means_codes_that_are_there_or_is_refused(written: list[str]) -> None:
    with suppress(NoSelection):
        found = chosen(split(",".join(written)), ["a", "b1", "c"], is_time=True)
        assert found
        assert set(found) <= {"a", "b1", "c"}


@given(st.lists(CODE | st.sampled_from(("top(3,1)", "[range(a,b)]", "*")), min_size=1))
def test_codes_stand_between_commas(parts: list[str]) -> None:
    assert split(",".join(parts)) == [part.strip("[]") for part in parts]


@pytest.mark.parametrize("written", ["", " ", ",", "a,", ",a", "a,,b", "a, ,b"])
def test_empty_places_are_refused(written: str) -> None:
    with pytest.raises(NoSelection, match="empty"):
        split(written)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("2023", "there is no value 2023; did you mean 2022?"),
        ("top(0)", "wants a number"),
        ("top()", "wants a number"),
        ("top(1,-1)", "wants a number"),
        ("top(9999999999)", "wants a number"),
        ("bottom(1.5)", "wants a number"),
        ("from(1999)", "no value 1999"),
        ("range(2019)", "wants two codes"),
        ("range(2019,2020,2021)", "wants two codes"),
        ("to()", "no value"),
        ("***", "twice at most"),
        ("?", "finds no value"),
        ("x" * 201, "at most 200"),
        ("last(3)", "no value"),
    ],
)
def test_why_an_expression_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(NoSelection) as problem:
        chosen([expression], YEARS, is_time=True)
    assert reason in str(problem.value)


def test_an_exact_code_is_never_an_expression() -> None:
    assert chosen(["a*"], ["a*", "ab"], is_time=False) == ["a*"]
    assert chosen(["from(x)"], ["from(x)", "x"], is_time=False) == ["from(x)"]


def test_keys_of_districts_are_found_by_their_beginning() -> None:
    assert chosen(["AGS:14522*"], KEYS, is_time=False) == ["ags:14522180", "ags:14522190"]
    assert chosen(["*land", "14"], KEYS, is_time=False) == ["14", "mittelland"]
