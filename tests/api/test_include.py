"""What `include` adds to a value: its counts, and how sure a rate is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from scipy.stats import binomtest
from starlette.testclient import TestClient

from db.cluster import Cluster
from db.publication import publish
from tests.api.calls import get, listed
from tests.conftest import connect_to
from tests.databases import clone

SERIES = "/v1/observations"
EVERYTHING = "numerator,denominator,interval"
# `anteil` is a share of `arbeitslose` in `einwohner`, and says so only by its indicators.
SHARE = """
INSERT INTO registry.indicator (slug, title, unit, decimals, type, aggregation, factor,
    numerator_id, denominator_id, source_id, status)
SELECT 'anteil', 'Anteil', '%', 1, 'rate', 'ratio', 100, n.id, d.id, n.source_id, 'published'
FROM registry.indicator n, registry.indicator d
WHERE n.slug = 'arbeitslose' AND d.slug = 'einwohner';
UPDATE registry.observation o SET value = round(o.value) FROM registry.indicator i
WHERE i.id = o.indicator_id AND i.slug = 'arbeitslose' AND o.value IS NOT NULL;
UPDATE registry.observation o SET value = 4000 + round(o.value) FROM registry.indicator i
WHERE i.id = o.indicator_id AND i.slug = 'einwohner' AND o.value IS NOT NULL;
INSERT INTO registry.observation (indicator_id, district_id, period, period_earliest,
    period_latest, breakdowns, value, flags, source_id, status)
SELECT s.id, n.district_id, n.period, n.period_earliest, n.period_latest, n.breakdowns,
       round(100 * n.value / d.value, 1), '{final}', n.source_id, 'published'
FROM registry.indicator s, registry.observation n, registry.observation d
WHERE s.slug = 'anteil'
  AND n.indicator_id = s.numerator_id AND d.indicator_id = s.denominator_id
  AND (n.district_id, n.period, n.breakdowns) = (d.district_id, d.period, d.breakdowns)
  AND n.value IS NOT NULL AND d.value IS NOT NULL
"""


@pytest.fixture(scope="module")
def shares(cluster: Cluster, world_template: str) -> Iterator[TestClient]:
    with clone(cluster, world_template) as own:
        with psycopg.connect(own.owner_url) as connection:
            connection.execute(SHARE)
        publish(own.owner_url)
        with connect_to(own) as connected:
            yield connected


def cells(client: TestClient, indicator: str) -> dict[tuple[str, str, str], float]:
    """What is public of an indicator."""
    return {
        (item["district"]["id"], item["period"]["edtf"], str(item["breakdowns"])): item["value"]
        for item in listed(client, SERIES, {"indicator": indicator})["items"]
        if item["value"] is not None
    }


def test_counts_are_those_of_the_indicators_of_a_rate(shares: TestClient) -> None:
    numerators, denominators = cells(shares, "arbeitslose"), cells(shares, "einwohner")
    items = listed(shares, SERIES, {"indicator": "anteil", "include": EVERYTHING})["items"]
    assert items
    for item in items:
        cell = (item["district"]["id"], item["period"]["edtf"], str(item["breakdowns"]))
        assert item["numerator"] == numerators.get(cell)
        assert item["denominator"] == denominators.get(cell)
        counts = (item["numerator"], item["denominator"])
        if None in counts:
            assert item["interval"] is None
        else:
            known = binomtest(*map(int, counts)).proportion_ci(method="wilson")
            assert item["interval"]["low"] == pytest.approx(100 * known.low, abs=1e-6)
            assert item["interval"]["high"] == pytest.approx(100 * known.high, abs=1e-6)


def test_only_what_is_asked_for_is_added(shares: TestClient) -> None:
    query = {"indicator": "anteil", "limit": 3}
    plain = listed(shares, SERIES, query)["items"]
    assert all("interval" not in item and item["numerator"] is None for item in plain)
    found = listed(shares, SERIES, {**query, "include": "interval"})["items"]
    assert [{**item, "interval": None} for item in plain] == [
        {**item, "interval": None} for item in found
    ]
    picked = listed(shares, SERIES, {**query, "include": "interval", "fields": "value"})["items"]
    assert [set(item) for item in picked] == [{"id", "value", "interval"}] * 3


def test_counts_have_no_interval(shares: TestClient) -> None:
    items = listed(shares, SERIES, {"indicator": "einwohner", "include": "interval"})["items"]
    assert {item["interval"] for item in items} == {None}


def test_an_item_and_tables_have_it_too(shares: TestClient) -> None:
    query: dict[str, Any] = {"indicator": "anteil", "include": EVERYTHING}
    items = listed(shares, SERIES, query)["items"]
    item = next(item for item in items if item["interval"])
    assert get(shares, f"{SERIES}/{item['id']}", {"include": EVERYTHING}).json() == item
    text = get(shares, f"{SERIES}.csv", query).text
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    row = rows[item["id"]]
    assert float(row["numerator"]) == item["numerator"]
    assert float(row["interval_low"]) == item["interval"]["low"]
    assert float(row["interval_high"]) == item["interval"]["high"]
    assert get(shares, f"{SERIES}.xlsx", query).content
    feature = get(shares, f"{SERIES}.geojson", query).json()["features"][0]
    assert "interval" in feature["properties"]


def test_what_cannot_be_included_is_named(shares: TestClient) -> None:
    answer = shares.get(SERIES, params={"include": "value"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "include"
