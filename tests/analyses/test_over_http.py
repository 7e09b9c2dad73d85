"""The analyses as a caller gets them, against NumPy, SciPy and plain arithmetic."""

from __future__ import annotations

import csv
import io
import json
import math
from functools import cache
from typing import Any

import numpy as np
import psycopg
import pytest
from jsonschema import Draft202012Validator
from scipy.stats import binomtest, linregress, zscore
from starlette.testclient import TestClient

from api.app import create_app
from api.schemas.analysis import ANSWERS
from api.settings import Settings
from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.analyses.towns import BROKEN, INCOME, NEW, OLD, PEOPLE, POOR, TOWNS
from tests.api.calls import get, until_published
from tests.conftest import connect_to
from tests.databases import Database
from tests.db.village import key

INDICATORS = ("people", "poor", "share", "income", "secret", "unknown", "never", "women")
QUERIES = {
    "availability": "",
    "ranking": "",
    "map": "",
    "compare": "district=anger&district=buche",
    "trend": "",
}


def asked(client: TestClient, address: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(get(client, f"/v1/{address}").content, parse_constant=refuse)


def refused(client: TestClient, address: str) -> tuple[str, str]:
    """The parameter at fault, and what is said of it."""
    answer = client.get(f"/v1/{address}")
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()["errors"]
    return error["parameter"], error["detail"]


@cache
def _contract() -> dict[str, Any]:
    return create_app(Settings.model_construct()).openapi()


def by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item.get("district", item)["slug"]: item for item in items}


def published(database: Database, indicator: str, year: str) -> dict[str, float]:
    """What readers may see of municipalities, as the database has it."""
    statement = (
        "SELECT d.slug, o.value::float8 FROM published.observation o "
        "JOIN published.district d ON d.id = o.district_id "
        "JOIN published.indicator i ON i.id = o.indicator_id "
        "WHERE i.slug = %s AND o.period = %s AND d.level = 'municipality' "
        "AND o.value IS NOT NULL AND o.breakdowns = '{}'"
    )
    with psycopg.connect(database.owner_url) as connection:
        return dict(connection.execute(statement, [indicator, year]).fetchall())


# What all of them have in common


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("indicator", INDICATORS)
def test_every_answer_keeps_the_contract(name: str, indicator: str, towns: TestClient) -> None:
    for format_, schema in ANSWERS[name].items():
        if name == "profile":
            address = f"districts/{TOWNS[INDICATORS.index(indicator)]}/profile.{format_}"
        else:
            address = f"indicators/{indicator}/{name}.{format_}?{QUERIES[name]}"
        document = asked(towns, address)
        whole = {
            "$ref": f"#/components/schemas/{schema.__name__}",
            "components": _contract()["components"],
        }
        Draft202012Validator(whole).validate(document)
        schema.model_validate_json(json.dumps(document), strict=True)
        assert document["sequence"] == 1
        assert document["sources"]
        assert document["attribution"] == ["Amt"]
        assert document["license"] == "cc-zero"
        assert document["citation"]
        assert all(document["sentence"].values())
        assert "{" not in "".join(document["sentence"].values())
        assert {link["rel"] for link in document["links"]} >= {"self", "about"}


@pytest.mark.parametrize("name", QUERIES)
def test_an_answer_is_kept_until_the_next_publication(
    name: str, own_towns_database: Database
) -> None:
    address = f"/v1/indicators/people/{name}?{QUERIES[name]}"
    with connect_to(own_towns_database) as client:
        first = get(client, address)
        tag = first.headers["etag"]
        unchanged = client.get(address, headers={"If-None-Match": tag})
        assert unchanged.status_code == 304
        assert unchanged.content == b""
        assert client.head(address).headers["etag"] == tag
        with writer(own_towns_database.owner_url, "test") as connection:
            changed = {"id": key("indicator", "people"), "title": "Einwohner"}
            upsert(connection, models.Indicator, [changed])
        publish(own_towns_database.owner_url)
        until_published(client, 2)
        again = get(client, address, None, **{"If-None-Match": tag})
        assert again.json()["sequence"] == 2
        assert again.json()["sentence"]["de"].startswith("Einwohner")


