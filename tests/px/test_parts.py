"""What is chosen is read by itself: it is what the whole cube has there."""

from __future__ import annotations

from itertools import product
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from db.publication import publish
from tests.conftest import connect_to
from tests.databases import Database

NATIVE = {"Region": "district", "Time": "time"}
"""What JSON-stat of the native API calls its dimensions."""


@pytest.mark.parametrize("name", ["people", "women"])
@settings(deadline=None)
@given(data=st.data())
def test_a_part_of_a_table_is_that_part_of_its_cube(
    region: TestClient, name: str, data: st.DataObject
) -> None:
    whole = _cube(region, name)
    wanted = {
        code: data.draw(st.lists(st.sampled_from(known), min_size=1, unique=True), label=code)
        for code, known in _variables(region, name).items()
    }
    found = _chosen(region, name, wanted)
    there = [[*found["dimension"][code]["category"]["index"]] for code in found["id"]]
    places = [dict(zip(map(_native, found["id"]), codes, strict=True)) for codes in product(*there)]
    assert found["value"] == [whole.get(frozenset(_known(place).items())) for place in places]


def test_where_cells_are_few_so_are_their_parts(region: TestClient) -> None:
    """A table that is too large for one answer, whose observations are broken down in one way."""
    everything = {code: ["*"] for code in ("Region", "Time", "age")}
    found = _chosen(region, "many", everything)
    whole = _cube(region, "many")
    shown = {number for number in found["value"] if number is not None}
    named = {value for place, value in whole.items() if not {"nation", "sex"} & _dimensions(place)}
    assert shown == named
    assert sum(value is not None for value in found["value"]) == 40 + 4 * 5


def test_of_another_publication_the_outline_is_another(own_region_database: Database) -> None:
    wanted = {"Region": ["*"], "Time": ["2022"], "sex": ["*"]}
    with connect_to(own_region_database) as api:
        before = _chosen(api, "people", wanted)
        with psycopg.connect(own_region_database.owner_url) as connection:
            connection.execute(
                'DELETE FROM registry.observation WHERE breakdowns @> \'{"sex": "m"}\''
            )
        publish(own_region_database.owner_url)
        after = _chosen(api, "people", wanted)
    assert "m" in before["dimension"]["sex"]["category"]["index"]
    assert [*after["dimension"]["sex"]["category"]["index"]] == ["_T", "f"]
    assert after["value"] == [
        value
        for n, value in enumerate(before["value"])
        if n % 3 < 2  # sexes run fastest, but for periods, of which there is one
    ]


def _chosen(api: TestClient, name: str, wanted: dict[str, list[str]]) -> Any:
    selection = [{"variableCode": code, "valueCodes": codes} for code, codes in wanted.items()]
    answer = api.post(f"/px/tables/{name}/data", json={"selection": selection})
    return answer.raise_for_status().json()


def _variables(api: TestClient, name: str) -> dict[str, list[str]]:
    found = api.get(f"/px/tables/{name}/metadata").raise_for_status().json()
    return {code: [*found["dimension"][code]["category"]["index"]] for code in found["id"]}


def _cube(api: TestClient, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """All values that are shown, by what is not in total."""
    address = f"/v1/indicators/{name}/observations?format=json&limit=all"
    return {
        frozenset(_place(item).items()): item["value"]
        for item in api.get(address).raise_for_status().json()["items"]
        if item["value"] is not None
    }


def _place(item: dict[str, Any]) -> dict[str, str]:
    district = item["district"]
    code = f"{district['scheme']}:{district['key']}" if district["key"] else district["slug"]
    parts = {dimension: term["code"] for dimension, term in item["breakdowns"].items()}
    return {"district": code, "time": item["period"]["edtf"], **parts}


def _known(place: dict[str, str]) -> dict[str, str]:
    return {name: code for name, code in place.items() if name != "ContentsCode" and code != "_T"}


def _native(code: str) -> str:
    return NATIVE.get(code, code)


def _dimensions(place: frozenset[tuple[str, str]]) -> set[str]:
    return {name for name, _ in place}
