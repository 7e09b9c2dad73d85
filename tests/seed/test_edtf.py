"""Imprecise dates become EDTF with bounds, or are refused."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.edtf import parse

DATES = [
    ("2017", "2017", "2017-01-01", "2017-12-31"),
    ("2019-12", "2019-12", "2019-12-01", "2019-12-31"),
    ("2024-02", "2024-02", "2024-02-01", "2024-02-29"),
    ("2024-05-07", "2024-05-07", "2024-05-07", "2024-05-07"),
    ("2019/2022", "2019/2022", "2019-01-01", "2022-12-31"),
    ("2019..2022", "2019/2022", "2019-01-01", "2022-12-31"),
    ("2013/14", "2013/2014", "2013-01-01", "2014-12-31"),
    ("1999/00", "1999/2000", "1999-01-01", "2000-12-31"),
    ("2019?", "2019?", "2019-01-01", "2019-12-31"),
    ("201X", "201X", "2010-01-01", "2019-12-31"),
    ("19XX", "19XX", "1900-01-01", "1999-12-31"),
    ("2019-XX", "2019-XX", "2019-01-01", "2019-12-31"),
    ("2019-12-XX", "2019-12-XX", "2019-12-01", "2019-12-31"),
    ("XXXX", "XXXX", None, None),
    ("../2025", "../2025", None, "2025-12-31"),
    ("2023/..", "2023/..", "2023-01-01", None),
    ("2024-36", "2024-36", "2024-10-01", "2024-12-31"),
    ("2024-24", "2024-24", "2024-12-01", "2025-02-28"),
    ("2024-41", "2024-41", "2024-07-01", "2024-12-31"),
    ("Mai 2018", "2018-05", "2018-05-01", "2018-05-31"),
    ("maj 2018", "2018-05", "2018-05-01", "2018-05-31"),
    ("May 2018", "2018-05", "2018-05-01", "2018-05-31"),
    ("Jan. 2024", "2024-01", "2024-01-01", "2024-01-31"),
    ("5.7.2023", "2023-07-05", "2023-07-05", "2023-07-05"),
    ("5. Juli 2023", "2023-07-05", "2023-07-05", "2023-07-05"),
    ("23 november 2016", "2016-11-23", "2016-11-23", "2016-11-23"),
    ("Q4 2024", "2024-36", "2024-10-01", "2024-12-31"),
    ("2024-Q4", "2024-36", "2024-10-01", "2024-12-31"),
    ("4. Quartal 2024", "2024-36", "2024-10-01", "2024-12-31"),
    ("IV. Quartal 2024", "2024-36", "2024-10-01", "2024-12-31"),
    ("Anfang 2025", "2025-37", "2025-01-01", "2025-04-30"),
    ("Mitte 2025", "2025-38", "2025-05-01", "2025-08-31"),
    ("Ende 2025", "2025-39", "2025-09-01", "2025-12-31"),
    ("slutet av 2025", "2025-39", "2025-09-01", "2025-12-31"),
    ("end of 2025", "2025-39", "2025-09-01", "2025-12-31"),
    ("bis Ende 2025", "../2025-39", None, "2025-12-31"),
    ("seit Mai 2018", "2018-05/..", "2018-05-01", None),
    ("ca. 2019", "2019~", "2019-01-01", "2019-12-31"),
    ("Sommer 2024", "2024-22", "2024-06-01", "2024-08-31"),
]


@pytest.mark.parametrize(("text", "edtf", "earliest", "latest"), DATES)
def test_what_people_write(text: str, edtf: str, earliest: str | None, latest: str | None) -> None:
    bounds = [date.fromisoformat(day) if day else None for day in (earliest, latest)]
    assert parse(text) == (edtf, *bounds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unbekannt",
        "2019-13",
        "2019-02-30",
        "0000",
        "20190",
        "2022/2019",
        "2013/17",
        "../..",
        "/",
        "XXXX-XX",
        "2019-XX-05",
        "2019-36-XX",
        "32. Mai 2018",
        "seit seit 2017",
        "٢٠١٩",
        "2019\x00",
        "ab " * 1000 + "2019",
    ],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@given(st.dates())
def test_a_day_is_itself(day: date) -> None:
    assert parse(day.isoformat()) == (day.isoformat(), day, day)


@given(st.dates(), st.dates())
def test_an_interval_reaches_from_its_first_to_its_last_day(one: date, other: date) -> None:
    first, last = sorted((one, other))
    text = f"{first.isoformat()}/{last.isoformat()}"
    assert parse(text) == (text, first, last)


@given(st.dates(min_value=date(1, 1, 1)), st.sampled_from(range(21, 42)))
def test_a_part_of_a_year_has_whole_months(day: date, code: int) -> None:
    with suppress(ValueError):  # not every code exists, and the last winter ends in year 10,000
        _, earliest, latest = parse(f"{day.year:04}-{code}")
        assert earliest is not None
        assert latest is not None
        assert earliest.day == 1
        assert earliest.year == day.year
        assert 88 <= (latest - earliest).days <= 184


@given(
    st.from_regex(r"\A(Anfang |Ende |Q[1-4] |Mai |seit |bis )?[0-9X]{1,4}([-/.?~][0-9X]*){0,4}\Z")
)
def test_whatever_is_read_is_in_order_and_reads_the_same_again(text: str) -> None:
    with suppress(ValueError):
        edtf, earliest, latest = parse(text)
        assert earliest is None or latest is None or earliest <= latest
        assert parse(edtf) == (edtf, earliest, latest)


@given(st.text(max_size=100))
def test_nothing_but_a_value_error_is_raised(text: str) -> None:
    with suppress(ValueError):
        parse(text)