def test_what_does_not_exist_is_not_found(towns: TestClient) -> None:
    for address in ("indicators/nothing/ranking", "districts/nowhere/profile"):
        for held in ({}, {"If-None-Match": "*"}):
            answer = towns.get(f"/v1/{address}", headers=held)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
    assert towns.get("/v1/indicators/people/ranking?format=geojson").status_code == 400
    assert towns.get("/v1/indicators/people/ranking.geojson").status_code == 406


@pytest.mark.parametrize(
    ("query", "parameter", "hint"),
    [
        ("ranking?ordre=asc", "ordre", "order"),
        ("ranking?level=county&time=2020", "time", "2021"),
        ("ranking?level=state", "level", "county, municipality"),
        ("ranking?level=village", "level", "municipality"),
        ("map?time=1999", "time", "2022"),
        ("map?time=20222", "time", "did you mean 2022"),
        ("map?classes=0", "classes", ""),
        ("map?classes=10", "classes", ""),
        ("map?parent=nowhere", "parent", ""),
        ("map?scheme=blue", "scheme", "Blues"),
        ("trend?from=2022&to=2021", "to", "before"),
        ("trend?from=then", "from", "2021"),
        ("trend?district=nowhere", "district", ""),
        ("compare", "district", ""),
        ("compare?district=anger&district=kreis", "district", "county, municipality"),
        ("compare?district=anger&with=moon", "with", "parent"),
        ("ranking?breakdown=sex", "breakdown", ""),
        ("ranking?breakdown=sex:f&breakdown=sex:m", "breakdown", "once"),
    ],
)
def test_what_cannot_be_is_refused(
    query: str, parameter: str, hint: str, towns: TestClient
) -> None:
    name, detail = refused(towns, f"indicators/people/{query}")
    assert name == parameter
    assert hint in detail


def test_nothing_to_tell_is_told_with_its_reason(towns: TestClient) -> None:
    for indicator, reason in (
        ("secret", "all_suppressed"),
        ("unknown", "no_values"),
        ("never", "no_observations"),
    ):
        for name, query in QUERIES.items():
            if name == "availability":
                continue
            found = asked(towns, f"indicators/{indicator}/{name}?{query}")
            assert found["reason"] == reason, (indicator, name)
        assert asked(towns, f"indicators/{indicator}/map.json?classes=5")["items"] is not None
    assert asked(towns, "indicators/people/trend?from=1990&to=1999")["reason"] == "no_periods"
    assert asked(towns, "indicators/never/availability")["reason"] == "no_observations"


def test_a_breakdown_is_observed_by_itself(towns: TestClient) -> None:
    found = asked(towns, "indicators/women/ranking?breakdown=sex:f")
    assert {name: item["value"] for name, item in by_name(found["items"]).items()} == {
        "anger": 500,
        "buche": 990,
    }
    assert found["breakdowns"] == {"sex": {"code": "f", "label": "f"}}
    totals = asked(towns, "indicators/women/ranking")
    assert [item["value"] for item in totals["items"]] == [1000]
    assert asked(towns, "indicators/women/availability")["known_breakdowns"] == [
        {"sex": {"code": "f", "label": "f"}}
    ]
    assert "sex:f" in refused(towns, "indicators/women/ranking?breakdown=sex:x")[1]
    assert asked(towns, "indicators/people/ranking?breakdown=sex:f")["reason"] == "no_observations"


def test_a_table_says_what_json_says(towns: TestClient) -> None:
    for name, query in QUERIES.items():
        if name == "map":
            continue
        table = get(towns, f"/v1/indicators/people/{name}.csv?{query}")
        assert table.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(table.text)))
        items = asked(towns, f"indicators/people/{name}?{query}")["items"]
        if name == "ranking":
            assert [float(row["value"]) for row in rows] == [item["value"] for item in items]
            assert [row["district"] for row in rows] == [item["district"]["slug"] for item in items]
        if name == "compare":
            items = [line for item in items for line in item["comparisons"]]
            assert [row["with"] for row in rows] == [line["with"] for line in items]
        if name == "trend":
            assert [row["breaks"] for row in rows] == ["; ".join(i["breaks"]) for i in items]
        assert len(rows) == len(items)


# Hidden values


