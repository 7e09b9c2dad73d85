"""A year of quarter-hours, evaluated by us and by opening_hours.js, in four federal states.

Where the two do not say the same, the reason is given here, and who is right by the specification
(https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification).
"""

from __future__ import annotations

import pytest

from db.opening.calendars import Calendar
from db.opening.hours import is_valid
from tests.opening.oracle import (
    LOWER_SAXONY,
    NORTH_RHINE,
    SAXONY,
    SCHLESWIG,
    STATES,
    State,
    demonstration_calendar,
    differences,
    ours,
    theirs,
)

pytestmark = pytest.mark.usefixtures("scripts")

YEAR = 2026

SAME = """
Mo-Fr 08:00-16:00
24/7
off
unknown
Mo-Fr 07:00-16:00
Mo-Fr 07:30-21:30
Mo,Tu,Th 09:00-12:00; Tu,Th 13:00-18:00
Mo-Th 07:30-17:00; Fr 07:30-14:00
Mo-Th 08:00-17:00, Fr 08:00-14:00
Mo-Fr 08:00-12:00, Tu 14:00-18:00
Mo-Fr 08:00-18:00; We 12:00-13:00 off
10:00-12:00,14:00-16:00
Fr-Mo 10:00-12:00
Mo-Su 00:00-24:00
Mo-Fr 22:00-02:00
Mo-Su 20:00-26:00
Mo-Fr 22:00-02:00; Sa 10:00-12:00
Fr 22:00-02:00; Sa 01:00-03:00 off
Fr 20:00-04:00; Sa 03:00-06:00
Mo 23:00-24:00; Tu 00:00-02:00
17:00+
Mo-Fr 17:00-20:00+
Fr 22:00+
Mo-Fr 10:00-12:00,17:00+
Mo[1] 10:00-12:00
Mo[-1],We[2,4] 10:00-12:00
Mo-Fr 08:00-12:00; Mo[1] off
week 01-53/2 Mo 10:00-12:00
week 02-52/2 Mo 10:00-12:00; week 01-53/2 Tu 10:00-12:00
week 10-12 10:00-12:00
week 53 10:00-12:00
Apr-Sep Mo-Fr 08:00-18:00; Oct-Mar Mo-Fr 08:00-16:00
Nov-Feb 10:00-12:00
2026 Jan-Mar 10:00-12:00
Jun 15-Aug 20: Mo 10:00-12:00
Mar Su[-1]-Oct Su[-1] 10:00-12:00
Jan 31-Feb 28 10:00-12:00
Feb 29 10:00-12:00
Mo-Fr 08:00-16:00; 2026 Dec 24 off
Mo-Fr 08:00-16:00; Dec 24-26 off
Mo-Fr 08:00-16:00; Dec 24-Jan 02 off
Mo-Fr 08:00-16:00; 2026 Jul 01-2026 Aug 15 off
2026 Dec 31-2027 Jan 01 20:00-02:00
Jan 01 off; Mo-Fr 10:00-12:00
easter off; Mo-Su 10:00-12:00
2025-2026/2 10:00-12:00
"by appointment"
Mo 10:00-12:00 "by appointment"
Mo-Fr 10:00-12:00 open "x"; Sa unknown
Mo-Fr 10:00-12:00 || "by appointment"
Mo-Fr 10:00-12:00; Sa 10:00-11:00 || Su "maybe"
Mo-Fr 10:00-12:00; We off || unknown
Mo 10:00-12:00 || We 10:00-12:00; Fr 10:00-12:00
Mo, We 10:00-12:00
""".strip().splitlines()
"""Without holidays, so the same in every state."""

