"""What is known of a place at a time, and that nothing breaks on what is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.opening.calendars import Calendar, Holiday, zone_of
from db.opening.hours import is_valid, parse
from db.opening.times import Place, next_change, soon, spans, state_at
from tests.opening.test_oracle import OF_STATES, SAME
from tests.opening.test_schedules import HOURS

SAXONY = Place("DE-SN")
TERMS = (
    Holiday("DE-SN", "school", "Sommerferien", date(2026, 7, 4), date(2026, 8, 14)),
    Holiday("DE-SN", "school", "Herbstferien", date(2026, 10, 12), date(2026, 10, 24)),
    Holiday("DE-SN", "school", "Sommerferien", date(2028, 7, 22), date(2028, 9, 1)),
    Holiday("DE-SN/14522", "school", "Beweglicher Ferientag", date(2026, 9, 7), date(2026, 9, 7)),
    Holiday("DE-SN/14522060", "public", "Bergstreittag", date(2026, 7, 22), date(2026, 7, 22)),
)
CALENDAR = Calendar(TERMS)


def at(text: str, place: Place = SAXONY) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=place.zone)


def state(hours: str, when: str, place: Place = SAXONY) -> str:
    return state_at(hours, place, CALENDAR, at(when, place)).state


@pytest.mark.parametrize(
    ("hours", "when", "region", "expected"),
    [
        ("Mo-Fr 08:00-16:00; PH off", "2026-11-18T10:00", "DE-SN", "closed"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-11-18T10:00", "DE-NW", "open"),
        # in the country some keep the day, nobody knows of a place where it is not known
        ("Mo-Fr 08:00-16:00; PH off", "2026-11-18T10:00", "DE", "unknown"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-11-18T10:00", "", "unknown"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-11-18T18:00", "", "closed"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-12-25T10:00", "DE", "closed"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-12-22T10:00", "DE", "open"),
        ("Mo-Fr 08:00-16:00", "2026-11-18T10:00", "", "open"),
        # Corpus Christi, where some municipalities keep it
        ("Mo-Fr 08:00-16:00; PH off", "2026-06-04T10:00", "DE-SN", "open"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-06-04T10:00", "DE-SN/14", "unknown"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-06-04T10:00", "DE-SN/14625", "unknown"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-06-04T10:00", "DE-SN/14522", "open"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-06-04T10:00", "DE-TH/16061", "unknown"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-06-04T10:00", "DE-TH", "open"),
        ("Mo-Su 08:00-16:00; PH off", "2026-08-15T10:00", "DE-BY", "unknown"),
        ("Mo-Su 08:00-16:00; PH off", "2026-08-08T10:00", "DE-BY", "unknown"),
        # Sweden
        ("Mo-Su 08:00-16:00; PH off", "2026-06-20T10:00", "SE-O", "closed"),
        ("Mo-Su 08:00-16:00; PH off", "2026-06-19T10:00", "SE-O/1495", "open"),
        ("Mo-Fr 08:00-16:00; SH off", "2026-06-18T10:00", "SE-O", "unknown"),
        # school holidays, and what is beyond those that are known
        ("SH Mo-Fr 10:00-12:00", "2026-07-06T11:00", "DE-SN", "open"),
        ("SH Mo-Fr 10:00-12:00", "2026-09-07T11:00", "DE-SN", "closed"),
        ("SH Mo-Fr 10:00-12:00", "2026-09-07T11:00", "DE-SN/14522", "open"),
        ("SH Mo-Fr 10:00-12:00", "2026-09-07T11:00", "DE-SN/14522180", "open"),
        ("SH Mo-Fr 10:00-12:00", "2026-09-07T11:00", "DE-SN/14523", "closed"),
        ("SH Mo-Fr 10:00-12:00", "2026-07-03T11:00", "DE-SN", "unknown"),
        ("SH Mo-Fr 10:00-12:00", "2027-07-05T11:00", "DE-SN", "unknown"),
        ("SH Mo-Fr 10:00-12:00", "2027-07-04T11:00", "DE-SN", "closed"),
        ("SH Mo-Fr 10:00-12:00", "2029-07-05T11:00", "DE-SN", "unknown"),
        ("Mo-Fr 08:00-12:00; SH 10:00-11:00", "2029-07-05T10:30", "DE-SN", "open"),
        ("Mo-Fr 22:00-02:00; SH off", "2029-07-05T01:00", "DE-SN", "unknown"),
        # what staff entered
        ("Mo-Fr 08:00-16:00; PH off", "2026-07-22T10:00", "DE-SN/14522060", "closed"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-07-22T10:00", "DE-SN", "open"),
        # the sun of a state rises within a time, and then in all of it
        ("sunrise-sunset", "2026-12-21T12:00", "DE-SN", "open"),
        ("sunrise-sunset", "2026-12-21T08:06", "DE-SN", "unknown"),
        ("sunrise-sunset", "2026-12-21T12:00", "", "unknown"),
    ],
)
def test_the_state_follows_from_the_region(
    hours: str, when: str, region: str, expected: str
) -> None:
    assert state(hours, when, Place(region)) == expected


def test_with_a_point_the_sun_is_that_of_the_point() -> None:
    freiberg = Place("DE-SN", (50.91, 13.34))
    assert state("sunrise-sunset", "2026-12-21T08:02", freiberg) == "closed"
    assert state("sunrise-sunset", "2026-12-21T08:10", freiberg) == "open"
    kiruna = Place("SE-BD", (67.85, 20.2))
    assert state("sunrise-sunset", "2026-06-21T00:30", kiruna) == "open"
    assert state("sunrise-sunset", "2026-12-21T12:00", kiruna) == "closed"


@pytest.mark.parametrize(
    ("hours", "when", "expected"),
    [
        ("Mo-Fr 08:00-16:00", "2026-11-27T17:00", "2026-11-30T08:00"),
        ("Mo-Fr 08:00-16:00; PH off", "2026-12-24T17:00", "2026-12-28T08:00"),
        ("May 10:00-12:00", "2026-11-26T10:00", "2027-05-01T10:00"),
        ("SH Mo-Fr 10:00-12:00", "2026-08-14T11:00", "2026-08-14T12:00"),
        ("SH Mo-Fr 10:00-12:00", "2026-08-14T12:00", "2026-10-12T10:00"),
        ("Su 02:30-04:00", "2026-03-29T00:00", "2026-03-29T03:00"),
        ('08:00-10:00 open "a", 10:00-12:00 open "b"', "2026-11-27T09:00", "2026-11-27T12:00"),
    ],
)
def test_the_next_change_is_found(hours: str, when: str, expected: str) -> None:
    assert next_change(hours, SAXONY, CALENDAR, at(when)) == at(expected)


@pytest.mark.parametrize("hours", ["24/7", "off", "2020 10:00-12:00", "nach Vereinbarung"])
def test_some_never_change(hours: str) -> None:
    assert next_change(hours, SAXONY, CALENDAR, at("2026-11-26T10:00")) is None


@pytest.mark.parametrize("hours", [*SAME, *OF_STATES])
def test_what_is_soon_is_what_is_known_at_length(hours: str) -> None:
    for day in range(0, 400, 37):
        moment = at("2026-01-01T10:10") + timedelta(days=day, minutes=53 * day)
        found, ends = soon(hours, SAXONY, CALENDAR, moment)
        assert found == state_at(hours, SAXONY, CALENDAR, moment).state
        if ends:
            assert ends == next_change(hours, SAXONY, CALENDAR, moment)


@given(HOURS, st.integers(0, 99 * 365 * 24 * 60), st.integers(1, 900))
def test_spans_follow_each_other(hours: str, minute: int, length: int) -> None:
    begins = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    ends = begins + timedelta(hours=length)
    found = list(spans(hours, SAXONY, CALENDAR, begins, ends))
    assert (found[0].begins, found[-1].ends) == (begins, ends)
    assert all(span.begins < span.ends for span in found)
    assert all(a.ends == b.begins and a[2:] != b[2:] for a, b in pairwise(found))
    for span in found[:5]:
        middle = span.begins.astimezone(UTC) + (span.ends - span.begins) / 2
        whole = middle.replace(second=0, microsecond=0)
        if whole >= span.begins:
            assert state_at(hours, SAXONY, CALENDAR, whole).state == span.state


ALPHABET = st.sampled_from(
    [
        *("Mo", "Fr", "PH", "SH", "-", ",", ", ", ";", " || ", " ", "10:00", "26:00", "+", "/"),
        *("off", '"', "week", "53", "2026", "Feb", "30", "easter", "sunrise", "(", ")", "[", "]"),
        *("-1", "day", "24/7", "unknown", "\0", "ä", "\n", "Jan 01", "+1 day", "Mo[1]", "9999"),
    ]
)


@given(st.lists(ALPHABET, max_size=12).map("".join) | st.text(max_size=60))
def test_any_text_has_a_state(text: str) -> None:
    found = state_at(text, SAXONY, CALENDAR, at("2026-11-26T10:00"))
    assert found.state in ("open", "closed", "unknown")
    assert found.state == "unknown" or is_valid(text)


@given(HOURS)
def test_what_is_valid_is_understood(hours: str) -> None:
    assert parse(hours)


def test_the_shared_files_have_hours_that_are_valid() -> None:
    """As the mapping of Flensburg makes them."""
    assert is_valid("Mo-Fr 07:00-16:00")
    assert not is_valid("Mo-Fr 07:00-17.00")


def test_zones_are_those_of_the_country() -> None:
    assert zone_of("SE-O/1495").key == "Europe/Stockholm"
    assert zone_of("DE-SN").key == zone_of("").key == "Europe/Berlin"
