"""HTML as tests look at it: parsed by libxml2, asked by XPath."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx2
from lxml import html
from starlette.testclient import TestClient

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ORIGIN = "testserver"


class Document:
    """A page or fragment, with the answer it came in."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self.text = answer.text
        self.root = html.document_fromstring(answer.content.decode())

    def all(self, path: str) -> list[Any]:
        found = self.root.xpath(path)
        return list(found) if isinstance(found, list) else [found]

    def one(self, path: str) -> Any:
        (found,) = self.all(path)
        return found

    def words(self, path: str = "//body") -> str:
        """The text of what is there, without runs of blanks."""
        return " ".join(" ".join(str(each.text_content()) for each in self.all(path)).split())

    def data(self) -> Any:
        """The JSON-LD."""
        return json.loads(self.one("//script[@type='application/ld+json']").text)

    def loaded(self) -> list[str]:
        """Addresses that a browser asks for by itself."""
        paths = ("//link[@rel!='canonical' and @rel!='alternate' and @rel!='next']/@href", "//@src")
        return [str(address) for path in paths for address in self.all(path)]

    def foreign(self) -> list[str]:
        """Those of another origin."""
        return [
            address for address in self.loaded() if urlsplit(address).netloc not in ("", ORIGIN)
        ]


def page(client: TestClient, path: str, **query: Any) -> Document:
    """What a browser gets."""
    return _document(client, path, query, BROWSER)


def fragment(client: TestClient, path: str, **query: Any) -> Document:
    """What another page includes."""
    return _document(client, f"{path}.html", query, "*/*")


def _document(client: TestClient, path: str, query: dict[str, Any], accept: str) -> Document:
    answer = client.get(path, params=query or None, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text[:1000]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Document(answer)
