"""Whatever is sent: a problem that names the parameter, or a correct answer. Never a 500."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import psycopg
import pytest

from api.schemas.problem import ProblemDocument
from tests.contract.operations import OPERATIONS, READ, Operation, written
from tests.databases import Database

REFUSED = ("", "%00", "a%00b", "%ff", "%ED%A0%80", "%C3", "%0d%0a", "x" * 5000)
"""By every parameter: empty, NUL, not UTF-8, a lone surrogate, control characters, too long."""

DOUBTFUL = (
    "12345678901234567890",
    "-1",
    "NaN",
    "inf",
    "-Infinity",
    "1e999",
    "1_000",
    "%D9%A1%D9%A2",
    "0x10",
    "null",
    "undefined",
    "%5B%5D",
    "%7B%7D",
    ",",
    ",,,",
    "no_such_name",
    "00000000-0000-0000-0000-000000000000",
    "' OR '1'='1",
    "1; DROP TABLE published.offering --",
    "%25s",
    "$1",
    "<script>alert(1)</script>",
    "%22%3E%3Cimg src=x%3E",
    "../../etc/passwd",
    "%F0%9F%8F%B3%EF%B8%8F",
    "%E2%80%AE",
)
"""By most: numbers that are none, unknown names, fragments of SQL and HTML."""

NOBODY = "00000000-0000-0000-0000-000000000000"
WRONG = {
    "bbox": (
        "13.7,50.5,12.6,51.4",
        "12.6,51.4,13.7,50.5",
        "50.5,12.6,51.4,113.7",
        "12.6,50.5,13.7",
        "12.6,50.5,13.7,51.4,0",
        "NaN,50.5,13.7,51.4",
        "-181,50,13,51",
        "12,50,13,inf",
        "a,b,c,d",
    ),
    "near": ("50.91,113.34", "13.34", "13.34,50.91,0", "nan,50", "13.34;50.91", "181,0", "0,91"),
    "contains": ("50.91,113.34", "13.34", "inf,inf"),
    "serves": ("50.91,113.34", "13.34", "NaN,NaN"),
    "within": (
        "POLYGON EMPTY",
        "POLYGON((0 0,1 1,1 0,0 1,0 0))",
        "POLYGON((0 0,1 1,1 0))",
        "POLYGON((0 0,200 0,200 10,0 0))",
        "POLYGON((0 0,1e999 0,1 1,0 0))",
        "POINT(13 50)",
        "GEOMETRYCOLLECTION EMPTY",
        "LINESTRING(0 0,1 1)",
        '{"type":"Polygon","coordinates":[]}',
        '{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}',
        '{"type":"Polygon","coordinates":[[[NaN,0],[1,1],[1,0],[NaN,0]]]}',
        '{"type":"Point","coordinates":[13,50]}',
        '{"type":"Feature","geometry":null}',
        '{"type":"Polygon"}',
        "{",
        "{}",
        "[1,2]",
    ),
    "radius": ("0", "-5", "NaN", "inf", "5km", "100001"),
    "limit": ("0", "-1", "10001", "1.5", "12345678901234567890", "ten"),
    "age": ("-1", "151", "17.5", "NaN"),
    "updated_since": (
        "2024-13-01",
        "2024-02-30",
        "yesterday",
        "2024-01-01T25:00:00Z",
        "1700000000",
    ),
    "confirmed_since": ("2024-02-30", "2024-01-01T00:00:00Z", "0000-01-01", "99999-01-01"),
    "valid_on": ("2023-02-29", "heute"),
    "from": ("2024-1-1",),
    "to": ("31.12.2024",),
    "time": (
        "2022..2019",
        "..2020",
        "20",
        "2019...2022",
        "latest..2020",
        "0000",
        "last:0",
        "last:-1",
    ),
    "breakdown": ("sex:", ":f", "sex f", "no_such_dimension"),
    "lang": ("xx", "deutsch", "DE", "en_US"),
    "format": ("xml", "JSON", "exe"),
    "fields": ("id,,name", "no_such_member", "name;id", "name,"),
    "facets": ("no_such_facet", "name,"),
    "sort": ("no_such_order", "--name", "name,id"),
    "cursor": ("abc", "AAAAAAAAAAAA", "!" * 20, "W10", "bnVsbA", "A" * 4001),
    "count": ("all", "0"),
    "since": ("abc", "-1", "1.5", "!" * 20, "A" * 60, "9" * 18, "9" * 19, "2024-05-07"),
    "resource": ("offering", "Offerings", "no_such_resource", "offerings,districts"),
    "include": ("documents", "true"),
    "stale": ("yes", "1", "TRUE"),
    "free": ("ja", "0"),
    "simplify": ("10", "-50", "1000000"),
    "page": ("0", "-1", "1.5", "12345678901234567890", "one"),
    "per_page": ("0", "-1", "1001", "1.5", "12345678901234567890", "all"),
    "modified_after": ("2024-13-01", "yesterday", "1700000000"),
    "taxonomy_id": ("category", NOBODY, NOBODY.replace("-", "")),
    "taxonomy_term_id": ("advice", NOBODY),
    "parent_id": ("advice", NOBODY),
    "organization_id": ("landratsamt-mittelsachsen", NOBODY),
    "full": ("1", "yes"),
    "full_service": ("1", "yes"),
    "minimal": ("1", "yes"),
    "top_only": ("1", "yes"),
    "postcode": ("0", "09599;", "09599-09600-09601"),
    "proximity": ("0", "-5", "NaN", "inf", "5km", "100001"),
    "minimum_age": ("-1", "151", "17.5", "NaN"),
    "maximum_age": ("-1", "151", "17.5", "NaN"),
    "start_time": ("24:00", "8:00", "08:60", "08:00:00", "08:00Z"),
    "end_time": ("24:00", "8:00", "noon"),
    "day": ("Monday", "mo", "MO,TU", "1"),
}

every_operation = pytest.mark.parametrize("operation", READ, ids=lambda operation: operation.id)
every_parameter = pytest.mark.parametrize(
    ("operation", "parameter"),
    [(operation, name) for operation in READ for name in operation.query],
    ids=lambda value: value if isinstance(value, str) else value.id,
)


@pytest.fixture(autouse=True, scope="module")
def _unchanged(demo_database: Database) -> Iterator[None]:
    before = _fingerprints(demo_database)
    yield
    assert _fingerprints(demo_database) == before


@every_parameter
def test_what_no_parameter_takes(operation: Operation, parameter: str, http: httpx2.Client) -> None:
    for value in REFUSED:
        answer = _ask(http, operation, parameter, value)
        assert answer.status_code == 400, value
        _assert_names(answer, parameter)


@every_parameter
def test_what_few_parameters_take(
    operation: Operation, parameter: str, http: httpx2.Client
) -> None:
    for value in DOUBTFUL:
        answer = _ask(http, operation, parameter, quote(value, safe="%"))
        assert answer.status_code in (200, 400), value
        if answer.status_code == 400:
            _assert_names(answer, parameter)


@every_parameter
def test_what_this_parameter_does_not_take(
    operation: Operation, parameter: str, http: httpx2.Client
) -> None:
    for value in WRONG.get(parameter, ()):
        answer = _ask(http, operation, parameter, quote(value))
        assert answer.status_code == 400, value
        _assert_names(answer, parameter)


@every_parameter
def test_a_scalar_comes_once(operation: Operation, parameter: str, http: httpx2.Client) -> None:
    definition = operation.query[parameter]
    if definition.get("explode"):
        return
    example = urlencode({parameter: written(definition)}, doseq=True)
    answer = _get(http, operation, f"{example}&{example}", leave_out=parameter)
    assert answer.status_code == 400
    _assert_names(answer, parameter)


@every_operation
def test_unknown_parameters_are_named(operation: Operation, http: httpx2.Client) -> None:
    for name in ("no_such_parameter", "Limit", "limit[]", "q.", "__proto__", "' OR 1=1"):
        answer = _get(http, operation, f"{quote(name)}=1")
        assert answer.status_code == 400
        _assert_names(answer, name)


@every_operation
def test_queries_that_are_none(operation: Operation, http: httpx2.Client) -> None:
    for query in ("&&&", "=", "=1", "%ff=1", "%00=1", "?", "%3D", "a" * 9000, ";;"):
        answer = _get(http, operation, query)
        assert answer.status_code in (200, 400, 414), query
        if answer.status_code != 200:
            _problem(answer)


@pytest.mark.parametrize(
    "operation", [found for found in READ if "{name}" in found.path], ids=lambda found: found.id
)
def test_names_that_nobody_bears(operation: Operation, http: httpx2.Client) -> None:
    for name in (
        *(value for value in (*REFUSED, *DOUBTFUL) if value),
        "a/b",
        "%2F",
        "%2e%2e",
        "freiberg.xml",
        ".json",
        "ags:",
        ":14522180",
        "a" * 300,
    ):
        path = operation.path.replace("{name}", quote(name, safe="%/"))
        answer = http.get(path)
        assert answer.status_code in (400, 404), name
        _problem(answer)


def test_cursors_of_other_lists_orders_and_hands(http: httpx2.Client) -> None:
    first = http.get("/v1/offerings?limit=1&sort=name").json()
    (onward,) = [link["href"] for link in first["links"] if link["rel"] == "next"]
    cursor = httpx2.URL(onward).params["cursor"]
    tampered = (cursor[:-1], cursor + "A", cursor[::-1], cursor[:20] + "A" + cursor[21:])
    for address in (
        f"/v1/offerings?sort=-name&cursor={cursor}",
        f"/v1/offerings?sort=updated_at&cursor={cursor}",
        f"/v1/offerings?q=beratung&cursor={cursor}",
        f"/v1/districts?cursor={cursor}",
        *(f"/v1/offerings?cursor={part}" for part in tampered),
    ):
        answer = http.get(address)
        assert answer.status_code == 400
        _assert_names(answer, "cursor")


# The body of the search

SEARCH = "/v1/offerings/search"

MALFORMED = (
    b"",
    b"{",
    b'{"q":',
    b"[]",
    b'"q"',
    b"null",
    b"1",
    b'{"radius": NaN}',
    b'{"radius": Infinity}',
    b"\xff\xfe",
    b'{"q": "\xff"}',
    b'{"q": "a", "q": "b"}',
    b'{"within": {"type": "Polygon", "type": "Point"}}',
    b"[" * 100_000,
    b'{"within":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"q": "a"} {"q": "b"}',
)

BROKEN: tuple[tuple[dict[str, Any], str], ...] = (
    ({"no_such_member": 1}, "/no_such_member"),
    ({"q": 1}, "/q"),
    ({"q": ""}, "/q"),
    ({"q": "a\x00b"}, "/q"),
    ({"q": "\ud800"}, "/q"),
    ({"q": ["a"]}, "/q"),
    ({"limit": "10"}, "/limit"),
    ({"limit": 0}, "/limit"),
    ({"limit": 10**30}, "/limit"),
    ({"limit": True}, "/limit"),
    ({"age": 17.5}, "/age"),
    ({"free": "true"}, "/free"),
    ({"include_ended": {}}, "/include_ended"),
    ({"stale": 1}, "/stale"),
    ({"category": "advice"}, "/category"),
    ({"category": []}, "/category"),
    ({"category": [1]}, "/category/0"),
    ({"category": ["' OR 1=1"]}, "/category/0"),
    ({"organisation_mode": []}, "/organisation_mode"),
    ({"organisation_mode": ["no_such_mode"]}, "/organisation_mode/0"),
    ({"fields": "name"}, "/fields"),
    ({"fields": []}, "/fields"),
    ({"bbox": "12.6,50.5,13.7,51.4"}, "/bbox"),
    ({"bbox": [13.7, 50.5, 12.6, 51.4]}, "/bbox"),
    ({"bbox": [12.6, 50.5, 13.7]}, "/bbox"),
    ({"bbox": ["12.6", "50.5", "13.7", "51.4"]}, "/bbox"),
    ({"near": {"lon": 13, "lat": 50}}, "/near"),
    ({"near": [50.91, 113.34]}, "/near"),
    ({"near": [10**400, 50]}, "/near"),
    ({"near": [13.3, 50.9], "radius": -1}, "/radius"),
    ({"near": [13.3, 50.9], "radius": "5000"}, "/radius"),
    ({"confirmed_since": 20240101}, "/confirmed_since"),
    ({"within": 1}, "/within"),
    ({"within": []}, "/within"),
    ({"within": "POLYGON EMPTY"}, "/within"),
    ({"within": {"type": "Point", "coordinates": [13, 50]}}, "/within"),
    ({"within": {"type": "Polygon", "coordinates": []}}, "/within"),
    ({"within": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}, "/within"),
    ({"within": {"type": "Polygon", "coordinates": [[["0", 0], [1, 1], [1, 0]]]}}, "/within"),
    ({"within": {"type": "Polygon", "coordinates": "everywhere"}}, "/within"),
)


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:30]))
def test_a_malformed_body(body: bytes, http: httpx2.Client) -> None:
    answer = http.post(SEARCH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    _problem(answer)


@pytest.mark.parametrize(("body", "pointer"), BROKEN, ids=str)
def test_a_body_that_breaks_a_rule(body: dict[str, Any], pointer: str, http: httpx2.Client) -> None:
    answer = http.post(
        SEARCH, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert pointer in [error.pointer for error in _problem(answer).errors or ()]


def test_rules_between_members_name_them_too(http: httpx2.Client) -> None:
    for body, member in (
        ({"radius": 5}, "radius"),
        ({"sort": "distance"}, "sort"),
        ({"sort": "-relevance"}, "sort"),
        ({"facets": ["no_such_facet"]}, "facets"),
        ({"category": ["no_such_category"]}, "category"),
        ({"cursor": "AAAAAAAAAAAA"}, "cursor"),
        ({"lang": "xx"}, "lang"),
        ({"fields": ["no_such_member"]}, "fields"),
    ):
        answer = http.post(SEARCH, json=body)
        assert answer.status_code == 422
        assert [error.pointer for error in _problem(answer).errors or ()] == [f"/{member}"]


def test_a_body_in_another_type(http: httpx2.Client) -> None:
    for kind in ("", "text/plain", "application/xml", "application/x-www-form-urlencoded"):
        answer = http.post(SEARCH, content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415
        _problem(answer)


def test_a_body_that_is_too_large(http: httpx2.Client) -> None:
    large = b'{"q":"' + b"x" * 2_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    in_pieces = (large[start : start + 65_536] for start in range(0, len(large), 65_536))
    for content in (large, in_pieces):
        answer = http.post(SEARCH, content=content, headers=headers)
        assert answer.status_code == 413
        _problem(answer)


def test_a_polygon_with_too_many_vertices(http: httpx2.Client) -> None:
    circle = [angle * 2 * math.pi / 6000 for angle in range(6000)]
    ring = [[13 + math.cos(angle), 51 + math.sin(angle)] for angle in circle]
    polygon = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    answer = http.post(SEARCH, json={"within": polygon})
    assert answer.status_code == 422
    assert "vertices" in answer.json()["detail"]


def test_a_query_beside_a_body_is_refused(http: httpx2.Client) -> None:
    answer = http.post(f"{SEARCH}?limit=1", json={})
    assert answer.status_code == 400
    _assert_names(answer, "limit")


# What tests share


def _ask(http: httpx2.Client, operation: Operation, parameter: str, raw: str) -> httpx2.Response:
    return _get(http, operation, f"{parameter}={raw}", leave_out=parameter)


def _get(
    http: httpx2.Client, operation: Operation, query: str, leave_out: str = ""
) -> httpx2.Response:
    """The query as it is, after the parameters without which nothing works."""
    needed = operation.required | _beside(leave_out)
    needed.pop(leave_out, None)
    before = f"{urlencode(needed, doseq=True)}&" if needed else ""
    return http.get(f"{operation.address}?{before}{query}")


def _beside(parameter: str) -> dict[str, str | list[str]]:
    beside: dict[str, dict[str, str | list[str]]] = {
        "radius": {"near": "13.34,50.91"},
        "proximity": {"postcode": "09599"},
    }
    return beside.get(parameter, {})


def _assert_names(answer: httpx2.Response, parameter: str) -> None:
    assert parameter in [error.parameter for error in _problem(answer).errors or ()]


def _problem(answer: httpx2.Response) -> ProblemDocument:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = ProblemDocument.model_validate_json(answer.content)
    assert problem.status == answer.status_code
    return problem


def _fingerprints(database: Database) -> dict[str, object]:
    """Of every row of every table, so that nothing can change unnoticed."""
    listed = (
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
        "WHERE schemaname IN ('registry', 'published', 'inbox')"
    )
    with psycopg.connect(database.owner_url) as connection:
        tables = [row[0] for row in connection.execute(listed)]
        assert tables
        return {table: _fingerprint(connection, table) for table in tables}


def _fingerprint(connection: psycopg.Connection[Any], table: str) -> object:
    statement = f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t"
    return connection.execute(statement.encode()).fetchone()


def test_every_operation_is_covered() -> None:
    assert [found.path for found in OPERATIONS if found not in READ] == [SEARCH]
