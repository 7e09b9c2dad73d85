"""How machines find what is here: API catalogue, sitemap, robots.txt, security.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from api import sitemap
from api.app import create_app
from api.faces import FACES
from api.resources import OFFERINGS, RESOURCES
from api.routers.discovery import DATA, expiry
from api.settings import Settings
from db.publication import publish
from tests.api.calls import get, listed, relative, until_published
from tests.api.documents import BROWSER, page
from tests.conftest import connect_to
from tests.databases import Database

CATALOGUE = "/.well-known/api-catalog"
SECURITY = "/.well-known/security.txt"
SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
CONTACTS = "mailto:security@example.org, https://example.org/report,tel:+49-30-1"


@pytest.fixture(scope="module")
def secure(demo_database: Database) -> Iterator[TestClient]:
    with connect_to(
        demo_database,
        security_contact=CONTACTS,
        security_policy="https://example.org/policy",
        public_url="https://data.example.org/register",
    ) as connected:
        yield connected


# --- the API catalogue ---------------------------------------------------------------------------


def test_the_api_catalogue_describes_every_face(demo_client: TestClient) -> None:
    answer = get(demo_client, CATALOGUE)
    media_type, _, parameter = answer.headers["content-type"].partition(";")
    assert media_type == "application/linkset+json"
    assert parameter.strip() == 'profile="https://www.rfc-editor.org/info/rfc9727"'
    catalogue, *described = answer.json()["linkset"]
    assert catalogue["anchor"] == f"http://testserver{CATALOGUE}"
    anchors = [context["anchor"] for context in described]
    assert [item["href"] for item in catalogue["item"]] == anchors
    assert anchors == [f"http://testserver{face.path}" for face in FACES]
    for context in described:
        assert {"service-doc", "status"} <= context.keys()


def test_everything_the_api_catalogue_describes_with_is_there(demo_client: TestClient) -> None:
    described = get(demo_client, CATALOGUE).json()["linkset"][1:]
    for context in described:
        for relation in ("service-desc", "service-doc", "status"):
            for target in context.get(relation, ()):
                answer = get(demo_client, relative(target["href"]), accept=target["type"])
                assert answer.headers["content-type"].startswith(target["type"])


def test_head_leads_to_the_api_catalogue_as_well(demo_client: TestClient) -> None:
    link = f'<http://testserver{CATALOGUE}>; rel="api-catalog"'
    for path, accept in ((CATALOGUE, "*/*"), ("/", "*/*"), ("/", BROWSER)):
        asked = get(demo_client, path, accept=accept)
        headed = demo_client.head(path, headers={"accept": accept})
        assert headed.status_code == 200
        assert headed.content == b""
        assert link in headed.headers["link"] == asked.headers["link"]


# --- the sitemap ---------------------------------------------------------------------------------


def entries(client: TestClient, path: str) -> dict[str, str | None]:
    """The addresses that a sitemap or an index lists, each with its lastmod."""
    answer = get(client, path)
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.text)  # noqa: S314 - what our own server wrote
    members = {"sitemapindex": "sitemap", "urlset": "url"}[root.tag.removeprefix(SPACE)]
    assert {child.tag for child in root} == {SPACE + members}
    return {child.findtext(f"{SPACE}loc", ""): child.findtext(f"{SPACE}lastmod") for child in root}


def whole(client: TestClient) -> dict[str, str | None]:
    """Everything that is listed along the index, but for datasets (test_catalogue_pages.py)."""
    found: dict[str, str | None] = {}
    parts = entries(client, "/sitemap.xml")
    assert "http://testserver/sitemap-datasets.xml" in parts
    for part in parts.keys() - {"http://testserver/sitemap-datasets.xml"}:
        listed_there = entries(client, relative(part))
        assert listed_there
        assert not found.keys() & listed_there.keys()
        found |= listed_there
    return found


def test_the_sitemap_lists_the_page_of_every_entity(api: TestClient) -> None:
    expected = {
        f"http://testserver/v1/{resource.name}/{item['slug']}": item["updated_at"]
        for resource in sitemap.LISTED
        for item in listed(api, f"/v1/{resource.name}", {"fields": "slug,updated_at"})["items"]
    }
    found = whole(api)
    assert {address: at for address, at in found.items() if at} == expected
    always = {address for address, at in found.items() if at is None}
    assert always == {f"http://testserver{path}" for path in sitemap.PAGES}


def test_what_the_sitemap_lists_is_the_canonical_address_of_a_page(
    demo_client: TestClient,
) -> None:
    found = whole(demo_client)
    some = {urlsplit(address).path.rpartition("/")[0]: address for address in found}
    for address in {*some.values(), *(f"http://testserver{path}" for path in sitemap.PAGES)}:
        assert address in found
        document = page(demo_client, relative(address))
        assert document.each("link[rel='canonical']", "href") == [address]
        assert document.all("meta[name='robots']") == []


def test_a_large_resource_has_several_parts(
    county_database: Database, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = whole(api)
    monkeypatch.setattr(sitemap, "SIZE", 7)
    with connect_to(county_database) as client:
        assert whole(client) == expected
        index = entries(client, "/sitemap.xml")
        del index["http://testserver/sitemap-datasets.xml"]
        assert len(index) > len(sitemap.LISTED) + 1
        for part, at in index.items():
            inside = entries(client, relative(part))
            assert at == max((moment for moment in inside.values() if moment), default=None)
            assert len(inside) <= 7 or at is None


def test_parts_that_do_not_exist_are_not_found(api: TestClient) -> None:
    for part in ("offerings-2", "offerings-0", "offerings-01", "observations-1", "x", "pages-1"):
        assert api.get(f"/sitemap-{part}.xml").status_code == 404
    assert api.get("/sitemap-offerings-999999999.xml").status_code == 404


def test_a_sitemap_changes_with_a_publication_only(own_county_database: Database) -> None:
    with connect_to(own_county_database) as client:
        first = get(client, "/sitemap-offerings-1.xml")
        held = {"if-none-match": first.headers["etag"]}
        assert client.get("/sitemap-offerings-1.xml", headers=held).status_code == 304
        with psycopg.connect(own_county_database.owner_url) as connection:
            connection.execute(
                "UPDATE registry.offering SET name = name || '!' WHERE id = "
                "(SELECT min(id::text)::uuid FROM published.offering)"
            )
        publication = publish(own_county_database.owner_url)
        assert publication is not None
        until_published(client, publication.sequence)
        second = client.get("/sitemap-offerings-1.xml", headers=held)
        assert second.status_code == 200
        changed = set(second.text.splitlines()) - set(first.text.splitlines())
        assert len(changed) == 1


def test_ended_offerings_are_not_in_the_sitemap(api: TestClient) -> None:
    ended = listed(api, "/v1/offerings", {"include_ended": "true", "fields": "slug,valid_to"})
    today = datetime.now(UTC).date().isoformat()
    gone = {i["slug"] for i in ended["items"] if i["valid_to"] and i["valid_to"] < today}
    assert gone
    assert not gone & {address.rpartition("/")[2] for address in whole(api)}


def test_an_empty_registry_has_a_sitemap_that_is_not_empty(client: TestClient) -> None:
    assert len(whole(client)) == len(sitemap.PAGES)


def test_the_sitemap_of_datasets_is_not_empty_while_they_are_being_made(api: TestClient) -> None:
    assert api.get("/sitemap-datasets.xml").status_code == 503


def test_without_a_database_there_is_no_sitemap_rather_than_an_empty_one() -> None:
    away = SecretStr("postgresql://nobody@127.0.0.1:9/none?connect_timeout=1")
    with TestClient(create_app(Settings(database_public_url=away, pool_timeout=0.2))) as client:
        for path in ("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-offerings-1.xml"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
        for path in ("/robots.txt", CATALOGUE):
            assert client.get(path).status_code == 200


# --- robots.txt ----------------------------------------------------------------------------------


def may_read(rules: str, path: str) -> bool:
    """RFC 9309, section 2.2.2: the longest rule that matches decides, Allow where equal."""
    found = [(0, True)]
    for kind, pattern in re.findall(r"^(Allow|Disallow): (\S+)$", rules, re.M):
        expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\$", "$")
        if re.match(expression, path):
            found.append((len(pattern), kind == "Allow"))
    return max(found)[1]


def test_robots_may_read_all_data_and_every_page_of_the_sitemap(demo_client: TestClient) -> None:
    rules = get(demo_client, "/robots.txt").text
    assert "Sitemap: http://testserver/sitemap.xml" in rules.splitlines()
    filtered = "category=advice&district=freiberg"
    data = [f"/v1/offerings.{name}?{filtered}" for name in DATA]
    data += [f"/v1/offerings?{filtered}&format={name}" for name in DATA]
    data += [face.path for face in FACES]
    data += ["/v1/changes?since=3", "/hsds/services?page=2&per_page=50", "/catalog.ttl?page=2"]
    data += ["/bulk/offerings.csv", "/v1/observations?indicator=population", "/openapi.json"]
    for address in [*data, *map(relative, whole(demo_client))]:
        assert may_read(rules, address), address


def test_robots_are_kept_from_what_has_no_end(demo_client: TestClient) -> None:
    rules = get(demo_client, "/robots.txt").text
    for path in (
        "/search?q=x",
        "/v1/offerings?category=advice&district=freiberg",
        "/v1/offerings?cursor=abc",
        "/embed/offerings?limit=3",
        "/confirm/secret",
        "/report/somebody",
    ):
        assert not may_read(rules, path), path


def test_robots_get_the_prefix_of_the_public_address(secure: TestClient) -> None:
    rules = get(secure, "/robots.txt").text
    assert "Sitemap: https://data.example.org/register/sitemap.xml" in rules
    assert not may_read(rules, "/register/search?q=x")
    assert may_read(rules, "/search?q=x")


# --- security.txt --------------------------------------------------------------------------------


def test_security_txt_says_whom_to_tell(secure: TestClient) -> None:
    answer = get(secure, SECURITY)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = [line.partition(": ")[::2] for line in answer.text.splitlines()]
    assert [value for name, value in fields if name == "Contact"] == [
        "mailto:security@example.org",
        "https://example.org/report",
        "tel:+49-30-1",
    ]
    single = {name: value for name, value in fields if name != "Contact"}
    assert single.keys() == {"Expires", "Preferred-Languages", "Canonical", "Policy"}
    assert single["Canonical"] == f"https://data.example.org/register{SECURITY}"
    assert single["Policy"] == "https://example.org/policy"
    assert datetime.fromisoformat(single["Expires"]) > datetime.now(UTC)


def test_its_old_place_leads_to_it(secure: TestClient) -> None:
    answer = secure.get("/security.txt", follow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://data.example.org/register{SECURITY}"


def test_without_a_contact_there_is_none(demo_client: TestClient) -> None:
    assert demo_client.get(SECURITY).status_code == 404
    assert demo_client.head(SECURITY).status_code == 404


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_it_expires_within_a_year_and_changes_rarely(today: date) -> None:
    assert timedelta(days=180) < expiry(today) - today <= timedelta(days=365)
    days = {expiry(date(today.year, 1, 1) + timedelta(days=day)) for day in range(365)}
    assert len(days) == 2


def test_every_resource_but_single_observations_is_listed() -> None:
    assert {resource.name for resource in RESOURCES} - {
        resource.name for resource in sitemap.LISTED
    } == {"observations"}
    assert OFFERINGS in sitemap.LISTED