OF_STATES = """
Mo-Fr 08:00-16:00; PH off
Mo-Fr 06:00-17:00; PH off
PH,Su 10:00-12:00
Mo-Fr,PH 08:00-16:00; Oct 31 off
Mo-Fr 08:00-16:00; SH off
Mo-Fr 08:00-16:00; PH,SH off
SH,PH off; Mo 10:00-12:00
SH Mo-Fr 10:00-12:00
Mo-Fr SH 10:00-12:00
PH Mo-Fr 10:00-12:00
Mo-Fr 14:00-18:00; SH Mo-Fr 10:00-18:00; PH off
PH -1 day 10:00-12:00
Mo-Fr 10:00-11:00; PH -1 day off
PH +1 day off; Mo-Fr 10:00-11:00
Jan-Mar PH 10:00-12:00
Mo-Fr 22:00-02:00; PH off
Mo-Su 22:00-02:00; SH off
PH 22:00-02:00
Mo-Fr 08:00-12:00, PH 09:00-10:00
PH off; Mo-Fr 09:00-17:00
Mo-Fr 08:00-16:00; PH off || "nach Vereinbarung"
Mo-Fr 08:00-16:00; PH closed "Feiertag"
Mo-Fr 08:00-16:00; PH 10:00-12:00; Dec 24-26 off
24/7; PH off
PH unknown
Mo-Sa 07:00-20:00; Su,PH 08:00-12:00
week 01-53/2 Mo 10:00-12:00; PH off
Mo[1] 10:00-12:00; PH off
Su[1],PH 10:00-12:00
Mo-Fr 10:00-12:00; PH off; 2026 Dec 24 off; 2026 Dec 28-2026 Dec 31 10:00-11:00
Mo-Fr 17:00+; PH off
SH off || Mo-Fr 10:00-12:00
""".strip().splitlines()


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return demonstration_calendar()


def found_differences(
    hours: list[str], states: tuple[State, ...], year: int, calendar: Calendar
) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    cases = [(text, state, year) for text in hours for state in states]
    found = {}
    for (text, state, _), their in zip(cases, theirs(cases), strict=True):
        assert not isinstance(their, str), (text, their)
        found[text, state.region] = list(
            differences(ours(text, state, year, calendar), their, year)
        )
    return {case: several for case, several in found.items() if several}


def test_a_year_is_the_same_without_holidays(calendar: Calendar) -> None:
    assert found_differences(SAME, (SAXONY,), YEAR, calendar) == {}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.region)
def test_a_year_is_the_same_with_the_holidays_of_the_state(
    state: State, calendar: Calendar
) -> None:
    assert found_differences(OF_STATES, (state,), YEAR, calendar) == {}


@pytest.mark.parametrize("year", [2025, 2027, 2028])
def test_so_are_other_years(year: int, calendar: Calendar) -> None:
    """With another Easter, another Day of Repentance, and other school holidays."""
    hours = ["Mo-Fr 08:00-16:00; PH off", "SH Mo-Fr 10:00-12:00", "PH,Su 10:00-12:00"]
    assert found_differences(hours, STATES, year, calendar) == {}


def test_they_put_the_clock_back_in_another_way(calendar: Calendar) -> None:
    """An hour that comes twice is open twice: the clock on the wall says so. opening_hours.js opens
    in the first and closes in the second. The specification says nothing."""
    found = found_differences(["Su 02:15-02:45"], (SAXONY,), YEAR, calendar)
    assert [when for several in found.values() for when, *_ in several] == [
        "Sun 2026-10-25 02:15",
        "Sun 2026-10-25 02:30",
    ]


def test_they_lose_an_hour_after_the_clock_is_put_forward(calendar: Calendar) -> None:
    """opening_hours.js has a Saturday night go on until Monday, because its Sunday has 23 hours."""
    hours = ["Sa 20:00-04:00; Su 02:00-03:00 off", "Mo-Sa 18:00-01:00, Su 10:00-12:00"]
    found = found_differences(hours, (SAXONY,), YEAR, calendar)
    days = {when.split()[1] for several in found.values() for when, *_ in several}
    assert days == {"2026-03-30"}
    assert {our for several in found.values() for _, our, _ in several} == {"closed"}


