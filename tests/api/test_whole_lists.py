"""`limit=all`: the whole filtered set as one JSON or GeoJSON document."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from api.resources import RESOURCES, Resource
from tests.api.calls import EVERYTHING, get, listed, pages

FILTERS = [
    {},
    {"category": "advice"},
    {"bbox": "13.0,50.8,13.3,51.0"},
    {"near": "13.2,50.9", "radius": 20_000},
    {"q": "Treff"},
    {"lang": "en", "facets": "category,district", "theme": "poverty"},
    {"fields": "name,slug", "sort": "-updated_at"},
    {"category": "advice", "free": "true", "age": 150},
]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
@pytest.mark.parametrize("format_", ["json", "geojson"])
def test_a_whole_list_is_its_pages(api: TestClient, resource: Resource, format_: str) -> None:
    if format_ not in resource.formats:
        assert api.get(f"/v1/{resource.name}.{format_}?limit=all").status_code == 406
        return
    member = {"json": "items", "geojson": "features"}[format_]
    query = {"format": format_}
    whole = get(api, f"/v1/{resource.name}", {**query, "limit": "all"}).json()
    walk = pages(api, f"/v1/{resource.name}", {**query, "limit": 50})
    assert whole[member] == [entity for page in walk for entity in page[member]]


@pytest.mark.parametrize("query", FILTERS, ids=str)
@pytest.mark.parametrize("format_", ["json", "geojson"])
def test_it_says_what_a_page_says(api: TestClient, query: dict[str, str], format_: str) -> None:
    asked = {**query, "format": format_}
    whole = get(api, "/v1/offerings", {**asked, "limit": "all"}).json()
    page = get(api, "/v1/offerings", {**asked, **EVERYTHING}).json()
    assert [link["rel"] for link in whole.pop("links")] == ["self", "first"]
    assert [link["rel"] for link in page.pop("links")] == ["self", "first"]
    assert whole == page


def test_what_is_left_after_a_page(api: TestClient) -> None:
    first = get(api, "/v1/offerings", {"limit": 10}).json()
    href = next(link["href"] for link in first["links"] if link["rel"] == "next")
    rest = get(api, href.replace("limit=10", "limit=all")).json()
    everything = listed(api, "/v1/offerings")
    assert first["items"] + rest["items"] == everything["items"]
    assert rest["total"] == everything["total"]


def test_without_a_count(api: TestClient) -> None:
    whole = get(api, "/v1/offerings", {"limit": "all", "count": "none"}).json()
    assert "total" not in whole
    assert whole["items"]


def test_a_search_by_post_may_ask_for_all(api: TestClient) -> None:
    answer = api.post("/v1/offerings/search", json={"limit": "all", "category": ["advice"]})
    assert answer.status_code == 200
    assert answer.json()["items"] == listed(api, "/v1/offerings", {"category": "advice"})["items"]


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_lines_are_all_of_them_anyway(api: TestClient, format_: str) -> None:
    plain = get(api, f"/v1/offerings.{format_}").content
    assert get(api, f"/v1/offerings.{format_}?limit=all").content == plain


def test_an_empty_list_is_a_document_too(api: TestClient) -> None:
    answer = get(api, "/v1/offerings.geojson", {"limit": "all", "bbox": "0,0,1,1"})
    document = json.loads(answer.content)
    assert document["features"] == []
    assert document["numberMatched"] == document["numberReturned"] == 0


@pytest.mark.parametrize("limit", ["ALL", "alle", "0", "-1", "10001", "1.5", ""])
def test_other_limits_are_refused(api: TestClient, limit: str) -> None:
    answer = api.get(f"/v1/offerings?limit={limit}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "limit"


def test_its_validators_are_those_of_any_answer(api: TestClient) -> None:
    tag = get(api, "/v1/offerings.geojson?limit=all").headers["etag"]
    again = api.get("/v1/offerings.geojson?limit=all", headers={"If-None-Match": tag})
    assert again.status_code == 304
    head = api.head("/v1/offerings.geojson?limit=all")
    assert (head.status_code, head.headers["etag"], head.content) == (200, tag, b"")
