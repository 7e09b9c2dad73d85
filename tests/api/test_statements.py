"""How many statements an answer takes: a list reads once and counts once, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.formats import FORMATS
from api.resources import OBSERVATIONS, RESOURCES, Resource
from db.state import STATE_TEXT
from tests.api.calls import get
from tests.conftest import connect_to
from tests.databases import Database


class Statements(list[str]):
    """What was sent to PostgreSQL since the list was last emptied."""


@pytest.fixture(scope="module")
def watched(county_database: Database) -> Iterator[tuple[TestClient, Statements]]:
    statements = Statements()
    execute = psycopg.AsyncConnection.execute

    async def noting(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        statements.append(str(query))
        return await execute(self, query, *rest, **options)

    with (
        pytest.MonkeyPatch.context() as patch,
        connect_to(county_database, cache_bytes=0) as client,
    ):
        patch.setattr(psycopg.AsyncConnection, "execute", noting)
        yield client, statements


def sent(watched: tuple[TestClient, Statements], path: str, query: Any = None) -> int:
    """Statements of one request; those on languages and on the state are shared by all requests."""
    client, statements = watched
    statements.clear()
    get(client, path, query)
    shared = ("FROM published.language", f"SELECT {STATE_TEXT}", "LISTEN")
    return len([text for text in statements if not any(part in text for part in shared)])


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_a_full_page_takes_two_statements(
    watched: tuple[TestClient, Statements], resource: Resource
) -> None:
    path = f"/v1/{resource.name}"
    most = 4 if resource is OBSERVATIONS else 2  # two to say once what there is around them
    for format_ in [name for name in resource.formats if name in ("json", "geojson")]:
        assert sent(watched, path, {"limit": 2, "format": format_, "lang": "en"}) <= most
        assert sent(watched, path, {"limit": 2, "format": format_, "lang": "en"}) == 1
    assert sent(watched, path, {"limit": 2, "count": "none"}) == 1


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_a_table_takes_as_many_statements_however_long_it_is(
    watched: tuple[TestClient, Statements], resource: Resource
) -> None:
    """The snapshot, what is said of the resource, the names of dimensions; and XLSX is counted."""
    for format_ in [name for name in resource.formats if FORMATS[name].table]:
        counts = [
            sent(watched, f"/v1/{resource.name}.{format_}", {"limit": limit, "lang": "en"})
            for limit in (1, 20, 1000)
        ]
        assert {*counts} == {counts[0]}
        assert counts[0] <= 6


def test_a_page_that_holds_all_is_its_own_count(watched: tuple[TestClient, Statements]) -> None:
    assert sent(watched, "/v1/offerings", {"limit": 10_000, "free": "true"}) == 1


@pytest.mark.parametrize("limit", [1, 10, 300])
def test_longer_pages_take_no_more(watched: tuple[TestClient, Statements], limit: int) -> None:
    query = {
        "limit": limit,
        "fields": "slug,name,organisation",
        "theme": "poverty",
        "sort": "-name",
    }
    assert sent(watched, "/v1/offerings", query) <= 3


def test_what_each_part_costs(watched: tuple[TestClient, Statements]) -> None:
    known = {"category": "advice", "district": "oederan"}
    sent(watched, "/v1/offerings", {**known, "limit": 1})
    assert sent(watched, "/v1/offerings", {**known, "limit": 1}) == 1
    with_facets = {**known, "limit": 1, "facets": "theme,language"}
    assert sent(watched, "/v1/offerings", with_facets) == 3
    assert sent(watched, "/v1/offerings/offering-1") == 1


def test_an_unchanged_list_takes_one_small_statement(
    watched: tuple[TestClient, Statements],
) -> None:
    client, statements = watched
    tag = get(client, "/v1/offerings").headers["etag"]
    statements.clear()
    assert client.get("/v1/offerings", headers={"If-None-Match": tag}).status_code == 304
    assert [text for text in statements if "offering" in text] == []
