"""Answers from memory: the same as from the database, of one state, within their bounds."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from typing import Any

import brotli
import psycopg
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.cache import Answer, Store
from db.state import State
from tests.api.calls import get
from tests.conftest import connect_to
from tests.databases import Database

DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


class Asked(list[str]):
    """Statements on offerings that were sent to PostgreSQL."""


@pytest.fixture
def watched(county_database: Database) -> Iterator[tuple[TestClient, Asked]]:
    asked = Asked()
    execute = psycopg.AsyncConnection.execute

    async def noting(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        if "published.offering" in str(query):
            asked.append(str(query))
        return await execute(self, query, *rest, **options)

    with pytest.MonkeyPatch.context() as patch, connect_to(county_database) as client:
        patch.setattr(psycopg.AsyncConnection, "execute", noting)
        until_followed(client)
        yield client, asked


def until_followed(client: TestClient) -> None:
    """Nothing is kept before the follower has said once what is current."""
    deadline = time.monotonic() + 5
    while client.app.state.service.state() is None:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.01)


SAME = [
    ("/v1/offerings?limit=3&category=advice", "/v1/offerings?category=advice&limit=3", {}),
    (
        "/v1/offerings?category=advice&category=family",
        "/v1/offerings?category=family&category=advice",
        {},
    ),
    ("/v1/offerings?q=Tr%65ff", "/v1/offerings?q=Treff", {}),
    ("/v1/offerings", "/v1/offerings", {"accept": "application/json, text/html;q=0.5"}),
    ("/v1/offerings", "/v1/offerings", {"accept-language": "de-DE,fr;q=0.3"}),
    ("/v1/offerings", "/v1/offerings", {"user-agent": "another"}),
    ("/v1/offerings/offering-1", "/v1/offerings/offering-1", {"accept": "*/*;q=0.1"}),
]


@pytest.mark.parametrize(("first", "then", "headers"), SAME)
def test_a_request_in_other_words_is_answered_from_memory(
    watched: tuple[TestClient, Asked], first: str, then: str, headers: dict[str, str]
) -> None:
    client, asked = watched
    before = get(client, first)
    asked.clear()
    for _ in range(2):
        after = get(client, then, None, **headers)
        assert after.content == before.content
        assert after.headers["etag"] == before.headers["etag"]
    assert asked == []


OTHER = [
    ("/v1/offerings?limit=3", {}),
    ("/v1/offerings", {"host": "other.example"}),
    ("/v1/offerings", {"accept": "application/geo+json"}),
    ("/v1/offerings", {"accept-language": "en"}),
    ("/v1/offerings?lang=en", {}),
    ("/v1/offerings.geojson", {}),
]


@pytest.mark.parametrize(("path", "headers"), OTHER)
def test_another_request_is_another_answer(
    watched: tuple[TestClient, Asked], path: str, headers: dict[str, str]
) -> None:
    client, asked = watched
    before = get(client, "/v1/offerings")
    asked.clear()
    assert get(client, path, None, **headers).content != before.content
    assert asked


@pytest.mark.parametrize(
    "path", ["/v1/offerings?x=1", "/v1/offerings/none", "/v1/offerings?bbox=1"]
)
def test_errors_are_not_kept(watched: tuple[TestClient, Asked], path: str) -> None:
    client, _ = watched
    answers = [client.get(path) for _ in range(3)]
    assert {answer.status_code for answer in answers} <= {400, 404}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


def test_every_answer_has_an_id_of_its_own(watched: tuple[TestClient, Asked]) -> None:
    client, _ = watched
    answers = [get(client, "/v1/offerings", origin="https://example.org") for _ in range(3)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert {len(answer.headers.get_list("x-request-id")) for answer in answers} == {1}
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("gzip;q=0.5, zstd;q=0", "gzip"),
        ("*", "zstd"),
        ("gzip;q=0", None),
        ("identity", None),
        ("deflate", None),
    ],
)
def test_answers_come_compressed_as_accepted(
    api: TestClient, accepted: str, encoding: str | None
) -> None:
    plain = get(api, "/v1/offerings", None, **{"accept-encoding": "identity"}).content
    for _ in range(2):  # from the database, and from memory
        with api.stream("GET", "/v1/offerings", headers={"accept-encoding": accepted}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers.get("content-encoding") == encoding
        assert int(answer.headers["content-length"]) == len(raw)
        assert (DECODERS[encoding](raw) if encoding else raw) == plain


@pytest.mark.parametrize("encoding", DECODERS)
def test_streams_come_compressed_too(api: TestClient, encoding: str) -> None:
    plain = get(api, "/v1/offerings.csv", None, **{"accept-encoding": "identity"}).content
    with api.stream("GET", "/v1/offerings.csv", headers={"accept-encoding": encoding}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == encoding
    assert DECODERS[encoding](raw) == plain


def test_without_a_cache_each_answer_is_asked_for(county_database: Database) -> None:
    with connect_to(county_database, cache_bytes=0) as client:
        for _ in range(2):
            assert get(client, "/v1/offerings").json()["items"]
        assert len(client.app.state.service.store) == 0  # type: ignore[attr-defined]


def test_names_are_asked_for_again_after_a_publication(watched: tuple[TestClient, Asked]) -> None:
    """Also if an answer has told the store of it before the follower knew."""
    client, _ = watched
    service = client.app.state.service  # type: ignore[attr-defined]
    get(client, "/v1/offerings?category=advice")
    assert service._known
    news = State(service.store.state.sequence + 1, "2999-01-01", "2999-01-01T00:00:00Z")
    service.keep(("a", "", "", ""), spelled(1), news, answer(1))
    service._follow(news, time.monotonic())
    assert not service._known


# The store


def state(sequence: int, day: str = "2026-01-01") -> State:
    return State(sequence, day, "2026-01-01T00:00:00Z")


def answer(size: int) -> Answer:
    return Answer([(b"etag", b'"1"')], b"x" * size, b'"1"', "/v1/offerings")


def spelled(number: int) -> tuple[Any, ...]:
    return f"/{number}", b"", (), "http", False


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60), st.integers(0, 3000))))
def test_a_store_keeps_within_its_bounds(requests: list[tuple[int, int, int]]) -> None:
    store = Store(20_000)
    store.follow(state(1), 0.0)
    for key, spelling, size in requests:
        store.keep((str(key), str(size), "", ""), spelled(spelling), state(1), answer(size), 1.0)
        assert store.size + store._spelled <= store.limit
        assert store.size == sum(kept.size for kept in store._answers.values())


def test_only_what_takes_a_small_part_of_a_store_is_kept() -> None:
    store = Store(20_000)
    store.follow(state(1), 0.0)
    for size in (100, 1_800, 1_900, 30_000):
        store.keep((str(size), "", "", ""), spelled(size), state(1), answer(size), 1.0)
        assert (store.recall(spelled(size)) is not None) == (answer(size).size <= 2_500)


def test_a_store_holds_one_state() -> None:
    store = Store(10_000)
    key = ("a", "", "", "")
    store.keep(key, spelled(1), state(1), answer(1), 1.0)
    assert store.find(key) is None  # nobody has said yet which state is the current one
    store.follow(state(1), 1.0)
    store.keep(key, spelled(1), state(1), answer(1), 1.5)
    assert store.find(key)
    store.follow(state(1, "2026-01-02"), 2.0)
    assert store.find(key) is None


def test_an_older_answer_is_not_kept() -> None:
    store = Store(10_000)
    store.follow(state(2), 1.0)
    store.keep(("a", "", "", ""), spelled(1), state(1), answer(1), 1.5)
    assert len(store) == 0


def test_an_answer_may_know_of_a_publication_first() -> None:
    """The follower's question may have been on its way since before the publication."""
    store = Store(10_000)
    store.follow(state(1), 1.0)
    store.keep(("a", "", "", ""), spelled(1), state(2), answer(1), 5.0)
    assert not store.follow(state(1), 4.9)
    assert store.recall(spelled(1))
    assert store.state == state(2)


def test_a_restored_older_state_is_followed() -> None:
    store = Store(10_000)
    store.follow(state(5), 1.0)
    assert store.follow(state(3), 2.0)
    assert store.state == state(3)
