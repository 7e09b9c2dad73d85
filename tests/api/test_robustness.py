"""When the database is slow, and when callers are slow, gone or rude. Worse: tests/faults."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from starlette.types import Message

from api import responses
from db.cluster import Cluster
from tests.api.processes import Served, served
from tests.databases import Database, clone

LIST = "/v1/offerings?limit=1"


def until(reached: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.05)


def is_unavailable(answer: httpx2.Response) -> bool:
    return answer.status_code == 503 and "retry-after" in answer.headers


@contextmanager
def locked(database: Database, table: str) -> Iterator[None]:
    """Nobody can read the table."""
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


# A database that is slow


def test_a_statement_that_takes_too_long_is_a_503(
    own_county_database: Database, tmp_path: Path
) -> None:
    with (
        served(own_county_database.public_url, tmp_path / "log", STATEMENT_TIMEOUT="0.3") as server,
        locked(own_county_database, "published.offering"),
    ):
        answer = httpx2.get(server.url + LIST)
        assert is_unavailable(answer)
        assert answer.json()["title"] == "Query took too long"
        assert answer.elapsed.total_seconds() < 2
        assert httpx2.get(server.url + "/v1/districts").status_code == 200


# Callers who stream


@pytest.fixture(scope="module")
def wide_database(cluster: Cluster, world_template: str) -> Iterator[Database]:
    """Documents so large that a stream does not fit into the buffers on its way."""
    with clone(cluster, world_template) as database:
        with psycopg.connect(database.owner_url) as connection:
            connection.execute(
                "UPDATE published.offering SET document ="
                " left(document, -1) || ',\"large\":\"' || repeat('x', 300000) || '\"}'"
            )
        yield database


def begin_stream(server: Served, path: str = "/v1/offerings.ndjson") -> socket.socket:
    """Ask, and read only the first bytes of the answer."""
    caller = socket.create_connection(("127.0.0.1", server.port))
    caller.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert caller.recv(1000).startswith(b"HTTP/1.1 200")
    return caller


@pytest.fixture(scope="module")
def narrow(wide_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a single connection."""
    log = tmp_path_factory.mktemp("narrow") / "log"
    settings = {"POOL_SIZE": "1", "POOL_TIMEOUT": "5"}
    with served(wide_database.public_url, log, **settings) as server:
        yield server


def test_who_leaves_a_stream_gives_its_connection_back(narrow: Served) -> None:
    for _ in range(3):
        begin_stream(narrow).close()
        assert httpx2.get(narrow.url + "/v1/districts").status_code == 200


@pytest.mark.anyio
async def test_who_stops_reading_loses_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Message) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(responses, "STALLED", 0.01)
    with pytest.raises(TimeoutError):
        await responses.impatient(never)({"type": "http.response.body"})


def test_head_of_a_stream_keeps_no_connection(narrow: Served) -> None:
    for _ in range(5):
        assert httpx2.head(narrow.url + "/v1/offerings.csv").status_code == 200
    assert httpx2.get(narrow.url + "/v1/districts").status_code == 200


# The end


def test_a_stream_may_end_before_the_server_does(wide_database: Database, tmp_path: Path) -> None:
    with served(wide_database.public_url, tmp_path / "log", SHUTDOWN_TIMEOUT="10") as server:
        total = httpx2.get(server.url + LIST).json()["total"]
        received: list[bytes] = []

        def read() -> None:
            with httpx2.stream("GET", server.url + "/v1/offerings.ndjson") as answer:
                for chunk in answer.iter_bytes(1_000_000):
                    received.append(chunk)
                    time.sleep(0.005)

        reader = threading.Thread(target=read)
        reader.start()
        until(lambda: bool(received))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
        reader.join()
    assert b"".join(received).count(b"\n") == total


def test_a_stalled_stream_does_not_keep_the_server(wide_database: Database, tmp_path: Path) -> None:
    with served(wide_database.public_url, tmp_path / "log", SHUTDOWN_TIMEOUT="1") as server:
        caller = begin_stream(server)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        caller.close()


# Rude requests


