"""HTML as tests look at it: parsed, asked by CSS selectors."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx2
from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ORIGIN = "testserver"


class Document:
    """A page or fragment, with the answer it came in."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self.text = answer.text
        self.root = BeautifulSoup(answer.content.decode(), "html.parser")

    def all(self, selector: str) -> list[Tag]:
        return list(self.root.select(selector))

    def one(self, selector: str) -> Tag:
        (found,) = self.all(selector)
        return found

    def each(self, selector: str, attribute: str) -> list[str]:
        """An attribute of everything that is selected and has it."""
        return [str(tag[attribute]) for tag in self.all(f":is({selector})[{attribute}]")]

    def words(self, selector: str = "body") -> str:
        """The text of what is there, without runs of blanks."""
        return " ".join(" ".join(tag.get_text() for tag in self.all(selector)).split())

    def data(self) -> Any:
        """The JSON-LD."""
        return json.loads(self.one("script[type='application/ld+json']").get_text())

    def loaded(self) -> list[str]:
        """Addresses that a browser asks for by itself."""
        links = "link:not([rel='canonical'], [rel='alternate'], [rel='next'])"
        return [*self.each(links, "href"), *self.each("*", "src")]

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
