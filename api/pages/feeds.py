"""Atom (RFC 4287): what of an entity stands in an entry, and what XML cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from api.links import Address

Document = Mapping[str, Any]

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, production 2: all other characters cannot even be written as references."""

TERMS = (("categories", "category"), ("themes", "theme"), ("target_groups", "target_group"))
ABOUT = (
    ("organisation", "name"),
    ("kind", "label"),
    ("level", "label"),
    ("parent", "name"),
    ("type", "label"),
    ("strategy", "title"),
    ("implementation", "label"),
    ("body", "name"),
    ("result", "label"),
    ("district", "name"),
)
"""Members that say in a word what an entity is and where it belongs."""

NO_FILTER = {"lang", "format", "limit", "cursor", "sort", "count", "facets", "fields"}


def legal(text: str) -> bytes:
    """The text of an XML document, without what no such document may have."""
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text).encode()


def terms_of(document: Document) -> Iterator[tuple[str, Document]]:
    """The codelist and the term of everything an entity is filed under."""
    for member, codelist in TERMS:
        for term in document.get(member) or ():
            yield codelist, term


def about_of(document: Document) -> str:
    """A line about an entity."""
    values = [(document.get(member), inner) for member, inner in ABOUT]
    found = [value[inner] if isinstance(value, dict) else value for value, inner in values]
    towns = dict.fromkeys(site["town"] for site in document.get("sites") or ())
    return " · ".join(filter(None, (*found, *towns)))


def chosen(here: Address) -> list[str]:
    """What the list is filtered by, for the title."""
    return [value for name, value in here.pairs() if name not in NO_FILTER]
