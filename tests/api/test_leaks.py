"""A crawl: from the start pages along every link, in all formats and languages.

What is a draft, a note for colleagues, or without a licence must not be met on the way; and
behind a proxy nobody meets the address of the server itself. A later face joins by its start page.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import psycopg
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from api.artefacts.building import build
from api.formats import FORMATS
from api.resources import RESOURCES
from api.schemas.analysis import ANSWERS
from api.schemas.gaps import ANSWERS as GAPS
from api.settings import Settings
from db import models, published
from db.cluster import Cluster
from db.publication import publish
from db.registry import upsert, writer
from tests.api import world
from tests.api.processes import served
from tests.api.world import SECRET, UNLICENSED, entity, identity
from tests.conftest import connect_to
from tests.databases import Database, clone

START = [
    "/",
    "/docs",
    "/openapi.json",
    "/health/ready",
    "/search",
    "/developers",
    "/bulk",
    "/v1/places?q=ent",
    f"/v1/places?q={SECRET}",
]
"""Where a crawl begins. A new face adds its own start page."""

LANGUAGES = ("de", "en", "sv", "de-x-ls")
HIDDEN = ("geheim", "entwurf", "offering-19", "offering-39", "lizenzlos")
"""Slugs of what is not public."""


def plant(database: Database) -> None:
    """More of what must not be seen: parts of public entities, and rows without a licence."""
    with writer(database.owner_url, "test") as connection:
        public = world.make().public_offerings[0]
        unlicensed = {"source_id": UNLICENSED, "name": f"Ohne Lizenz {SECRET}"}
        upsert(connection, models.Offering, [entity("offering", "lizenzlos", **unlicensed)])
        evaluation = {"offering_id": public.id, "finding": SECRET, "source_id": UNLICENSED}
        upsert(connection, models.Evaluation, [{"id": identity("evaluation", "1"), **evaluation}])
        upsert(
            connection,
            models.Offering,
            [
                {
                    "id": public.id,
                    "organisation_id": identity("organisation", "geheim"),
                    "translations": {"en": {"internal_note": SECRET}},
                },
            ],
        )
        draft = {
            "id": identity("offering_service_district", "1"),
            "offering_id": public.id,
            "district_id": identity("district", "entwurf"),
        }
        upsert(connection, models.OfferingServiceDistrict, [draft])
    publish(database.owner_url)


@pytest.fixture(scope="module")
def planted(cluster: Cluster, world_template: str) -> Iterator[Database]:
    with clone(cluster, world_template) as database:
        plant(database)
        yield database


@pytest.fixture(scope="module")
def planted_files(planted: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted-artefacts")
    build(Settings(), planted.public_url, folder)
    return folder


class Crawl:
    """Every page that links lead to, within one site."""

    def __init__(
        self, client: TestClient | httpx2.Client, base: str, headers: dict[str, str]
    ) -> None:
        self.client = client
        self.base = base
        self.headers = headers
        self.seen: set[str] = set()

    def pages(self, start: list[str]) -> Iterator[tuple[str, httpx2.Response]]:
        waiting = deque(start)
        while waiting:
            path = waiting.popleft()
            if path in self.seen:
                continue
            self.seen.add(path)
            answer = self.client.get(path, headers=self.headers)
            assert answer.status_code == 200, (path, answer.text[:300])
            yield path, answer
            if path in START or "html" not in answer.headers["content-type"]:
                waiting.extend(self.inside(answer))  # pages of filters lead to more of the same

    def inside(self, answer: httpx2.Response) -> Iterator[str]:
        """Links to this site, wherever they stand: HTML, JSON, or the Link header."""
        found = [link["url"] for link in answer.links.values()]
        if "html" in answer.headers["content-type"]:
            found += map(unescape, re.findall(r'(?:href|src)="([^"#]+)"', answer.text))
        elif "json" in answer.headers["content-type"] and "openapi.json" not in str(answer.url):
            found += re.findall(r'"href":\s*"([^"]+)"', answer.text)
        for href in found:
            absolute = href if "://" in href else f"{self.base}/{href.lstrip('/')}"
            if absolute.startswith(self.base):
                yield absolute.removeprefix(self.base) or "/"


def every_list() -> list[str]:
    """Every list in every format and language."""
    return [
        f"/v1/{resource.name}.{name}?"
        + urlencode({"lang": lang, **whole(name), **ended(resource.name)})
        for resource in RESOURCES
        for name in resource.formats
        for lang in LANGUAGES
    ]


def whole(format_: str) -> dict[str, Any]:
    return {"limit": 200} if format_ in ("json", "geojson", "html") else {}


def ended(name: str) -> dict[str, Any]:
    return {"include_ended": "true"} if name == "offerings" else {}


def every_item(client: TestClient | httpx2.Client, most: int) -> list[str]:
    """Items by id in one language each, in every format; as tables they are lists of one."""
    found = []
    for resource in RESOURCES:
        page = client.get(f"/v1/{resource.name}", params={"limit": most}).json()
        for number, item in enumerate(page["items"]):
            lang = LANGUAGES[number % len(LANGUAGES)]
            formats = [name for name in resource.formats if not FORMATS[name].table]
            found += [f"/v1/{resource.name}/{item['id']}.{f}?lang={lang}" for f in formats]
    return found


def test_nothing_private_is_met(planted: Database, planted_files: Path) -> None:
    with connect_to(planted, artefacts=planted_files) as client:
        crawl = Crawl(client, "http://testserver", {})
        start = [*START, *every_list(), *every_item(client, 15), *every_facet(), *every_analysis()]
        start += [
            f"/v1/gaps/{name}.{format_}" for name, f in GAPS.items() for format_ in (*f, "csv")
        ]
        for path, answer in crawl.pages(start):
            text = said(path, answer)
            body = text.replace(str(answer.url), "") if SECRET in path else text
            assert SECRET not in body.replace(path, ""), path
            assert not [slug for slug in HIDDEN if re.search(rf'["/]{slug}["?]', body)], path
    assert len(crawl.seen) > 500


def said(path: str, answer: httpx2.Response) -> str:
    """The text of an answer, unpacked where it is packed by itself."""
    kind = urlsplit(path).path.rpartition(".")[2]
    if kind == "parquet":
        return str(pq.read_table(io.BytesIO(answer.content)).to_pylist())
    if kind == "xlsx":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            return "".join(packed.read(name).decode() for name in packed.namelist())
    return answer.text


def every_analysis() -> list[str]:
    """Of two indicators, and of a town, in one language: the texts of others are as public."""
    return [
        f"/v1/districts/doebeln/{name}"
        if name == "profile"
        else f"/v1/indicators/{indicator}/{name}.{format_}?"
        + {"compare": "district=doebeln", "aggregation": "level=county"}.get(name, "")
        for name, schemas in ANSWERS.items()
        for format_ in schemas
        for indicator in ("einwohner", "arbeitslose")
    ]


def every_facet() -> list[str]:
    return [
        f"/v1/{resource.name}?limit=1&facets={','.join(published.FACETS[resource.table.name])}"
        for resource in RESOURCES
        if published.FACETS[resource.table.name]
    ]


@pytest.mark.parametrize("slug", HIDDEN)
def test_a_draft_has_no_address(planted: Database, slug: str) -> None:
    with connect_to(planted) as client:
        for resource in RESOURCES:
            assert client.get(f"/v1/{resource.name}/{slug}").status_code == 404
            kind = resource.table.name
            assert client.get(f"/v1/{resource.name}/{identity(kind, slug)}").status_code == 404
        for query in ({"q": SECRET}, {"id": slug}):
            assert client.get("/v1/offerings", params=query).json()["items"] == []


def test_drafts_of_values_are_not_there(planted: Database) -> None:
    drafts = {str(o.id) for o in world.make().observations if not o.is_public}
    assert drafts
    with connect_to(planted) as client:
        items = client.get("/v1/observations", params={"limit": 10_000}).json()["items"]
    assert not drafts & {item["id"] for item in items}


def test_the_published_schema_itself_holds_nothing_private(planted: Database) -> None:
    """The role of the API reads whole tables, so nothing may lie there that no answer shows."""
    with psycopg.connect(planted.public_url) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'published'"
        ).fetchall()
        assert len(tables) > 15
        for (table,) in tables:
            query = f'SELECT count(*) FROM published."{table}" t WHERE t::text LIKE %s'
            assert connection.execute(query, [f"%{SECRET}%"]).fetchone() == (0,), table


# Behind a proxy


INTERNAL = "internal.invalid"
PUBLIC = "https://daten.example.org/register"


def check_addresses(base: str, client: httpx2.Client, headers: dict[str, str]) -> int:
    """No answer names the server's own host, and every link begins with the public address."""
    crawl = Crawl(client, base, headers)
    lists = [path for path in every_list() if "lang=de&" in path and "ndjson" not in path]
    start = ["/", "/docs", "/openapi.json", *lists, *every_item(client, 2), "/v1/offerings/none"]
    problems = [client.get("/v1/offerings?x=1", headers=headers)]
    answers = [answer for _, answer in crawl.pages([p for p in start if not p.endswith("none")])]
    for answer in [*answers, *problems]:
        everything = json.dumps(dict(answer.headers)) + answer.text
        assert INTERNAL not in everything
        assert urlsplit(str(client.base_url)).netloc not in everything
        if answer.headers["content-type"].endswith("json") and '"links"' in answer.text:
            links = answer.json().get("links", [])
            assert all(link["href"].startswith(base) for link in links)
        assert all(link["url"].startswith(base) for link in answer.links.values())
    return len(answers)


