"""Where a source states another value than the parts of a district make, people see both."""

from __future__ import annotations

import re

import psycopg
import pytest
from starlette.testclient import TestClient

from db.publication import publish
from tests.analyses.test_dashboard import board, rows
from tests.analyses.test_over_http import asked
from tests.api.documents import page
from tests.conftest import connect_to
from tests.databases import Database

SAYDA = "sozialregion-2-suedost-sayda"
REGIONS = {SAYDA: -36, "sozialregion-4-suedwest-burgstaedt": -27}
OF_2021 = {"indicator": "population", "level": "social_region", "time": "2021", "lang": "en"}


def test_the_dashboard_shows_both_in_the_row(demo_client: TestClient) -> None:
    document = board(demo_client, **OF_2021)
    made = {row[0]: row[1] for row in rows(document, "values-heading") if "parts" in row[1]}
    assert len(made) == len(REGIONS)
    for name, text in made.items():
        assert f"; {36 if 'Sayda' in name else 27} fewer are stated" in text
    text = next(text for name, text in made.items() if "Sayda" in name)
    stated, parts, difference = (int(n.replace(",", "")) for n in re.findall(r"[\d,]+", text))
    assert parts - stated == difference
    municipalities = board(demo_client, **OF_2021 | {"level": "municipality"})
    assert municipalities.all(".made") == []


def test_the_page_of_the_indicator_and_of_the_district_do(demo_client: TestClient) -> None:
    values = page(demo_client, "/v1/indicators/population", lang="en")
    assert len(values.all("#values ~ .scrolled .made")) >= len(REGIONS)
    latest = asked(demo_client, f"districts/{SAYDA}/profile")["items"]
    differing = [item for item in latest if item["calculated"]]
    district = page(demo_client, f"/v1/districts/{SAYDA}", lang="en")
    assert len(district.all(".made")) == len(differing)


@pytest.fixture
def differing(own_demo_database: Database) -> Database:
    """With 2021 as the latest of the population."""
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute("DELETE FROM registry.observation WHERE period > '2021'")
    publish(own_demo_database.owner_url)
    return own_demo_database


def test_a_profile_says_how_far_they_are_apart_as_the_aggregation_does(differing: Database) -> None:
    with connect_to(differing) as api:
        for slug, difference in REGIONS.items():
            items = asked(api, f"districts/{slug}/profile")["items"]
            (item,) = [each for each in items if each["indicator"]["slug"] == "population"]
            found = item["calculated"]
            assert found["difference"] == difference
            assert found["value"] + found["difference"] == item["value"]
            members = found["coverage"]["members"]
            assert members == found["coverage"]["used"] > 1
            aggregated = asked(
                api, "indicators/population/aggregation?level=social_region&time=2021"
            )["items"]
            (same,) = [each for each in aggregated if each["district"]["slug"] == slug]
            assert same["calculated"] == found["value"]
            assert same["coverage"] == found["coverage"]
            district = page(api, f"/v1/districts/{slug}", lang="en")
            assert f"{-difference} fewer are stated" in district.words("#indicators ~ .scrolled")


def test_every_difference_is_that_of_the_aggregation(demo_client: TestClient) -> None:
    """The oracle: values are read and put together in another way there."""
    seen = 0
    for district in asked(demo_client, "districts?level=county&level=social_region&limit=100")[
        "items"
    ]:
        for item in asked(demo_client, f"districts/{district['slug']}/profile")["items"]:
            name, period = item["indicator"]["slug"], item["period"]["edtf"]
            if item["indicator"]["type"]["code"] != "count":
                continue
            address = f"indicators/{name}/aggregation?level={district['level']['code']}"
            answer = demo_client.get(f"/v1/{address}&time={period}")
            if answer.status_code == 400:
                assert item["calculated"] is None
                continue
            (same,) = [
                i for i in answer.json()["items"] if i["district"]["slug"] == district["slug"]
            ]
            found = item["calculated"]
            assert (found["difference"] if found else 0) == (same["difference"] or 0), (
                name,
                period,
            )
            seen += same["difference"] is not None
    assert seen >= 5


def test_what_is_hidden_or_not_complete_is_not_compared(towns: TestClient) -> None:
    for item in asked(towns, "districts/kreis/profile")["items"]:
        if item["indicator"]["slug"] in ("secret", "poor"):
            assert item["calculated"] is None
