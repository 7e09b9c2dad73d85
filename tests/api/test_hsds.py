"""/hsds: valid by the standard's own schemas, and its filters mean what plain Python finds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid3

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from starlette.testclient import TestClient

from db.cluster import Cluster
from db.publication import publish
from seed.vocabulary import term_id
from tests.api import world
from tests.api.calls import get
from tests.api.test_offering_filters import SPHERE
from tests.api.world import Offering, World, broader
from tests.conftest import connect_to
from tests.databases import Database, clone
from tests.hsds import flaws, invalid

LISTS = ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms")
FORMS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("services", {}, "service_list"),
    ("services", {"full": "true"}, "service"),
    ("organizations", {}, "organization_list"),
    ("organizations", {"full": "true"}, "organization"),
    ("organizations", {"full_service": "true"}, "organization"),
    ("service_at_locations", {}, "service_at_location_list"),
    ("service_at_locations", {"full": "true"}, "service_at_location"),
    ("taxonomies", {}, "taxonomy"),
    ("taxonomy_terms", {}, "taxonomy_term"),
)
each_form = pytest.mark.parametrize(("name", "query", "schema"), FORMS, ids=str)
each_list = pytest.mark.parametrize("name", LISTS)


def contents(client: TestClient, name: str, **query: object) -> list[Any]:
    """Everything that matches, page by page."""
    found, number = [], 1
    while True:
        size = 20 if "full_service" in query else 1000
        asked = {"per_page": size, "page": number, **query}
        page = get(client, f"/hsds/{name}", asked).json()
        assert page["size"] == len(page["contents"])
        assert page["empty"] is (page["size"] == 0)
        found += page["contents"]
        if page["last_page"]:
            assert page["total_items"] == len(found)
            return found
        number += 1


def ids(client: TestClient, name: str, **query: object) -> set[UUID]:
    return {UUID(entity["id"]) for entity in contents(client, name, **query)}


def refused(client: TestClient, address: str, parameter: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]
    return str(answer.json()["detail"])


def current(county: World) -> list[Offering]:
    """What a list shows: public, and not ended."""
    return [
        offering
        for offering in county.public_offerings
        if offering.valid_to is None or offering.valid_to >= world.TODAY
    ]


def those(county: World, test: Callable[[Offering], object]) -> set[UUID]:
    found = {offering.id for offering in current(county) if test(offering)}
    assert found
    return found


# Documents


@each_form
def test_every_document_is_valid_by_the_schemas_of_the_standard(
    name: str, query: dict[str, str], schema: str, api: TestClient
) -> None:
    documents = contents(api, name, **query)
    assert documents
    assert [fault for document in documents for fault in invalid(schema, document)] == []


@each_form
def test_nothing_is_null_or_empty_and_all_ids_are_uuids(
    name: str, query: dict[str, str], schema: str, api: TestClient, demo_client: TestClient
) -> None:
    for client in (api, demo_client):
        documents = contents(client, name, **query)
        assert list(flaws(documents)) == [], schema


@each_form
def test_the_demonstration_set_is_valid(
    name: str, query: dict[str, str], schema: str, demo_client: TestClient
) -> None:
    documents = contents(demo_client, name, **query)
    assert [fault for document in documents for fault in invalid(schema, document)] == []


@each_list
def test_an_entity_is_the_full_form_of_what_is_listed(name: str, api: TestClient) -> None:
    full = {} if name.startswith("taxonom") else {"full": "true"}
    for document in contents(api, name, **full)[:5]:
        assert get(api, f"/hsds/{name}/{document['id']}").json() == document
        assert get(api, f"/hsds/{name}/{document['id'].upper()}").json() == document


def test_the_information_says_where_it_is_described(api: TestClient) -> None:
    for address in ("/hsds", "/hsds/"):
        about = get(api, address).json()
        assert about["version"] == "3.1"
        for name in ("profile", "openapi_url"):
            assert get(api, about[name].removeprefix("http://testserver")).json()


def test_a_service_has_its_places_and_each_place_has_its_state(
    api: TestClient, county: World
) -> None:
    services = {UUID(s["id"]): s for s in contents(api, "services", full="true")}
    for offering in current(county):
        places = services[offering.id].get("service_at_locations", [])
        assert [UUID(place["location_id"]) for place in places] == [s.id for s in offering.sites]
        for place, site in zip(places, offering.sites, strict=True):
            location = place["location"]
            assert ("latitude" in location) == site.is_precise
            assert ("addresses" in location) == (site.postcode is not None)
            for address in location.get("addresses", ()):
                assert address["state_province"]
                assert address["country"] == "DE"


def test_states_are_named_by_the_official_keys(demo_client: TestClient) -> None:
    places = contents(demo_client, "service_at_locations", full="true")
    addresses = [a for place in places for a in place["location"].get("addresses", ())]
    assert {a["state_province"] for a in addresses if a["city"] == "Freiberg"} == {"Sachsen"}
    assert all(a["state_province"] for a in addresses)


def test_attributes_carry_the_terms(api: TestClient, county: World) -> None:
    services = {UUID(s["id"]): s for s in contents(api, "services", full="true")}
    for offering in current(county):
        said = services[offering.id]["attributes"]
        terms = {UUID(a["taxonomy_term_id"]) for a in said if "label" not in a}
        assert terms == {
            *(term_id("category", code) for code in offering.categories),
            *(term_id("theme", code) for code in offering.themes),
            *(term_id("target_group", code) for code in offering.target_groups),
        }
        labels = {a["label"]: a["value"] for a in said if "label" in a}
        assert labels.get("organisation_mode") == offering.mode
        assert labels["attribution"]
        assert labels["license"]


def test_nothing_internal_is_shown(api: TestClient) -> None:
    for name, query, _ in FORMS:
        assert world.SECRET not in json.dumps(contents(api, name, **query))


def test_what_has_ended_is_inactive_and_not_listed(api: TestClient, county: World) -> None:
    ended = [o for o in county.public_offerings if o not in current(county)]
    assert ended
    listed = ids(api, "services")
    for offering in ended:
        assert offering.id not in listed
        assert get(api, f"/hsds/services/{offering.id}").json()["status"] == "inactive"
    assert {s["status"] for s in contents(api, "services")} == {"active"}


# Filters


def test_without_filters_everything_that_has_not_ended_is_listed(
    api: TestClient, county: World
) -> None:
    assert ids(api, "services") == those(county, lambda _: True)
    places = contents(api, "service_at_locations")
    assert sorted((UUID(p["service_id"]), UUID(p["location_id"])) for p in places) == sorted(
        (offering.id, site.id) for offering in current(county) for site in offering.sites
    )


@pytest.mark.parametrize(
    ("codelist", "attribute", "code"),
    [("category", "categories", "advice"), ("theme", "themes", "ageing")],
)
def test_a_term_finds_what_is_below_it(
    codelist: str, attribute: str, code: str, api: TestClient, county: World
) -> None:
    expected = those(county, lambda o: code in broader(codelist, getattr(o, attribute)))
    term = term_id(codelist, code)
    assert ids(api, "services", taxonomy_term_id=term) == expected
    places = contents(api, "service_at_locations", taxonomy_term_id=term)
    assert {UUID(p["service_id"]) for p in places} == {
        o.id for o in current(county) if o.id in expected and o.sites
    }
    providers = {o.organisation for o in current(county) if o.id in expected and o.organisation}
    assert ids(api, "organizations", taxonomy_term_id=term) == {
        world.identity("organisation", name) for name in providers
    }


def test_a_taxonomy_finds_what_has_any_term_of_it(api: TestClient, county: World) -> None:
    taxonomies = {t["name"]: t["id"] for t in contents(api, "taxonomies")}
    found = ids(api, "services", taxonomy_id=taxonomies["Zielgruppe"])
    assert found == those(county, lambda o: o.target_groups)
    mode = next(i for i in taxonomies.values() if _has_code(api, i, "central_with_outreach"))
    assert ids(api, "services", taxonomy_id=mode) == those(county, lambda o: o.mode)
    kind = next(i for i in taxonomies.values() if _has_code(api, i, "authority"))
    assert ids(api, "services", taxonomy_id=kind) == set()


def _has_code(api: TestClient, taxonomy: str, code: str) -> bool:
    terms = contents(api, "taxonomy_terms", taxonomy_id=taxonomy)
    return code in {term["code"] for term in terms}


def test_the_mode_of_a_service_is_a_term_as_well(api: TestClient, county: World) -> None:
    term = term_id("organisation_mode", "mobile")
    assert ids(api, "services", taxonomy_term_id=term) == those(
        county, lambda o: o.mode == "mobile"
    )


def test_the_services_of_an_organization(api: TestClient, county: World) -> None:
    id_ = world.identity("organisation", "traeger-3")
    expected = those(county, lambda o: o.organisation == "traeger-3")
    assert ids(api, "services", organization_id=id_) == expected
    for query in ({}, {"full_service": "true"}):
        organization = get(api, f"/hsds/organizations/{id_}", query).json()
        assert {UUID(s["id"]) for s in organization["services"]} == expected


def test_ages_are_those_that_are_stated(api: TestClient, county: World) -> None:
    found = ids(api, "services", minimum_age=6)
    assert found == those(county, lambda o: o.age[0] is not None and o.age[0] >= 6)
    found = ids(api, "services", maximum_age=17)
    assert found == those(county, lambda o: o.age[1] is not None and o.age[1] <= 17)
    found = ids(api, "services", minimum_age=6, maximum_age=17)
    assert found == those(county, lambda o: o.age == (6, 17))


def test_searching_finds_words(api: TestClient, county: World) -> None:
    found = [s["name"] for s in contents(api, "services", search="Sprachkurs")]
    meant = len(those(county, lambda o: o.name.startswith("Sprachkurs")))
    assert all(name.startswith("Sprachkurs") for name in found[:meant])
    assert contents(api, "taxonomy_terms", search="Schuldnerberatung")[0]["code"] == "debt_advice"
    assert [o["name"] for o in contents(api, "organizations", search="Träger 3")]


def test_people_of_a_postcode_are_served_by_area_or_else_by_its_sites(
    api: TestClient, county: World, county_database: Database
) -> None:
    centre = _centre(county_database, "09648")
    around = {d.slug for d in county.around(centre, schematic=False)} | {
        d.slug for d in county.around(centre, schematic=True)
    }

    def serves(offering: Offering) -> bool:
        if offering.service_area is None and not offering.serves:
            return any(site.postcode == "09648" for site in offering.sites)
        area = offering.service_area
        return (area is not None and area.covers(centre)) or any(
            district.slug in around for district in offering.serves
        )

    assert ids(api, "services", postcode="09648") == those(county, serves)


def test_proximity_is_measured_from_the_place_of_the_postcode(
    api: TestClient, county: World, county_database: Database
) -> None:
    centre = _centre(county_database, "04720")
    near = {
        (offering.id, site.id)
        for offering in current(county)
        for site in offering.sites
        if site.is_precise and _metres(site.point, centre) <= 12_000
    }
    served = ids(api, "services", postcode="04720", proximity=12_000)
    without_area = {o.id for o in current(county) if o.service_area is None and not o.serves}
    assert {id_ for id_, _ in near} & without_area == served & without_area
    assert served <= {id_ for id_, _ in near}
    places = contents(api, "service_at_locations", postcode="04720", proximity=12_000)
    found = {(UUID(p["service_id"]), UUID(p["location_id"])) for p in places}
    assert found == {pair for pair in near if pair[0] in served}


def _metres(a: Point, b: Point) -> float:
    return float(SPHERE.inv(a.x, a.y, b.x, b.y)[2])


def _centre(database: Database, postcode: str) -> Point:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute(
            "SELECT document::json -> 'centre' FROM published.place WHERE folded LIKE %s",
            [f"{postcode}%"],
        ).fetchone()
    assert row
    return Point(row[0])


def test_places_nobody_knows_and_names_nobody_bears_are_refused(api: TestClient) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert "no published site" in refused(api, "/hsds/services?postcode=99999", "postcode")
    refused(api, "/hsds/services?proximity=5", "proximity")
    refused(api, "/hsds/services?postcode=09599&proximity=200000", "proximity")
    refused(api, f"/hsds/services?taxonomy_term_id={nobody}", "taxonomy_term_id")
    refused(api, f"/hsds/services?taxonomy_id={nobody}", "taxonomy_id")
    refused(api, f"/hsds/services?organization_id={nobody}", "organization_id")
    refused(api, f"/hsds/taxonomy_terms?parent_id={nobody}", "parent_id")
    refused(api, "/hsds/services?minimal=true&full=true", "minimal")
    refused(api, "/hsds/services?format=ndjson&page=2", "page")
    refused(api, "/hsds/organizations?full_service=true&per_page=21", "per_page")
    assert "per_page" in refused(api, "/hsds/services?perpage=5", "perpage")


def test_terms_by_their_place_in_the_tree(api: TestClient) -> None:
    terms = contents(api, "taxonomy_terms")
    top = contents(api, "taxonomy_terms", top_only="true")
    assert top == [term for term in terms if "parent_id" not in term]
    assert contents(api, "taxonomy_terms", top_only="false") == terms
    for parent in top[:20]:
        below = contents(api, "taxonomy_terms", parent_id=parent["id"])
        assert below == [term for term in terms if term.get("parent_id") == parent["id"]]
        assert all(term["taxonomy_id"] == parent["taxonomy_id"] for term in below)


def test_minimal_is_all_on_one_page(api: TestClient) -> None:
    page = get(api, "/hsds/services?minimal=true").json()
    services = contents(api, "services")
    assert page["total_pages"] == 1
    assert page["contents"] == [
        {"id": s["id"], "last_modified": s["last_modified"]} for s in services
    ]


# Opening times

HOURS = (
    "Mo-Fr 08:00-16:00; PH off",
    "Mo 09:00-12:00,14:00-18:00; We off",
    "Sa 22:00-02:00",
    "Tu[2] 10:00-12:00",
    "24/7",
    "nach Vereinbarung",
)


@pytest.fixture(scope="module")
def scheduled(cluster: Cluster, world_template: str) -> Iterator[TestClient]:
    """The county with hours of all kinds."""
    with clone(cluster, world_template) as database:
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            for n, hours in enumerate(HOURS):
                connection.execute(
                    "UPDATE registry.offering_site SET opening_hours = %s, opening_note = %s "
                    "WHERE get_byte(uuid_send(id), 0) %% 8 = %s",
                    [hours, "Bitte klingeln" if n % 2 else None, n],
                )
        publish(database.owner_url)
        with connect_to(database) as client:
            yield client


def test_schedules_are_rules_with_the_osm_string(scheduled: TestClient) -> None:
    places = contents(scheduled, "service_at_locations", full="true")
    assert [fault for place in places for fault in invalid("service_at_location", place)] == []
    assert list(flaws(places)) == []
    schedules = [s for place in places for s in place.get("schedules", ())]
    assert {s["description"] for s in schedules} == set(HOURS)
    assert len({s["id"] for s in schedules}) == len(schedules)
    regular = [s for s in schedules if s["description"] == HOURS[0]]
    assert {(s["freq"], s["byday"], s["opens_at"], s["closes_at"]) for s in regular} == {
        ("WEEKLY", "MO,TU,WE,TH,FR", "08:00", "16:00")
    }
    assert {s.get("notes") for s in schedules} == {None, "Bitte klingeln"}


@pytest.mark.parametrize(
    "query",
    [
        {"day": "MO"},
        {"day": "TU"},
        {"day": "SU"},
        {"start_time": "09:00"},
        {"end_time": "12:00"},
        {"start_time": "08:30", "end_time": "13:00", "day": "MO"},
        {"day": "SA", "end_time": "23:59"},
    ],
    ids=str,
)
def test_times_are_those_of_one_schedule(query: dict[str, str], scheduled: TestClient) -> None:
    places = contents(scheduled, "service_at_locations", full="true")
    fitting = [
        place
        for place in places
        if any(_fits(schedule, query) for schedule in place.get("schedules", ()))
    ]
    found = ids(scheduled, "service_at_locations", **query)
    assert found == {UUID(place["id"]) for place in fitting}
    assert ids(scheduled, "services", **query) == {UUID(p["service_id"]) for p in fitting}


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-25T15:30:00+01:00", {HOURS[0], HOURS[4]}),
        ("2026-11-21T23:00:00+01:00", {HOURS[2], HOURS[4]}),
        ("2026-12-25T09:00:00+01:00", {HOURS[4]}),  # a Friday, and a holiday
    ],
)
def test_what_is_open_is_what_the_native_list_has(
    moment: str, opened: set[str], scheduled: TestClient
) -> None:
    found = contents(scheduled, "service_at_locations", full="true", open_at=moment)
    assert {s["description"] for place in found for s in place["schedules"]} == opened
    native = get(scheduled, f"/v1/offerings?limit=1000&fields=id&open_at={quote(moment)}").json()
    assert ids(scheduled, "services", open_at=moment) == {
        UUID(item["id"]) for item in native["items"]
    }


def test_what_is_open_now_is_another_answer_a_minute_later(scheduled: TestClient) -> None:
    now = get(scheduled, "/hsds/services?open_now=true&per_page=1")
    assert now.json()["total_items"] > 0  # some never close
    assert now.headers["etag"] != get(scheduled, "/hsds/services?per_page=1").headers["etag"]
    both = scheduled.get("/hsds/services?open_now=true&open_at=2026-11-25T15:30")
    assert both.status_code == 400


def _fits(schedule: dict[str, str], query: dict[str, str]) -> bool:
    if "opens_at" not in schedule:
        return False
    days = {day[-2:] for day in schedule["byday"].split(",")}
    closes = schedule["closes_at"]
    same_day = closes > schedule["opens_at"]
    return (
        query.get("day", next(iter(days))) in days
        and schedule["opens_at"] >= query.get("start_time", "")
        and ("end_time" not in query or (same_day and closes <= query["end_time"]))
    )


# Pages


@each_list
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages_deliver_each_entity_once(name: str, size: int, api: TestClient) -> None:
    if size == 1 and name in ("taxonomy_terms", "service_at_locations", "services"):
        size = 13
    documents = contents(api, name, per_page=size)
    assert len({document["id"] for document in documents}) == len(documents)
    assert documents == contents(api, name)


def test_pages_beyond_the_end_are_empty(api: TestClient) -> None:
    for query in ({"page": 50}, {"page": 999_999_999}, {"page": 7, "search": "Sprachkurs"}):
        page = get(api, "/hsds/services", {"per_page": 1000, **query}).json()
        assert page["empty"] is True
        assert page["contents"] == []
        assert page["size"] == 0
        assert page["last_page"] is True
        assert page["first_page"] is False


def test_an_empty_registry_has_one_empty_page(client: TestClient) -> None:
    for name in ("services", "organizations", "service_at_locations"):
        page = get(client, f"/hsds/{name}").json()
        assert page == {
            "total_items": 0,
            "total_pages": 0,
            "page_number": 1,
            "size": 0,
            "first_page": True,
            "last_page": True,
            "empty": True,
            "contents": [],
        }


def test_links_lead_through_the_pages(api: TestClient) -> None:
    answer = get(api, "/hsds/services?per_page=20&page=2")
    links = {rel: answer.links[rel]["url"] for rel in ("first", "prev", "self", "next", "last")}
    numbers = {rel: _number(url) for rel, url in links.items()}
    last = answer.json()["total_pages"]
    assert numbers == {"first": 1, "prev": 1, "self": 2, "next": 3, "last": last}
    end = get(api, f"/hsds/services?per_page=20&page={last}")
    assert "next" not in end.links
    assert end.json()["last_page"] is True


def _number(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["page"][0])


@each_list
def test_ndjson_is_everything(name: str, api: TestClient) -> None:
    answer = get(api, f"/hsds/{name}?format=ndjson")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["x-sequence"]
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(lines, key=_id) == sorted(contents(api, name), key=_id)


def _id(document: dict[str, str]) -> str:
    return document["id"]


def test_a_page_is_one_statement_once_its_total_is_known(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(api, "/hsds/services?per_page=17")
    pool = api.app.state.service.pool  # type: ignore[attr-defined] # Starlette's own type
    asked = []
    original = pool.query

    def counting() -> Any:
        asked.append(1)
        return original()

    monkeypatch.setattr(pool, "query", counting)
    get(api, "/hsds/services?per_page=17&page=2")
    assert len(asked) == 1


# Publications


def test_a_walk_across_publications_meets_each_exactly_once(
    own_county_database: Database,
) -> None:
    """Some leave, some come, some are renamed: nothing else moves to another page."""
    with connect_to(own_county_database, cache_bytes=0) as client:
        for name in ("services", "service_at_locations", "organizations"):
            _walk_while_publishing(client, own_county_database, name)


def _walk_while_publishing(client: TestClient, database: Database, name: str) -> None:
    before = [document["id"] for document in contents(client, name)]
    size = len(before) // 6
    met: list[str] = []
    sequences, number, last = set(), 1, 1
    while number <= last:
        answer = get(client, f"/hsds/{name}", {"per_page": size, "page": number})
        met += [document["id"] for document in answer.json()["contents"]]
        sequences.add(answer.headers["x-sequence"])
        last = answer.json()["total_pages"]
        if number in (2, 4):
            _disturb(database, before[number : number + 3], f"{name.replace('_', '-')}-{number}")
        number += 1
    after = {document["id"] for document in contents(client, name)}
    assert len(sequences) == 3
    assert len(met) == len(set(met))
    assert set(before) & after <= set(met)
    assert after - set(before)


def _disturb(database: Database, gone: list[str], suffix: str) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        for statement in _DISTURBANCES:
            written = statement.replace("%(suffix)s", suffix).replace("% 5", "%% 5")
            connection.execute(written.encode(), {"gone": [UUID(id_) for id_ in gone]})
    publish(database.owner_url)


_DISTURBANCES = (
    """
    UPDATE registry.offering SET status = 'archived'
    WHERE id = any(%(gone)s) OR id IN (SELECT offering_id FROM registry.offering_site x
                                       JOIN published.hsds_service_at_location s
                                            ON (s.service_id, s.location_id)
                                             = (x.offering_id, x.site_id)
                                       WHERE s.id = any(%(gone)s))
    """,
    "UPDATE registry.organisation SET status = 'archived' WHERE id = any(%(gone)s)",
    "UPDATE registry.offering SET name = 'A ' || name WHERE get_byte(uuid_send(id), 1) % 5 = 0",
    """
    INSERT INTO registry.offering (slug, status, source_id, name)
    SELECT 'new-%(suffix)s-' || n, 'published', source_id, 'AA ' || n
    FROM generate_series(1, 5) AS n,
         (SELECT source_id FROM registry.offering WHERE status = 'published' LIMIT 1) AS one
    """,
    """
    INSERT INTO registry.offering_site (offering_id, site_id)
    SELECT o.id, (SELECT id FROM registry.site LIMIT 1)
    FROM registry.offering o WHERE o.slug LIKE 'new-%(suffix)s-%%'
    """,
    """
    INSERT INTO registry.organisation (slug, status, source_id, name)
    SELECT 'new-%(suffix)s-' || n, 'published', source_id, 'AA ' || n
    FROM generate_series(1, 5) AS n,
         (SELECT source_id FROM registry.organisation WHERE status = 'published' LIMIT 1) AS one
    """,
)


def test_modified_after_finds_all_that_quotes_what_changed(own_county_database: Database) -> None:
    id_ = world.identity("organisation", "traeger-3")
    with psycopg.connect(own_county_database.owner_url, autocommit=True) as connection:
        connection.execute("SELECT pg_sleep(1.1)")
        since = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
        connection.execute(
            "UPDATE registry.organisation SET email = 'post@traeger.example' WHERE id = %s", [id_]
        )
    publish(own_county_database.owner_url)
    with connect_to(own_county_database) as client:
        services = contents(client, "services", organization_id=id_)
        assert services
        assert {s["organization"]["email"] for s in services} == {"post@traeger.example"}
        assert contents(client, "services", modified_after=since) == services
        assert all(s["last_modified"] >= since[:-1] for s in services)
        assert ids(client, "organizations", modified_after=since) == {id_}
        places = contents(client, "service_at_locations", modified_after=since)
        assert {p["service"]["organization_id"] for p in places} == {str(id_)}


def test_what_was_withdrawn_is_gone(own_county_database: Database, county: World) -> None:
    offering = next(o for o in current(county) if o.sites)
    with connect_to(own_county_database, cache_bytes=0) as client:
        place = next(
            p
            for p in contents(client, "service_at_locations")
            if p["service_id"] == str(offering.id)
        )
        with psycopg.connect(own_county_database.owner_url, autocommit=True) as connection:
            connection.execute(
                "UPDATE registry.offering SET status = 'archived' WHERE id = %s", [offering.id]
            )
        publish(own_county_database.owner_url)
        answer = client.get(f"/hsds/services/{offering.id}")
        assert answer.status_code == 410
        assert answer.json()["tombstone"]["id"] == str(offering.id)
        assert client.get(f"/hsds/service_at_locations/{place['id']}").status_code == 404
        assert offering.id not in ids(client, "services")


# What nobody expects in a text

NASTY = (
    "",
    " ",
    "\t\n",
    "\u00a0",
    "null",
    '","status":"active","x":"',
    "\\",
    "\\u0000",
    "</script><b>",
    "\u202eabc",
    "🏳️‍🌈" * 50,
    "x" * 20_000,
    "https://beispiel.example/straße und mehr",
    "https://example.org/a?b=%C3%A4#c",
    "javascript:alert(1)",
    "www.example.org",
    "a@b",
    "mail an uns@example.org",
    "post@example.org",
)


@pytest.fixture(scope="module")
def nasty(cluster: Cluster, world_template: str) -> Iterator[TestClient]:
    """Every text of every row is something nasty."""
    with clone(cluster, world_template) as database:
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            for table, columns in NASTY_COLUMNS.items():
                sets = ", ".join(
                    f"{column} = (%(texts)s::text[])"
                    f"[1 + get_byte(uuid_send(id), {n}) %% cardinality(%(texts)s::text[])]"
                    for n, column in enumerate(columns)
                )
                statement = f"UPDATE registry.{table} SET {sets}"
                connection.execute(statement.encode(), {"texts": list(NASTY)})
        publish(database.owner_url)
        with connect_to(database) as client:
            yield client


NASTY_COLUMNS = {
    "offering": (
        *("name", "alternate_name", "description", "cost", "eligibility", "application"),
        *("accessibility", "phone", "email", "url", "note", "capacity_unit"),
    ),
    "organisation": (
        *("name", "alternate_name", "description", "street", "postcode", "town"),
        *("phone", "email", "url"),
    ),
    "site": ("name", "street", "postcode", "town", "accessibility", "note"),
    "offering_site": ("opening_hours", "opening_note"),
    "codelist_term": ("label", "definition"),
    "codelist": ("title", "description"),
    "district": ("name",),
}


@each_form
def test_whatever_texts_say_documents_stay_valid(
    name: str, query: dict[str, str], schema: str, nasty: TestClient
) -> None:
    documents = contents(nasty, name, **query)
    assert documents
    assert list(flaws(documents)) == []
    assert [fault for document in documents for fault in invalid(schema, document)] == []


def test_what_is_no_address_is_left_out(nasty: TestClient) -> None:
    services = contents(nasty, "services")
    assert {s["url"] for s in services if "url" in s} == {"https://example.org/a?b=%C3%A4#c"}
    assert {s["email"] for s in services if "email" in s} == {"post@example.org"}
    assert {s["status"] for s in services} == {"active"}


# HTTP


@each_list
def test_answers_are_validated_cached_and_headed(name: str, api: TestClient) -> None:
    first = get(api, f"/hsds/{name}", {"per_page": 5})
    assert first.headers["x-sequence"] == first.headers["etag"][3:].split("-")[0]
    assert "X-Sequence" in first.headers["access-control-expose-headers"]
    assert first.headers["access-control-allow-origin"] == "*"
    for address in (
        f"/hsds/{name}?per_page=5",
        f"/hsds/{name}/{first.json()['contents'][0]['id']}",
    ):
        answer = get(api, address)
        again = api.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        head = api.head(address)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["etag"] == answer.headers["etag"]
    missing = api.get(f"/hsds/{name}/00000000-0000-4000-8000-000000000000")
    assert missing.status_code == 404
    assert api.get(f"/hsds/{name}/no-uuid").status_code == 404


# Ids


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(owner=st.uuids(), name=st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_derived_ids_are_those_of_rfc_9562(
    owner: UUID, name: str, county_database: Database
) -> None:
    with psycopg.connect(county_database.owner_url) as connection:
        row = connection.execute("SELECT registry.derived_id(%s, %s)", [owner, name]).fetchone()
    assert row == (uuid3(owner, name),)
    assert uuid3(NAMESPACE_URL, "x").version == 3


def test_what_was_merged_leads_to_what_took_its_place(
    own_county_database: Database, county: World
) -> None:
    merged, heir = current(county)[:2]
    with psycopg.connect(own_county_database.owner_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE registry.offering SET status = 'archived', removal_reason = 'merged_into', "
            "merged_into_id = %s WHERE id = %s",
            [heir.id, merged.id],
        )
    publish(own_county_database.owner_url)
    with connect_to(own_county_database) as client:
        answer = client.get(f"/hsds/services/{merged.id}", follow_redirects=False)
        assert answer.status_code == 308
        assert answer.headers["location"].endswith(f"/hsds/services/{heir.id}")
        assert get(client, f"/hsds/services/{merged.id}").json()["id"] == str(heir.id)
