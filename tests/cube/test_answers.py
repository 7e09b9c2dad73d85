"""Cubes as a caller gets them, against the list of the same observations."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from html import unescape
from itertools import product
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from psycopg import AsyncConnection, AsyncRawCursor
from starlette.testclient import TestClient

from api.app import create_app
from api.cube import reading, writing
from api.cube.model import Cube
from api.settings import Settings
from db.conditions import refers_to, where
from db.pool import configure
from db.publication import publish
from tests.api.calls import get, until_published
from tests.conftest import connect_to
from tests.cube.difficult import AGES
from tests.databases import Database
from tests.db import village
from tests.db.village import key

LIST = "/v1/observations"
Cells = dict[tuple[str, ...], tuple[float | None, tuple[str, ...]]]
EVERY = {
    "all": {},
    "one indicator": {"indicator": "people"},
    "one cell": {"indicator": "births", "time": "2019", "district": "anger"},
    "two breakdowns": {"indicator": ["voices", "people"]},
    "children": {"indicator": "people", "district": "kreis", "district_scope": "children"},
    "latest": {"indicator": ["people", "births"], "time": "latest"},
    "all hidden": {"indicator": "secret"},
    "nothing known": {"indicator": "unknown"},
    "in English": {"indicator": ["voices", "births"], "lang": "en"},
}
every = pytest.mark.parametrize("query", EVERY.values(), ids=EVERY.keys())


def asked(client: TestClient, query: dict[str, Any], address: str = LIST) -> dict[str, Any]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    text = get(client, f"{address}.jsonstat", query).content
    document: dict[str, Any] = json.loads(text, parse_constant=refuse)
    _validator().validate(document)
    return document


@cache
def _validator() -> Draft202012Validator:
    contract = create_app(Settings.model_construct()).openapi()
    schema = {"$ref": "#/components/schemas/JsonStatDataset", "components": contract["components"]}
    return Draft202012Validator(schema)


def lines(client: TestClient, query: dict[str, Any]) -> list[dict[str, str]]:
    text = get(client, f"{LIST}.sdmx-csv", query).text
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def listed(client: TestClient, query: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = get(client, LIST, {**query, "limit": "all"}).json()["items"]
    return items


def cells(document: dict[str, Any]) -> Cells:
    """What a dataset says of each cell, by the codes of its dimensions."""
    axes = [document["dimension"][name]["category"]["index"] for name in document["id"]]
    assert [len(axis) for axis in axes] == document["size"]
    assert all(list(axis.values()) == list(range(len(axis))) for axis in axes)
    status = document.get("status", {})
    return {
        codes: (
            document["value"][place],
            tuple(filter(None, status.get(str(place), "").split(","))),
        )
        for place, codes in enumerate(product(*axes))
    }


def expected(client: TestClient, query: dict[str, Any], dimensions: list[str]) -> Cells:
    """The same from the list. The first observation with a value is the one for its cell."""
    found: Cells = {}
    for item in sorted(listed(client, query), key=lambda item: str(item["id"])):
        flags = tuple(flag["code"] for flag in item["flags"])
        cell = (item["value"], () if flags == ("final",) else flags)
        codes = _codes(item, dimensions)
        if codes not in found or (found[codes][0] is None and cell[0] is not None):
            found[codes] = cell
    return found


def _codes(item: dict[str, Any], dimensions: list[str]) -> tuple[str, ...]:
    district = item["district"]
    code = f"{district['scheme']}:{district['key']}" if district["key"] else district["slug"]
    broken = [_term(item["breakdowns"].get(name, "_T")) for name in dimensions[3:]]
    return (item["indicator"]["slug"], code, item["period"]["edtf"], *broken)


def _term(value: Any) -> str:
    return str(value["code"] if isinstance(value, dict) else value)


# What is in it


@every
def test_a_cube_has_the_cells_of_the_list(county: TestClient, query: dict[str, Any]) -> None:
    document = asked(county, query)
    observed = expected(county, query, document["id"])
    assert observed
    found = cells(document)
    assert {codes: found[codes] for codes in observed} == observed
    others = {cell for codes, cell in found.items() if codes not in observed}
    assert others <= {(None, ())}


@every
def test_every_category_is_of_some_cell(county: TestClient, query: dict[str, Any]) -> None:
    document = asked(county, query)
    observed = expected(county, query, document["id"])
    for place, name in enumerate(document["id"]):
        used = {codes[place] for codes in observed}
        assert set(document["dimension"][name]["category"]["index"]) == used


def test_the_observations_of_an_indicator_are_a_cube_too(county: TestClient) -> None:
    here = asked(county, {}, "/v1/indicators/people/observations")
    there = asked(county, {"indicator": "people"})
    assert (here["value"], here["dimension"]) == (there["value"], there["dimension"])


def test_an_observation_is_a_cube_of_one_cell(county: TestClient) -> None:
    item = listed(county, {"indicator": "births", "district": "buche"})[0]
    document = asked(county, {}, f"{LIST}/{item['id']}")
    assert document["size"] == [1, 1, 1]
    assert document["value"] == [item["value"]]
    assert county.get(f"{LIST}/{key('no', 'such')}.jsonstat").status_code == 404


def test_an_empty_cube_says_why(county: TestClient) -> None:
    document = asked(county, {"indicator": "people", "time": "1950"})
    assert (document["size"], document["value"]) == ([0, 0, 0], [])
    assert document["extension"]["reason"] == "no_observations"
    assert document["extension"]["sentence"]["en"] == "There are no values of this."
    assert lines(county, {"indicator": "people", "time": "1950"}) == []


@pytest.mark.parametrize(
    ("indicator", "reason"), [("secret", "all_suppressed"), ("unknown", "no_values")]
)
def test_a_cube_without_a_value_says_why(county: TestClient, indicator: str, reason: str) -> None:
    document = asked(county, {"indicator": indicator})
    assert set(document["value"]) == {None}
    assert document["extension"]["reason"] == reason


# What is said of it


def test_roles_and_order_of_dimensions(county: TestClient) -> None:
    document = asked(county, {"indicator": "voices"})
    assert document["id"] == ["indicator", "district", "time", "age", "sex"]
    assert document["role"] == {"time": ["time"], "geo": ["district"], "metric": ["indicator"]}
    assert [document["dimension"][name]["label"] for name in document["id"]] == [
        "Indikator",
        "Gebiet",
        "Zeit",
        "Alter",
        "Geschlecht",
    ]


def test_terms_come_in_the_order_of_their_codelist_with_the_total_first(county: TestClient) -> None:
    category = asked(county, {"indicator": "voices"})["dimension"]["age"]["category"]
    assert list(category["index"]) == ["_T", "old", "old_80", "unlisted"]
    assert category["label"] == {
        "_T": "Insgesamt",
        "old": AGES["old"],
        "old_80": AGES["old_80"],
        "unlisted": "unlisted",
    }
    assert category["child"] == {"old": ["old_80"]}


def test_districts_say_what_they_are_parts_of(county: TestClient) -> None:
    category = asked(county, {"indicator": "people"})["dimension"]["district"]["category"]
    assert set(category["child"]) == {"kreis"}
    assert set(category["child"]["kreis"]) == set(category["index"]) - {"kreis"}


def test_indicators_say_their_unit(county: TestClient) -> None:
    unit = asked(county, {"indicator": "share"})["dimension"]["indicator"]["category"]["unit"]
    assert unit == {"share": {"label": "%", "symbol": "%", "position": "end", "decimals": 1}}


def test_periods_come_in_order_and_are_written_out(county: TestClient) -> None:
    category = asked(county, {"indicator": "seasons"})["dimension"]["time"]["category"]
    assert category["label"] == {
        "XXXX": "XXXX",
        "2013/2014": "2013–2014",
        "2018~": "2018~",
        "2019": "2019",
        "2020-33": "Q1/2020",
        "2021-06": "Juni 2021",
    }
    assert list(category["index"]) == list(category["label"])


def test_labels_are_in_the_language_asked_for(county: TestClient) -> None:
    document = asked(county, {"indicator": "voices", "lang": "en"})
    sex = document["dimension"]["sex"]
    assert (sex["label"], sex["category"]["label"]) == (
        "Sex",
        {"_T": "Total", "f": "female", "m": "male"},
    )
    assert document["dimension"]["district"]["label"] == "District"
    assert document["extension"]["lang"] == "en"


def test_a_forecast_names_its_scenario(county: TestClient) -> None:
    document = asked(county, {"indicator": "births"})
    (place,) = [place for place, flags in document["status"].items() if flags == "forecast"]
    assert document["value"][int(place)] == 12.25
    assert document["extension"]["scenario"] == {place: "Variante 2"}
    assert set(document["extension"]["status"]["label"]) == {
        "forecast",
        "estimated,low_reliability",
    }


def test_of_two_sources_the_first_one_with_a_value_is_shown(county: TestClient) -> None:
    document = asked(county, {"indicator": "twice"})
    (note,) = document["note"]
    assert note.startswith("Aus mehreren Quellen liegen Werte für dieselbe Zelle vor")
    assert note.endswith("Weggelassen: 2.")
    assert "status" not in document
    assert document["value"][1] == 101
    extension = document["extension"]
    assert {source["title"] for source in extension["sources"]} == {"here", "there"}
    assert extension["license"] is None


def test_what_is_said_of_the_whole(county: TestClient) -> None:
    document = asked(county, {"indicator": "births"})
    assert document["label"] == "Geburten"
    assert document["extension"]["sentence"] == {
        "de": "Geburten: 3 Werte, 2 Gebiete, 2019 bis Juni 2021.",
        "en": "Geburten: 3 values, 2 areas, 2019 to June 2021.",
    }
    assert document["extension"]["license"] == "cc-zero"
    assert document["extension"]["citation"] == "Amt: here, cc-zero"
    assert document["href"] == f"{county.base_url}{LIST}.jsonstat?indicator=births"
    (whole, _) = document["link"]["alternate"]
    assert len(get(county, whole["href"]).text.splitlines()) == 1 + 3


# How it is asked for


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json-stat+json", "application/json-stat+json"),
        ("application/json, application/json-stat+json", "application/json"),
        ("application/vnd.sdmx.data+csv; version=2.0.0", "application/vnd.sdmx.data+csv"),
        ("application/vnd.sdmx.data+csv;version=2.0.0;labels=id", "application/vnd.sdmx.data+csv"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
    ],
)
def test_accept_chooses(county: TestClient, accept: str, media_type: str) -> None:
    answer = county.get(LIST, params={"indicator": "births"}, headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type


@pytest.mark.parametrize("format_", ["jsonstat", "sdmx-csv"])
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("limit", "10"),
        ("cursor", "abc"),
        ("sort", "period"),
        ("facets", "level"),
        ("fields", "value"),
        ("layout", "wide"),
    ],
)
def test_parts_of_a_list_are_refused(
    county: TestClient, format_: str, parameter: str, value: str
) -> None:
    answer = county.get(LIST, params={"format": format_, parameter: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == parameter


RATE = {"indicator": "share", "include": "numerator,denominator,interval"}
MEASURES = ("numerator", "denominator", "interval_low", "interval_high")


def test_what_is_included_is_what_the_list_has(county: TestClient) -> None:
    document = asked(county, RATE)
    assert document["size"][0] == 1 + len(MEASURES)
    found = {codes[:3]: value for codes, (value, _) in cells(document).items()}
    items = listed(county, RATE)
    for item in items:
        slug, *rest = _codes(item, document["id"])
        interval = item["interval"] or {"low": None, "high": None}
        expected = [item["numerator"], item["denominator"], interval["low"], interval["high"]]
        assert found[slug, *rest] == item["value"]
        assert [found[f"{slug}.{name}", *rest] for name in MEASURES] == expected
    assert any(item["interval"] for item in items)


def test_sdmx_has_what_is_included_as_attributes(county: TestClient) -> None:
    items = {(item["district"]["slug"], item["value"]): item for item in listed(county, RATE)}
    rows = lines(county, RATE)
    assert [*rows[0]][-4:] == [name.upper() for name in MEASURES]
    for row in rows:
        item = items[row["REF_AREA"], float(row["OBS_VALUE"]) if row["OBS_VALUE"] else None]
        interval = item["interval"] or {"low": None, "high": None}
        expected = [item["numerator"], item["denominator"], interval["low"], interval["high"]]
        found = [float(row[name.upper()]) if row[name.upper()] else None for name in MEASURES]
        assert found == expected


def test_what_is_hidden_is_not_included(county: TestClient) -> None:
    """Two poor people in Dörn: neither they nor what follows from them."""
    document = asked(county, RATE | {"district": "doern"})
    made = {codes[0]: cell for codes, cell in cells(document).items()}
    for name in ("share", "share.numerator", "share.interval_low", "share.interval_high"):
        value, flags = made[name]
        assert value is None
        assert "suppressed" in flags
    (row,) = lines(county, RATE | {"district": "doern"})
    assert row["OBS_VALUE"] == row["NUMERATOR"] == row["INTERVAL_LOW"] == row["INTERVAL_HIGH"] == ""


def test_each_measure_has_its_unit(county: TestClient) -> None:
    query = {"indicator": ["share", "people"], "include": "interval,denominator", "lang": "en"}
    category = asked(county, query)["dimension"]["indicator"]["category"]
    assert list(category["index"]) == [
        "share",
        *(f"share.{name}" for name in MEASURES[1:]),
        "people",
        *(f"people.{name}" for name in MEASURES[1:]),
    ]
    assert category["label"]["share.denominator"] == "Armutsquote: denominator"
    units = {code: (unit["symbol"], unit["decimals"]) for code, unit in category["unit"].items()}
    assert units["share"] == units["share.interval_low"] == ("%", 1)
    assert units["share.denominator"] == units["people"] == ("Personen", 0)
    assert "people.denominator" not in units


def test_a_recalculated_value_says_what_it_was_made_of(county: TestClient) -> None:
    query = RATE | {"boundary": "2022-12-31"}
    document = asked(county, query)
    found = {codes[:3]: value for codes, (value, _) in cells(document).items()}
    for item in listed(county, query):
        slug, *rest = _codes(item, document["id"])
        assert found[f"{slug}.numerator", *rest] == item["numerator"]
        assert found[f"{slug}.denominator", *rest] == item["denominator"]


@pytest.mark.parametrize("harmless", [{"limit": "all"}, {"count": "none"}])
def test_what_changes_nothing_is_taken(county: TestClient, harmless: dict[str, str]) -> None:
    assert asked(county, {"indicator": "births", **harmless})["size"] == [1, 2, 2]


def test_a_page_links_to_the_whole_cube(county: TestClient) -> None:
    query = {"indicator": "people", "limit": 5, "sort": "period"}
    page = get(county, LIST, query, accept="text/html")
    links = dict(re.findall(r'<link rel="alternate" type="([^"]+)" href="([^"]+)"', page.text))
    cube = get(county, unescape(links["application/json-stat+json"]))
    assert cube.json()["size"] == [1, 10, 3]
    assert ">JSON-stat</a>" in page.text


@pytest.mark.parametrize("format_", ["jsonstat", "sdmx-csv"])
def test_only_observations_are_cubes(county: TestClient, format_: str) -> None:
    assert county.get("/v1/districts", params={"format": format_}).status_code == 406
    assert county.get(f"/v1/indicators/people.{format_}").status_code == 406


def test_a_cube_beyond_the_limit_is_refused_with_its_size(
    county: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 100)
    answer = county.get(LIST, params={"format": "jsonstat", "indicator": ["people", "voices"]})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["parameter"] == "format"
    assert error["detail"].startswith("as jsonstat, 2 (indicator) × 10 (district) × 4 (time) × ")
    assert "of 100 at most; narrow indicator, district, level or time" in error["detail"]
    assert lines(county, {"indicator": ["people", "voices"]})


def test_more_observations_than_the_limit_are_not_read(
    county: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 24)
    asked(county, {"indicator": "women"})
    answer = county.get(LIST, params={"format": "sdmx-csv", "lang": "en"})
    assert answer.status_code == 400
    assert "there are more than 24 observations" in answer.json()["detail"]


def test_counts_are_looked_up_for_fewer(
    county: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_INCLUDING", 10)
    asked(county, {})
    answer = county.get(LIST, params={"format": "jsonstat", "include": "interval"})
    assert answer.status_code == 400
    assert "there are more than 10 observations" in answer.json()["detail"]


@pytest.mark.parametrize("format_", ["jsonstat", "sdmx-csv"])
def test_an_answer_is_kept_until_the_next_publication(
    own_county_database: Database, format_: str
) -> None:
    from db import models
    from db.registry import upsert, writer

    with connect_to(own_county_database) as client:
        query = {"format": format_, "indicator": "births"}
        first = get(client, LIST, query)
        assert get(client, LIST, query).content == first.content
        held = {"If-None-Match": first.headers["etag"]}
        again = client.get(LIST, params=query, headers=held)
        assert (again.status_code, again.content) == (304, b"")
        head = client.head(LIST, params=query)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == first.headers["etag"]
        with writer(own_county_database.owner_url, "test") as connection:
            changed = village.entity("indicator", "births", title="Geborene")
            upsert(connection, models.Indicator, [changed])
        sequence = publish(own_county_database.owner_url).sequence
        until_published(client, sequence)
        answer = client.get(LIST, params=query, headers=held)
        assert answer.status_code == 200
        assert answer.headers["x-sequence"] == str(sequence)


def test_a_large_cube_is_written_in_a_thread_and_is_the_same(
    county: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = asked(county, {"indicator": "people", "count": "none"})
    monkeypatch.setattr(writing, "MANY", 0)
    large = asked(county, {"indicator": "people", "limit": "all"})
    assert large["value"] == small["value"]


def test_an_outline_is_the_cube_without_its_cells(county_database: Database) -> None:
    class Connected:
        @asynccontextmanager
        async def query(self) -> AsyncIterator[AsyncConnection[Any]]:
            connection = await AsyncConnection.connect(
                county_database.public_url, autocommit=True, cursor_factory=AsyncRawCursor
            )
            async with connection:
                await configure(connection)
                yield connection

    async def both() -> tuple[Cube, Cube]:
        only = [where(refers_to, ("indicator_id", "indicator"), ["voices"])]
        source = Connected()
        return await reading.outline(source, only, "en"), await reading.read(source, only, "en")

    outline, cube = asyncio.run(both())
    assert outline.dimensions == cube.dimensions
    assert (outline.cells, outline.marks) == ({}, {})
    assert len(cube.cells) == 7


@pytest.mark.parametrize("indicator", ["births", "people", "twice", "secret", "unknown"])
def test_a_list_says_of_the_whole_what_its_cube_says(county: TestClient, indicator: str) -> None:
    query = {"indicator": indicator}
    around, within = get(county, LIST, query).json(), asked(county, query)["extension"]
    for name in ("reason", "sources", "citation"):
        assert around[name] == within[name], name
    is_doubled = indicator == "twice"  # a cube leaves out what another source says, too
    assert (around["sentence"] == within["sentence"]) != is_doubled
