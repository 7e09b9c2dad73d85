"""What search engines read of a page: schema.org, with rdflib as the reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from rdflib import RDF, SDO, Graph, Literal
from starlette.testclient import TestClient

from api.pages.linked_data import opening_hours
from api.resources import OFFERINGS, RESOURCES, Resource
from db.publication import publish
from tests.api.calls import get, listed, relative
from tests.api.documents import page
from tests.conftest import connect_to
from tests.databases import Database

DESCRIBED = [
    resource
    for resource in RESOURCES
    if resource.name not in ("observations", "decisions", "codelists")
]
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # in rdflib itself
WORDS = frozenset(dir(SDO))
VOCABULARY = {"@vocab": "https://schema.org/"}
ADDRESSES = {"url", "contentUrl", "serviceUrl", "sameAs", "license", "actionStatus", "dayOfWeek"}


Described = list[tuple[Any, Any]]


class Registry:
    """A registry whose pages are read once: each entity, with what its page says of it."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self._read: dict[str, Described] = {}

    def described(self, resource: Resource) -> Described:
        if resource.name not in self._read:
            everything = {"include_ended": "true"} if resource is OFFERINGS else None
            items = listed(self.client, f"/v1/{resource.name}", everything)["items"]
            self._read[resource.name] = [
                (item, page(self.client, f"/v1/{resource.name}/{item['slug']}").data())
                for item in items
            ]
        return self._read[resource.name]


@pytest.fixture(scope="module")
def demonstration(demo_client: TestClient) -> Registry:
    return Registry(demo_client)


@pytest.fixture(scope="module")
def county(api: TestClient) -> Registry:
    """In it every field is filled somewhere."""
    return Registry(api)


@pytest.fixture(params=["demonstration", "county"])
def registry(request: pytest.FixtureRequest) -> Registry:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Registry)
    return found


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object, the outermost first."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each
            for part in each.values():
                yield from parts(part)


def read(data: dict[str, Any]) -> Graph:
    """As a reader of JSON-LD understands it. schema.org's own context is not to be had offline;
    its vocabulary is what it makes of names."""
    assert data["@context"] == "https://schema.org"
    return Graph().parse(data=json.dumps({**data, "@context": VOCABULARY}), format="json-ld")


@pytest.mark.parametrize("resource", DESCRIBED, ids=lambda resource: resource.name)
def test_everything_said_is_in_words_of_schema_org(registry: Registry, resource: Resource) -> None:
    for _, data in registry.described(resource):
        graph = read(data)
        types = set(graph.objects(None, RDF.type))
        predicates = set(graph.predicates()) - {RDF.type}
        assert types
        assert types | predicates <= WORDS


@pytest.mark.parametrize("resource", DESCRIBED, ids=lambda resource: resource.name)
def test_nothing_said_is_empty_and_every_address_is_absolute(
    registry: Registry, resource: Resource
) -> None:
    for item, data in registry.described(resource):
        assert data["@id"] == data["url"]
        assert data["@id"].startswith(f"http://testserver/v1/{resource.name}/")
        for part in parts(data):
            assert not {None, ""} & {
                value for value in part.values() if not isinstance(value, list | dict)
            }
            assert all(value for value in part.values() if isinstance(value, list | dict))
            assert len(part) > 1, part  # more than a type
            for name in ADDRESSES & part.keys():
                found = part[name] if isinstance(part[name], list) else [part[name]]
                for address in found:
                    assert urlsplit(address).scheme in ("http", "https")
                    assert urlsplit(address).netloc
        about = data["mainEntityOfPage"]
        assert (
            about.get("license") == item["source"]["license_url"]
            or not item["source"]["license_url"]
        )
        assert datetime.fromisoformat(about["dateModified"]) == datetime.fromisoformat(
            item["updated_at"]
        )


@pytest.mark.parametrize("resource", DESCRIBED, ids=lambda resource: resource.name)
def test_what_is_named_beside_has_a_page_of_its_own(
    demonstration: Registry, resource: Resource
) -> None:
    named = {
        part["@id"]
        for _, data in demonstration.described(resource)
        for part in parts(data)
        if "@id" in part
    }
    for address in sorted(named)[:40]:
        page(demonstration.client, relative(address))