def test_the_public_address_is_in_every_link(
    county_database: Database, county_artefacts: Path, tmp_path: Path
) -> None:
    settings = {"PUBLIC_URL": f"{PUBLIC}/", "ARTEFACTS": str(county_artefacts)}
    with (
        served(county_database.public_url, tmp_path / "log", **settings) as server,
        httpx2.Client(base_url=server.url) as client,
    ):
        headers = {"Host": INTERNAL, "X-Forwarded-Host": "evil.example"}
        assert check_addresses(PUBLIC, client, headers) > 60


def test_a_trusted_proxy_says_the_public_address(
    county_database: Database, county_artefacts: Path, tmp_path: Path
) -> None:
    settings = {
        "TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1",
        "ARTEFACTS": str(county_artefacts),
    }
    forwarded = {
        "Host": INTERNAL,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "daten.example.org",
        "X-Forwarded-Prefix": "/register",
    }
    with (
        served(county_database.public_url, tmp_path / "log", **settings) as server,
        httpx2.Client(base_url=server.url) as client,
    ):
        assert check_addresses(PUBLIC, client, forwarded) > 60
        junk = {
            **forwarded,
            "X-Forwarded-Host": 'e"><',
            "X-Forwarded-Proto": "javascript",
            "X-Forwarded-Prefix": '/"><',
        }
        links = client.get("/v1/offerings?limit=1", headers=junk).json()["links"]
        assert links[0]["href"] == f"http://{INTERNAL}/v1/offerings?limit=1"


def test_who_is_not_trusted_says_nothing(county_database: Database) -> None:
    with connect_to(county_database) as client:
        headers = {
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": "/evil",
        }
        answer = client.get("/v1/offerings?limit=1", headers=headers)
    assert "evil" not in answer.text + json.dumps(dict(answer.headers))
