"""Gaps as a caller gets them, against counting by plain Python, shapely and pyproj."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from api.app import create_app
from api.schemas.gaps import ANSWERS
from api.settings import Settings
from db import models
from db.publication import publish
from db.registry import delete_rows, upsert, writer
from tests.api.calls import get, until_published
from tests.conftest import connect_to
from tests.databases import Database
from tests.db.village import key
from tests.gaps.county import AGES, HIDDEN, PARENTS, TOWNS, Offer, World, metres, world

Peopled = tuple[World, TestClient]
THEN = [name for name in TOWNS if name != "new"]
"""The towns of 2022."""


def asked(client: TestClient, address: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(get(client, f"/v1/gaps/{address}").content, parse_constant=refuse)


def refused(client: TestClient, address: str) -> tuple[str, str]:
    """The parameter at fault, and what is said of it."""
    answer = client.get(f"/v1/gaps/{address}")
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()["errors"]
    return error["parameter"], error["detail"]


def by_slug(answer: Any) -> dict[str, dict[str, Any]]:
    return {item["slug"]: item for item in answer["items"]}


@cache
def _contract() -> dict[str, Any]:
    return create_app(Settings.model_construct()).openapi()


# What both have in common


@pytest.mark.parametrize(
    "query",
    [
        "offerings",
        "offerings?category=advice&min=2&count=capacity&per=100&breakdown=age_group:under_5",
        "offerings?level=county&parent=east",
        "coverage",
        "coverage?category=care&distance_m=3000&parent=county",
        "coverage?level=quarter&distance_m=1",
    ],
)
def test_every_answer_keeps_the_contract(query: str, gaps_client: TestClient) -> None:
    address, _, parameters = query.partition("?")
    for format_, schema in ANSWERS[address].items():
        document = asked(gaps_client, f"{address}.{format_}?{parameters}")
        whole = {
            "$ref": f"#/components/schemas/{schema.__name__}",
            "components": _contract()["components"],
        }
        Draft202012Validator(whole).validate(document)
        schema.model_validate_json(json.dumps(document), strict=True)
        assert document["sequence"] == 1
        assert all(document["sentence"].values())
        assert "{" not in "".join(document["sentence"].values())
        assert {link["rel"] for link in document["links"]} >= {"self", "related"}


@pytest.mark.parametrize("query", ["offerings?category=advice", "coverage?distance_m=2000"])
def test_an_answer_is_kept_until_the_next_publication(
    query: str, own_gaps_database: Database
) -> None:
    with connect_to(own_gaps_database) as client:
        first = get(client, f"/v1/gaps/{query}")
        tag = first.headers["etag"]
        unchanged = client.get(f"/v1/gaps/{query}", headers={"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert client.head(f"/v1/gaps/{query}").headers["etag"] == tag
        with writer(own_gaps_database.owner_url, "test") as connection:
            upsert(connection, models.Offering, [{"id": key("offering", "offer-0"), "name": "Neu"}])
        publish(own_gaps_database.owner_url)
        until_published(client, 2)
        assert get(client, f"/v1/gaps/{query}", None, **{"If-None-Match": tag}).json()["items"]


@pytest.mark.parametrize(
    ("query", "parameter", "hint"),
    [
        ("offerings?categroy=advice", "categroy", "category"),
        ("offerings?category=advise", "category", "advice"),
        ("offerings?parent=nowhere", "parent", ""),
        ("offerings?population=nobody", "population", ""),
        ("offerings?breakdown=age_group:under_6", "breakdown", "under_5"),
        ("offerings?breakdown=sex:f&breakdown=age_group:under_5", "breakdown", "age_group"),
        ("offerings?level=quarter", "level", "municipality"),
        ("offerings?time=1999", "time", "2022"),
        ("offerings?per=0", "per", ""),
        ("offerings?per=nan", "per", ""),
        ("offerings?min=-1", "min", ""),
        ("offerings?unit=Stunden", "unit", "Plätze"),
        ("offerings?distance_m=100", "distance_m", ""),
        ("coverage?distance_m=0", "distance_m", ""),
        ("coverage?distance_m=inf", "distance_m", ""),
        ("coverage?level=village", "level", "municipality"),
    ],
)
def test_what_cannot_be_is_refused(
    query: str, parameter: str, hint: str, gaps_client: TestClient
) -> None:
    name, detail = refused(gaps_client, query)
    assert name == parameter
    assert hint in detail


# Offerings


@pytest.mark.parametrize("category", [None, "advice", "debts", "care"])
@pytest.mark.parametrize("parent", [None, "east"])
def test_offerings_are_counted_where_they_are(
    category: str | None, parent: str | None, peopled: Peopled
) -> None:
    here, client = peopled
    query = "&".join(f"{n}={v}" for n, v in (("category", category), ("parent", parent)) if v)
    found = asked(client, f"offerings?{query}")
    wanted = here.wanted(category)
    items = by_slug(found)
    assert set(items) == {t for t in THEN if parent is None or parent in here.town(t).chain}
    for name, item in items.items():
        if name == "ending":
            assert (item["status"], item["offerings"], item["rate"]) == ("ended", None, None)
            continue
        there = [offer for offer in wanted if name in here.located(offer)]
        assert item["offerings"] == item["supply"] == len(there)
        from_elsewhere = [offer for offer in wanted if here.serves(offer, name)]
        assert item["serving"]["total"] == len(from_elsewhere)
        for mode, count in item["serving"]["by_mode"].items():
            assert count == sum((offer.mode or "unknown") == mode for offer in from_elsewhere)
        people = here.town(name).total
        assert item["population"] == people
        expected = 1000 * len(there) / people if people else None
        assert item["rate"] == pytest.approx(expected)
    assert_total(found, here, wanted, parent)


def assert_total(found: Any, here: World, wanted: list[Offer], parent: str | None) -> None:
    """What is in no town, and what is in all of them or in the parent, each offering once."""
    in_scope = [o for o in wanted if parent is None or parent in here.located(o)]
    at_level = [o for o in in_scope if here.located(o) & set(TOWNS)]
    placed = [o for o in in_scope if here.located(o)]
    assert found["unplaced"]["larger_area"] == len(placed) - len(at_level)
    assert found["unplaced"]["nowhere"] == len([o for o in wanted if not here.located(o)])
    shown = {item["slug"] for item in found["items"]}
    counted = [o for o in wanted if here.located(o) & ({parent} if parent else shown)]
    assert found["total"]["offerings"] == len(counted)


@pytest.mark.parametrize("ages", [("under_5",), AGES])
def test_parts_of_the_people_are_added_up(ages: tuple[str, ...], peopled: Peopled) -> None:
    here, client = peopled
    query = "&".join(f"breakdown=age_group:{age}" for age in ages)
    found = asked(client, f"offerings?{query}&order=name&min=1")
    assert found["breakdown"] == [{"age_group": age} for age in ages]
    assert [item["slug"] for item in found["items"]] == sorted(THEN)
    for item in found["items"]:
        if item["status"] == "ended":
            continue
        counts = [here.town(item["slug"]).people[age] for age in ages]
        people = sum(counts) if all(isinstance(count, int) for count in counts) else None  # type: ignore[arg-type]
        assert item["population"] == people
        if item["offerings"] and HIDDEN in counts:
            assert (item["status"], item["missing"]) == ("suppressed", None)
        elif item["offerings"] and people is None:
            assert (item["status"], item["missing"]) == ("no_data", None)


@pytest.mark.parametrize("category", sorted(PARENTS))
def test_hidden_people_are_spoken_of_where_nothing_is_offered_either(
    category: str, peopled: Peopled
) -> None:
    _, client = peopled
    found = asked(client, f"offerings?category={category}&breakdown=age_group:under_5")
    flags = [{flag["code"] for flag in item["population_flags"]} for item in found["items"]]
    hidden = sum("suppressed" in of for of in flags)
    said = {0: "", 1: "For one area the number"}.get(hidden, f"For {hidden} areas the number")
    assert said in found["sentence"]["en"]


@pytest.mark.parametrize("least", [0, 0.5, 3.3])
def test_what_is_missing_makes_the_least_wanted(least: float, peopled: Peopled) -> None:
    _, client = peopled
    found = asked(client, f"offerings?min={least}&per=1000")
    for item in found["items"]:
        if item["status"] == "ended" or item["population"] is None:
            assert item["missing"] is None
            continue
        needed = least * item["population"] / 1000
        assert item["needed"] == pytest.approx(needed)
        enough = item["offerings"] + item["missing"]
        assert enough >= needed - 1e-6
        assert item["missing"] == 0 or enough - 1 < needed
        if not item["offerings"]:
            assert item["status"] == "no_offering"
        else:
            assert item["status"] == ("gap" if item["missing"] else "ok")
    missing = [item["missing"] or 0 for item in found["items"]]
    assert missing == sorted(missing, reverse=True)
    assert sum(found["statuses"].values()) == len(found["items"])
    for item in found["items"]:
        assert found["statuses"][item["status"]]


def test_capacity_that_is_not_stated_is_not_nothing(peopled: Peopled) -> None:
    here, client = peopled
    found = asked(client, "offerings?count=capacity&min=20&category=advice")
    for item in found["items"]:
        if item["status"] == "ended":
            continue
        there = [o for o in here.wanted("advice") if item["slug"] in here.located(o)]
        stated = [o.capacity for o in there if o.capacity is not None]
        assert item["capacity"]["stated"] == len(stated)
        assert item["capacity"]["unstated"] == len(there) - len(stated)
        assert item["capacity"]["value"] == (sum(stated) if stated else None)
        assert item["supply"] == (sum(stated) if stated or not there else None)
        assert item["supply_is_least"] == (bool(stated) and len(stated) < len(there))
        if item["supply_is_least"]:
            assert item["missing"] in (0, None)
            assert item["status"] != "gap"


def test_capacities_in_several_units_are_not_added_up(own_gaps_database: Database) -> None:
    one = next(o for o in world(1).wanted(None) if "county" in world(1).located(o))
    with writer(own_gaps_database.owner_url, "test") as connection:
        in_hours = {"capacity": 3, "capacity_unit": "Stunden"}
        upsert(connection, models.Offering, [{"id": key("offering", one.name), **in_hours}])
    publish(own_gaps_database.owner_url)
    with connect_to(own_gaps_database) as client:
        name, detail = refused(client, "offerings?count=capacity&level=county")
        assert name == "unit"
        assert "Plätze, Stunden" in detail
        (county,) = asked(client, "offerings?count=capacity&level=county&unit=Stunden")["items"]
        assert county["capacity"]["value"] == county["supply"] == 3
        (county,) = asked(client, "offerings?level=county")["items"]
        assert (county["capacity"]["value"], county["capacity"]["unit"]) == (None, None)


def test_the_parent_has_its_own_number_of_people(peopled: Peopled) -> None:
    here, client = peopled
    total = asked(client, "offerings?parent=county")["total"]
    assert total["district"]["slug"] == "county"
    assert (total["population_is"], total["population"]) == ("stated", 123_456)
    total = asked(client, "offerings?parent=east")["total"]
    towns = [t.total for t in here.towns if t.region == "east" and t.name != "new"]
    assert total["population_is"] == "summed"
    assert total["population"] == sum(count for count in towns if count is not None)


def test_who_counts_the_people_must_be_clear(own_gaps_database: Database) -> None:
    with writer(own_gaps_database.owner_url, "test") as connection:
        renamed = {"id": key("indicator", "population"), "slug": "people"}
        upsert(connection, models.Indicator, [renamed])
    publish(own_gaps_database.owner_url)
    with connect_to(own_gaps_database) as client:
        name, detail = refused(client, "offerings")
        assert name == "population"
        assert "name the indicator" in detail
        assert asked(client, "offerings?population=people")["items"]


def test_a_rate_is_no_number_of_people(own_gaps_database: Database) -> None:
    with writer(own_gaps_database.owner_url, "test") as connection:
        upsert(
            connection,
            models.Indicator,
            [{"id": key("indicator", "population"), "type": "index", "aggregation": "none"}],
        )
    publish(own_gaps_database.owner_url)
    with connect_to(own_gaps_database) as client:
        assert "no count" in refused(client, "offerings?population=population")[1]


def test_nobody_observed_is_told_with_its_reason(own_gaps_database: Database) -> None:
    with writer(own_gaps_database.owner_url, "test") as connection:
        ids = {key("observation", name, {}) for name in (*TOWNS, "county")}
        ids |= {key("observation", n, {"age_group": a}) for n in TOWNS for a in AGES}
        delete_rows(connection, models.Observation, ids)
    publish(own_gaps_database.owner_url)
    with connect_to(own_gaps_database) as client:
        found = asked(client, "offerings")
        assert (found["reason"], found["items"]) == ("no_observations", [])
        found = asked(client, "offerings?level=municipality&min=1")
        assert {item["status"] for item in found["items"]} <= {"no_offering", "no_data"}


def test_the_table_has_the_same_numbers(gaps_client: TestClient) -> None:
    for address in ("offerings?min=1", "coverage?distance_m=4000"):
        name, _, query = address.partition("?")
        table = get(gaps_client, f"/v1/gaps/{name}.csv?{query}").text
        rows = list(csv.DictReader(io.StringIO(table)))
        items = asked(gaps_client, address)["items"]
        assert [row["district"] for row in rows] == [item["slug"] for item in items]
        for row, item in zip(rows, items, strict=True):
            for column in {"missing", "population", "residents", "percent"} & item.keys():
                assert row[column] == ("" if item[column] is None else str(item[column]))


def test_the_map_has_boundaries_and_the_same_items(gaps_client: TestClient) -> None:
    for query in ("offerings?min=1&simplify=200", "coverage?distance_m=4000&simplify=1000"):
        name, _, rest = query.partition("?")
        features = asked(gaps_client, f"{name}.geojson?{rest}")["features"]
        items = asked(gaps_client, query)["items"]
        assert [feature["properties"] for feature in features] == items
        assert all(feature["geometry"]["type"] == "MultiPolygon" for feature in features)


# Coverage


@pytest.mark.parametrize("category", [None, "care"])
@pytest.mark.parametrize("distance", [700, 4000, 12_000])
@pytest.mark.parametrize("level", ["municipality", "social_region", "county"])
def test_residents_near_an_offering_are_counted(
    category: str | None, distance: int, level: str, peopled: Peopled
) -> None:
    here, client = peopled
    filter_ = f"&category={category}" if category else ""
    found = asked(client, f"coverage?distance_m={distance}&level={level}{filter_}")
    spots = [offer.point for offer in here.wanted(category) if offer.point]

    def covered(cells: list[Any]) -> int:
        return sum(
            residents
            for point, residents in cells
            if any(metres(point, spot) <= distance for spot in spots)
        )

    for item in found["items"]:
        cells = here.residents(item["slug"])
        everybody = sum(residents for _, residents in cells)
        assert item["residents"] == (everybody or None)
        if everybody:
            assert item["covered"] == covered(cells)
            assert item["percent"] == pytest.approx(100 * covered(cells) / everybody)
    everywhere = {cell for item in found["items"] for cell in here.residents(item["slug"])}
    assert found["total"]["residents"] == sum(residents for _, residents in everywhere)
    uncovered = [item["uncovered"] or 0 for item in found["items"]]
    assert uncovered == sorted(uncovered, reverse=True)
    assert found["cell_m"] == 100


def test_the_nearest_is_measured_from_where_people_live(peopled: Peopled) -> None:
    here, client = peopled
    found = asked(client, "coverage?category=advice")
    spots = {o.name: o.point for o in here.wanted("advice") if o.point}
    assert spots
    for item in found["items"]:
        cells = here.residents(item["slug"])
        if cells:
            count = sum(residents for _, residents in cells)
            x = sum(point.x * residents for point, residents in cells) / count
            y = sum(point.y * residents for point, residents in cells) / count
            start = type(cells[0][0])(x, y)
        else:
            start = here.shape(item["slug"]).representative_point()
        nearest = min(spots, key=lambda name: metres(start, spots[name]))
        assert item["nearest"]["offering"]["slug"] == nearest
        assert item["nearest"]["from"] == ("residents" if cells else "point")
        assert item["nearest"]["distance_m"] == pytest.approx(
            metres(start, spots[nearest]), abs=1.5
        )
        assert item["covered"] is None


def test_offerings_without_a_point_are_left_out_and_counted(peopled: Peopled) -> None:
    here, client = peopled
    found = asked(client, "coverage?distance_m=1000")
    without = [offer for offer in here.wanted(None) if offer.point is None]
    somewhere = [offer for offer in without if offer.stated]
    assert found["left_out"] == {
        "larger_area": len(somewhere),
        "nowhere": len(without) - len(somewhere),
    }
    assert "Luftlinie" in found["sentence"]["de"]
    assert "crow" in found["sentence"]["en"]


def test_without_a_grid_nobody_is_near_or_far(own_gaps_database: Database) -> None:
    with writer(own_gaps_database.owner_url, "test") as connection:
        delete_rows(
            connection, models.PopulationCell, {key("cell", number) for number in range(120)}
        )
    publish(own_gaps_database.owner_url)
    with connect_to(own_gaps_database) as client:
        answer = client.get("/v1/gaps/coverage?distance_m=1000")
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        assert "population grid has not been imported" in answer.json()["detail"]
        found = asked(client, "coverage")
        assert {item["nearest"]["from"] for item in found["items"]} == {"point"}
        assert {item["residents"] for item in found["items"]} == {None}


def test_the_grid_of_yesterday_is_that_of_today(own_gaps_database: Database) -> None:
    """A new day is no new publication, and the grid is read once a publication."""
    with connect_to(own_gaps_database) as client:
        first = asked(client, "coverage?distance_m=1000")
        residents = client.app.state.service.residents  # type: ignore[attr-defined]
        grid = residents._grid
        residents._grid = replace(grid, state=replace(grid.state, day="2024-05-07"))
        again = asked(client, "coverage?distance_m=1000.0&order=need")
        assert again["items"] == first["items"]


def test_a_district_of_its_own_is_no_sum(gaps_client: TestClient) -> None:
    """Distances and shares never become NaN, whatever is asked."""
    for query in ("level=county&distance_m=0.001", "level=state&distance_m=5", "district=town-0"):
        found = asked(gaps_client, f"coverage?{query}")
        for item in found["items"]:
            assert item["percent"] is None or math.isfinite(item["percent"])
