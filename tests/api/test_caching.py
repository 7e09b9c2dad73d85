"""Validators, HEAD and Vary: what caches and crawlers rely on."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest
from starlette.testclient import TestClient

from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.api.calls import get, until_published
from tests.api.world import World
from tests.conftest import connect_to
from tests.databases import Database

PATHS = [
    "/v1/offerings",
    "/v1/offerings?near=13.2,50.9&limit=3",
    "/v1/offerings?q=Treff&facets=category",
    "/v1/offerings.geojson?limit=5",
    "/v1/offerings.csv?limit=5",
    "/v1/offerings.ndjson",
    "/v1/offerings/offering-1",
    "/v1/offerings/offering-1.geojson",
    "/v1/districts/ags:14522013",
    "/v1/indicators/einwohner/observations?time=2021",
    "/v1/codelists/category",
    "/v1/places?q=oed",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_head_is_get_without_a_body(api: TestClient, path: str, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    with_body = get(api, path, None, **headers)
    head = api.head(path, headers=headers)
    assert head.status_code == 200
    assert head.content == b""
    # RFC 9110, section 9.3.2: what only generating the content shows may be left out
    generated = {"x-request-id", "content-encoding", "content-length", "transfer-encoding", "vary"}
    kept = [{k: v for k, v in a.headers.items() if k not in generated} for a in (with_body, head)]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("path", PATHS)
def test_an_unchanged_answer_is_304(api: TestClient, path: str) -> None:
    first = get(api, path)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    held = [tag, f'"old", {tag}, W/"other"', tag.removeprefix("W/"), "*", f'W/"a,b" ,{tag}']
    for value in held:
        again = api.get(path, headers={"If-None-Match": value})
        assert again.status_code == 304, value
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert again.headers["vary"]
        assert again.headers["cache-control"] == first.headers["cache-control"]
    assert api.get(path, headers={"If-None-Match": '"old", W/"other"'}).status_code == 200
    assert api.head(path, headers={"If-None-Match": tag}).status_code == 304


def test_what_makes_another_answer_makes_another_tag(api: TestClient) -> None:
    answers = [
        get(api, "/v1/offerings"),
        get(api, "/v1/offerings", {"limit": 5}),
        get(api, "/v1/offerings", {"lang": "en"}),
        get(api, "/v1/offerings", None, **{"accept-language": "sv"}),
        get(api, "/v1/offerings", accept="application/geo+json"),
        get(api, "/v1/offerings", host="other.example"),
        get(api, "/v1/districts"),
    ]
    assert len({answer.headers["etag"] for answer in answers}) == len(answers)


def test_a_publication_changes_every_tag(own_county_database: Database, county: World) -> None:
    with connect_to(own_county_database) as client:
        before = {path: get(client, path) for path in PATHS}
        with writer(own_county_database.owner_url, "test") as connection:
            renamed = {"id": county.public_offerings[0].id, "name": "Umbenannt"}
            upsert(connection, models.Offering, [renamed])
        until_published(client, publish(own_county_database.owner_url).sequence)
        for path, answer in before.items():
            again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 200, path
            dates = [parsedate_to_datetime(a.headers["last-modified"]) for a in (answer, again)]
            assert dates[0] <= dates[1]


def test_what_is_gone_is_not_unchanged(api: TestClient) -> None:
    answer = api.get("/v1/offerings/none", headers={"If-None-Match": "*"})
    assert answer.status_code == 404


def test_a_search_by_post_is_not_cached(api: TestClient) -> None:
    """The address is the same for every search; only the body tells them apart."""
    answer = api.post("/v1/offerings/search", json={"limit": 1}, headers={"If-None-Match": "*"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_vary_names_each_header_once(api: TestClient) -> None:
    for path in PATHS:
        answer = get(api, path)
        names = [name.strip() for name in answer.headers["vary"].split(",")]
        assert len(names) == len(set(names))
        assert {"Accept", "Accept-Language"} <= set(names)
        assert ("Accept-Encoding" in names) == ("content-encoding" in answer.headers)


def test_the_landing_page_depends_on_accept(api: TestClient) -> None:
    html = get(api, "/", accept="text/html,*/*;q=0.1")
    assert html.headers["content-type"].startswith("text/html")
    assert get(api, "/").headers["content-type"] == "application/json"
    assert "Accept" in html.headers["vary"]


def test_errors_are_not_kept(api: TestClient) -> None:
    assert api.get("/v1/offerings?x=1").headers["cache-control"] == "no-store"


def test_another_release_may_write_the_same_publication_otherwise(
    county_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = set()
    for version in ("1.0.0", "1.0.1"):
        monkeypatch.setattr("api.app.VERSION", version)
        with connect_to(county_database) as client:
            tags.add(get(client, "/v1/offerings", Accept="text/html").headers["etag"])
    assert len(tags) == 2
