"""Identifiers that are made, not drawn: the same source row has the same id in every registry."""

import hashlib
import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from json.encoder import encode_basestring
from uuid import UUID, uuid5

NAMESPACE = UUID("2f0c5f0a-6f0e-5d0b-9a3e-7d1b8c4e9a51")
LONGEST = 80

_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "a", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"}
)


def entity_id(table: str, source: str, key: str) -> UUID:
    """The id of an entity from the slug of its source and its key there.

    The table is part of it, so that an offering and its provider never share an id.
    """
    return uuid5(NAMESPACE, _joined(table, source, key))


def source_id(slug: str) -> UUID:
    """The id of a source, which has its slug for a key."""
    return entity_id("source", slug, slug)


def part_id(owner: UUID, table: str, *key: object) -> UUID:
    """The id of a part from its owner and what tells it from its siblings."""
    return uuid5(owner, _joined(table, *(str(part) for part in key)))


@lru_cache(10_000)  # a batch asks twice for each of its names
def slugify(text: str) -> str:
    """`Straße der Einheit 5` -> `strasse-der-einheit-5`: ASCII, no dot, at most 80 characters."""
    spelled = unicodedata.normalize("NFC", text).lower().translate(_SPELLED)
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return _shortened(slug, LONGEST) or f"x-{_digest(text)}"


def distinct_slug(text: str, identity: UUID, taken: Container[str]) -> str:
    """The slug of a text, with a suffix made from the id if another entity has it already.

    The suffix does not count upwards: it must not depend on the order rows arrive in.
    """
    slug = slugify(text)
    if slug not in taken:
        return slug
    return f"{_shortened(slug, LONGEST - 9)}-{_digest(str(identity))}"


def _joined(*parts: str) -> str:
    """As a JSON list: quoted, so that ("a:b", "c") is not ("a", "b:c")."""
    return f"[{', '.join(map(encode_basestring, parts))}]"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _shortened(slug: str, length: int) -> str:
    """Cut between words where there is a word boundary, else anywhere."""
    if len(slug) <= length:
        return slug
    head = slug[: length + 1]
    return (head.rpartition("-")[0] or slug[:length]).strip("-")
