"""R's pxweb, replayed: there is no R where these tests run.

Each test makes the requests that its source makes, in their order and with their headers, and holds
the answers to what it asserts of them: version 0.17.1, which CRAN has, speaks the first version of
the API; the one after it the second, wherever an address has `/api/v2/` in it.
"""

from __future__ import annotations

import json
from math import prod
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.px import region as county
from tests.px.region import TOWNS, YEARS, people

TABLE = "/px/api/v1/de/people"
TOWNS_BY_CODE = [*map(county.code_of, TOWNS)]
NAMELESS = {"Content-Type": "application/x-www-form-urlencoded"}
"""What curl says of a body whose type nobody states."""


def _get(region: TestClient, address: str) -> Any:
    return region.get(address, headers={"Accept": "*/*"}).raise_for_status().json()


def _query(region: TestClient, body: dict[str, Any], table: str = TABLE) -> Any:
    sent = json.dumps(body).encode()
    return region.post(table, content=sent, headers=NAMELESS).raise_for_status().json()


def _item(code: str, *values: str, how: str = "item") -> dict[str, Any]:
    return {"code": code, "selection": {"filter": how, "values": list(values)}}


# --- 0.17.1 --------------------------------------------------------------------------------------


def test_it_asks_how_much_it_may_ask(region: TestClient) -> None:
    """`pxweb()`: the configuration at the address itself, then at its beginnings."""
    config = _get(region, f"{TABLE}?config")
    assert {"maxValues", "maxCalls", "timeWindow", "CORS"} <= set(config)
    parts = TABLE.strip("/").split("/")
    found = [
        address
        for n in range(1, len(parts) + 1)
        if region.get(address := f"/{'/'.join(parts[:n])}?config").status_code == 200
    ]
    assert found[0] == "/px/api/v1/de?config"


def test_it_lists_tables(region: TestClient) -> None:
    levels = _get(region, "/px/api/v1/en")
    assert [entry["text"] for entry in levels] == ["Population", "Women", "Many"]
    for entry in levels:
        assert {"id", "type", "text"} <= set(entry)
        assert "dbid" not in entry
        assert entry["type"] in ("l", "t", "h")
    assert _get(region, "/px/api/v1/en/") == levels


def test_it_reads_the_variables_of_a_table(region: TestClient) -> None:
    metadata = _get(region, TABLE)
    assert metadata["title"] == "Bevölkerung"
    for variable in metadata["variables"]:
        assert {"code", "text", "values", "valueTexts", "elimination", "time"} <= set(variable)
        assert len(variable["values"]) == len(variable["valueTexts"])
    eliminated = {entry["code"]: entry["elimination"] for entry in metadata["variables"]}
    assert eliminated == {"Region": False, "sex": True, "ContentsCode": True, "Time": False}
    assert [entry["code"] for entry in metadata["variables"] if entry["time"]] == ["Time"]


def test_it_gets_data(region: TestClient) -> None:
    query = [
        _item("Region", *TOWNS_BY_CODE),
        _item("sex", "f"),
        _item("Time", "*", how="all"),
    ]
    data = _query(region, {"query": query, "response": {"format": "json"}})
    assert [(entry["code"], entry["text"], entry["type"]) for entry in data["columns"]] == [
        ("Region", "Gebiet", "c"),
        ("sex", "Geschlecht", "c"),
        ("Time", "Zeit", "t"),
        ("people", "Bevölkerung", "d"),
    ]
    assert data["comments"] == []
    found = {tuple(line["key"]): line["values"] for line in data["data"]}
    expected = {
        (county.code_of(town), "f", year): [
            "." if (value := people(town, year, "f")) is None else str(value)
        ]
        for town in TOWNS
        for year in YEARS
    }
    assert found == expected
    assert len({len(line["key"]) + len(line["values"]) for line in data["data"]}) == 1


@pytest.mark.parametrize(
    "filters",
    [
        [_item("Region", *TOWNS_BY_CODE, how="vs:municipality"), _item("Time", "2", how="top")],
        [_item("Region", "*", how="vs:municipality_people"), _item("Time", "2", how="top")],
        [_item("Region", "AGS:*", how="all"), _item("Time", "2021", "2022")],
    ],
)
def test_its_other_filters(region: TestClient, filters: list[dict[str, Any]]) -> None:
    data = _query(region, {"query": filters, "response": {"format": "json"}})
    assert [line["key"] for line in data["data"]] == [
        [code, year] for code in TOWNS_BY_CODE for year in ("2021", "2022")
    ]


def test_its_files(region: TestClient) -> None:
    body = {"query": [_item("Region", "kreis"), _item("Time", "2022")]}
    for name, beginning in (("px", b"CHARSET="), ("csv", b'"Gebiet"'), ("xlsx", b"PK")):
        sent = json.dumps(body | {"response": {"format": name}}).encode()
        answer = region.post(TABLE, content=sent, headers=NAMELESS)
        assert answer.content.startswith(beginning)
    found = _query(region, body | {"response": {"format": "json-stat2"}})
    assert found["value"] == [people("kreis", "2022")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"query": [_item("Region", "nowhere")]}, 400),
        ({"query": [_item("Region", "kreis", how="agg:x"), _item("Time", "2022")]}, 400),
        ({"query": [_item("Region", "*", how="all")]}, 400),
        ({"query": [], "response": {"format": "sdmx"}}, 422),
        ({"queries": []}, 422),
    ],
)
def test_what_it_cannot_have(region: TestClient, body: dict[str, Any], status: int) -> None:
    answer = region.post(TABLE, content=json.dumps(body).encode(), headers=NAMELESS)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_there(region: TestClient) -> None:
    assert region.get("/px/api/v1/fr").status_code == 400
    assert region.get("/px/api/v1/xx'/people").status_code == 400
    assert region.get("/px/api/v1/de/nothing").status_code == 404
    assert region.post("/px/api/v1/de/nothing", content=b"{}").status_code == 404
    assert region.get("/px/api/v1/de?limit=1").status_code == 400


# --- the one after it ----------------------------------------------------------------------------


def test_the_next_version_asks_the_second_one(region: TestClient) -> None:
    home = "/px/api/v2"
    config = _get(region, f"{home}/config")
    assert {"maxDataCells", "maxCallsPerTimeWindow", "timeWindow"} <= set(config)
    entry = _get(region, f"{home}/tables/people?lang=en")
    assert {"metadata", "data"} <= {link["rel"] for link in entry["links"]}
    metadata = _get(region, f"{home}/tables/people/metadata?lang=en")
    assert {"version", "class", "label", "id", "dimension"} <= set(metadata)
    assert metadata["value"] == []
    for code in metadata["id"]:
        assert {"label", "category", "extension"} <= set(metadata["dimension"][code])
    assert metadata["extension"]["px"]["tableid"] == "people"

    selection = [
        {"variableCode": "Region", "valueCodes": ["ags:14001"]},
        {"variableCode": "Time", "valueCodes": ["*"]},
    ]
    data = region.post(
        f"{home}/tables/people/data?lang=en&outputFormat=json-stat2",
        content=json.dumps({"selection": selection}).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    ).json()
    assert {"version", "class", "id", "size", "dimension", "value"} <= set(data)
    assert len(data["value"]) == prod(data["size"])
    assert data["value"] == [people("anger", year) for year in YEARS]