def test_hidden_values_take_part_in_nothing(towns: TestClient, towns_database: Database) -> None:
    seen = published(towns_database, "poor", "2022")
    assert "doern" not in seen
    assert 3 < len(seen) < len(POOR)  # another one hides it
    hidden = len(POOR) - len(seen)
    ranking = asked(towns, "indicators/poor/ranking")
    assert {name: item["value"] for name, item in by_name(ranking["items"]).items()} == seen
    assert (ranking["published"], ranking["suppressed"]) == (len(seen), hidden)
    mapped = asked(towns, "indicators/poor/map.json?method=equal&classes=3")
    breaks = np.linspace(min(seen.values()), max(seen.values()), 4)
    assert mapped["classification"]["breaks"] == pytest.approx(breaks)
    assert mapped["classification"]["without_data"] == hidden + mapped["missing"]
    doern = by_name(mapped["items"])["doern"]
    assert (doern["value"], doern["class"], doern["color"]) == (None, None, None)
    assert "suppressed_primary" in [flag["code"] for flag in doern["flags"]]
    compared = asked(towns, "indicators/poor/compare?district=doern&with=mean")
    (item,) = compared["items"]
    assert item["value"] is None
    assert item["standing"]["mean"] == pytest.approx(np.mean(list(seen.values())))
    assert item["standing"]["missing"] == {"z_score": "no_value"}
    (profile,) = [
        each
        for each in asked(towns, "districts/doern/profile")["items"]
        if each["indicator"]["slug"] == "poor"
    ]
    assert (profile["value"], profile["parent"]["difference"], profile["trend"]) == (
        None,
        None,
        None,
    )


# Availability


