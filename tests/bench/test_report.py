"""The tables: the same text for people on a terminal and for Markdown."""

from __future__ import annotations

import pytest

from bench.ratios import Spread
from bench.report import grid, markdown, number, shown
from bench.results import CACHED, REFERENCE, UNCACHED, Results


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.623, "%", "62 %"),
        (9.149, "×", "9.15×"),
        (13.04, "×", "13×"),
        (181.6, "×", "182×"),
        (0.0512, "s", "0.05 s"),
        (50, "ms", "50 ms"),
        (120, "MB", "120 MB"),
        (0.3, "s", "0.3 s"),
    ],
)
def test_numbers_have_the_figures_that_mean_something(value: float, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_a_spread_shows_its_ends_where_there_are_any() -> None:
    assert shown(Spread(13, 12, 14), "×") == "13× (12×–14×)"
    assert shown(Spread(13, 13, 13), "×") == "13×"
    assert shown(None, "×") == "–"


def test_a_grid_is_even() -> None:
    assert list(grid([("case", "a"), ("one offering", "1,234")])) == [
        "| case         |     a |",
        "| ------------ | ----: |",
        "| one offering | 1,234 |",
    ]


def test_the_page_of_a_run() -> None:
    results = Results(
        1_000,
        versions={"quartier": "abc", "PostgreSQL": "15.20"},
        titles={"page-10": "page of 10", "near": "near, 20 by distance"},
        rates={
            "page-10": {UNCACHED: [90.0, 100.0], "tipg": [10.0, 10.0], "quartier-log": [45, 50]},
            "near": {UNCACHED: [300.0], REFERENCE: [1000.0]},
        },
        bytes_each={"page-10": {UNCACHED: 28_000.0, "tipg": 30_000.0}},
        left_out={"other, one offering": "It answered 404."},
    )  # fmt: skip
    text = " ".join(markdown(results).split())
    assert "1,000 offerings" in text
    assert "quartier abc, PostgreSQL 15.20." in text
    assert "| page of 10: uncached, against tipg |" in text
    assert "9.5× (9×–10×)" in text
    assert "| near, 20 by distance | 300 | – | 1,000 |" in text
    assert "| page of 10 | quartier-log | 48 | 50 % |" in text
    assert "Left out: other, one offering. It answered 404." in text
    assert CACHED not in text
    assert "## Full export" not in text
