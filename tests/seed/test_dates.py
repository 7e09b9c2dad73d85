"""Dates of spreadsheets; the oracle of the patterns is strftime."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.dates import DateConvention, imprecise_date
from seed.edtf import ImpreciseDate
from seed.numbers import CellError

ANY = DateConvention()


def edtf(cell: object, convention: DateConvention = ANY) -> str | None:
    found = imprecise_date(cell, convention)
    return found and found.edtf


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2021-12-31", "2021-12-31"),
        ("31.12.2021", "2021-12-31"),
        ("1. 2. 2021", "2021-02-01"),
        ("31. Dezember 2021", "2021-12-31"),
        ("Mai 2018", "2018-05"),
        ("4. Quartal 2024", "2024-36"),
        ("Ende 2025", "2025-39"),
        ("2018/19", "2018/2019"),
        ("2018 / 19", "2018/2019"),
        ("2017 / 2018", "2017/2018"),
        ("2018–2020", "2018/2020"),
        ("Schuljahr 2018/19", "2018/2019"),
        ("Stand: Mai 2018", "2018-05"),
        ("Stand 31.12.2021", "2021-12-31"),
        ("per  31.12.2021", "2021-12-31"),
        ("2017-02-09T00:57:55.000+01:00", "2017-02-09"),
        ("2023-12-15T10:19:55.478Z", "2023-12-15"),
        ("2023-12-15 10:19", "2023-12-15"),
        (date(2021, 5, 7), "2021-05-07"),
        (datetime(2021, 5, 7, 12, 30), "2021-05-07"),  # noqa: DTZ001 - spreadsheets know no zone
        (2021, "2021"),
        (2021.0, "2021"),
        ("2021.0", "2021"),
        ("", None),
        (None, None),
        ("-", None),
        ("k. A.", None),
    ],
)
def test_what_spreadsheets_have(cell: object, expected: str | None) -> None:
    assert edtf(cell) == expected


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("31.12.21", "a year of two digits; name a pattern with %y and latest_year"),
        ("3/4/2021", "day and month could be either; name a pattern in the mapping"),
        ("3-4-2021", "day and month could be either"),
        (45292, "if Excel counted it, it is 2024-01-01: say excel_serials in the mapping"),
        ("45292", "if Excel counted it"),
        (45292.5, "is not a date$"),
        ("2021-02-30", "is not a date"),
        ("31.2.2021", "is not a date"),
        ("2019-2017", "is not a date"),
        ("demnächst", "'demnächst' is not a date"),
        (True, "is not a date"),
        (float("nan"), "nan is not a date"),
        (float("inf"), "inf is not a date"),
        ("x" * 500, "is not a date"),
    ],
)
def test_nothing_is_guessed(cell: object, reason: str) -> None:
    with pytest.raises(CellError, match=reason) as refused:
        imprecise_date(cell, ANY)
    assert len(str(refused.value)) < 200


def test_patterns_say_which_figure_is_which() -> None:
    american = DateConvention(patterns=("%m/%d/%Y", "%Y%m%d"))
    assert edtf("3/4/2021", american) == "2021-03-04"
    assert edtf("20210304", american) == edtf(20210304, american) == "2021-03-04"
    assert edtf("Mai 2018", american) == "2018-05"
    with pytest.raises(CellError, match="not as the mapping says, %m/%d/%Y or %Y%m%d"):
        imprecise_date("13/4/2021", american)
    with pytest.raises(CellError, match="not as the mapping says"):
        imprecise_date("13.4.2021", DateConvention(patterns=("%m.%d.%Y",)))


def test_a_pattern_without_a_day_is_a_month_or_year() -> None:
    assert edtf("04/2021", DateConvention(patterns=("%m/%Y",))) == "2021-04"
    assert edtf("J2021", DateConvention(patterns=("J%Y",))) == "2021"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("31.12.25", "2025-12-31"),
        ("1.5.30", "2030-05-01"),
        ("1.5.31", "1931-05-01"),
        ("1.5.99", "1999-05-01"),
        ("1.5.00", "2000-05-01"),
    ],
)
def test_years_of_two_digits_end_with_the_latest(text: str, expected: str) -> None:
    assert edtf(text, DateConvention(patterns=("%d.%m.%y",), latest_year=2030)) == expected


@pytest.mark.parametrize(
    ("patterns", "reason"),
    [
        (("%d. %B %Y",), "%B is not for numbers"),
        (("%d.%m.",), "has no year"),
        (("%d.%m.%y",), "say with latest_year which century"),
    ],
)
def test_patterns_that_depend_on_the_machine_are_refused(
    patterns: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        DateConvention(patterns=patterns)


def test_excel_serials_are_days_if_the_mapping_says_so() -> None:
    counted = DateConvention(excel_serials=True)
    assert edtf(45292, counted) == edtf(45292.75, counted) == edtf("45292", counted) == "2024-01-01"
    assert edtf(2021, counted) == "2021"
    with pytest.raises(CellError):
        imprecise_date(99_999_999, counted)


DAYS = st.dates(date(1931, 1, 1), date(2030, 12, 31))
PATTERNS = ["%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d.%m.%y", "%Y-%m-%d %H:%M:%S", "%d %m %Y", "%Y/%j"]


@given(DAYS, st.sampled_from(PATTERNS))
def test_what_a_pattern_writes_it_reads(day: date, pattern: str) -> None:
    convention = DateConvention(patterns=(pattern,), latest_year=2030)
    assert imprecise_date(day.strftime(pattern), convention) == ImpreciseDate(
        day.isoformat(), day, day
    )


@given(DAYS)
def test_excel_counts_from_the_thirtieth_of_december_1899(day: date) -> None:
    serial = (day - date(1899, 12, 30)) / timedelta(days=1)
    assert edtf(serial, DateConvention(excel_serials=True)) == day.isoformat()


@given(st.text(max_size=30) | st.floats() | st.integers() | st.booleans())
def test_any_cell_is_a_date_or_refused(cell: object) -> None:
    for convention in (ANY, DateConvention(("%d.%m.%y",), 2030, excel_serials=True)):
        try:
            found = imprecise_date(cell, convention)
        except CellError:
            continue
        assert found is None or found.edtf
