"""Values of wholes from those of their parts: against NumPy, and as a caller gets them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.analyses.aggregation import Part, Rule, aggregated
from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.analyses.test_over_http import asked, by_name, refused
from tests.analyses.towns import PEOPLE, POOR, _indicator, _observation
from tests.api.calls import get
from tests.conftest import connect_to
from tests.databases import Database

APART = {"assignment": "spatially_unassignable"}

amounts = st.one_of(st.none(), st.integers(0, 9_999).map(float))
parts = st.builds(
    Part,
    value=amounts,
    numerator=amounts,
    denominator=amounts,
    is_hidden=st.just(False),
    population=st.one_of(st.none(), st.integers(0, 9_999)),
)


@given(st.lists(parts, max_size=12), st.sampled_from(["sum", "ratio", "weighted_mean"]))
def test_a_whole_is_made_by_its_rule_from_the_parts_that_can_take_part(
    members: list[Part], rule: Rule
) -> None:
    found = aggregated(rule, 100, members)
    table = np.array(
        [[part.value, part.numerator, part.denominator] for part in members], dtype=float
    ).reshape(-1, 3)
    needed = {"sum": [0], "ratio": [0, 1, 2], "weighted_mean": [0, 2]}[rule]
    used = table[~np.isnan(table[:, needed]).any(axis=1)]
    assert found.used == len(used)
    assert (found.status == "none") == (found.value is None) == (found.reason is not None)
    if found.value is None:
        assert not len(used) or (rule != "sum" and used[:, 2].sum() == 0)
        return
    if rule == "sum":
        expected = used[:, 0].sum()
    elif rule == "ratio":
        expected = 100 * used[:, 1].sum() / used[:, 2].sum()
    else:
        expected = np.average(used[:, 0], weights=used[:, 2])
    assert found.value == pytest.approx(expected)
    assert (found.status == "complete") == (len(used) == len(members))


def test_a_whole_without_a_value_says_why() -> None:
    hidden = Part(None, None, None, is_hidden=True, population=1)
    missing = Part(None, None, None, is_hidden=False, population=1)
    rate = Part(4.0, None, None, is_hidden=False, population=1)
    nobody = Part(4.0, 0.0, 0.0, is_hidden=False, population=1)
    for rule, members, reason in (
        ("sum", [], "no_members"),
        ("sum", [hidden, hidden], "all_suppressed"),
        ("sum", [hidden, missing], "no_values"),
        ("ratio", [rate, hidden], "no_counts"),
        ("weighted_mean", [rate], "no_weight"),
        ("ratio", [nobody], "denominator_is_zero"),
    ):
        assert aggregated(rule, 100, members).reason == reason  # type: ignore[arg-type]


# As a caller gets it


@pytest.fixture
def apart(own_towns_database: Database) -> Iterator[TestClient]:
    """The county with 40 people who live in none of its towns, as far as anybody knows."""
    rows = [
        _observation("people", "kreis", "2022", 40, breakdowns=APART),
        *(
            _observation("rent", town, "2022", value, denominator=weight)
            for town, value, weight in (("anger", 5, 100), ("buche", 8, 300))
        ),
        _observation("bare", "anger", "2022", 5),
    ]
    with writer(own_towns_database.owner_url, "test") as connection:
        means = {"type": "rate", "aggregation": "weighted_mean", "unit": "€"}
        upsert(
            connection, models.Indicator, [_indicator("rent", **means), _indicator("bare", **means)]
        )
        for row in rows:
            upsert(connection, models.Observation, [row])
    publish(own_towns_database.owner_url)
    with connect_to(own_towns_database) as client:
        yield client


def of_county(client: TestClient, indicator: str, query: str = "") -> dict[str, Any]:
    found = asked(client, f"indicators/{indicator}/aggregation?level=county&{query}")
    (item,) = found["items"]
    return dict(item)


def test_counts_are_summed_beside_what_is_stated(towns: TestClient) -> None:
    item = of_county(towns, "people", "time=2022")
    assert item["calculated"] == sum(PEOPLE["2022"].values())
    assert item["stated"] == {"value": 10_260, "flags": [{"code": "final", "label": "final"}]}
    assert item["difference"] == 10_260 - sum(PEOPLE["2022"].values())
    assert (item["status"], item["reason"], item["unassignable"]) == ("complete", None, None)
    assert item["coverage"]["members"] == 8


def test_towns_and_what_is_in_none_of_them_make_the_county(apart: TestClient) -> None:
    item = of_county(apart, "people", "time=2022")
    assert item["unassignable"]["value"] == 40
    total = item["calculated"] + item["unassignable"]["value"] + item["difference"]
    assert total == item["stated"]["value"]


def test_a_rate_is_that_of_the_sums_and_hidden_towns_take_no_part(towns: TestClient) -> None:
    shown = {
        item["district"]["slug"]
        for item in asked(towns, "indicators/share/ranking?level=municipality")["items"]
    }
    assert 0 < len(shown) < len(POOR)
    item = of_county(towns, "share")
    people = PEOPLE["2022"]
    expected = 100 * sum(POOR[town] for town in shown) / sum(people[town] for town in shown)
    assert item["calculated"] == pytest.approx(expected)
    assert item["status"] == "partial"
    assert item["coverage"]["suppressed"] == len(POOR) - len(shown)
    assert item["difference"] is None


def test_a_missing_town_makes_a_whole_partial(towns: TestClient) -> None:
    item = of_county(towns, "people", "time=2020")
    assert item["calculated"] == sum(PEOPLE["2020"].values())
    assert (item["status"], item["coverage"]["missing"]) == ("partial", 4)


def test_a_mean_is_weighted(apart: TestClient) -> None:
    item = of_county(apart, "rent")
    assert item["calculated"] == (5 * 100 + 8 * 300) / 400
    assert item["denominator"] == 400
    parameter, detail = refused(apart, "indicators/bare/aggregation?level=county")
    assert (parameter, "weighted" in detail) == ("level", True)


def test_medians_are_never_made_of_medians(towns: TestClient) -> None:
    parameter, detail = refused(towns, "indicators/income/aggregation?level=county")
    assert (parameter, detail) == (
        "level",
        "Einkommen cannot be aggregated because it is a median",
    )


@pytest.mark.parametrize(
    ("query", "parameter", "hint"),
    [
        ("", "level", ""),
        ("level=village", "level", "county"),
        ("level=quarter", "level", "nothing is below"),
        ("level=county&of=county", "of", "not below"),
        ("level=municipality&of=county", "of", "not below"),
        ("level=county&of=quarter", "level", "municipality"),
        ("level=county&time=1999", "time", "2022"),
        ("level=county&parent=nowhere", "parent", ""),
        ("level=county&breakdown=age:old", "breakdown", ""),
    ],
)
def test_what_cannot_be_worked_out_is_refused(
    query: str, parameter: str, hint: str, towns: TestClient
) -> None:
    indicator = "women" if "breakdown" in query else "people"
    name, detail = refused(towns, f"indicators/{indicator}/aggregation?{query}")
    assert name == parameter
    assert hint in detail


def test_nothing_below_is_an_empty_answer_with_its_reason(towns: TestClient) -> None:
    for indicator, query, reason in (
        ("secret", "level=county", "all_suppressed"),
        ("unknown", "level=county", "no_values"),
        ("never", "level=county", "no_observations"),
        ("people", "level=municipality", "no_observations"),
    ):
        found = asked(towns, f"indicators/{indicator}/aggregation?{query}")
        assert found["reason"] == reason
        assert all(item["calculated"] is None for item in found["items"])
    (state,) = asked(towns, "indicators/people/aggregation?level=state&of=county")["items"]
    assert (state["calculated"], state["coverage"]["members"]) == (10_260, 1)


def test_it_comes_as_a_table_and_on_a_map(towns: TestClient) -> None:
    table = get(towns, "/v1/indicators/people/aggregation.csv?level=county&time=2022").text
    (line,) = csv.DictReader(io.StringIO(table))
    assert line["district"] == "kreis"
    assert float(line["calculated"]) == float(line["stated"]) == 10_260
    found = asked(towns, "indicators/people/aggregation.geojson?level=county&time=2022")
    (feature,) = found["features"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert feature["properties"]["calculated"] == 10_260


def test_it_is_told_in_a_sentence(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/aggregation?level=county&time=2022")
    assert found["sentence"]["en"].startswith(
        "Bevölkerung, 2022. Kreis: 10,260 Personen, calculated from 8 of 8 areas."
    )


def test_two_stated_totals_of_the_demonstration_set_differ_from_their_members(
    demo_client: TestClient,
) -> None:
    address = "indicators/population/aggregation?level=social_region&of=municipality&time=2021"
    items = by_name(asked(demo_client, address)["items"])
    found = {slug: item["difference"] for slug, item in items.items() if item["difference"]}
    assert found == {"sozialregion-2-suedost-sayda": -36, "sozialregion-4-suedwest-burgstaedt": -27}
