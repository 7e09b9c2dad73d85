"""Every error, whoever notices it, has one shape: RFC 9457 problem details."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.app import create_app
from api.schemas.problem import ProblemDocument
from api.settings import Settings
from tests.contract.operations import OPERATIONS, Operation

SEARCH = "/v1/offerings/search"
METHODS = ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda found: found.id)


IN_BOTH_WAYS = "/px/tables/{name}/data"


@every_operation
def test_other_methods_are_refused_with_those_allowed(
    operation: Operation, http: httpx2.Client
) -> None:
    others = (*METHODS, "POST") if operation.method == "get" else (*METHODS, "GET", "HEAD")
    for method in others:
        if (method, operation.path) == ("GET", SEARCH):
            continue  # the item of this name, which there is none
        if operation.path == IN_BOTH_WAYS and method in ("GET", "HEAD", "POST"):
            continue
        answer = http.request(method, operation.address)
        if method == "HEAD":
            assert answer.status_code in (404, 405)
            continue
        assert _problem(answer).status == 405, method
        assert operation.method.upper() in answer.headers["allow"]


@every_operation
def test_head_and_options_work(operation: Operation, http: httpx2.Client) -> None:
    preflight = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    assert http.options(operation.address, headers=preflight).status_code == 200
    if operation.method == "get":
        query = operation.required
        head, get = (
            http.request(method, operation.address, params=query) for method in ("HEAD", "GET")
        )
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/no-such-page", 404),
        ("/v2", 404),
        ("/v1/", 404),
        ("/v1/offerings/", 404),
        ("/v2/offerings", 404),
        ("/docs/no-such-file.js", 404),
        ("/health", 404),
        ("/v1/offerings/no-such-offering", 404),
        ("/v1/indicators/no-such-indicator/observations", 404),
        ("/v1/offerings/%00", 400),
        ("/v1/offerings?no_such_parameter=1", 400),
        ("/v1/organisations?format=geojson", 406),
        ("/v1/organisations.geojson", 406),
        ("/openapi.json?x=1", 400),
        ("/docs?x=1", 400),
        ("/?x=1", 400),
        ("/v1/offerings?q=" + "a" * 9000, 414),
        ("/v1/offerings/" + "a" * 9000, 414),
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_address_that_answers_with_a_problem(
    address: str, status: int, http: httpx2.Client
) -> None:
    assert _problem(http.get(address)).status == status


def test_a_type_that_is_not_offered(http: httpx2.Client) -> None:
    answer = http.get("/v1/offerings", headers={"Accept": "application/pdf"})
    assert _problem(answer).status == 406


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'{"q":1}', "application/json", 422),
        (b" " * 2_000_000, "application/json", 413),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_refused(
    content: bytes, kind: str, status: int, http: httpx2.Client
) -> None:
    answer = http.post(SEARCH, content=content, headers={"Content-Type": kind})
    assert _problem(answer).status == status


@pytest.fixture
def without_database() -> Iterator[TestClient]:
    """The application while its database is away."""
    url = SecretStr("postgresql://nobody@127.0.0.1:9/none?connect_timeout=1")
    settings = Settings(database_public_url=url, pool_timeout=0.2)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@every_operation
def test_without_a_database(operation: Operation, without_database: TestClient) -> None:
    if operation.path in ("/", "/health/live", "/.well-known/api-catalog"):
        return
    if operation.method == "post":
        answer = without_database.post(operation.path, json={})
    else:
        answer = without_database.get(operation.address, params=operation.required)
    assert _problem(answer).status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_mistake_of_ours_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app: FastAPI = create_app(Settings(database_public_url=SecretStr("postgresql://x@127.0.0.1/x")))
    monkeypatch.setattr(
        "api.routers.health.queries.current_state", _raise(KeyError("secret of the server"))
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/health/ready")
    assert _problem(answer).status == 500
    assert "secret" not in answer.text


def test_errors_of_the_database_that_are_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    app: FastAPI = create_app(Settings(database_public_url=SecretStr("postgresql://x@127.0.0.1/x")))
    for error, status in (
        (psycopg.errors.QueryCanceled("canceling statement"), 503),
        (psycopg.errors.AdminShutdown("terminating connection"), 503),
        (psycopg.errors.DivisionByZero("division by zero"), 500),
    ):
        monkeypatch.setattr("api.routers.health.queries.current_state", _raise(error))
        with TestClient(app, raise_server_exceptions=False) as client:
            assert _problem(client.get("/health/ready")).status == status


def test_what_is_no_http_at_all(live_server: str) -> None:
    """Uvicorn answers these itself; they must not take the server down."""
    address = urlsplit(live_server)
    for line in (b"GET\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        with socket.create_connection((address.hostname, address.port or 80), timeout=5) as sent:
            sent.sendall(line)
            sent.recv(4096)
    assert httpx2.get(f"{live_server}/health/live").status_code == 200


def _raise(error: Exception) -> object:
    async def fail(*_: object) -> None:
        raise error

    return fail


def _problem(answer: httpx2.Response) -> ProblemDocument:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    problem = ProblemDocument.model_validate_json(answer.content)
    assert problem.status == answer.status_code
    assert problem.title
    assert problem.detail
    assert "Traceback" not in json.loads(answer.content)["detail"]
    return problem
