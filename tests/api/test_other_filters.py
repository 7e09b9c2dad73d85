"""Filters of observations, indicators, measures, decisions and codelists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from itertools import groupby
from typing import Any

import pytest
from starlette.testclient import TestClient

from seed.vocabulary import read_vocabulary
from tests.api.calls import get, listed, slugs
from tests.api.world import DECISION_RESULTS, Measure, Observation, World, broader

SERIES = "/v1/observations"


def asked(value: object) -> str:
    """A test is called after its query."""
    return str(value) if isinstance(value, dict) else ""


def public(county: World) -> list[Observation]:
    return [observation for observation in county.observations if observation.is_public]


def latest(county: World) -> set[str]:
    def series(observation: Observation) -> tuple[str, str, str]:
        return observation.indicator, observation.district.slug, str(observation.breakdowns)

    ordered = sorted(public(county), key=lambda o: (series(o), o.period))
    return {str(list(group)[-1].id) for _, group in groupby(ordered, series)}


def below(slug: str, depth: int | None) -> Callable[[Observation], bool]:
    def matches(observation: Observation) -> bool:
        above = [district.slug for district in observation.district.chain]
        return slug in above[1:2] if depth == 1 else slug in above

    return matches


OBSERVATIONS: list[tuple[dict[str, Any], Callable[[Observation], bool]]] = [
    ({"indicator": "einwohner"}, lambda o: o.indicator == "einwohner"),
    ({"district": "oederan"}, lambda o: o.district.slug == "oederan"),
    (
        {"district": ["ags:14522013", "mittelland"]},
        lambda o: o.district.slug in ("oederan", "mittelland"),
    ),
    ({"district": "region-west", "district_scope": "children"}, below("region-west", 1)),
    ({"district": "sachsen", "district_scope": "descendants"}, below("sachsen", None)),
    ({"district": "mittelland", "district_scope": "children"}, below("mittelland", 1)),
    ({"parent": "region-west"}, below("region-west", 1)),
    (
        {"parent": "region-west", "district": "oederan"},
        lambda o: o.district.slug == "oederan" and below("region-west", 1)(o),
    ),
    ({"breakdown": "sex:f"}, lambda o: o.breakdowns.get("sex") == "f"),
    ({"breakdown": "sex"}, lambda o: "sex" in o.breakdowns),
    ({"breakdown": "total"}, lambda o: not o.breakdowns),
    (
        {"breakdown": ["total", "sex:f"], "time": "2020"},
        lambda o: o.period == "2020" and o.breakdowns in ({}, {"sex": "f"}),
    ),
    ({"level": "county"}, lambda o: o.district.level == "county"),
    ({"time": "2021"}, lambda o: o.period == "2021"),
    ({"time": "2019..2022"}, lambda o: "2019" <= o.period <= "2022"),
    ({"status": "suppressed"}, lambda o: "suppressed" in o.flags),
    ({"status": ["break", "provisional"]}, lambda o: bool({"break", "provisional"} & set(o.flags))),
    (
        {"time": "2020", "level": "municipality", "indicator": "arbeitslose", "status": "final"},
        lambda o: (
            o.period == "2020"
            and o.district.level == "municipality"
            and o.indicator == "arbeitslose"
            and "final" in o.flags
        ),
    ),
]


@pytest.mark.parametrize(("query", "matches"), OBSERVATIONS, ids=asked)
def test_observations(
    api: TestClient, county: World, query: dict[str, Any], matches: Callable[[Observation], bool]
) -> None:
    found = {item["id"] for item in listed(api, SERIES, query)["items"]}
    assert found == {str(o.id) for o in public(county) if matches(o)}


def test_the_latest_of_each_series(api: TestClient, county: World) -> None:
    found = {item["id"] for item in listed(api, SERIES, {"time": "latest"})["items"]}
    assert found == latest(county)


@pytest.mark.parametrize("count", [1, 2, 4, 100])
def test_the_last_periods_of_an_indicator_at_a_level(
    api: TestClient, county: World, count: int
) -> None:
    def slot(observation: Observation) -> tuple[str, str]:
        return observation.indicator, observation.district.level

    periods: dict[tuple[str, str], set[str]] = defaultdict(set)
    for observation in public(county):
        periods[slot(observation)].add(observation.period)
    wanted = {str(o.id) for o in public(county) if o.period in sorted(periods[slot(o)])[-count:]}
    found = {item["id"] for item in listed(api, SERIES, {"time": f"last:{count}"})["items"]}
    assert found == wanted


@pytest.mark.parametrize(
    "time", ["last:0", "last:-1", "last:", "last:1000", "2022..2019", "2019.."]
)
def test_times_that_are_none(api: TestClient, time: str) -> None:
    answer = api.get(SERIES, params={"time": time})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "time"


def test_a_hidden_value_is_null_with_its_reason(api: TestClient, county: World) -> None:
    values = {str(o.id): o.value for o in public(county)}
    for item in listed(api, SERIES)["items"]:
        assert item["value"] == values[item["id"]]
        if item["value"] is None:
            assert "suppressed" in [flag["code"] for flag in item["flags"]]


def test_one_indicator_has_an_address_of_its_own(api: TestClient) -> None:
    own = listed(api, "/v1/indicators/arbeitslose/observations", {"time": "2021"})
    same = listed(api, SERIES, {"indicator": "arbeitslose", "time": "2021"})
    assert own["items"] == same["items"]
    assert own["total"] == same["total"]
    assert api.get("/v1/indicators/none/observations").status_code == 404


def test_geojson_shows_values_on_their_boundaries(api: TestClient) -> None:
    query = {"time": "2021", "indicator": "einwohner", "simplify": 200}
    features = get(api, f"{SERIES}.geojson", query).json()["features"]
    shapes = get(api, "/v1/districts.geojson", {"simplify": 200, "limit": 1000}).json()["features"]
    of_district = {shape["id"]: shape["geometry"] for shape in shapes}
    assert features
    for feature in features:
        district = feature["properties"]["district"]["id"]
        assert feature["geometry"] == of_district[district]


# Indicators, measures, decisions, codelists


def test_indicators(api: TestClient) -> None:
    assert slugs(api, "/v1/indicators", {"q": "Einwohner"}) == ["einwohner"]
    assert set(slugs(api, "/v1/indicators", {"level": "county"})) == {"einwohner", "arbeitslose"}
    assert slugs(api, "/v1/indicators", {"level": "quarter"}) == []
    assert slugs(api, "/v1/indicators", {"type": "rate"}) == []


def overlaps(measure: Measure, first: date, last: date) -> bool:
    if measure.start is None and measure.end is None:
        return False
    begins, ends = measure.start or first, measure.end or last
    return begins <= last and ends >= first


def in_district(slug: str) -> Callable[[Measure], bool]:
    return lambda m: any(
        slug in [above.slug for above in district.chain] and district.status == "published"
        for district in m.districts
    )


MEASURES: list[tuple[dict[str, Any], Callable[[Measure], bool]]] = [
    ({"strategy": "strategy-1"}, lambda m: m.strategy == "strategy-1"),
    ({"decision": ["adopted", "rejected"]}, lambda m: m.decision in ("adopted", "rejected")),
    ({"feasibility": "feasible"}, lambda m: m.feasibility == "feasible"),
    ({"implementation": "already_practice"}, lambda m: m.implementation == "already_practice"),
    ({"lead": "traeger-1"}, lambda m: m.lead == "traeger-1"),
    ({"theme": "poverty"}, lambda m: "poverty" in broader("theme", m.themes)),
    ({"district": "mittelland"}, in_district("mittelland")),
    (
        {"district": ["oederan", "grossschirma"]},
        lambda m: in_district("oederan")(m) or in_district("grossschirma")(m),
    ),
    ({"from": "2025-01-01"}, lambda m: overlaps(m, date(2025, 1, 1), date.max)),
    ({"to": "2020-01-01"}, lambda m: overlaps(m, date.min, date(2020, 1, 1))),
    (
        {"from": "2025-01-01", "to": "2026-01-01"},
        lambda m: overlaps(m, date(2025, 1, 1), date(2026, 1, 1)),
    ),
    (
        {"strategy": "strategy-0", "theme": "poverty", "from": "2020-01-01"},
        lambda m: (
            m.strategy == "strategy-0"
            and "poverty" in broader("theme", m.themes)
            and overlaps(m, date(2020, 1, 1), date.max)
        ),
    ),
]


@pytest.mark.parametrize(("query", "matches"), MEASURES, ids=asked)
def test_measures(
    api: TestClient, county: World, query: dict[str, Any], matches: Callable[[Measure], bool]
) -> None:
    found = set(slugs(api, "/v1/measures", query))
    assert found == {measure.slug for measure in county.measures if matches(measure)}
    assert found


def test_decisions(api: TestClient) -> None:
    numbers = range(30)
    by_result = set(slugs(api, "/v1/decisions", {"result": ["adopted", "noted"]}))
    assert by_result == {f"decision-{n}" for n in numbers if DECISION_RESULTS[n % 3] != "rejected"}
    by_body = set(slugs(api, "/v1/decisions", {"body": "gremium", "strategy": "strategy-2"}))
    assert by_body == {f"decision-{n}" for n in numbers if n % 2 and n % 3 == 2}


def test_votes_that_were_not_counted_are_null(api: TestClient) -> None:
    votes = {item["slug"]: item["votes"] for item in listed(api, "/v1/decisions")["items"]}
    assert votes["decision-0"] == {"yes": 7, "no": 8, "abstentions": 0}
    assert votes["decision-3"] == {"yes": 7, "no": 8, "abstentions": None}
    assert votes["decision-1"] == {"yes": None, "no": None, "abstentions": None}


def test_codelists_hold_the_vocabulary(api: TestClient) -> None:
    vocabulary = read_vocabulary()
    names = {row["id"]: row["name"] for row in vocabulary.codelists}
    for identity, name in names.items():
        terms = get(api, f"/v1/codelists/{name}").json()["terms"]
        codes = {row["code"] for row in vocabulary.terms if row["codelist_id"] == identity}
        assert {term["code"] for term in terms} == codes


# Names that nobody bears


@pytest.mark.parametrize(
    ("path", "parameter", "value", "hint"),
    [
        ("/v1/offerings", "category", "advise", "advice"),
        ("/v1/offerings", "district", "oederann", "oederan"),
        ("/v1/offerings", "organisation", "traeger", "traeger-"),
        ("/v1/measures", "strategy", "strategy-9", "strategy-"),
        ("/v1/observations", "indicator", "einwohnr", "einwohner"),
        ("/v1/observations", "breakdown", "sex:w", "sex:f"),
        ("/v1/observations", "breakdown", "sexx", "sex"),
        ("/v1/observations", "parent", "oederann", "oederan"),
        ("/v1/districts", "parent", "entwurf", ""),
        ("/v1/offerings", "organisation", "geheim", ""),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(
    api: TestClient, path: str, parameter: str, value: str, hint: str
) -> None:
    answer = api.get(path, params={parameter: value})
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["parameter"] == parameter
    assert hint in error["detail"]
