"""What an indicator says of itself, and what follows from it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.analyses.reading import citation_of
from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.analyses import towns
from tests.analyses.towns import PEOPLE, POOR
from tests.conftest import connect_to
from tests.databases import Database
from tests.db.village import key


@pytest.fixture
def settled(database: Database) -> Database:
    towns.settle(database)
    return database


def change(database: Database, indicator: str, **columns: Any) -> None:
    with writer(database.owner_url, "test") as connection:
        row = {"id": key("indicator", indicator), **columns}
        upsert(connection, models.Indicator, [row])
    publish(database.owner_url)


def lines(client: TestClient, address: str) -> list[dict[str, str]]:
    answer = client.get(f"/v1/{address}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_map_is_drawn_as_its_indicator_says_unless_asked_otherwise(settled: Database) -> None:
    drawn = {"classification_method": "equal", "classification_scheme": "Reds"}
    change(settled, "people", classification_classes=3, **drawn)
    with connect_to(settled) as client:
        stated = client.get("/v1/indicators/people").json()["classification"]
        assert (stated["method"]["code"], stated["classes"]) == ("equal", 3)
        found = client.get("/v1/indicators/people/map.json").json()["classification"]
        assert (found["method"], found["scheme"]) == ("equal", "Reds")
        assert len(found["colors"]) == 3
        asked = "/v1/indicators/people/map.json?method=quantile&classes=4&scheme=Greens"
        other = client.get(asked).json()["classification"]
        assert (other["method"], other["scheme"]) == ("quantile", "Greens")
        assert len(other["colors"]) == 4
        usual = client.get("/v1/indicators/poor/map.json").json()["classification"]
        assert (usual["method"], usual["scheme"]) == ("quantile", "Blues")


def test_an_indicator_may_state_more_classes_than_there_are_values(settled: Database) -> None:
    change(settled, "income", classification_classes=9)
    with connect_to(settled) as client:
        found = client.get("/v1/indicators/income/map.json?method=equal").json()
        assert len(found["classification"]["colors"]) == 2


def test_headline_indicators_come_first_and_alone_if_that_is_asked(settled: Database) -> None:
    with connect_to(settled) as client:
        found = client.get("/v1/districts/anger/profile?headline=true").json()
        assert found["only_headline"] is False
        assert len(found["items"]) == 6
    change(settled, "share", headline=True)
    with connect_to(settled) as client:
        found = client.get("/v1/districts/anger/profile").json()
        assert found["only_headline"] is False
        slugs = [item["indicator"]["slug"] for item in found["items"]]
        assert slugs[0] == "share"
        assert len(slugs) == 6
        found = client.get("/v1/districts/anger/profile?headline=true").json()
        assert found["only_headline"] is True
        assert [item["indicator"]["slug"] for item in found["items"]] == ["share"]
        assert "1" in found["sentence"]["de"]
        listed = client.get("/v1/indicators?headline=true").json()["items"]
        assert [each["slug"] for each in listed] == ["share"]
        assert listed[0]["headline"] is True


def test_a_formula_is_said_in_words_and_can_be_checked(settled: Database) -> None:
    with connect_to(settled) as client:
        share = client.get("/v1/indicators/share").json()
        assert share["formula"] == "Arme / Bevölkerung × 100"
        assert client.get("/v1/indicators/people").json()["formula"] is None
        for town in ("anger", "fels"):
            values = {
                name: client.get(f"/v1/indicators/{share[name]['slug']}/ranking?time=2022").json()[
                    "items"
                ]
                for name in ("numerator", "denominator")
            }
            of = {
                name: next(item["value"] for item in items if item["district"]["slug"] == town)
                for name, items in values.items()
            }
            assert of["numerator"] / of["denominator"] * share["factor"] == pytest.approx(
                100 * POOR[town] / PEOPLE["2022"][town]
            )


def test_a_citation_is_always_there(settled: Database) -> None:
    with connect_to(settled) as client:
        document = client.get("/v1/indicators/people").json()
        assert document["citation"] == citation_of([document["source"]]) == "Amt: here, cc-zero"
    change(settled, "people", citation="Amt (2024): Alle Menschen")
    with connect_to(settled) as client:
        document = client.get("/v1/indicators/people").json()
        answer = client.get("/v1/indicators/people/ranking").json()
        assert document["citation"] == answer["citation"] == "Amt (2024): Alle Menschen"


def test_what_is_not_stated_is_cited_by_where_the_values_are_from(settled: Database) -> None:
    with writer(settled.owner_url, "test") as connection:
        stated = {"title": "Bericht", "publisher": "Stadt", "license": "cc-zero"}
        other = {"id": key("source", "other"), "slug": "other", "attribution": "Stadt", **stated}
        upsert(connection, models.Source, [other])
        values = [
            {"id": key("observation", "income", town, "2022", None), "source_id": other["id"]}
            for town in ("anger", "buche", "claus")
        ]
        upsert(connection, models.Observation, values)
    publish(settled.owner_url)
    with connect_to(settled) as client:
        answer = client.get("/v1/indicators/income/ranking").json()
        assert answer["citation"] == "Stadt: Bericht, cc-zero"


def test_dimensions_have_labels_in_every_language(demo_client: TestClient) -> None:
    for lang, title, women in (("de", "Geschlecht", "weiblich"), ("en", "Sex", "female")):
        document = demo_client.get(f"/v1/indicators/population?lang={lang}").json()
        dimensions = {each["code"]: each for each in document["dimensions"]}
        assert set(dimensions) == {"age_group", "sex"}
        assert dimensions["sex"]["label"] == title
        assert dimensions["sex"]["terms"][0] == {"code": "f", "label": women}
        assert [term["code"] for term in dimensions["age_group"]["terms"]] == [
            *("0-4", "5-14", "15-24", "25-44", "45-64", "65-84", "85plus")
        ]
        ranking = demo_client.get(
            f"/v1/indicators/population/ranking?breakdown=sex:f&level=county&lang={lang}"
        ).json()
        assert ranking["breakdowns"] == {"sex": {"code": "f", "label": women}}
    assert demo_client.get("/v1/indicators/births").json()["dimensions"] == []
    broken_down = demo_client.get("/v1/indicators?breakdown=sex:f").json()["items"]
    assert [each["slug"] for each in broken_down] == ["population"]
    facets = demo_client.get("/v1/indicators?facets=breakdown&lang=sv").json()["facets"]
    assert {"value": "sex:m", "label": "män", "count": 1} in facets["breakdown"]
    assert {"value": "sex", "label": "Kön", "count": 1} in facets["breakdown"]


def test_csv_names_breakdowns_as_filters_do(demo_client: TestClient) -> None:
    found = lines(demo_client, "observations.csv?indicator=population&time=2017")
    values = {line["breakdowns"]: int(line["value"]) for line in found}
    assert values[""] == values["sex:f"] + values["sex:m"] == 308_153
    assert values[""] == sum(n for name, n in values.items() if name.startswith("age_group:"))


def test_a_label_that_changes_changes_what_quotes_it(own_demo_database: Database) -> None:
    with writer(own_demo_database.owner_url, "test") as connection:
        term = connection.exec_driver_sql(
            "SELECT t.id FROM registry.codelist_term t "
            "JOIN registry.codelist c ON c.id = t.codelist_id "
            "WHERE c.name = 'sex' AND t.code = 'f'"
        ).scalar_one()
        upsert(connection, models.CodelistTerm, [{"id": term, "label": "Frauen und Mädchen"}])
    done = publish(own_demo_database.owner_url)
    assert (done.changed["observation"], done.changed["indicator"]) == (7, 1)
    with connect_to(own_demo_database) as client:
        found = client.get("/v1/observations?indicator=population&district=ags:14522&time=2017")
        labels = {
            term["label"]
            for each in found.json()["items"]
            for name, term in each["breakdowns"].items()
            if name == "sex"
        }
        assert labels == {"Frauen und Mädchen", "männlich"}


def test_maps_and_profiles_are_tables_too(settled: Database) -> None:
    with connect_to(settled) as client:
        drawn = client.get("/v1/indicators/people/map.json").json()["items"]
        table = lines(client, "indicators/people/map.csv")
        assert [
            [line["district"], *(line[name] or None for name in ("value", "class", "color"))]
            for line in table
        ] == [[item["slug"], *_written(item, "value", "class", "color")] for item in drawn]
        profile = client.get("/v1/districts/anger/profile").json()["items"]
        table = lines(client, "districts/anger/profile.csv")
        assert [line["indicator"] for line in table] == [
            item["indicator"]["slug"] for item in profile
        ]
        people = next(line for line in table if line["indicator"] == "people")
        assert (float(people["value"]), float(people["parent_value"])) == (1040, 10_260)
        assert (people["base"], float(people["absolute"])) == ("2020", 40)
        income = next(line for line in table if line["indicator"] == "income")
        assert (income["base"], income["absolute"]) == ("", "")


def _written(item: dict[str, Any], *names: str) -> list[str | None]:
    return [None if item[name] is None else str(item[name]) for name in names]
