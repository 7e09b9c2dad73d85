"""What the files of all domains have in common: how an entry becomes a row."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from db.models import Base
from db.registry import Row
from seed.edtf import parse
from seed.files import Entry, read_csv, translations
from seed.identity import entity_id, part_id, source_id
from seed.vocabulary import BASE_LANGUAGE, read_vocabulary, term_id


class Batch(NamedTuple):
    """Rows of one table, all with the same columns."""

    model: type[Base]
    rows: Sequence[Row]


Ids = Mapping[str, UUID]


def source_ids() -> Ids:
    return {str(entry["slug"]): source_id(str(entry["slug"])) for entry in read_csv("sources.csv")}


def ids(table: str, entries: Iterable[Entry]) -> Ids:
    """The ids of a file's entities, by slug."""
    return {entry["slug"]: entity_id(table, entry["source"], entry["slug"]) for entry in entries}


def entity(table: str, entry: Entry, sources: Ids) -> dict[str, Any]:
    """The columns that every entity has. Its slug is its key in the source."""
    return {
        "id": entity_id(table, entry["source"], entry["slug"]),
        "slug": entry["slug"],
        "external_key": entry["slug"],
        "source_id": sources[entry["source"]],
        "status": "published",
        "note": entry.get("note"),
        **texts(entry),
    }


def texts(entry: Entry) -> dict[str, Any]:
    """The language of an entry's own texts, and their translations."""
    return {"lang": entry.get("lang") or BASE_LANGUAGE, "translations": translations(entry)}


def imprecise(column: str, text: str | None) -> dict[str, Any]:
    """The three columns of an imprecise date."""
    edtf, earliest, latest = parse(text) if text else (None, None, None)
    return {column: edtf, f"{column}_earliest": earliest, f"{column}_latest": latest}


def optional(known: Ids, slug: str | None) -> UUID | None:
    """The id of what the slug names, or none where there is no slug."""
    return known[slug] if slug else None


def words(text: str | None) -> list[str]:
    """The codes or slugs of a cell, which are separated by blanks."""
    return text.split() if text else []


@cache
def _known_terms() -> frozenset[UUID]:
    return frozenset(row["id"] for row in read_vocabulary().terms)


def term(codelist: str, code: str) -> UUID:
    """The id of a codelist term; KeyError for one that no list has."""
    identity = term_id(codelist, code)
    if identity not in _known_terms():
        raise KeyError(f"{codelist}: {code}")
    return identity


def term_links(table: str, owner: UUID, codelist: str, codes: Iterable[str]) -> list[Row]:
    """Rows of a table that links an owner (`offering_term.offering_id`) to terms."""
    return links(table, "term_id", owner, [term(codelist, code) for code in codes])


def links(table: str, column: str, owner: UUID, targets: Iterable[UUID]) -> list[Row]:
    """Rows of a table that links an owner to something else, and holds nothing more."""
    owner_column = f"{table.split('_', maxsplit=1)[0]}_id"
    return [
        {"id": part_id(owner, table, target), owner_column: owner, column: target}
        for target in targets
    ]
