"""Searching as people type: stems, umlauts, compounds, typing errors; the exact name first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from db import models
from db.cluster import Cluster
from db.publication import publish
from db.registry import upsert, writer
from tests.api.calls import slugs
from tests.api.world import SOURCE, _source, entity
from tests.conftest import connect_to
from tests.databases import build_empty_template, clone

TEXTS = {
    "schuldner": ("Schuldnerberatung Döbeln", "Hilfe bei Überschuldung"),
    "beratung": ("Beratung", "Gespräche"),
    "beratung-lang": ("Beratung und Begleitung von Familien", "Beratung für Eltern"),
    "eltern": ("Elterncafé Großschirma", "Frühstück mit Kindern"),
    "kita": ("Kindertagesstätte Sonnenschein", "Betreuung von Kindern"),
    "erwaehnt": ("Treff am Markt", "Auf Wunsch auch Beratung"),
    "pflege": ("Pflegestützpunkt", "Auskunft zur häuslichen Pflege"),
}


@pytest.fixture(scope="module")
def searched(cluster: Cluster) -> Iterator[TestClient]:
    with clone(cluster, build_empty_template(cluster)) as database:
        with writer(database.owner_url, "test") as connection:
            upsert(connection, models.Source, [_source(SOURCE, "cc-zero")])
            rows = [
                entity("offering", slug, name=name, description=text)
                for slug, (name, text) in TEXTS.items()
            ]
            upsert(connection, models.Offering, rows)
        publish(database.owner_url)
        with connect_to(database) as client:
            yield client


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("Beratung", "beratung"),
        ("Begleitungen", "beratung-lang"),
        ("Beratung und Begleitung von Familien", "beratung-lang"),
        ("Familie", "beratung-lang"),
        ("Kinder", "kita"),
        ("Kindes", "eltern"),
        ("Döbeln", "schuldner"),
        ("Doebeln", "schuldner"),
        ("Dobeln", "schuldner"),
        ("Dölbeln", "schuldner"),
        ("Großschirma", "eltern"),
        ("Grossschirma", "eltern"),
        ("grosschirma", "eltern"),
        ("Fruehstueck", "eltern"),
        ("fruhstuck", "eltern"),
        ("Elterncafe", "eltern"),
        ("überschuldung", "schuldner"),
        ("Schuldner", "schuldner"),
        ("Schuldnerberatng", "schuldner"),
        ("stützpunkt", "pflege"),
        ("tagesstätte", "kita"),
        ("  Pflege,  Auskunft! ", "pflege"),
    ],
)
def test_the_best_match_comes_first(searched: TestClient, typed: str, first: str) -> None:
    assert slugs(searched, "/v1/offerings", {"q": typed})[0] == first


def test_all_that_mention_it_are_found_and_names_come_before_descriptions(
    searched: TestClient,
) -> None:
    found = slugs(searched, "/v1/offerings", {"q": "Beratung"})
    assert set(found) == {"beratung", "beratung-lang", "schuldner", "erwaehnt"}
    assert found[:2] == ["beratung", "beratung-lang"]


def test_every_word_must_be_found(searched: TestClient) -> None:
    assert slugs(searched, "/v1/offerings", {"q": "Beratung Döbeln"}) == ["schuldner"]
    assert slugs(searched, "/v1/offerings", {"q": "Beratung Pflegestützpunkt"}) == []


@pytest.mark.parametrize(
    "typed",
    ["'", '"', "a:*", "!beratung", "a & b | !c", "<->", "\\", "%", "(", "' OR 1=1 --", "x" * 200],
)
def test_signs_are_no_operators(searched: TestClient, typed: str) -> None:
    assert searched.get("/v1/offerings", params={"q": typed}).status_code == 200


def test_another_order_keeps_the_filter(searched: TestClient) -> None:
    found = slugs(searched, "/v1/offerings", {"q": "Beratung", "sort": "-name"})
    assert found == ["erwaehnt", "schuldner", "beratung-lang", "beratung"]
