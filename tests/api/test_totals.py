"""Totals: stored with the publication, or counted in time, or left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from starlette.testclient import TestClient

from api.resources import RESOURCES, Resource
from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.api.calls import get, listed, until_published
from tests.api.world import TODAY, World
from tests.conftest import connect_to
from tests.databases import Database


@pytest.fixture(scope="module")
def hurried(county_database: Database) -> Iterator[TestClient]:
    """Gives up counting at once."""
    with connect_to(county_database, count_timeout=1e-9) as client:
        yield client


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_the_stored_total_is_what_a_walk_finds(api: TestClient, resource: Resource) -> None:
    total = get(api, f"/v1/{resource.name}", {"limit": 1}).json()["total"]
    assert total == len(listed(api, f"/v1/{resource.name}")["items"])


def test_offerings_that_have_ended_are_in_neither(api: TestClient, county: World) -> None:
    everything = {"limit": 1, "include_ended": "true"}
    assert get(api, "/v1/offerings", everything).json()["total"] == len(county.public_offerings)
    ended = [o for o in county.public_offerings if o.valid_to and o.valid_to < TODAY]
    today = get(api, "/v1/offerings", {"limit": 1}).json()["total"]
    assert ended
    assert today == len(county.public_offerings) - len(ended)


def test_a_publication_moves_the_total(own_county_database: Database, county: World) -> None:
    with connect_to(own_county_database) as client:
        before = get(client, "/v1/offerings", {"limit": 1}).json()["total"]
        lasting = [o for o in county.public_offerings if o.valid_to is None][:3]
        ends = [TODAY - timedelta(days=1), TODAY, None]
        rows = [{"id": o.id, "valid_to": day} for o, day in zip(lasting, ends, strict=True)]
        with writer(own_county_database.owner_url, "test") as connection:
            upsert(connection, models.Offering, rows)
        until_published(client, publish(own_county_database.owner_url).sequence)
        assert get(client, "/v1/offerings", {"limit": 1}).json()["total"] == before - 1


@pytest.mark.parametrize("format_", ["json", "geojson"])
def test_counting_that_takes_too_long_is_given_up(hurried: TestClient, format_: str) -> None:
    member = {"json": "total", "geojson": "numberMatched"}[format_]
    for _ in range(2):
        document = get(hurried, "/v1/offerings", {"limit": 2, "format": format_}).json()
        assert member not in document
        assert document["count"] == "timeout"
        assert "left_out" not in document
        assert [link["rel"] for link in document["links"]] == ["self", "first", "next"]


def test_a_page_that_holds_all_needs_no_counting(hurried: TestClient, api: TestClient) -> None:
    query = {"category": "advice", "limit": 10_000}
    assert get(hurried, "/v1/offerings", query).json() == get(api, "/v1/offerings", query).json()


def test_what_is_left_out_may_be_given_up_too(hurried: TestClient) -> None:
    query = {"bbox": "13.0,50.8,13.3,51.0", "limit": 10_000}
    document = get(hurried, "/v1/offerings", query).json()
    assert document["total"] == len(document["items"])
    assert document["count"] == "timeout"
    assert "left_out" not in document


def test_the_rest_of_a_list_comes_though_nobody_counts(
    hurried: TestClient, api: TestClient
) -> None:
    query = {"limit": 10, "facets": "category"}
    links = get(api, "/v1/offerings", query).json()["links"]
    href = next(link["href"] for link in links if link["rel"] == "next")
    rest = href.replace("limit=10", "limit=all")
    whole, expected = get(hurried, rest).json(), get(api, rest).json()
    assert whole.pop("count") == "timeout"
    assert whole == {key: value for key, value in expected.items() if key != "total"}


def test_an_answer_without_its_total_is_not_kept(county_database: Database) -> None:
    with connect_to(county_database, count_timeout=1e-9) as client:
        for _ in range(2):
            get(client, "/v1/offerings", {"limit": 2})
        assert len(client.app.state.service.store) == 0  # type: ignore[attr-defined]


def test_giving_up_leaves_the_connection_usable(own_county_database: Database) -> None:
    """A count that is really running: it waits for a table that the page does not read."""
    settings = {"count_timeout": 0.2, "cache_bytes": 0, "pool_size": 1}
    with (
        connect_to(own_county_database, **settings) as client,
        psycopg.connect(own_county_database.owner_url) as blocker,
    ):
        blocker.execute("LOCK TABLE published.ending IN ACCESS EXCLUSIVE MODE")
        assert get(client, "/v1/offerings", {"limit": 2}).json()["count"] == "timeout"
        assert get(client, "/v1/districts", {"limit": 2}).json()["total"]
        blocker.rollback()
        assert get(client, "/v1/offerings", {"limit": 3, "include_ended": "true"}).json()["total"]
