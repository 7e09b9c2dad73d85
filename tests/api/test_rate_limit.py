"""Who asks too often is told so, and when to come back; nobody else notices."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
from starlette.types import Scope

from api import rate_limit
from api.rate_limit import Quotas, client_of
from api.settings import Settings
from tests.api.processes import served
from tests.api.test_robustness import LIST, find
from tests.conftest import connect_to
from tests.databases import Database

STATE = re.compile(r'"default";r=(\d+);t=(\d+)')


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(quotas: Quotas, client: str, count: int) -> list[bool]:
    return [quotas.take(client)[2] == 0 for _ in range(count)]


def state(answer: httpx2.Response) -> tuple[int, int]:
    found = STATE.fullmatch(answer.headers["ratelimit"])
    assert found
    return int(found[1]), int(found[2])


# Over HTTP


def test_the_limit_is_kept_and_told(county_database: Database, tmp_path: Any) -> None:
    with served(county_database.public_url, tmp_path / "log", RATE_LIMIT="5") as server:
        answers = [httpx2.get(server.url + LIST) for _ in range(5)]
        refused = httpx2.get(server.url + LIST, headers={"Origin": "https://example.org"})
        line = find(server, refused.headers["x-request-id"])
        for path in ("/health/live", "/health/ready", "/metrics"):
            exempt = httpx2.get(server.url + path)
            assert exempt.status_code == 200
            assert "ratelimit" not in exempt.headers
        metrics = httpx2.get(server.url + "/metrics").text
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [state(answer)[0] for answer in answers] == [4, 3, 2, 1, 0]
    assert state(answers[0])[1] == 12
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"default";q=5;w=60'}
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"] == "Too many requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 12
    assert refused.headers["ratelimit-policy"] == '"default";q=5;w=60'
    assert state(refused)[0] == 0
    assert refused.headers["access-control-allow-origin"] == "*"
    exposed = set(refused.headers["access-control-expose-headers"].split(", "))
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= exposed
    assert line["status"] == 429
    assert 'status="4xx"' in metrics


def test_every_kind_of_request_counts(county_database: Database) -> None:
    with connect_to(county_database, rate_limit=100) as api:
        asked = [
            api.get(LIST),
            api.get(LIST),
            api.head(LIST),
            api.options(LIST),
            api.get(LIST, headers={"If-None-Match": api.get(LIST).headers["etag"]}),
            api.get("/nothing"),
            api.post("/v1/offerings/search", json={"limit": 1}),
        ]
    assert [state(answer)[0] for answer in asked] == [99, 98, 97, 96, 94, 93, 92]
    assert asked[4].status_code == 304


def test_without_a_limit_there_are_no_headers(county_database: Database) -> None:
    with connect_to(county_database) as api:
        assert "ratelimit" not in api.get(LIST).headers


def test_clients_behind_a_trusted_proxy_are_told_apart(
    county_database: Database, tmp_path: Any
) -> None:
    """And one cannot get more by naming others."""
    settings = {"RATE_LIMIT": "1", "TRUSTED_PROXIES": "127.0.0.1"}
    with served(county_database.public_url, tmp_path / "log", **settings) as server:

        def ask(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            return httpx2.get(server.url + LIST, headers=headers).status_code

        assert [ask("192.0.2.1"), ask("192.0.2.2")] == [200, 200]
        assert [ask("192.0.2.1"), ask("198.51.100.9, 192.0.2.2")] == [429, 429]


def test_nobody_else_is_believed(county_database: Database, tmp_path: Any) -> None:
    with served(county_database.public_url, tmp_path / "log", RATE_LIMIT="1") as server:
        answers = [
            httpx2.get(server.url + LIST, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(2)
        ]
    assert [answer.status_code for answer in answers] == [200, 429]


# Who a client is


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.5"], "192.0.2.1"),
        ("10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.5, 10.0.0.2"], "203.0.113.5"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.5"], "203.0.113.5"),
        ("10.0.0.1", ["203.0.113.5:4711"], "203.0.113.5"),
        ("10.0.0.1", ["[2001:db8:1:2::9]:443"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.5, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.5, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", [], "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", [], "192.0.2.1"),
        (None, [], ""),
    ],
)
def test_who_the_client_is(peer: str | None, forwarded: list[str], client: str) -> None:
    proxies = Settings(trusted_proxies="10.0.0.0/8").trusted_proxies
    scope: Scope = {
        "client": (peer, 1) if peer else None,
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    assert client_of(scope, proxies) == client


# What is left


def test_a_quota_comes_back_evenly() -> None:
    clock = Clock()
    quotas = Quotas(60, clock)
    assert taken(quotas, "a", 61) == [True] * 60 + [False]
    assert quotas.take("a")[2] == pytest.approx(1)
    assert taken(quotas, "b", 1) == [True]
    clock.now += 10
    assert taken(quotas, "a", 11) == [True] * 10 + [False]
    clock.now += 60
    left, reset, _ = quotas.take("a")
    assert left == 59
    assert reset == pytest.approx(1)


@pytest.mark.parametrize("limit", [1, 3, 7, 100, 999, 100_000])
def test_a_rested_client_gets_exactly_the_limit(limit: int) -> None:
    assert sum(taken(Quotas(limit, Clock()), "a", limit + 5)) == limit


def test_refusals_cost_nothing() -> None:
    clock = Clock()
    quotas = Quotas(6, clock)
    taken(quotas, "a", 1000)
    clock.now += 10
    assert taken(quotas, "a", 2) == [True, False]


def test_many_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "REMEMBERED", 100)
    quotas = Quotas(1, Clock())
    for number in range(1000):
        assert taken(quotas, str(number), 1) == [True]
        assert len(quotas) <= 100
    assert taken(quotas, "999", 1) == [False]


def test_who_is_free_again_is_forgotten() -> None:
    clock = Clock()
    quotas = Quotas(10, clock)
    for number in range(50):
        quotas.take(str(number))
    clock.now += 60
    for _ in range(30):
        quotas.take("other")
        clock.now += 6
    assert len(quotas) == 1