def test_they_leave_out_the_last_day_of_a_range_that_ends_with_easter(calendar: Calendar) -> None:
    """A range includes both ends. opening_hours.js forgets Easter Monday."""
    found = found_differences(
        ["easter -2 days-easter +1 day 10:00-12:00"], (SAXONY,), YEAR, calendar
    )
    (several,) = found.values()
    assert {when.split()[1] for when, *_ in several} == {"2026-04-06"}
    assert {our for _, our, _ in several} == {"open"}


def test_they_miss_a_day_before_the_first_sunday(calendar: Calendar) -> None:
    """`Su[1] -1 day`: 3 January 2026 is the day before the first Sunday."""
    found = found_differences(["Su[1] -1 day 10:00-12:00"], (SAXONY,), YEAR, calendar)
    (several,) = found.values()
    assert {when.split()[1] for when, *_ in several} == {"2026-01-03", "2026-10-03"}
    assert {our for _, our, _ in several} == {"open"}


def test_they_read_days_after_two_kinds_of_holidays_as_an_alternative(calendar: Calendar) -> None:
    """`holiday_sequence space weekday_sequence`: such days that are holidays. opening_hours.js does
    so after one kind of holidays, and after two of them opens on other days as well."""
    found = found_differences(["PH,SH Mo-Fr 10:00-11:00"], (SAXONY,), YEAR, calendar)
    assert {our for several in found.values() for _, our, _ in several} == {"closed"}


def test_they_are_open_at_single_moments(calendar: Calendar) -> None:
    """Every two hours something begins; when it ends, nobody says: unknown."""
    found = found_differences(["10:00-16:00/02:00"], (SAXONY,), YEAR, calendar)
    within = [our for several in found.values() for when, our, _ in several if "16:00" not in when]
    assert set(within) == {"unknown"}


@pytest.mark.parametrize("hours", ["sunrise-sunset", "dawn-dusk; PH off"])
def test_the_sun_rises_within_minutes(hours: str, calendar: Calendar) -> None:
    """Two ways to reckon the sun, a minute or two apart: it shows if a quarter-hour is between."""
    found = found_differences([hours], (SAXONY, SCHLESWIG), YEAR, calendar)
    assert all(len(several) < 50 for several in found.values())


def test_corpus_christi_is_unknown_where_some_of_the_municipalities_keep_it(
    calendar: Calendar,
) -> None:
    """In the district of Bautzen. opening_hours.js knows it nowhere in Saxony."""
    bautzen = State("DE-SN/14625", "Sachsen", 51.18, 14.42)
    found = found_differences(["Mo-Fr 08:00-16:00; PH off"], (bautzen,), YEAR, calendar)
    (several,) = found.values()
    assert {when.split()[1] for when, *_ in several} == {"2026-06-04"}
    assert {our for _, our, _ in several} == {"unknown"}


def test_days_differ_between_the_states(calendar: Calendar) -> None:
    """Reformation Day, All Saints', Corpus Christi, Repentance: the oracle would not show that all
    states were taken for one, if it were wrong in the same way."""
    for state, free in (
        (SAXONY, {"10-31", "11-18"}),
        (NORTH_RHINE, {"06-04", "11-01"}),
        (LOWER_SAXONY, {"10-31"}),
        (SCHLESWIG, {"10-31"}),
    ):
        from datetime import date

        days = calendar.certain("public", state.region, date(2026, 1, 1), date(2026, 12, 31))
        shown = {f"{day:%m-%d}" for day in days}
        assert shown & {"06-04", "10-31", "11-01", "11-18"} == free


def test_what_is_no_string_of_theirs_is_none_of_ours() -> None:
    """But for what one of the two libraries is lenient about."""
    wrong = ["Mo-Fr 9-12", "montags 10 Uhr", "nach Vereinbarung", "Mo-Fr 07:00-17.00", "week 50-05"]
    cases = [(text, SAXONY, YEAR) for text in wrong]
    assert not any(map(is_valid, wrong))
    assert sum(isinstance(their, str) for their in theirs(cases)) >= 2