def test_an_offering_is_a_government_service(registry: Registry) -> None:
    for offering, data in registry.described(OFFERINGS):
        assert data["@type"] == "GovernmentService"
        assert data["name"] == offering["name"]
        provider = offering["organisation"] and offering["organisation"]["name"]
        assert data.get("serviceOperator", {}).get("name") == provider
        assert data.get("provider", {}).get("name") == provider
        served = (offering["service_area"] or {}).get("districts") or offering["districts"][-1:]
        assert [area["name"] for area in data.get("areaServed", ())] == [d["name"] for d in served]
        where = [channel.get("serviceLocation") for channel in data.get("availableChannel", ())]
        assert len([place for place in where if place]) <= len(offering["sites"])
        assert ("price" in data.get("offers", {})) == bool(offering["free"])
        graph = read(data)
        told = {str(each) for each in graph.objects(None, SDO.telephone)}
        assert told == ({offering["phone"]} if offering["phone"] else set())


def test_points_of_places_are_only_those_that_are_known(registry: Registry) -> None:
    for offering, data in registry.described(OFFERINGS):
        graph = read(data)
        said = {float(str(each)) for each in graph.objects(None, SDO.latitude)}
        known = {
            site["latitude"]
            for site in offering["sites"]
            if site["latitude"] is not None
            and (site["precision"] or {}).get("code") != "municipality"
        }
        assert said == known


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("Mo-Fr 08:00-16:00", {("Mo-Fr", "08:00", "16:00")}),
        (
            "Mo,We 09:00-12:00,14:00-18:00",
            {("Mo,We", "09:00", "12:00"), ("Mo,We", "14:00", "18:00")},
        ),
        ("Fr 22:00-02:00", {("Fr", "22:00", "02:00")}),
        ("2026 Jun 01-2026 Aug 31: Mo 10:00-12:00", {("Mo", "10:00", "12:00")}),
        ("Mo[1] 10:00-12:00", set()),
        ("SH Mo 10:00-12:00", set()),
        ("nach Vereinbarung", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_only_what_repeats_each_week_is_told_of_opening_hours(
    hours: str | None, said: set[tuple[str, str, str]]
) -> None:
    days = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    expected = set()
    for named, opens, closes in said:
        first, _, last = named.partition("-")
        span = days[days.index(first) : days.index(last) + 1] if last else named.split(",")
        expected |= {(day, opens, closes) for day in span}
    found = {
        (day.removeprefix("https://schema.org/")[:2], each["opens"], each["closes"])
        for each in opening_hours({"opening_hours": hours})
        for day in each["dayOfWeek"]
    }
    assert found == expected


def test_the_hours_of_the_only_site_are_those_of_the_offering(
    own_county_database: Database,
) -> None:
    with psycopg.connect(own_county_database.owner_url) as connection:
        connection.execute("UPDATE registry.offering_site SET opening_hours = 'Tu 09:00-17:00'")
    publish(own_county_database.owner_url)
    with connect_to(own_county_database) as client:
        offerings = listed(client, "/v1/offerings", {"limit": 40})["items"]
        assert {len(offering["sites"]) for offering in offerings} >= {1, 2}
        for offering in offerings:
            data = page(client, f"/v1/offerings/{offering['slug']}").data()
            said = {"Tuesday"} if len(offering["sites"]) == 1 else set()
            hours = data.get("hoursAvailable", ())
            assert {each["dayOfWeek"][0].rpartition("/")[2] for each in hours} == said
            graph = read(data)
            places = list(graph.subjects(RDF.type, SDO.Place))
            assert all((place, SDO.openingHoursSpecification, None) in graph for place in places)
            assert len(places) == len(offering["sites"])


def test_an_indicator_is_a_dataset_that_can_be_downloaded(registry: Registry) -> None:
    resource = next(each for each in RESOURCES if each.name == "indicators")
    for _, data in registry.described(resource):
        assert data["@type"] == "Dataset"
        assert data["description"]
        for download in data["distribution"]:
            answer = get(registry.client, relative(download["contentUrl"]))
            assert answer.headers["content-type"].startswith(download["encodingFormat"])


def test_a_measure_is_an_action_and_says_how_far_it_is(demonstration: Registry) -> None:
    resource = next(each for each in RESOURCES if each.name == "measures")
    for measure, data in demonstration.described(resource):
        assert (data["@type"], data["name"]) == ("Action", measure["title"])
        done = measure["implementation"]["code"] in ("completed", "already_practice")
        assert data.get("actionStatus", "").endswith("CompletedActionStatus") == done


def test_the_language_of_the_page_is_that_of_what_it_says(demo_client: TestClient) -> None:
    slug = listed(demo_client, "/v1/offerings", {"fields": "slug"})["items"][0]["slug"]
    graph = read(page(demo_client, f"/v1/offerings/{slug}", lang="en").data())
    assert set(graph.objects(None, SDO.inLanguage)) == {Literal("en")}
