"""Which level and period a question means, and which of several cells is taken."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from api.analyses.answers.trend import year_of
from api.analyses.reading import Area, Cell, Indicator, Slot, counted, within
from api.errors import InvalidParameter
from db.state import State

HERE = UUID(int=1)


def slot(level: str, period: str, first: str | None, last: str | None, count: int) -> Slot:
    earliest, latest = (date.fromisoformat(day) if day else None for day in (first, last))
    return Slot(level, period, earliest, latest, count)


SLOTS = [
    slot("municipality", "XXXX", None, None, 2),
    slot("municipality", "2022-35", "2022-07-01", "2022-09-30", 40),
    slot("municipality", "2022-33", "2022-01-01", "2022-03-31", 40),
    slot("county", "2013/2014", "2013-01-01", "2014-12-31", 1),
    slot("county", "2023", "2023-01-01", "2023-12-31", 1),
]


def indicator(slots: list[Slot]) -> Indicator:
    return Indicator(State(1, "2026-01-01", ""), HERE, {"levels": []}, {}, slots)


def cell(value: float | None, *flags: str, period: str = "2022") -> Cell:
    coded = [{"code": flag, "label": flag} for flag in flags]
    return Cell({"edtf": period}, value, "suppressed" in flags, coded, None, None, {})


def test_the_level_with_the_most_observations_is_meant() -> None:
    assert indicator(SLOTS).level(None) == "municipality"
    assert indicator(SLOTS).level("county") == "county"
    assert indicator([]).level(None) is None
    even = [slot("quarter", "2022", None, None, 3), slot("county", "2022", None, None, 3)]
    assert indicator(even).level(None) == "county"


@pytest.mark.parametrize(
    ("level", "asked", "meant"),
    [
        ("municipality", "latest", "2022-35"),
        ("municipality", "2022", "2022-35"),
        ("municipality", "2022-33", "2022-33"),
        ("municipality", "XXXX", "XXXX"),
        ("county", "2014", "2013/2014"),
        ("county", "latest", "2023"),
    ],
)
def test_a_period_is_meant_by_its_name_or_by_a_year(level: str, asked: str, meant: str) -> None:
    found = indicator(SLOTS).period(level, asked)
    assert found is not None
    assert found.period == meant


def test_a_year_without_a_period_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidParameter, match="2013/2014, 2023"):
        indicator(SLOTS).period("county", "2013")
    assert indicator([]).period("county", "2013") is None


def test_a_range_holds_whole_periods_that_are_dated() -> None:
    known = indicator(SLOTS).periods(None)
    assert [each.period for each in within(known, None, None)] == [
        "2013/2014",
        "2022-33",
        "2022-35",
        "2023",
    ]
    assert [each.period for each in within(known, "2014", "2022")] == ["2022-33", "2022-35"]
    assert [each.period for each in within(known, "2013/2014", "2022-33")] == [
        "2013/2014",
        "2022-33",
    ]


def test_of_two_sources_the_one_that_shows_a_value_is_taken() -> None:
    document: dict[str, Any] = {"valid_from": None, "valid_to": None}
    area = Area(HERE, document, None, [cell(None, "suppressed"), cell(7.0, "final")])
    found = area.at("2022")
    assert found is not None
    assert found.value == 7
    assert area.at("2021") is None
    assert list(area.series) == ["2022"]


def test_what_is_hidden_is_not_missing() -> None:
    cells = [cell(1.0), cell(None, "suppressed"), cell(None, "not_available"), None]
    assert counted(cells) == {"published": 1, "suppressed": 1, "missing": 2}


def test_a_period_is_in_the_middle_of_its_time() -> None:
    assert year_of(date(2021, 1, 1), date(2021, 12, 31)) == 2021.5
    assert year_of(date(2013, 1, 1), date(2014, 12, 31)) == 2014
    assert year_of(date(2024, 1, 1), date(2024, 1, 1)) == pytest.approx(2024 + 0.5 / 366)
