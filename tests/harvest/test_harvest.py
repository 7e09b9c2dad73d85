"""What open-data portals make of us: CKAN's own harvester, over HTTP, into a CKAN of its own."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from rdflib import DCAT, RDF, Graph, Namespace, URIRef

from api.catalogue.graph import PAGE_SIZE
from db.publication import publish
from tests.databases import Database
from tests.harvest.conftest import Harvest, Portal, Registry, extra, running_registry

DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
SYNTAXES = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}
FORMATS = {"CSV", "JSON", "GeoJSON", "GPKG", "PARQUET"}
MANY = 2 * PAGE_SIZE
OLDEST = 2.5
"""Seconds: an answer that is kept in memory may be two seconds old."""


@pytest.fixture(scope="module")
def registry(
    demo_database: Database, demo_artefacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """The demonstration set, with files of its own, which may be taken away."""
    folder = tmp_path_factory.mktemp("harvested") / "artefacts"
    shutil.copytree(demo_artefacts, folder, symlinks=True)
    with running_registry(demo_database, folder) as running:
        yield running


@pytest.fixture(scope="module")
def gathered(registry: Registry, portal: Portal) -> Harvest:
    """What the portal finds there, before it takes it over."""
    return portal.harvest(f"{registry.url}/catalog.ttl", only_gather=True)


def stated(registry: Registry) -> Graph:
    """The whole catalogue, as rdflib reads it."""
    text = httpx2.get(f"{registry.url}/catalog.ttl?page=all").raise_for_status().text
    return Graph().parse(data=text, format="turtle")


def uris(graph: Graph) -> set[str]:
    return {str(each) for each in graph.subjects(RDF.type, DCAT.Dataset)}


def test_a_portal_finds_everything_with_title_licence_resources_and_formats(
    registry: Registry, portal: Portal
) -> None:
    harvest = portal.harvest(f"{registry.url}/catalog.ttl")
    assert harvest.errors == []
    graph = stated(registry)
    found = harvest.by_uri()
    assert set(found) == uris(graph)
    for uri, dataset in found.items():
        _is_complete(dataset)
        _has_all_distributions(dataset, graph, URIRef(uri))
    seen = {each["format"] for dataset in found.values() for each in dataset["resources"]}
    assert seen >= FORMATS


def _is_complete(dataset: dict[str, Any]) -> None:
    assert dataset["title"]
    assert dataset["notes"]
    assert dataset["tags"]
    assert dataset["resources"]
    for name in ("identifier", "guid", "modified", "issued", "publisher_name", "contact_name"):
        assert extra(dataset, name), name
    assert extra(dataset, "guid") == extra(dataset, "uri")
    for resource in dataset["resources"]:
        assert resource["license"].startswith("http")
        assert resource["name"]
        assert resource["format"]
        assert "/" not in resource["format"], "CKAN shows the address of a format"
        assert urlsplit(resource["url"]).netloc
    assert "CSV" in {resource["format"] for resource in dataset["resources"]}


def _has_all_distributions(dataset: dict[str, Any], graph: Graph, uri: URIRef) -> None:
    expected = {str(each) for each in graph.objects(uri, DCAT.distribution)}
    assert {resource["uri"] for resource in dataset["resources"]} == expected


def test_govdata_would_take_every_dataset(registry: Registry, portal: Portal) -> None:
    """What ckanext-dcatde asks for beyond that, as its documentation and GovData's have it: each
    resource with a licence of the German list (else it counts as closed), a theme of the EU, from
    which the group is made, and a place in the German lists. It is in no package registry."""
    harvest = portal.harvest(f"{registry.url}/catalog.rdf", only_gather=True)
    graph = stated(registry)
    assert len(harvest.gathered) == len(uris(graph))
    for dataset in harvest.gathered:
        for resource in dataset["resources"]:
            assert resource["license"].startswith("http://dcat-ap.de/def/licenses/")
        themes = json.loads(extra(dataset, "theme"))
        assert all("/authority/data-theme/" in theme for theme in themes)
        uri = URIRef(extra(dataset, "uri"))
        for place in graph.objects(uri, DCATDE.politicalGeocodingURI):
            assert str(place).startswith("http://dcat-ap.de/def/politicalGeocoding/")


@pytest.mark.parametrize("suffix", SYNTAXES)
def test_each_syntax_is_harvested_alike(
    registry: Registry, portal: Portal, gathered: Harvest, suffix: str
) -> None:
    by_type = portal.harvest(f"{registry.url}/catalog.{suffix}", only_gather=True)
    by_name = portal.harvest(
        f"{registry.url}/catalog.{suffix}?page=1", SYNTAXES[suffix], only_gather=True
    )
    for harvest in (by_type, by_name):
        assert harvest.errors == []
        assert _comparable(harvest) == _comparable(gathered)


def _comparable(harvest: Harvest) -> dict[str, Any]:
    """Names are made anew, and the order of triples decides that of lists."""
    return {
        extra(each, "uri"): (
            each["title"],
            each["notes"],
            sorted(tag["name"] for tag in each["tags"]),
            sorted((r["uri"], r["format"], r["license"], r["url"]) for r in each["resources"]),
        )
        for each in harvest.gathered
    }


def test_every_address_a_portal_knows_answers_get_and_head_alike(gathered: Harvest) -> None:
    addresses = {each["url"] for dataset in gathered.gathered for each in dataset["resources"]}
    assert addresses
    with httpx2.Client(timeout=60) as client:
        for address in sorted(addresses):
            head, answer = client.head(address), client.get(address)
            assert answer.status_code == head.status_code == 200, address
            assert head.content == b""
            for name in ("content-type", "etag", "last-modified"):
                assert head.headers.get(name) == answer.headers.get(name), (address, name)


def test_a_new_title_makes_no_new_dataset_and_what_is_withdrawn_goes(
    own_demo_database: Database, portal: Portal, tmp_path: Path
) -> None:
    with running_registry(own_demo_database, tmp_path / "artefacts") as registry:
        registry.build()
        source = f"{registry.url}/catalog.ttl"
        before = portal.harvest(source).by_uri()
        with psycopg.connect(own_demo_database.owner_url) as connection:
            connection.execute(_RENAME)
            connection.execute("UPDATE registry.decision SET status = 'archived'")
        publish(own_demo_database.owner_url)
        registry.build()
        harvest = portal.harvest(source)
    assert harvest.errors == []
    assert harvest.deleted == 1
    gone = before.pop(f"{registry.url}/catalog/datasets/decisions#dataset")
    after = harvest.by_uri()
    assert gone["id"] not in {each["id"] for each in after.values()}
    assert _identities(after) == _identities(before)
    renamed = {uri for uri in after if after[uri]["title"] != before[uri]["title"]}
    assert renamed == {uri for uri in after if "/datasets/strategy-" in uri}
    assert all(after[uri]["title"].startswith("Neu: ") for uri in renamed)


_RENAME = """
UPDATE registry.strategy SET title = 'Neu: ' || title, translations = '{}'
WHERE status = 'published'
"""


def _identities(datasets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What a portal and those who link to it know a dataset and its resources by."""
    return {
        uri: (
            dataset["id"],
            dataset["name"],
            extra(dataset, "identifier"),
            {resource["uri"]: resource["id"] for resource in dataset["resources"]},
        )
        for uri, dataset in datasets.items()
    }


