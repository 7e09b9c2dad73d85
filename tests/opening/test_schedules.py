"""Schedules against the evaluation they must not contradict, expanded by dateutil's rrule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from db.opening.calendars import Calendar
from db.opening.schedules import DAYS, Schedule, schedules
from db.opening.times import Place, spans
from tests.opening.test_oracle import OF_STATES, SAME

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
UTC_PLACE = Place("DE-SN")
QUARTER = timedelta(minutes=15)


def sessions(schedule: Schedule) -> Iterator[tuple[datetime, datetime]]:
    """Every time that a schedule says it is open, by the clock of the place."""
    first = max(FIRST, date.fromisoformat(schedule.get("valid_from", FIRST.isoformat())))
    last = min(LAST, date.fromisoformat(schedule.get("valid_to", LAST.isoformat())))
    days = [_weekday(part) for part in schedule["byday"].split(",")]
    weeks = schedule.get("byweekno")
    rule = rrule.rrule(
        rrule.YEARLY if weeks else getattr(rrule, schedule["freq"]),
        byweekday=days,
        byweekno=[int(week) for week in weeks.split(",")] if weeks else None,
        dtstart=datetime.combine(date(FIRST.year - 1, 12, 1), time()),
        until=datetime.combine(last, time()),
    )
    opens, closes = (time.fromisoformat(schedule[name]) for name in ("opens_at", "closes_at"))
    for day in (found.date() for found in rule if found.date() >= first):
        ends = datetime.combine(day + timedelta(days=closes <= opens), closes)
        yield datetime.combine(day, opens), ends


def _weekday(byday: str) -> rrule.weekday:
    nth, day = byday[:-2], byday[-2:]
    return rrule.weekday(DAYS.index(day), int(nth) if nth else None)


def open_minutes(hours: str) -> set[datetime]:
    """Quarter-hours at which it is open, where nothing is a holiday and no clock is set."""
    begins, ends = (datetime.combine(day, time(), UTC) for day in (FIRST, LAST))
    nothing = _NoHolidays()
    found: set[datetime] = set()
    for span in spans(hours, UTC_PLACE, nothing, begins, ends):
        if span.state == "open":
            at = span.begins
            while at < span.ends:
                found.add(at.replace(tzinfo=None))
                at += QUARTER
    return found


class _NoHolidays(Calendar):
    def certain(self, *_: object) -> dict[date, str]:
        return {}

    def possible(self, *_: object) -> dict[date, str]:
        return {}


def is_switch(moment: datetime) -> bool:
    """On a Sunday on which the clock is set, an hour is missing or comes twice."""
    return moment.month in (3, 10) and moment.day > 24 and moment.weekday() == 6


def contradictions(hours: str, *, complete: bool = False) -> list[datetime]:
    """When a schedule says open and it is not; if `complete`, also when it is and none says so."""
    said: set[datetime] = set()
    for schedule in schedules(hours):
        if "freq" in schedule:
            for begins, ends in sessions(schedule):
                quarters = (ends - begins) // QUARTER
                said |= {begins + QUARTER * number for number in range(quarters)}
    is_open = open_minutes(hours)
    wrong = said ^ is_open if complete else said - is_open
    within = [moment for moment in wrong if FIRST < moment.date() < LAST - timedelta(days=1)]
    return sorted(moment for moment in within if not is_switch(moment))


@pytest.mark.parametrize("hours", [*SAME, *OF_STATES])
def test_no_schedule_says_open_when_it_is_not(hours: str) -> None:
    assert contradictions(hours) == []


@pytest.mark.parametrize(
    "hours",
    [
        "Mo-Fr 08:00-16:00",
        "24/7",
        "Mo-Fr 22:00-02:00; Sa 10:00-12:00",
        "Mo,Tu,Th 09:00-12:00; Tu,Th 13:00-18:00",
        "Mo-Fr 08:00-18:00; We 12:00-13:00 off",
        "Mo[1,3],Fr[-1] 10:00-12:00",
        "Mo[1] 10:00-12:00; Tu 11:00-12:00",
        "week 01-53/2 Mo 10:00-12:00",
        "Mo-Fr 08:00-16:00; 2026 Dec 24-26 off; 2026 Dec 31 10:00-12:00",
        "Mo-Fr 08:00-16:00; 2026 Dec 24-Jan 06 off",
        "2026 Jul 01-2026 Aug 31 Mo-Fr 10:00-12:00",
        'Mo-Fr 10:00-12:00 || "nach Vereinbarung"',
        "Fr 20:00-04:00; Sa 03:00-06:00",
        "Mo-Fr 08:00-16:00; PH off",
    ],
)
def test_what_repeats_by_weeks_is_said_in_full(hours: str) -> None:
    assert contradictions(hours, complete=True) == []


@pytest.mark.parametrize(
    "hours",
    [
        "SH Mo-Fr 10:00-12:00",
        "Apr-Sep Mo-Fr 08:00-18:00",
        "sunrise-sunset",
        "17:00+",
        "Mo-Fr 08:00-12:00; Mo[1] off",
        "nach Vereinbarung",
        "",
        "x" * 100_000,
    ],
)
def test_what_cannot_be_said_is_described_only(hours: str) -> None:
    assert schedules(hours) == [{"description": hours}]


def test_one_schedule_for_each_time_span() -> None:
    found = schedules("Mo,Tu,Th 09:00-12:00; Tu,Th 13:00-18:00")
    assert [(each["byday"], each["opens_at"], each["closes_at"]) for each in found] == [
        ("MO", "09:00", "12:00"),
        ("TU,TH", "13:00", "18:00"),
    ]
    assert {each["freq"] for each in found} == {"WEEKLY"}


TIMES = st.builds(
    lambda opens, length: (
        f"{opens // 4:02}:{opens % 4 * 15:02}-"
        f"{(opens + length) // 4 % 24:02}:{(opens + length) % 4 * 15:02}"
    ),
    st.integers(0, 95),
    st.integers(1, 80),
)
WEEKDAYS = st.sampled_from(("Mo", "Tu-Th", "Fr,Su", "Mo-Su", "Sa", "Sa-Mo", "We,Mo", "PH", "Su,PH"))
STATES = st.sampled_from(("", "", "", " off", " unknown", ' "x"', ' open "x"'))
RULES = st.builds(lambda days, times, state: f"{days} {times}{state}", WEEKDAYS, TIMES, STATES)
HOURS = st.builds(
    lambda rules, joints: "".join(
        rule + joint for rule, joint in zip(rules, [*joints, ""], strict=False)
    ).rstrip("; ,|"),
    st.lists(RULES, min_size=1, max_size=4),
    st.lists(st.sampled_from(("; ", ", ", " || ")), min_size=3, max_size=3),
)


@given(HOURS)
def test_none_does_whatever_the_rules(hours: str) -> None:
    assert contradictions(hours) == []