def test_availability_counts_districts(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/availability")
    matrix = {
        (item["level"]["code"], item["period"]["edtf"]): (
            item["published"],
            item["suppressed"],
            item["missing"],
        )
        for item in found["items"]
    }
    everybody = {*TOWNS, "fern"}
    assert matrix == {
        ("county", "2021"): (1, 0, 0),
        ("county", "2022"): (1, 0, 0),
        ("municipality", "2020"): (4, 0, len(everybody - {NEW} | {OLD}) - 4),
        ("municipality", "2021"): (8, 0, len(everybody - {NEW} | {OLD}) - 8),
        ("municipality", "2022"): (8, 0, 1),
    }
    secret = asked(towns, "indicators/secret/availability")["items"]
    assert [(item["published"], item["suppressed"]) for item in secret] == [(0, 3)]
    unknown = asked(towns, "indicators/unknown/availability")["items"]
    assert [(item["published"], item["missing"]) for item in unknown] == [(0, 9)]


# Ranking


def test_a_ranking_is_in_order_and_counts_what_is_missing(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/ranking")
    expected = sorted(PEOPLE["2022"].items(), key=lambda pair: -pair[1])
    assert [(i["district"]["slug"], i["value"]) for i in found["items"]] == expected
    assert [item["rank"] for item in found["items"]] == list(range(1, 9))
    assert (found["published"], found["suppressed"], found["missing"]) == (8, 0, 1)
    assert found["period"]["edtf"] == "2022"
    assert found["level"]["code"] == "municipality"
    upward = asked(towns, "indicators/people/ranking?order=asc&time=2021&parent=kreis")
    assert [i["value"] for i in upward["items"]] == sorted(PEOPLE["2021"].values())
    assert upward["missing"] == 0
    assert found["sentence"]["de"].startswith("Bevölkerung, 2022. Von 8 Gebieten hat Fels")
    assert "4.100 Personen" in found["sentence"]["de"]
    assert "4,100 Personen" in found["sentence"]["en"]


def test_intervals_of_rates_are_those_of_wilson(
    towns: TestClient, towns_database: Database
) -> None:
    found = asked(towns, "indicators/share/ranking")
    assert found["interval"] == "wilson_95"
    seen = published(towns_database, "share", "2022")
    assert set(by_name(found["items"])) == set(seen)
    for town, item in by_name(found["items"]).items():
        test = binomtest(int(POOR[town]), int(PEOPLE["2022"][town]))
        interval = test.proportion_ci(0.95, method="wilson")
        assert item["interval"]["low"] == pytest.approx(100 * interval.low, rel=1e-6)
        assert item["interval"]["high"] == pytest.approx(100 * interval.high, rel=1e-6)
        assert (item["numerator"], item["denominator"]) == (POOR[town], PEOPLE["2022"][town])
    first, second = found["items"][:2]
    assert first["district"]["slug"] == "fels"
    assert first["distinct_from_next"] is True
    assert first["first_rank"] == first["last_rank"] == 1
    assert second["distinct_from_next"] is False
    assert second["last_rank"] > 2


def test_equal_values_share_a_rank_and_counts_have_no_interval(towns: TestClient) -> None:
    found = asked(towns, "indicators/income/ranking")
    assert [item["rank"] for item in found["items"]] == [1, 2, 2]
    assert found["interval"] is None
    assert {item["interval"] for item in found["items"]} == {None}
    assert "2.100,50 Euro" in found["sentence"]["de"]
    assert "2,100.50 Euro" in found["sentence"]["en"]


# Map


def test_a_map_has_the_boundaries_of_its_districts(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/map?parent=kreis")
    assert found["type"] == "FeatureCollection"
    listed = asked(towns, "districts.geojson?level=municipality")
    boundaries = {each["id"]: (each["geometry"], each["bbox"]) for each in listed["features"]}
    assert {each["properties"]["slug"] for each in found["features"]} == set(TOWNS)
    for feature in found["features"]:
        assert (feature["geometry"], feature["bbox"]) == boundaries[feature["id"]]
    table = asked(towns, "indicators/people/map.json?parent=kreis")
    assert table["items"] == [feature["properties"] for feature in found["features"]]
    assert table["classification"] == found["classification"]
    then = asked(towns, "indicators/people/map?parent=kreis&time=2021")
    assert {each["properties"]["slug"] for each in then["features"]} == {*TOWNS, OLD} - {NEW}


def test_classes_of_a_map_are_those_of_its_values(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/map.json?method=quantile&classes=4&scheme=YlGnBu")
    values = list(PEOPLE["2022"].values())
    classification = found["classification"]
    assert classification["breaks"] == pytest.approx(np.quantile(values, np.linspace(0, 1, 5)))
    assert classification["counts"] == [2, 2, 2, 2]
    assert classification["without_data"] == 1
    for town, item in by_name(found["items"]).items():
        if town not in PEOPLE["2022"]:
            assert item["class"] is None
            continue
        expected = max(0, np.searchsorted(classification["breaks"], item["value"]) - 1)
        assert item["class"] == expected
        assert item["color"] == classification["colors"][expected]
        assert item["contrast"] == classification["contrasts"][expected]
    assert "in 4 Klassen" in found["sentence"]["de"]


def test_maps_of_a_series_have_the_same_classes(towns: TestClient) -> None:
    maps = [
        asked(towns, f"indicators/people/map.json?scope=series&method=equal&time={year}")
        for year in ("2020", "2021", "2022")
    ]
    everything = [value for values in PEOPLE.values() for value in values.values()]
    ends = np.linspace(min(everything), max(everything), 6)
    for year, found in zip(PEOPLE, maps, strict=True):
        assert found["classification"]["breaks"] == pytest.approx(ends)
        assert found["published"] == sum(found["classification"]["counts"]) == len(PEOPLE[year])
    assert OLD not in by_name(maps[2]["items"])
    assert NEW not in by_name(maps[0]["items"])


def test_more_classes_than_values_are_refused_if_they_were_asked_for(towns: TestClient) -> None:
    assert "2 different values" in refused(towns, "indicators/income/map?classes=3")[1]
    found = asked(towns, "indicators/income/map.json?method=equal")
    assert len(found["classification"]["colors"]) == 2
    single = asked(towns, "indicators/people/map.json?level=county")
    assert single["classification"]["breaks"] == [10_260, 10_260]
    assert "ein Gebiet" in single["sentence"]["de"]


# Comparison


def test_a_district_beside_what_is_around_it(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/compare?district=anger&district=fels")
    values = list(PEOPLE["2022"].values())
    scores = dict(zip(PEOPLE["2022"], zscore(values), strict=True))
    assert list(by_name(found["items"])) == ["anger", "fels"]
    for town, item in by_name(found["items"]).items():
        own = PEOPLE["2022"][town]
        beside = {each["with"]: each for each in item["comparisons"]}
        assert item["standing"]["z_score"] == pytest.approx(scores[town])
        assert item["standing"]["mean"] == pytest.approx(np.mean(values))
        for name in ("parent", "county"):
            assert beside[name]["reference"]["slug"] == "kreis"
            assert beside[name]["difference"] == own - 10_260
            assert beside[name]["ratio"] == pytest.approx(own / 10_260)
            assert beside[name]["index"] == pytest.approx(100 * own / 10_260)
        assert beside["mean"]["difference"] == pytest.approx(own - np.mean(values))
        assert beside["state"]["reference"]["slug"] == "land"
        assert beside["state"]["missing"]["difference"] == "no_value"
        assert beside["country"]["reference"] is None
    some = asked(towns, "indicators/people/compare?district=kreis&with=state,mean")
    assert [each["with"] for each in some["items"][0]["comparisons"]] == ["state", "mean"]
    assert some["items"][0]["standing"]["missing"] == {"z_score": "peers_are_equal"}


# Trend


def test_a_trend_goes_from_its_base_to_its_end(towns: TestClient) -> None:
    found = by_name(asked(towns, "indicators/people/trend")["items"])
    for town in ("anger", "claus", "doern"):
        values = [PEOPLE[year][town] for year in PEOPLE]
        item = found[town]
        assert item["absolute"] == values[-1] - values[0]
        assert item["relative"] == pytest.approx(100 * (values[-1] / values[0] - 1))
        slope = linregress([2020, 2021, 2022], values).slope
        assert item["slope"] == pytest.approx(slope, rel=1e-3)
        assert [point["value"] for point in item["points"]] == values
    assert found["fels"]["base"] == {"period": "2021", "value": 4000}
    assert found[NEW]["missing"]["slope"] == "too_few_values"
    shorter = by_name(asked(towns, "indicators/people/trend?from=2021&to=2022")["items"])
    assert shorter["anger"]["absolute"] == 30
    assert shorter[OLD]["missing"]["absolute"] == "no_value"


def test_a_trend_does_not_go_across_a_break(towns: TestClient) -> None:
    (item,) = asked(towns, f"indicators/people/trend?district={BROKEN}")["items"]
    assert item["breaks"] == ["2021"]
    assert (item["absolute"], item["relative"]) == (None, None)
    assert item["missing"]["absolute"] == "break_in_series"
    assert item["slope"] == -10
    (after,) = asked(towns, f"indicators/people/trend?district={BROKEN}&from=2021")["items"]
    assert after["absolute"] == -10


def test_a_trend_of_one_district_is_told_in_a_sentence(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/trend?district=fels")
    assert found["sentence"] == {
        "de": "Bevölkerung. Fels: von 4.000 Personen (2021) auf 4.100 Personen (2022) gestiegen, "
        "um 100 Personen.",
        "en": "Bevölkerung. Fels: rose from 4,000 Personen (2021) to 4,100 Personen (2022), by "
        "100 Personen.",
    }
    assert asked(towns, "indicators/share/trend")["absolute_in"] == "percentage_points"
    assert asked(towns, "indicators/people/trend")["absolute_in"] == "unit"


def test_a_district_without_values_is_in_a_trend_that_names_it(towns: TestClient) -> None:
    found = asked(towns, "indicators/people/trend?district=fern")
    (item,) = found["items"]
    assert item["missing"]["absolute"] == "no_value"
    assert found["reason"] == "no_observations"


# Profile


def test_a_profile_has_all_that_is_observed_of_a_district(towns: TestClient) -> None:
    found = asked(towns, "districts/anger/profile")
    assert (found["offerings"], found["measures"]) == (1, 1)
    assert found["parent"]["slug"] == "kreis"
    items = {item["indicator"]["slug"]: item for item in found["items"]}
    assert set(items) == {"people", "poor", "share", "income", "secret", "unknown"}
    people = items["people"]
    assert (people["value"], people["period"]["edtf"]) == (1040, "2022")
    assert people["parent"]["value"] == 10_260
    assert people["parent"]["difference"] == 1040 - 10_260
    assert people["trend"]["absolute"] == 40
    assert items["income"]["value"] == INCOME["anger"]
    assert items["income"]["trend"] is None
    assert items["secret"]["value"] is None
    assert items["unknown"]["parent"]["missing"]["difference"] == "no_value"
    empty = asked(towns, "districts/fern/profile")
    assert (empty["items"], empty["reason"], empty["parent"]) == ([], "no_observations", None)
    assert math.isfinite(people["trend"]["slope"])