def test_trouble_deletes_nothing(registry: Registry, portal: Portal) -> None:
    """While there are no files the answer is 503, never an empty catalogue."""
    source = f"{registry.url}/catalog.ttl"
    before = portal.harvest(source).by_uri()
    away = registry.folder.with_name("away")
    registry.folder.rename(away)
    try:
        _wait_for(source, 503)
        time.sleep(OLDEST)
        during = portal.harvest(source)
    finally:
        away.rename(registry.folder)
    assert "503" in " ".join(during.errors)
    assert during.gathered == []
    assert during.deleted == 0
    assert before
    assert _identities(during.by_uri()) == _identities(before)
    _wait_for(source, 200)
    after = portal.harvest(source)
    assert after.errors == []
    assert _identities(after.by_uri()) == _identities(before)


def _wait_for(address: str, status: int) -> None:
    """A server looks twice a second which files there are; until then it has them in memory."""
    deadline = time.monotonic() + 5
    while httpx2.get(address).status_code != status:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_large_catalogue_is_harvested_page_by_page(
    own_demo_database: Database, portal: Portal, tmp_path: Path
) -> None:
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute(_MANY_STRATEGIES, [MANY])
    publish(own_demo_database.owner_url)
    with running_registry(own_demo_database, tmp_path / "artefacts") as registry:
        registry.build()
        harvest = portal.harvest(f"{registry.url}/catalog.ttl", only_gather=True)
        expected = uris(stated(registry))
    assert harvest.errors == []
    assert len(expected) > MANY, "a first page, one between, and a last one"
    found = [extra(each, "uri") for each in harvest.gathered]
    assert len(found) == len(expected), "a dataset came twice or not at all"
    assert set(found) == expected


_MANY_STRATEGIES = """
INSERT INTO registry.strategy (id, slug, title, source_id, status)
SELECT gen_random_uuid(), 'plan-' || n, 'Plan ' || n, s.source_id, 'published'
FROM generate_series(1, %s) AS n
CROSS JOIN (SELECT source_id FROM registry.strategy WHERE status = 'published' LIMIT 1) AS s
"""
