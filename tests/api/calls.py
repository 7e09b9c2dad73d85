"""Short ways to ask, for tests that ask often."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
from starlette.testclient import TestClient

Query = Mapping[str, Any]
EVERYTHING = {"limit": 10_000}


def get(
    client: httpx2.Client, path: str, query: Query | None = None, **headers: str
) -> httpx2.Response:
    """An answer that must be a success."""
    answer = client.get(path, params=dict(query) if query else None, headers=headers)
    assert answer.status_code == 200, answer.text[:1000]
    return answer


def listed(client: httpx2.Client, path: str, query: Query | None = None) -> Any:
    """The whole list as one JSON document."""
    return get(client, path, {**EVERYTHING, **(query or {})}).json()


def slugs(client: TestClient, path: str, query: Query | None = None) -> list[str]:
    document = listed(client, path, {"fields": "slug", **(query or {})})
    found = [item["slug"] for item in document["items"]]
    assert document["total"] == len(found)
    return found


def pages(client: TestClient, path: str, query: Query) -> Iterator[Any]:
    """Page after page along the `next` links."""
    answer = get(client, path, query)
    while True:
        document = answer.json()
        yield document
        links = {link["rel"]: link["href"] for link in document["links"]}
        if "next" not in links:
            return
        assert links["next"] != links["self"]
        answer = get(client, relative(links["next"]))


def until_published(client: TestClient, sequence: int) -> None:
    """Answers may be two seconds old."""
    deadline = time.monotonic() + 2
    while get(client, "/v1/codelists").json()["sequence"] < sequence:
        assert time.monotonic() < deadline, "an answer is older than two seconds"
        time.sleep(0.01)


def relative(href: str) -> str:
    parts = urlsplit(href)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
