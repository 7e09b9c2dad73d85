"""Lines of observations as CSV: what columns say is what documents say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.resources import OBSERVATIONS
from db import lines
from db.publication import publish
from tests.api.calls import get, listed
from tests.conftest import connect_to
from tests.databases import Database

SERIES = "/v1/observations"
AWKWARD = 'Rund "viel", mehr;\r\nund noch eine Zeile'
QUERIES: list[dict[str, Any]] = [
    {},
    {"indicator": "einwohner", "time": "2020"},
    {"sort": "-value", "breakdown": "sex"},
    {"lang": "en", "district": "oederan"},
    {"limit": 7, "sort": "district"},
    {"fields": "district,breakdowns,value,source"},
    {"lang": "en", "fields": "indicator,note,unit"},
]


@pytest.fixture(scope="module")
def awkward(own_county: Database) -> Iterator[TestClient]:
    """The county with a note that must be quoted, and a forecast."""
    with psycopg.connect(own_county.owner_url) as connection:
        connection.execute(
            "UPDATE registry.observation SET note = %s WHERE period = '2020'", [AWKWARD]
        )
        connection.execute(
            "UPDATE registry.observation SET flags = '{forecast}', scenario = 'hoch, sehr'"
            " WHERE period = '2023' AND value IS NOT NULL"
        )
    publish(own_county.owner_url)
    with connect_to(own_county) as connected:
        yield connected


@pytest.fixture(scope="module")
def own_county(cluster: Any, world_template: str) -> Iterator[Database]:
    from tests.databases import clone

    with clone(cluster, world_template) as fresh:
        yield fresh


def test_what_is_stored_is_what_the_resource_has() -> None:
    paths = tuple(OBSERVATIONS.columns.values())
    assert lines.is_stored(OBSERVATIONS.table, paths, translated=False)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_lines_say_what_documents_say(awkward: TestClient, query: dict[str, Any]) -> None:
    found = table(awkward, query)
    items = listed(awkward, SERIES, whole(query))["items"]
    assert [row["id"] for row in found] == [item["id"] for item in items]
    for row, item in zip(found, items, strict=True):
        for name, text in row.items():
            assert read(text) == written(item, name), name


def table(client: TestClient, query: dict[str, Any]) -> list[dict[str, str]]:
    text = get(client, f"{SERIES}.csv", query).content.decode()
    assert text.count("\r\n") >= 1
    return list(csv.DictReader(io.StringIO(text, newline="")))


def whole(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if name != "fields"}


def read(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def written(item: dict[str, Any], column: str) -> str | float:
    """A cell as CSV has it, from the document."""
    path = OBSERVATIONS.columns.get(column)
    if path is None:  # a dimension
        return str(item["breakdowns"].get(column, {}).get("code", ""))
    if column == "breakdowns":
        parts = sorted(item["breakdowns"].items())
        return "; ".join(f"{name}:{term['code']}" for name, term in parts)
    if column == "flags":
        return "; ".join(flag["code"] for flag in item["flags"])
    value: Any = item
    for step in path.removeprefix("$.").split("."):
        value = None if value is None else value[step]
    return "" if value is None else read(str(value))
