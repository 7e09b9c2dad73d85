"""Whoever answers wrongly is found out before being measured."""

from __future__ import annotations

from typing import Any

import pytest

from bench.checks import compare, features
from bench.load import WrongAnswer
from bench.questions import Question
from bench.statements import script, statements

A, B = {"id": "a", "properties": {}}, {"id": "b", "properties": {}}


def question(**given: Any) -> Question:
    return Question("case", "a case", {"quartier": ["/"]}, **given)


def test_a_right_answer_passes() -> None:
    compare(question(size=2, fits=lambda _number, _feature: True), 0, [A, B], "server")


@pytest.mark.parametrize(
    ("asked", "given", "told"),
    [
        (question(), [], "has nothing to answer case number 0 with"),
        (question(size=2), [A], "with 1 features, not 2"),
        (question(fits=lambda _number, feature: feature is A), [A, B], "with b too"),
    ],
)
def test_a_wrong_one_does_not(asked: Question, given: list[Any], told: str) -> None:
    with pytest.raises(WrongAnswer, match=told):
        compare(asked, 0, given, "server")


def test_what_is_no_geojson_is_refused() -> None:
    with pytest.raises(WrongAnswer, match="neither"):
        features({"items": []})
    assert features({"type": "Feature", "id": "a"}) == [{"type": "Feature", "id": "a"}]


def test_statements_are_found_by_name() -> None:
    assert {"item", "page", "box", "near", "deep", "export"} <= statements("reference").keys()
    assert not [text for text in statements("arguments").values() if text.endswith(";")]


def test_a_script_is_cut_between_statements() -> None:
    parts = script("columns")
    assert [part.split()[0] for part in parts if part.split()[0] == "VACUUM"] == ["VACUUM"] * 3
    assert sum("CREATE TABLE" in part for part in parts) == 3
