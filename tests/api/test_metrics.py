"""/metrics counts what was answered, in all workers together, and is described."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api import metrics
from db.publication import publish
from tests.api.processes import served
from tests.api.test_robustness import LIST, until
from tests.api.test_workers import kill, ready, started, workers
from tests.conftest import connect_to
from tests.databases import Database
from tests.servers import PATIENCE, ROOT

PAGE = ROOT / "docs" / "reference" / "metrics.md"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    return samples(text).get((f"quartier_{name}", frozenset(labels.items())), 0.0)


def read(url: str) -> str:
    return httpx2.get(f"{url}/metrics").raise_for_status().text


@pytest.fixture
def fresh(county_database: Database) -> TestClient:
    return connect_to(county_database)


def test_answers_are_counted_by_template(fresh: TestClient) -> None:
    with fresh as api:
        size = len(api.get("/v1/offerings/none", headers={"Accept-Encoding": "identity"}).content)
        api.get("/v1/offerings/secret-slug", headers={"Accept-Encoding": "identity"})
        api.get(LIST)
        api.get("/v1/nothing/at/all")
        api.request("BREW", "/nothing")
        text = api.get("/metrics").text
    item = {"route": "/v1/offerings/{name}", "method": "GET", "status": "4xx"}
    assert value(text, "request_seconds_count", **item) == 2
    assert 0 < value(text, "request_seconds_sum", **item) < 10
    assert value(text, "response_bytes_total", route="/v1/offerings/{name}") >= 2 * size
    page = {"route": "/v1/offerings", "method": "GET", "status": "2xx"}
    assert value(text, "request_seconds_count", **page) == 1
    unmatched = {"route": "unmatched", "status": "4xx"}
    assert value(text, "request_seconds_count", method="GET", **unmatched) == 1
    assert value(text, "request_seconds_count", method="other", **unmatched) == 1
    assert not re.search("secret-slug|/at/all|BREW", text)


def test_the_cache_is_counted(fresh: TestClient) -> None:
    with fresh as api:
        until(lambda: api.app.state.service.state() is not None)  # type: ignore[attr-defined]
        for _ in range(3):
            api.get(LIST)
        text = api.get("/metrics").text
    assert value(text, "cache_requests_total", outcome="miss") == 1
    assert value(text, "cache_requests_total", outcome="hit") == 2
    assert value(text, "cache_entries") == 1
    assert value(text, "cache_bytes") > 1000
    route = {"route": "/v1/offerings", "method": "GET", "status": "2xx"}
    assert value(text, "request_seconds_count", **route) == 3


def test_without_a_cache_it_is_bypassed(county_database: Database) -> None:
    with connect_to(county_database, cache_bytes=0) as api:
        api.get(LIST)
        assert value(api.get("/metrics").text, "cache_requests_total", outcome="bypass") == 1


def test_the_publication_is_followed(own_county_database: Database) -> None:
    with connect_to(own_county_database) as api:
        until(lambda: value(api.get("/metrics").text, "published_sequence") == 2)
        with psycopg.connect(own_county_database.owner_url) as connection:
            connection.execute("UPDATE registry.offering SET name = name || '!'")
        publish(own_county_database.owner_url)
        until(lambda: value(api.get("/metrics").text, "published_sequence") == 3)
        text = api.get("/metrics").text
    assert 0 <= value(text, "publication_age_seconds") < 60
    assert 0 <= value(text, "confirmed_age_seconds") < 2
    assert value(text, "pool_limit") == 10
    assert value(text, "requests_running") == 1


def test_there_are_metrics_while_the_database_is_away(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@/nothing?host=/nonexistent"
    with served(nowhere, tmp_path / "log") as server:
        httpx2.get(server.url + LIST)
        until(lambda: 'status="5xx"' in read(server.url))


def test_they_can_be_left_out(county_database: Database) -> None:
    with connect_to(county_database, metrics=False) as api:
        assert api.get("/metrics").status_code == 404


def test_they_are_for_no_cache_and_no_search_engine(fresh: TestClient) -> None:
    with fresh as api:
        answer = api.get("/metrics")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "/metrics" not in fresh.app.openapi()["paths"]  # type: ignore[attr-defined]


def test_several_workers_count_together(county_database: Database, tmp_path: Path) -> None:
    """Also beyond the death of one: what it counted stays, what it had does not."""
    page = {"route": "/v1/offerings", "method": "GET", "status": "2xx"}
    with served(county_database.public_url, tmp_path / "log", WORKERS="2") as server:
        until(ready(server), PATIENCE)
        until(lambda: started(server) == 2)
        folders = shared_folders(workers(server)[0])
        for _ in range(40):
            assert httpx2.get(server.url + LIST).status_code == 200
        until(lambda: value(read(server.url), "request_seconds_count", **page) == 40)
        until(lambda: value(read(server.url), "pool_limit") == 20)
        assert value(read(server.url), "workers") == 2
        kill(workers(server)[0])
        until(lambda: value(read(server.url), "workers") == 1)
        until(lambda: value(read(server.url), "workers") == 2, PATIENCE)
        for _ in range(20):
            assert httpx2.get(server.url + LIST).status_code == 200
        until(lambda: value(read(server.url), "request_seconds_count", **page) == 60)
        assert value(read(server.url), "pool_limit") == 20
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(PATIENCE)
    assert folders
    assert not any(map(os.path.exists, folders))


def shared_folders(pid: int) -> set[str]:
    """Where a worker keeps what it has mapped for its siblings."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {str(Path(found).parent) for found in re.findall(r"(/\S+/quartier-\S+\.db)", maps)}


def test_every_metric_is_described(fresh: TestClient) -> None:
    with fresh as api:
        api.get(LIST)
        text = api.get("/metrics").text
    expected = []
    for family in text_string_to_metric_families(text):
        labels = sorted({name for sample in family.samples for name in sample.labels} - {"le"})
        name = f"{family.name}_total" if family.type == "counter" else family.name
        described = ", ".join(f"`{label}`" for label in labels)
        expected.append(f"| `{name}` | {family.type} | {described} | {family.documentation} |")
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    assert rows == expected, "\n".join(expected)


def test_a_sibling_that_has_just_begun_its_file_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Between making a file and writing its length there is a moment in which it is empty."""
    monkeypatch.setenv(metrics.DIRECTORY, str(tmp_path))
    numbers = metrics.Metrics("test")
    monkeypatch.setattr(numbers, "_is_shared", True)
    begun = tmp_path / "counter_7.db"
    begun.touch()
    finished = threading.Timer(0.005, begun.unlink)
    finished.start()
    assert numbers.text() == b""
    finished.join()
