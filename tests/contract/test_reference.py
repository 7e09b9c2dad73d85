"""The API reference at /docs: self-hosted, and strict about what it loads."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx2
import pytest

from api.routers.docs import TYPES

# What names an address without loading it: XML namespaces, a licence, links a person may follow.
LOADING = re.compile(
    r"""(?:src|href)\s*=\s*["'](?:https?:)?//|@import|url\(\s*["']?(?:https?:)?//|"""
    r"""(?:fetch|importScripts|import)\(\s*["'](?:https?:)?//"""
)


def test_the_page_loads_only_files_of_this_server(http: httpx2.Client) -> None:
    page = http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    found = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {"docs/swagger-ui-bundle.js", "docs/swagger-ui.css", "docs/start.js"} <= set(found)
    for address in found:
        parts = urlsplit(address)
        assert not parts.scheme
        assert not parts.netloc
        assert http.get(f"/{address}").status_code == 200
    assert not re.search(r"<script(?! src=)|style=|<style|\son\w+=", page.text)


def test_its_policy_allows_nothing_foreign(http: httpx2.Client) -> None:
    policy = http.get("/docs").headers["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["connect-src"] == "'self'"
    assert not re.search(r"https?:|\*|unsafe-eval", policy)


@pytest.mark.parametrize("name", TYPES)
def test_its_files_load_nothing_foreign(name: str, http: httpx2.Client) -> None:
    answer = http.get(f"/docs/{name}")
    assert answer.headers["content-type"].split(";")[0] == TYPES[name]
    if TYPES[name] != "image/png":
        assert not LOADING.search(answer.text)


def test_it_shows_the_contract_of_this_server(http: httpx2.Client) -> None:
    document = http.get("/openapi.json").json()
    assert document["servers"] == [{"url": str(http.base_url).rstrip("/")}]
    assert 'url: "openapi.json"' in http.get("/docs/start.js").text