@pytest.fixture(scope="module")
def server(county_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("server") / "log"
    with served(county_database.public_url, log, MAX_BODY_BYTES="2000") as running:
        yield running


def raw(server: Served, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as caller:
        caller.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer and (part := caller.recv(65536)):
            answer += part
        return answer


def test_a_body_has_a_limit(server: Served) -> None:
    body = b'{"q": "' + b"x" * 3000 + b'"}'
    answer = httpx2.post(
        server.url + "/v1/offerings/search",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.json()["title"] == "Body too large"


def test_a_body_without_a_length_has_a_limit_too(server: Served) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    answer = httpx2.post(
        server.url + "/v1/offerings/search",
        content=chunks(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413


def test_an_address_has_a_limit(server: Served) -> None:
    answer = httpx2.get(server.url + "/v1/offerings?q=" + "x" * 9000)
    assert answer.status_code == 414
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host", ['evil"<>', "evil host", "a,b", "evil/path", "user@evil", "[::1", "evil:port", "%00"]
)
def test_a_host_that_is_none_is_refused(server: Served, host: str) -> None:
    answer = raw(server, f"GET /v1/offerings?limit=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"evil" not in answer


def test_two_hosts_are_refused(server: Served) -> None:
    answer = raw(server, b"GET / HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:80", "[::1]:8000", "xn--bcher-kva.example"]
)
def test_a_host_that_is_one_is_in_the_links(server: Served, host: str) -> None:
    answer = httpx2.get(server.url + LIST, headers={"Host": host})
    assert answer.json()["links"][0]["href"] == f"http://{host}{LIST}"


# What every answer has


SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-resource-policy": "cross-origin",
}
EVERY_KIND: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/", {}, 200),
    ("GET", LIST, {}, 200),
    ("HEAD", LIST, {}, 200),
    ("GET", "/v1/offerings.csv?limit=2", {}, 200),
    ("GET", "/v1/offerings?unknown=1", {}, 400),
    ("GET", "/v1/offerings/none", {}, 404),
    ("GET", "/nothing", {}, 404),
    ("DELETE", "/v1/offerings", {}, 405),
    ("GET", "/v1/organisations?format=geojson", {}, 406),
    ("POST", "/v1/offerings/search", {"content": b" " * 3000}, 413),
    ("GET", "/" + "x" * 9000, {}, 414),
    ("POST", "/v1/offerings/search", {"content": b"{}"}, 415),
    ("OPTIONS", LIST, {"headers": {"Access-Control-Request-Method": "GET"}}, 200),
]


@pytest.mark.parametrize(("method", "path", "rest", "status"), EVERY_KIND)
def test_every_answer_has_what_it_should(
    server: Served, method: str, path: str, rest: dict[str, Any], status: int
) -> None:
    headers = {"Origin": "https://example.org", "X-Request-ID": "mine-1", **rest.get("headers", {})}
    answer = httpx2.request(method, server.url + path, **{**rest, "headers": headers})
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "content-security-policy" in answer.headers
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-request-id"] == "mine-1"
    assert "server" not in answer.headers
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_allowed_methods_are_named(server: Served) -> None:
    answer = httpx2.delete(server.url + "/v1/offerings")
    assert {part.strip() for part in answer.headers["allow"].split(",")} == {"GET", "HEAD"}


def test_preflight_lets_scripts_in(server: Served) -> None:
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = httpx2.options(server.url + "/v1/offerings/search", headers=asked)
    assert answer.status_code == 200
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
    shown = httpx2.get(server.url + LIST, headers={"Origin": "https://example.org"})
    assert {"ETag", "Link"} <= set(shown.headers["access-control-expose-headers"].split(", "))


# The log


def test_the_log_is_json_with_the_id_of_the_request(server: Served) -> None:
    answer = httpx2.get(server.url + "/v1/offerings?limit=3&q=Fr%C3%BChst%C3%BCck")
    entry = find(server, answer.headers["x-request-id"])
    assert entry["status"] == 200
    assert entry["path"] == "/v1/offerings"
    assert entry["ms"] > 0
    assert entry["bytes"] > 1000


def test_a_caller_cannot_write_into_the_log(server: Served) -> None:
    answer = httpx2.get(server.url + "/v1/x%0A%7B%22forged%22:true%7D")
    assert answer.status_code == 400
    entry = find(server, answer.headers["x-request-id"])
    assert entry["path"] == '/v1/x\n{"forged":true}'
    assert not any("forged" in line for line in server.log())


@pytest.mark.parametrize("given", ["with space", "x" * 65, "a\tb", 'quote"', "<b>", "ä"])
def test_only_a_harmless_id_is_echoed(server: Served, given: str) -> None:
    answer = httpx2.get(server.url + "/health/live", headers=[(b"X-Request-ID", given.encode())])
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


def find(server: Served, request_id: str) -> Any:
    until(lambda: any(line.get("request_id") == request_id for line in server.log()), 3)
    return next(line for line in server.log() if line.get("request_id") == request_id)


def test_text_lines_cannot_be_forged_either(county_database: Database, tmp_path: Path) -> None:
    with served(county_database.public_url, tmp_path / "log", LOG_FORMAT="text") as server:
        httpx2.get(server.url + "/v1/x%0Aerror%20forged")
        until(lambda: "forged" in server.output.read_text())
    lines = server.output.read_text().splitlines()
    assert not any(line.startswith("error") for line in lines)
