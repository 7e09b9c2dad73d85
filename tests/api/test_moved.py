"""What becomes of an address whose entity was merged, renamed or removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from starlette.testclient import TestClient

from db.publication import publish
from tests.api.calls import get, relative
from tests.api.world import identity
from tests.conftest import connect_to
from tests.databases import Database

MERGE: LiteralString = """
UPDATE registry.{} SET status = 'archived', removal_reason = 'merged_into',
    merged_into_id = (SELECT id FROM registry.{} WHERE slug = %s) WHERE slug = %s
"""


class Registry:
    """An invented county to merge and rename in, and a client that follows no redirect."""

    def __init__(self, database: Database, client: TestClient) -> None:
        self.url = database.owner_url
        self.client = client

    def run(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode(), values or None)

    def publish(self) -> None:
        publish(self.url)

    def merge(self, old: str, new: str, table: str = "offering") -> None:
        self.run(MERGE.replace("{}", table), new, old)

    def where(self, path: str, method: str = "GET", **headers: str) -> str:
        """Where an address leads to, as a path and a query."""
        answer = self.client.request(method, path, headers=headers, follow_redirects=False)
        assert answer.status_code == 308, answer.text
        return relative(answer.headers["location"])

    def tombstone(self, path: str) -> dict[str, object]:
        answer = self.client.get(path, follow_redirects=False)
        assert answer.status_code == 410, answer.text
        assert set(answer.json()["tombstone"]) == {
            *("id", "slug", "reason", "merged_into", "sequence", "at")
        }
        found: dict[str, object] = answer.json()["tombstone"]
        return found


@pytest.fixture
def registry(own_county_database: Database) -> Iterator[Registry]:
    with connect_to(own_county_database, cache_bytes=0) as client:
        yield Registry(own_county_database, client)


def key(number: int) -> UUID:
    return identity("offering", f"offering-{number}")


def test_a_merged_one_leads_on_in_every_format_with_its_query(registry: Registry) -> None:
    registry.merge("offering-1", "offering-2")
    registry.publish()
    for suffix in ("", ".json", ".geojson", ".csv", ".ndjson", ".html", ".atom"):
        for query in ("", "?lang=en&fields=name,sites", "?fields=name%2Csites"):
            old, new = (f"/v1/offerings/offering-{n}{suffix}{query}" for n in (1, 2))
            assert registry.where(old) == new
            assert registry.where(old, "HEAD") == new
            get(registry.client, new)
    assert registry.where(f"/v1/offerings/{key(1)}?format=csv") == (
        f"/v1/offerings/{key(2)}?format=csv"
    )
    assert registry.where("/embed/offerings/offering-1") == "/embed/offerings/offering-2"
    tag = get(registry.client, "/v1/offerings/offering-2").headers["etag"]
    assert registry.where("/v1/offerings/offering-1", **{"If-None-Match": tag}).endswith("-2")


def test_a_browser_is_led_on_too(registry: Registry) -> None:
    registry.merge("offering-1", "offering-2")
    registry.publish()
    assert registry.where("/v1/offerings/offering-1", Accept="text/html").endswith("offering-2")
    page = registry.client.get("/v1/offerings/offering-1", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]


def test_the_series_of_an_indicator_leads_on(registry: Registry) -> None:
    with psycopg.connect(registry.url) as connection:
        slugs = [
            row[0]
            for row in connection.execute("SELECT slug FROM published.indicator ORDER BY slug")
        ]
    old, new = slugs[:2]
    registry.merge(old, new, "indicator")
    registry.publish()
    place = "/v1/indicators/{}/observations.csv?time=latest"
    assert registry.where(place.format(old)) == place.format(new)


def test_mergers_are_followed_to_the_end(registry: Registry) -> None:
    """One publication after the other, and several in one."""
    registry.merge("offering-1", "offering-2")
    registry.publish()
    registry.merge("offering-3", "offering-4")
    registry.merge("offering-2", "offering-3")
    registry.publish()
    for number in (1, 2, 3):
        assert registry.where(f"/v1/offerings/offering-{number}") == "/v1/offerings/offering-4"
    registry.run("UPDATE registry.offering SET status = 'draft' WHERE slug = 'offering-4'")
    registry.publish()
    for number in (1, 2, 3):
        found = registry.tombstone(f"/v1/offerings/offering-{number}")
        assert (found["slug"], found["reason"]) == (f"offering-{number}", "merged_into")


def test_mergers_in_a_circle_end(registry: Registry) -> None:
    registry.merge("offering-1", "offering-2")
    registry.merge("offering-2", "offering-1")
    registry.publish()
    assert registry.tombstone("/v1/offerings/offering-1")["reason"] == "unpublished"
    for one, other in ((1, 2), (2, 1)):
        registry.run(
            "UPDATE published.change SET merged_into_id = %s WHERE id = %s AND kind = 'remove'",
            key(other),
            key(one),
        )
    assert registry.tombstone("/v1/offerings/offering-2")["merged_into"] == str(key(1))


def test_a_former_slug_leads_to_the_present_one(registry: Registry) -> None:
    for slug in ("second-name", "third-name"):
        registry.run("UPDATE registry.offering SET slug = %s WHERE id = %s", slug, key(1))
        registry.publish()
    for former in ("offering-1", "second-name"):
        assert registry.where(f"/v1/offerings/{former}.json") == "/v1/offerings/third-name.json"
    registry.run("UPDATE registry.offering SET status = 'draft' WHERE id = %s", key(1))
    registry.publish()
    for name in ("offering-1", "second-name", "third-name", key(1)):
        found = registry.tombstone(f"/v1/offerings/{name}")
        assert (found["id"], found["slug"]) == (str(key(1)), "third-name")


def test_a_slug_that_somebody_else_has_now_is_his(registry: Registry) -> None:
    registry.run("UPDATE registry.offering SET slug = 'renamed' WHERE id = %s", key(1))
    registry.publish()
    registry.run("UPDATE registry.offering SET slug = 'offering-1' WHERE id = %s", key(2))
    registry.publish()
    assert get(registry.client, "/v1/offerings/offering-1").json()["id"] == str(key(2))
    registry.run("UPDATE registry.offering SET status = 'draft' WHERE id = %s", key(2))
    registry.publish()
    assert registry.tombstone("/v1/offerings/offering-1")["id"] == str(key(2))


def test_what_is_back_is_at_its_own_address(registry: Registry) -> None:
    registry.merge("offering-1", "offering-2")
    registry.publish()
    registry.run(
        "UPDATE registry.offering SET status = 'published', removal_reason = NULL, "
        "merged_into_id = NULL WHERE id = %s",
        key(1),
    )
    registry.publish()
    assert get(registry.client, "/v1/offerings/offering-1").json()["id"] == str(key(1))


def test_what_was_never_there_is_not_found(registry: Registry) -> None:
    for name in ("no-such-offering", UUID(int=5), "third-name"):
        assert registry.client.get(f"/v1/offerings/{name}").status_code == 404
    registry.merge("offering-1", "offering-2")
    registry.publish()
    assert registry.client.get("/v1/measures/offering-1").status_code == 404
