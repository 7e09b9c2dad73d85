"""What is foreseen is shown where it is asked for, and is not the latest that is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.analyses.towns import TOWNS
from tests.conftest import connect_to
from tests.databases import Database
from tests.db.village import HERE, key


@pytest.fixture
def foreseen(own_towns_database: Database) -> Iterator[TestClient]:
    """People in 2030, and nothing else of `never`."""
    rows = [_forecast(name, town) for name in ("people", "never") for town in TOWNS]
    with writer(own_towns_database.owner_url, "test") as connection:
        upsert(connection, models.Observation, rows)
    publish(own_towns_database.owner_url)
    with connect_to(own_towns_database) as connected:
        yield connected


def _forecast(indicator: str, town: str) -> dict[str, Any]:
    return {
        "id": key("forecast", indicator, town),
        "indicator_id": key("indicator", indicator),
        "district_id": key("district", town),
        "period": "2030",
        "period_earliest": date(2030, 1, 1),
        "period_latest": date(2030, 12, 31),
        "value": 700,
        "flags": ["forecast"],
        "scenario": "Variante 1",
        "status": "published",
        "source_id": HERE,
    }


def answer(client: TestClient, path: str) -> Any:
    return client.get(path).raise_for_status().json()


def periods(client: TestClient, path: str) -> set[str]:
    return {item["period"]["edtf"] for item in answer(client, path)["items"]}


@pytest.mark.parametrize("what", ["map", "ranking", "compare?district=anger"])
def test_the_latest_period_is_the_last_that_was_observed(foreseen: TestClient, what: str) -> None:
    found = answer(foreseen, f"/v1/indicators/people/{what}")
    assert found["period"]["edtf"] == "2022"


def test_a_forecast_can_be_asked_for(foreseen: TestClient) -> None:
    found = answer(foreseen, "/v1/indicators/people/map?time=2030")
    assert found["period"]["edtf"] == "2030"
    assert periods(foreseen, "/v1/observations?indicator=people&time=2030") == {"2030"}


def test_lists_of_the_latest_leave_forecasts_out(foreseen: TestClient) -> None:
    of_towns = "/v1/observations?indicator=people&level=municipality"
    latest = answer(foreseen, f"{of_towns}&time=latest")["items"]
    assert {item["period"]["edtf"] for item in latest} <= {"2021", "2022"}
    assert periods(foreseen, f"{of_towns}&time=last:2") == {"2021", "2022"}


def test_a_trend_ends_with_what_was_observed(foreseen: TestClient) -> None:
    assert answer(foreseen, "/v1/indicators/people/trend")["to"]["edtf"] == "2022"
    until = answer(foreseen, "/v1/indicators/people/trend?to=2030")
    assert until["to"]["edtf"] == "2030"


def test_a_profile_shows_what_was_observed(foreseen: TestClient) -> None:
    items = answer(foreseen, "/v1/districts/anger/profile?headline=false")["items"]
    shown = {item["indicator"]["slug"]: item["period"]["edtf"] for item in items}
    assert shown["people"] == "2022"


def test_where_nothing_was_observed_the_last_forecast_is_the_latest(foreseen: TestClient) -> None:
    assert answer(foreseen, "/v1/indicators/never/map")["period"]["edtf"] == "2030"
    assert periods(foreseen, "/v1/observations?indicator=never&time=latest") == {"2030"}
