"""Atom: valid for independent readers, newest first, whatever is in a title."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser
import psycopg
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.links import Address
from api.pages import feeds
from api.pages.face import Addresses, Pages
from api.resources import RESOURCES, Resource
from db.publication import publish
from tests.api.calls import get, listed, relative, until_published
from tests.conftest import connect_to
from tests.databases import Database

ATOM = "{http://www.w3.org/2005/Atom}"
TYPE = "application/atom+xml"

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda found: found.name)


def feed(client: TestClient, path: str, **query: Any) -> Any:
    """A feed as a feed reader understands it."""
    answer = get(client, path, {"format": "atom", **query} if "?" not in path else None)
    assert answer.headers["content-type"] == f"{TYPE}; charset=utf-8"
    check(parsed(answer.content))
    found = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def parsed(document: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(document)  # noqa: S314 - our own


def check(root: ElementTree.Element) -> None:
    """The MUSTs of RFC 4287, section 4, as far as a feed of ours can break them."""
    entries = root.findall(f"{ATOM}entry") if root.tag == f"{ATOM}feed" else []
    for element in (root, *entries):
        assert [child.tag for child in element].count(f"{ATOM}author") == 1
        for once in ("id", "title", "updated"):
            (found,) = element.findall(ATOM + once)
            assert found.text
        for at_most_once in ("summary", "content", "rights", "subtitle", "generator", "icon"):
            assert len(element.findall(ATOM + at_most_once)) <= 1
        alternates = [
            (link.get("type"), link.get("hreflang"))
            for link in element.findall(f"{ATOM}link")
            if link.get("rel") == "alternate"
        ]
        assert alternates
        assert len(alternates) == len(set(alternates))
        for link in element.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href")).scheme == "http"
        for category in element.findall(f"{ATOM}category"):
            assert category.get("term")
    identities = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(identities) == len(set(identities))


@every_resource
def test_a_feed_lists_what_json_lists_the_newest_first(
    demo_client: TestClient, resource: Resource
) -> None:
    path = f"/v1/{resource.name}"
    items = listed(demo_client, path, {"sort": "-updated_at"})["items"][:1000]
    found = feed(demo_client, path, limit=1000)
    assert [entry.id for entry in found.entries] == [f"urn:uuid:{item['id']}" for item in items]
    assert [entry.updated for entry in found.entries] == [item["updated_at"] for item in items]
    assert found.feed.updated == max(item["updated_at"] for item in items)
    for entry, item in zip(found.entries, items, strict=True):
        assert str(item.get("name") or item.get("title") or item["indicator"]["title"]) in (
            entry.title
        )
        assert entry.summary
        if "source" in item:
            assert entry.author == item["source"]["publisher"]
            assert item["source"]["attribution"] in entry.rights


@every_resource
def test_an_entry_leads_to_its_page_and_its_data(
    demo_client: TestClient, resource: Resource
) -> None:
    entry = feed(demo_client, f"/v1/{resource.name}", limit=1).entries[0]
    links = {link.type: link.href for link in entry.links if link.rel == "alternate"}
    page = get(demo_client, relative(links["text/html"]), Accept="text/html")
    assert page.headers["content-type"].startswith("text/html")
    document = get(demo_client, relative(links["application/json"])).json()
    assert entry.id == f"urn:uuid:{document['id']}"


@every_resource
def test_an_item_is_an_entry(demo_client: TestClient, resource: Resource) -> None:
    identity = listed(demo_client, f"/v1/{resource.name}", {"limit": 1})["items"][0]["id"]
    answer = get(demo_client, f"/v1/{resource.name}/{identity}.atom")
    root = parsed(answer.content)
    assert root.tag == f"{ATOM}entry"
    check(root)
    assert root.findtext(f"{ATOM}id") == f"urn:uuid:{identity}"


def test_pages_of_a_feed_are_one_feed(api: TestClient) -> None:
    """RFC 5005, section 3."""
    found = [feed(api, "/v1/offerings", limit=40, include_ended="true")]
    while onward := [link.href for link in found[-1].feed.links if link.rel == "next"]:
        found.append(feed(api, relative(onward[0])))
    entries = [entry.id for page in found for entry in page.entries]
    items = listed(api, "/v1/offerings", {"include_ended": "true"})["items"]
    assert len(found) > 5
    assert sorted(entries) == sorted(f"urn:uuid:{item['id']}" for item in items)
    assert len({page.feed.id for page in found}) == 1
    assert (
        len({link.href for page in found for link in page.feed.links if link.rel == "first"}) == 1
    )


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/offerings.atom?limit=3", {}),
        ("/v1/offerings?format=atom&limit=3", {}),
        ("/v1/offerings?limit=3", {"Accept": "application/atom+xml"}),
        ("/v1/offerings?limit=3", {"Accept": "application/atom+xml, application/xml;q=0.9"}),
    ],
)
def test_however_it_is_asked_for_it_is_the_same_feed(
    api: TestClient, path: str, headers: dict[str, str]
) -> None:
    answer = get(api, path, None, **headers)
    found = feedparser.parse(answer.content)
    assert found.feed.id == "http://testserver/v1/offerings?format=atom"
    links = {link.rel: link.href for link in found.feed.links}
    for rel in ("self", "first"):
        again = get(api, relative(links[rel]))
        assert feedparser.parse(again.content).entries == found.entries
    following = get(api, relative(links["next"]))
    assert following.headers["content-type"].startswith(TYPE)


def test_a_browser_still_gets_a_page(api: TestClient) -> None:
    firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert "html" in get(api, "/v1/offerings", Accept=firefox).headers["content-type"]
    assert "json" in get(api, "/v1/offerings", Accept="*/*").headers["content-type"]


def test_filters_orders_and_languages_are_those_of_the_list(demo_client: TestClient) -> None:
    query = {"district": "freiberg", "category": "advice", "lang": "en"}
    query |= {"sort": "name"}
    items = listed(demo_client, "/v1/offerings", query)["items"]
    found = feed(demo_client, "/v1/offerings", **query)
    assert [entry.title for entry in found.entries] == [item["name"] for item in items]
    assert found.feed.title == "Offerings: advice, freiberg"
    assert found.feed.language == "en"
    terms = {(tag.term, tag.label) for entry in found.entries for tag in entry.tags}
    assert {(c["code"], c["label"]) for item in items for c in item["categories"]} <= terms
    assert all("lang=en" in link.href for link in found.entries[0].links)
    searched = demo_client.post("/v1/offerings/search", json={"q": "beratung", "format": "atom"})
    check(parsed(searched.content))


def test_a_feed_has_bounds(api: TestClient) -> None:
    for limit in ("1001", "all", "0"):
        answer = api.get("/v1/offerings.atom", params={"limit": limit})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"] == "limit"
    assert len(feed(api, "/v1/offerings").entries) == 50
    assert feed(api, "/v1/offerings", updated_since="2999-01-01").entries == []


def test_a_feed_is_renewed_by_a_publication_and_else_not_sent_again(
    own_county_database: Database,
) -> None:
    with connect_to(own_county_database) as client:
        first = get(client, "/v1/offerings.atom")
        tag = {"If-None-Match": first.headers["etag"]}
        assert client.get("/v1/offerings.atom", headers=tag).status_code == 304
        assert client.head("/v1/offerings.atom").headers["etag"] == first.headers["etag"]
        with psycopg.connect(own_county_database.owner_url) as connection:
            connection.execute(
                "UPDATE registry.offering SET name = 'Ganz neu <b>&\x0b' WHERE slug = 'offering-1'"
            )
        until_published(client, publish(own_county_database.owner_url).sequence)
        answer = client.get("/v1/offerings.atom", headers=tag)
        assert answer.status_code == 200
        check(parsed(answer.content))
        (title, *_) = [entry.title for entry in feedparser.parse(answer.content).entries]
        assert title.startswith("Ganz neu")


@pytest.mark.parametrize("path", ["/v1/offerings?category=advice&sort=name", "/search?q=Beratung"])
def test_pages_of_lists_name_their_feed(demo_client: TestClient, path: str) -> None:
    page = BeautifulSoup(get(demo_client, path, Accept="text/html").content, "html.parser")
    (link,) = page.select(f'link[rel=alternate][type="{TYPE}"]')
    found = feed(demo_client, relative(str(link["href"])))
    assert found.entries
    assert "sort" not in found.feed.id


# --- any text ------------------------------------------------------------------------------------

AWKWARD = "\0\x0b\x1b\x7f\x85\ud800\udfff\ufffe\uffff\U0001f3f3<>&'\"]\r\n\t *_#`!["
texts = st.text(min_size=1, max_size=40) | st.text(AWKWARD, min_size=1, max_size=40)


@pytest.fixture(scope="module")
def rendered() -> Callable[[dict[str, Any]], bytes]:
    """Writes the feed of one entity."""
    template = Pages()._environments["de"].get_template("atom.xml")
    here = Address("http://testserver/v1/offerings", ())

    def write(item: dict[str, Any]) -> bytes:
        known: dict[str, Any] = dict.fromkeys(("feed", "self_", "page", "first"), str(here))
        known |= {"resource": "offerings", "lang": "de", "base": "http://testserver"}
        known |= {"documents": [item], "next": None, "license": None, "chosen": [item["name"]]}
        known |= {"attribution": [item["name"]], "to": Addresses("http://testserver", None)}
        known |= {"terms_of": feeds.terms_of, "about_of": feeds.about_of}
        known["address_of"] = lambda _: str(here)
        return feeds.legal(template.render(known))

    return write


@given(name=texts, description=texts, label=texts)
def test_any_text_makes_a_document(rendered: Any, name: str, description: str, label: str) -> None:
    source = {"license": "cc-zero", "license_url": None}
    item = {
        "id": "00000000-0000-0000-0000-000000000001",
        "updated_at": "2024-05-07T16:00:00Z",
        "name": name,
        "description": description,
        "lang": "de",
        "categories": [{"code": "c", "label": label}],
        "source": source | {"publisher": name, "attribution": label},
    }
    root = parsed(rendered(item))
    (entry,) = root.findall(f"{ATOM}entry")
    legal = feeds.legal(name).decode()
    lines = legal.replace("\r\n", "\n").replace("\r", "\n")  # XML 1.0, section 2.11
    assert (entry.findtext(f"{ATOM}title") or "").strip() == lines.strip()
