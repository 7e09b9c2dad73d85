"""Opening times: what is open at a time, with the holidays of the state, and what nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from starlette.testclient import TestClient

from api import opening
from db import models
from db.cluster import Cluster
from db.publication import publish
from db.registry import upsert, writer
from tests.api import world
from tests.api.calls import get, listed, slugs, until_published
from tests.api.world import NAMESPACE, World
from tests.conftest import connect_to
from tests.databases import Database, clone

PATH = "/v1/offerings"
HOURS = {
    "office": "Mo-Fr 08:00-16:00; PH off",
    "night": "Fr 22:00-02:00",
    "holidays": "SH Mo-Fr 10:00-12:00",
    "late": "17:00+",
    "words": "nach Vereinbarung",
    "always": "24/7",
    "spring": "Su 02:00-03:00",
    "noon": 'Mo-Su 11:00-13:00 open "bitte klingeln"',
    "sun": "sunrise-sunset",
}
SUMMER = (date(2026, 7, 4), date(2026, 8, 14))
WINTER = (date(2026, 12, 23), date(2027, 1, 2))


@pytest.fixture(scope="module")
def hours(county: World) -> dict[str, world.Offering]:
    """Offerings of one site, each with one of the strings."""
    single = [
        offering
        for offering in county.public_offerings
        if len(offering.sites) == 1
        and county.places_of(offering.sites[0])
        and (offering.valid_to is None or offering.valid_to.year > 2080)
    ]
    return dict(zip(HOURS, single, strict=False))


@pytest.fixture(scope="module")
def opened_database(
    cluster: Cluster, world_template: str, hours: dict[str, world.Offering]
) -> Iterator[Database]:
    with clone(cluster, world_template) as database:
        with psycopg.connect(database.owner_url) as connection:
            for name, offering in hours.items():
                connection.execute(
                    "UPDATE registry.offering_site SET opening_hours = %s WHERE offering_id = %s",
                    [HOURS[name], offering.id],
                )
        enter_school_holidays(database, SUMMER, WINTER)
        publish(database.owner_url)
        yield database


def enter_school_holidays(
    database: Database,
    *periods: tuple[date, date],
    region: str = "DE-SN",
    source: UUID = world.SOURCE,
) -> None:
    rows = [
        {
            "id": uuid5(NAMESPACE, f"holiday {first}"),
            "region": region,
            "kind": "school",
            "name": "Ferien",
            "first_day": first,
            "last_day": last,
            "source_id": source,
        }
        for first, last in periods
    ]
    with writer(database.owner_url, "test") as connection:
        upsert(connection, models.Holiday, rows)


@pytest.fixture(scope="module")
def api(opened_database: Database) -> Iterator[TestClient]:
    with connect_to(opened_database) as client:
        yield client


def open_at(api: TestClient, hours: dict[str, world.Offering], when: str) -> set[str]:
    """Which of the strings are open, by name."""
    found = set(slugs(api, PATH, {"open_at": when}))
    names = {offering.slug: name for name, offering in hours.items()}
    assert found <= names.keys()
    return {names[slug] for slug in found}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-16T10:00", {"office", "always", "sun"}),  # a Monday
        ("2026-11-16T10:00:59+01:00", {"office", "always", "sun"}),
        ("2026-11-16T09:00Z", {"office", "always", "sun"}),
        ("2026-11-16T07:59", {"always", "sun"}),
        ("2026-11-16T08:00", {"office", "always", "sun"}),
        ("2026-11-16T16:00", {"always", "sun"}),
        ("2026-11-18T10:00", {"always", "sun"}),  # Repentance, in Saxony only
        ("2026-10-31T10:00", {"always", "sun"}),  # Reformation Day
        ("2026-06-04T10:00", {"office", "always", "sun"}),  # Corpus Christi, not here
        ("2026-11-20T23:00", {"night", "always"}),
        ("2026-11-21T01:59", {"night", "always"}),
        ("2026-11-21T02:00", {"always"}),
        ("2026-07-07T10:30", {"office", "holidays", "always", "sun"}),
        ("2026-08-17T10:30", {"office", "always", "sun"}),  # school holidays are over
        ("2026-11-16T12:00", {"office", "noon", "always", "sun"}),
        ("2026-03-29T03:30", {"always"}),  # 02:00 to 03:00 did not take place
        ("2026-10-25T02:30+02:00", {"spring", "always"}),
        ("2026-10-25T02:30+01:00", {"spring", "always"}),
    ],
)
def test_open_at_finds_what_is_certainly_open(
    api: TestClient, hours: dict[str, world.Offering], when: str, expected: set[str]
) -> None:
    assert open_at(api, hours, when) == expected


def left_out(document: Any) -> dict[str, int]:
    return {entry["reason"]: entry["count"] for entry in document.get("left_out", [])}


def test_what_is_left_out_is_counted(api: TestClient) -> None:
    """Without hours, with words in place of hours, with an open end: they might be open."""
    everything = listed(api, PATH, {"limit": 1})["total"]
    closed = ("office", "night", "holidays", "spring", "noon", "sun")
    document = listed(api, PATH, {"open_at": "2026-11-16T18:00", "limit": 1})
    assert document["total"] == 1
    assert left_out(document) == {"hours_unknown": everything - 1 - len(closed)}
    by_day = listed(api, PATH, {"open_at": "2026-11-16T12:00", "limit": 1})
    assert left_out(by_day) == {"hours_unknown": everything - len(HOURS) + 1}


def test_school_holidays_nobody_entered_are_unknown(
    api: TestClient, hours: dict[str, world.Offering]
) -> None:
    offering = hours["holidays"]
    query = {"open_at": "2028-07-10T10:30", "id": offering.slug}
    document = listed(api, PATH, query)
    assert (document["total"], left_out(document)) == (0, {"hours_unknown": 1})
    weekend = listed(api, PATH, query | {"open_at": "2028-07-09T10:30"})
    assert left_out(weekend) == {}


def test_items_say_when_they_close(api: TestClient, hours: dict[str, world.Offering]) -> None:
    document = listed(api, PATH, {"open_at": "2026-11-16T12:00"})
    found = {item["slug"]: item["opening"] for item in document["items"]}
    assert found[hours["office"].slug] == {
        "state": "open",
        "next_change": "2026-11-16T16:00:00+01:00",
    }
    assert found[hours["always"].slug] == {"state": "open", "next_change": None}
    plain = listed(api, PATH, {"limit": 3})
    assert all("opening" not in item for item in plain["items"])


@pytest.mark.parametrize("format_", ["geojson", "csv", "ndjson", "html"])
def test_every_format_knows_it(
    api: TestClient, hours: dict[str, world.Offering], format_: str
) -> None:
    answer = get(api, PATH, {"open_at": "2026-11-16T12:00", "format": format_})
    assert hours["office"].name in answer.text
    if format_ != "html":
        assert "2026-11-16T16:00:00+01:00" in answer.text
    whole = get(api, PATH, {"open_at": "2026-11-16T12:00", "limit": "all"}).json()
    assert whole["total"] == 4


def test_it_goes_with_other_filters(api: TestClient) -> None:
    query = {"open_at": "2026-11-16T12:00"}
    for more in ({"facets": "category,district"}, {"sort": "-name"}, {"fields": "name"}):
        assert listed(api, PATH, query | more)["total"] == 4
    near = {"near": "13.2,50.9", "radius": 100_000}
    document = listed(api, PATH, query | near)
    assert all("distance_m" in item and "opening" in item for item in document["items"])
    body = {**query, "limit": 10}
    assert api.post(f"{PATH}/search", json=body).json()["total"] == 4


def test_open_now_is_open_at_this_minute(
    api: TestClient, hours: dict[str, world.Offering], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [datetime(2026, 11, 16, 14, 59, tzinfo=UTC)]
    monkeypatch.setattr("api.wanted.this_minute", lambda: clock[0])
    answer = get(api, PATH, {"open_now": "true"})
    assert {item["slug"] for item in answer.json()["items"]} == {
        hours[name].slug for name in ("office", "always", "sun")
    }
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Last-Modified" not in answer.headers
    held = {"If-None-Match": answer.headers["ETag"]}
    assert api.get(PATH, params={"open_now": "true"}, headers=held).status_code == 304
    clock[0] = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
    later = api.get(PATH, params={"open_now": "true"}, headers=held)
    assert later.status_code == 200
    assert hours["office"].slug not in later.text
    named = get(api, PATH, {"open_at": "2026-11-16T15:00Z"})
    assert "max-age" in named.headers["Cache-Control"]


@pytest.mark.parametrize(
    "value",
    ["now", "10:00", "2026-11-16", "0001-01-01T00:00", "9999-12-31T23:59Z", "2026-02-30T10:00"],
)
def test_other_times_are_refused(api: TestClient, value: str) -> None:
    for path, name in ((PATH, "open_at"), (f"{PATH}/x/opening", "at")):
        answer = api.get(path, params={name: value})
        assert answer.status_code == 400
        assert "2000 to 2099" in answer.text


def test_two_times_at_once_are_refused(api: TestClient) -> None:
    answer = api.get(PATH, params={"open_at": "2026-11-16T10:00", "open_now": "true"})
    assert answer.status_code == 400


# --- one offering --------------------------------------------------------------------------------


def opening_of(
    api: TestClient, hours: dict[str, world.Offering], name: str, **query: object
) -> Any:
    document = get(api, f"{PATH}/{hours[name].slug}/opening", query).json()
    (site,) = document["sites"]
    return site


def test_a_site_tells_its_days(api: TestClient, hours: dict[str, world.Offering]) -> None:
    site = opening_of(api, hours, "office", at="2026-11-17T15:00", days=3)
    assert (site["region"], site["timezone"]) == ("DE-SN", "Europe/Berlin")
    assert (site["state"], site["next_change"]) == ("open", "2026-11-17T16:00:00+01:00")
    assert site["spans"] == [
        {
            "begins": f"2026-11-{begins}:00:00+01:00",
            "ends": f"2026-11-{ends}:00:00+01:00",
            "state": "open",
            "comment": None,
        }
        for begins, ends in (("17T15", "17T16"), ("19T08", "19T16"), ("20T08", "20T15"))
    ]
    assert site["holidays"] == [
        {"date": "2026-11-18", "name": "Buß- und Bettag", "kind": "public", "certain": True}
    ]


def test_what_is_unknown_is_said_to_be(api: TestClient, hours: dict[str, world.Offering]) -> None:
    words = opening_of(api, hours, "words", at="2026-11-17T15:00")
    assert (words["state"], words["next_change"], words["holidays"][0]["name"]) == (
        "unknown",
        None,
        "Buß- und Bettag",
    )
    late = opening_of(api, hours, "late", at="2026-11-17T18:00")
    assert late["state"] == "unknown"
    school = opening_of(api, hours, "holidays", at="2030-07-10T10:30", days=1)
    assert school["state"] == "unknown"
    assert school["holidays"] == [
        {"date": day, "name": None, "kind": "school", "certain": False}
        for day in ("2030-07-10", "2030-07-11")
    ]


def test_comments_are_told(api: TestClient, hours: dict[str, world.Offering]) -> None:
    assert opening_of(api, hours, "noon", at="2026-11-17T12:00")["comment"] == "bitte klingeln"


def test_the_sun_is_that_of_the_site(api: TestClient, hours: dict[str, world.Offering]) -> None:
    change = opening_of(api, hours, "sun", at="2026-12-21T12:00")["next_change"]
    assert change is None or "2026-12-21T15:5" <= change <= "2026-12-21T16:10"


def test_an_offering_without_hours_has_no_sites_to_tell_of(
    api: TestClient, county: World, hours: dict[str, world.Offering]
) -> None:
    other = next(offering for offering in county.public_offerings if offering not in hours.values())
    assert get(api, f"{PATH}/{other.id}/opening").json()["sites"] == []


def test_an_unknown_offering_is_not_found(api: TestClient) -> None:
    for name in ("no-such-offering", str(UUID(int=1))):
        assert api.get(f"{PATH}/{name}/opening").status_code == 404
    assert api.get(f"{PATH}/x/opening", params={"day": 3}).status_code == 400


# --- a publication -------------------------------------------------------------------------------


def test_new_holidays_change_the_answers(
    api: TestClient, opened_database: Database, hours: dict[str, world.Offering]
) -> None:
    """The offerings stay as they are, and nobody keeps an older answer."""
    asked = {"open_at": "2027-08-17T10:30", "id": hours["holidays"].slug}
    assert left_out(listed(api, PATH, asked)) == {"hours_unknown": 1}
    enter_school_holidays(opened_database, (date(2027, 8, 15), date(2027, 8, 20)))
    publication = publish(opened_database.owner_url)
    assert publication.changed == {"holiday": 1}
    until_published(api, publication.sequence)
    assert listed(api, PATH, asked)["total"] == 1
    assert publish(opened_database.owner_url).sequence == publication.sequence


def test_this_minute_is_a_whole_one() -> None:
    assert (opening.this_minute().second, opening.this_minute().microsecond) == (0, 0)


def published_hours(database: Database) -> dict[tuple[str, str], Any]:
    with psycopg.connect(database.owner_url) as connection:
        rows = connection.execute("SELECT hours, region, schedules FROM published.opening_hours")
        return {(hours, region): json.loads(schedules) for hours, region, schedules in rows}


def set_hours(database: Database, offering: world.Offering, text: str | None) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.offering_site SET opening_hours = %s WHERE offering_id = %s",
            [text, offering.id],
        )


def test_each_string_is_published_once_and_goes_with_its_last_offering(
    own_county_database: Database, hours: dict[str, world.Offering]
) -> None:
    database, (one, other, *_) = own_county_database, hours.values()
    weekly = "Mo-Fr 08:00-16:00"
    for offering in (one, other):
        set_hours(database, offering, weekly)
    assert publish(database.owner_url).changed["offering"] == 2
    found = published_hours(database)
    assert list(found) == [(weekly, "DE-SN")]
    (schedule,) = found[weekly, "DE-SN"]
    assert schedule == {
        "freq": "WEEKLY",
        "byday": "MO,TU,WE,TH,FR",
        "opens_at": "08:00",
        "closes_at": "16:00",
        "description": weekly,
    }
    set_hours(database, one, "nach Vereinbarung")
    publish(database.owner_url)
    assert published_hours(database).keys() == {
        (weekly, "DE-SN"),
        ("nach Vereinbarung", "DE-SN"),
    }
    set_hours(database, one, None)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.offering SET status = 'archived' WHERE id = %s", [other.id]
        )
    publish(database.owner_url)
    assert published_hours(database) == {}


def test_a_rebuild_finds_the_same(
    own_county_database: Database, hours: dict[str, world.Offering]
) -> None:
    database = own_county_database
    for name, offering in hours.items():
        set_hours(database, offering, HOURS[name])
    publish(database.owner_url)
    before = published_hours(database)
    assert len(before) == len(HOURS)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE published.state SET documents_hash = ''")
        connection.execute("UPDATE published.opening_hours SET schedules = '[]'")
    assert "offering" not in publish(database.owner_url).changed
    assert published_hours(database) == before


def test_a_part_of_a_state_with_holidays_of_its_own_is_a_region(
    own_county_database: Database, hours: dict[str, world.Offering]
) -> None:
    database, offering = own_county_database, hours["office"]
    set_hours(database, offering, "Mo-Fr 08:00-16:00")
    publish(database.owner_url)
    enter_school_holidays(database, (date(2026, 9, 7), date(2026, 9, 7)), region="DE-SN/14522")
    changed = publish(database.owner_url).changed
    assert changed == {"holiday": 1, "offering": 1}
    assert list(published_hours(database)) == [("Mo-Fr 08:00-16:00", "DE-SN/14522")]
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("DELETE FROM registry.holiday")
    assert publish(database.owner_url).changed["offering"] == 1
    assert list(published_hours(database)) == [("Mo-Fr 08:00-16:00", "DE-SN")]


def test_holidays_of_an_unlicensed_source_are_not_published(own_county_database: Database) -> None:
    database = own_county_database
    enter_school_holidays(database, SUMMER, source=world.UNLICENSED)
    publish(database.owner_url)
    with psycopg.connect(database.owner_url) as connection:
        count = "SELECT count(*) FROM published.holiday"
        assert connection.execute(count).fetchone() == (0,)
        connection.execute(
            "UPDATE registry.source SET license = 'cc-zero' WHERE id = %s", [world.UNLICENSED]
        )
        connection.commit()
        publish(database.owner_url)
        assert connection.execute(count).fetchone() == (1,)
