"""Pages: every row exactly once, whatever the order, the limit, and who publishes meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from api import cursors
from api.resources import RESOURCES, Resource
from db import models, published
from db.publication import publish
from db.registry import upsert, writer
from db.statements import Order
from tests.api.calls import get, listed, pages, relative, slugs
from tests.api.world import World, entity, identity
from tests.conftest import connect_to
from tests.databases import Database

SORTS = [
    pytest.param(resource, direction + name, id=f"{resource.name} {direction}{name}")
    for resource in RESOURCES
    for name in published.SORTS[resource.table.name]
    for direction in ("", "-")
]
SEARCHES: list[dict[str, Any]] = [
    {"near": "13.2,50.9", "radius": 30_000},
    {"near": "13.2,50.9", "radius": 100_000, "category": "advice"},
    {"q": "Beratung"},
    {"q": "Fruhstuck", "include_ended": "true"},
    {"district": "region-west", "sort": "-name"},
    {"bbox": "13.0,50.7,13.4,51.1", "sort": "updated_at"},
]


def walk(client: TestClient, path: str, query: dict[str, Any]) -> list[Any]:
    return [item for page in pages(client, path, query) for item in page["items"]]


@pytest.mark.parametrize(("resource", "sort"), SORTS)
def test_a_walk_gives_every_row_once(api: TestClient, resource: Resource, sort: str) -> None:
    path = f"/v1/{resource.name}"
    whole = [item["id"] for item in listed(api, path, {"sort": sort})["items"]]
    assert len(set(whole)) == len(whole) > 0
    for limit in (13, len(whole) - 1, len(whole)):
        if limit:
            assert [item["id"] for item in walk(api, path, {"sort": sort, "limit": limit})] == whole


@pytest.mark.parametrize("query", SEARCHES, ids=str)
@pytest.mark.parametrize("limit", [1, 10, 97])
def test_a_search_is_walked_like_any_list(
    api: TestClient, query: dict[str, Any], limit: int
) -> None:
    whole = slugs(api, "/v1/offerings", query)
    assert len(whole) > 30
    if limit > 1:
        found = walk(api, "/v1/offerings", {**query, "limit": limit})
    else:
        first = pages(api, "/v1/offerings", {**query, "limit": 1})
        found = [item for page, _ in zip(first, range(40), strict=False) for item in page["items"]]
        whole = whole[:40]
    assert [item["slug"] for item in found] == whole


def test_orders_are_what_they_say(api: TestClient) -> None:
    newest = [
        i["updated_at"] for i in listed(api, "/v1/offerings", {"sort": "-updated_at"})["items"]
    ]
    assert newest == sorted(newest, reverse=True)
    people = [
        d["population"] for d in listed(api, "/v1/districts", {"sort": "population"})["items"]
    ]
    assert people == sorted(people, key=lambda number: -1 if number is None else number)
    dates = [d["date"] for d in listed(api, "/v1/decisions")["items"]]
    known = [day["earliest"] for day in dates if day]
    assert known == sorted(known, reverse=True)
    assert dates[: len(known)] == [day for day in dates if day]


def test_names_are_in_german_order(api: TestClient) -> None:
    names = [d["name"] for d in listed(api, "/v1/districts", {"level": "municipality"})["items"]]
    assert names.index("Altdorf") < names.index("Änkendorf") < names.index("Döbeln")
    assert names.index("Döbeln") < names.index("Erlau")


# Links and totals


@pytest.mark.parametrize("format_", ["json", "geojson"])
def test_links_are_the_same_in_body_and_header_and_work(api: TestClient, format_: str) -> None:
    query = {"limit": 50, "format": format_, "category": ["advice", "family"], "q": "für"}
    answer = get(api, "/v1/offerings", query)
    links = answer.json()["links"]
    assert [link["rel"] for link in links] == ["self", "first", "next"]
    header = answer.links
    assert {rel: link["url"] for rel, link in header.items()} == {
        link["rel"]: link["href"] for link in links
    }
    self, first, onward = (get(api, relative(link["href"])) for link in links)
    assert self.content == first.content == answer.content
    back = [link["href"] for link in onward.json()["links"] if link["rel"] == "first"]
    assert get(api, relative(back[0])).content == answer.content
    assert {link["type"] for link in links} == {answer.headers["content-type"]}


def test_the_last_page_has_no_next(api: TestClient) -> None:
    *_, last = pages(api, "/v1/offerings", {"limit": 100})
    assert [link["rel"] for link in last["links"]] == ["self", "first"]


def test_the_total_is_the_same_on_every_page(api: TestClient) -> None:
    totals = {page["total"] for page in pages(api, "/v1/offerings", {"limit": 40, "q": "Treff"})}
    assert totals == {len(slugs(api, "/v1/offerings", {"q": "Treff"}))}


def test_geojson_counts_too(api: TestClient) -> None:
    document = get(api, "/v1/offerings.geojson", {"limit": 20}).json()
    assert document["numberMatched"] == len(slugs(api, "/v1/offerings"))
    assert document["numberReturned"] == 20 == len(document["features"])


def test_nothing_is_counted_unless_wanted(api: TestClient) -> None:
    assert "total" not in get(api, "/v1/offerings", {"count": "none"}).json()
    geojson = get(api, "/v1/offerings.geojson", {"count": "none", "bbox": "13,50.8,13.3,51"}).json()
    assert "numberMatched" not in geojson
    assert "left_out" not in geojson


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "1.5", "ten", "99999999999999999999"])
def test_a_limit_has_bounds(api: TestClient, limit: str) -> None:
    answer = api.get("/v1/offerings", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "limit"


@pytest.mark.parametrize("query", SEARCHES[:3], ids=str)
def test_a_search_ends_at_a_depth(own_county_database: Database, query: dict[str, Any]) -> None:
    with connect_to(own_county_database, max_depth=100) as client:
        first = get(client, "/v1/offerings", {**query, "limit": 60}).json()
        second = get(client, relative(first["links"][-1]["href"])).json()
        onward = second["links"][-1]
        if onward["rel"] != "next":
            return
        answer = client.get(relative(onward["href"]))
        assert answer.status_code == 400
        assert "100" in answer.json()["detail"]


FORGED: list[Any] = [
    5,
    [],
    [[], 0],
    [[1], 0],
    [[1.5, "no id", "x"], 0],
    [["NaN", str(identity("offering", "1"))], 0],
    [[float("inf"), str(identity("offering", "1"))], 0],
    [["a\0b", str(identity("offering", "1"))], 0],
    [["9999-99-99", str(identity("offering", "1"))], 0],
    [[10**30, str(identity("offering", "1"))], 0],
    [["a", str(identity("offering", "1"))], "deep"],
]


@pytest.mark.parametrize("forged", FORGED, ids=str)
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/offerings", {"sort": "name"}),
        ("/v1/offerings", {"sort": "updated_at"}),
        ("/v1/offerings", {"near": "13,51"}),
        ("/v1/offerings", {"q": "Treff"}),
        ("/v1/districts", {"sort": "population"}),
    ],
)
def test_a_forged_cursor_is_no_mistake_of_ours(
    api: TestClient, path: str, query: dict[str, str], forged: Any
) -> None:
    """The checksum is no secret: whoever reads the source can make one."""
    payload = json.dumps(forged).encode()
    table = published.district if "districts" in path else published.offering
    names = {"near": Order("distance"), "q": Order("relevance", descending=True)}
    order = next((names[name] for name in query if name in names), Order(query.get("sort", "")))
    cursor = cursors.seal(cursors._context(table, order), payload)
    answer = api.get(path, params={**query, "cursor": cursor})
    assert answer.status_code in (200, 400)


def test_a_cursor_belongs_to_its_list(api: TestClient) -> None:
    onward = get(api, "/v1/offerings", {"limit": 3}).json()["links"][-1]["href"]
    cursor = parse_qs(urlsplit(onward).query)["cursor"][0]
    others = [("/v1/districts", {}), ("/v1/offerings", {"sort": "-name"})]
    for path, query in others:
        answer = api.get(path, params={**query, "cursor": cursor})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"] == "cursor"
    tampered = f"{cursor[:-2]}AA"
    assert api.get("/v1/offerings", params={"cursor": tampered}).status_code == 400


def test_several_ids(api: TestClient, county: World) -> None:
    some = county.public_offerings[:5]
    names = [str(offering.id) if n % 2 else offering.slug for n, offering in enumerate(some)]
    query = {"id": names, "include_ended": "true"}
    assert set(slugs(api, "/v1/offerings", query)) == {offering.slug for offering in some}
    keys = {"id": ["14522013", "ags:14522014", "mittelland"]}
    assert set(slugs(api, "/v1/districts", keys)) == {"oederan", "rossau", "mittelland"}


# While somebody publishes


class Publisher:
    """Renames, removes and adds, one publication after the other."""

    def __init__(self, database: Database, county: World) -> None:
        self.url = database.owner_url
        self.untouched = {o.slug for n, o in enumerate(county.public_offerings) if n % 4}
        self.victims = [o for n, o in enumerate(county.public_offerings) if n % 4 == 0]
        self.rounds = 0

    def publish(self) -> None:
        self.rounds += 1
        victim = self.victims[self.rounds % len(self.victims)]
        status = ("published", "archived")[self.rounds % 2]
        with writer(self.url, "test") as connection:
            upsert(
                connection,
                models.Offering,
                [
                    {
                        "id": victim.id,
                        "name": f"{'AZM'[self.rounds % 3]} umbenannt",
                        "status": status,
                    }
                ],
            )
            new = entity("offering", f"neu-{self.rounds}", name=f"Neuberatung {self.rounds}")
            upsert(connection, models.Offering, [new])
            upsert(
                connection,
                models.Organisation,
                [{"id": identity("organisation", "traeger-1"), "name": f"Träger {self.rounds}"}],
            )
        publish(self.url)


@contextmanager
def publishing(publisher: Publisher) -> Iterator[None]:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            publisher.publish()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


WALKS: list[dict[str, Any]] = [
    {"sort": "name"},
    {"sort": "-name"},
    {"near": "13.2,50.9", "radius": 100_000},
    {"q": "Beratung"},
    {"district": "mittelland"},
]


@pytest.mark.parametrize("query", WALKS, ids=str)
def test_a_walk_during_publications_misses_and_repeats_nothing(
    own_county_database: Database, county: World, query: dict[str, Any]
) -> None:
    """Rows that keep their place in the order; a renamed one may be met in both of its places."""
    publisher = Publisher(own_county_database, county)
    with connect_to(own_county_database) as client:
        steady = set(slugs(client, "/v1/offerings", query)) & publisher.untouched
        seen: Counter[str] = Counter()
        for number, page in enumerate(pages(client, "/v1/offerings", {**query, "limit": 15})):
            seen.update(item["slug"] for item in page["items"])
            if number % 3 == 0:
                publisher.publish()
    assert publisher.rounds > 1
    assert {slug: seen[slug] for slug in steady} == dict.fromkeys(steady, 1)


def test_a_page_and_its_total_are_of_one_publication(
    own_county_database: Database, county: World
) -> None:
    """A list without a filter grows by one and loses or regains one with each publication."""
    publisher = Publisher(own_county_database, county)
    with connect_to(own_county_database) as client:
        totals: dict[int, set[int]] = {}
        deadline = time.monotonic() + 20
        with publishing(publisher):
            while len(totals) < 4 and time.monotonic() < deadline:
                document = get(client, "/v1/offerings", {"limit": 5, "facets": "category"}).json()
                totals.setdefault(document["sequence"], set()).add(document["total"])
    assert len(totals) > 1
    assert all(len(found) == 1 for found in totals.values())
