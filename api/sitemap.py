"""The sitemap protocol (sitemaps.org): an index, and parts that list addresses of pages.

Listed are the addresses without a language: each page names those of its translations itself. Not
listed are single observations, which are rows of the pages of indicators and districts.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote
from xml.sax.saxutils import escape

from api.resources import OBSERVATIONS, RESOURCES
from db.addresses import Part

SIZE = 10_000
"""Addresses of a part: the protocol allows 50,000 and 50 MB."""

LISTED = tuple(resource for resource in RESOURCES if resource is not OBSERVATIONS)
LISTS = tuple(f"/v1/{resource.name}" for resource in LISTED)
PAGES = ("/", *LISTS, "/dashboard", "/developers", "/embed")
CATALOGUE = "datasets"

Entry = tuple[str, str | None]
"""An address, and when its content last changed."""

_NAMES = {resource.table.name: resource.name for resource in LISTED}
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def index(base: str, parts: Iterable[Part]) -> bytes:
    """Where the parts are. Some are never empty, so that the index is not."""
    always = ("pages", CATALOGUE)
    entries: list[Entry] = [(f"{base}/sitemap-{name}.xml", None) for name in always]
    entries += [
        (f"{base}/sitemap-{_NAMES[part.table]}-{part.number}.xml", part.updated_at)
        for part in parts
    ]
    return _document("sitemapindex", "sitemap", entries)


def pages(base: str) -> bytes:
    """The pages that are always there."""
    return _document("urlset", "url", [(f"{base}{path}", None) for path in PAGES])


def datasets(base: str, found: Iterable[tuple[str, str]]) -> bytes:
    """The data catalogue, and the landing page of each dataset."""
    place = f"{base}/catalog"
    entries = [(f"{place}/datasets/{quote(slug, safe='')}", at) for slug, at in found]
    return _document("urlset", "url", [(place, None), *entries])


def entities(base: str, resource: str, found: Iterable[tuple[str, str]]) -> bytes:
    """The pages of some entities of a resource."""
    place = f"{base}/v1/{resource}/"
    return _document("urlset", "url", [(place + quote(slug, safe=""), at) for slug, at in found])


def _document(root: str, member: str, entries: Iterable[Entry]) -> bytes:
    lines = "".join(
        f"<{member}><loc>{escape(address)}</loc>"
        f"{f'<lastmod>{at}</lastmod>' if at else ''}</{member}>\n"
        for address, at in entries
    )
    return f'{_HEAD}<{root} xmlns="{_NAMESPACE}">\n{lines}</{root}>\n'.encode()
