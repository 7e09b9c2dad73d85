"""The vocabulary every registry starts with: languages and codelists."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from db.registry import Row
from seed.files import Entry, read_folder, read_yaml, translations
from seed.identity import entity_id, part_id

BASE_LANGUAGE = "de"


class Vocabulary(NamedTuple):
    """The rows of the three tables."""

    languages: list[Row]
    codelists: list[Row]
    terms: list[Row]


def read_vocabulary() -> Vocabulary:
    files = read_folder("codelists")
    terms = [row for file in files for row in _terms(codelist_id(file["name"]), file["terms"])]
    return Vocabulary(_languages(), [_codelist(file) for file in files], terms)


def term_id(codelist: str, code: str) -> UUID:
    return part_id(codelist_id(codelist), "codelist_term", code)


def codelist_id(name: str) -> UUID:
    return entity_id("codelist", "quartier", name)


def _languages() -> list[Row]:
    return [
        {"code": code, "position": position, "is_default": position == 0}
        for position, code in enumerate(read_yaml("languages.yaml"))
    ]


def _codelist(file: Entry) -> Row:
    return {
        "id": codelist_id(file["name"]),
        "name": file["name"],
        "title": file["title"],
        "description": file["description"],
        "additive": file.get("additive", False),
        "lang": BASE_LANGUAGE,
        "translations": translations(file),
    }


def _terms(codelist: UUID, entries: list[Entry], parent: UUID | None = None) -> Iterator[Row]:
    """The terms of a list and, below each, its narrower ones."""
    for position, entry in enumerate(entries):
        row = _term(codelist, entry, position, parent)
        yield row
        yield from _terms(codelist, entry.get("children", []), row["id"])


def _term(codelist: UUID, entry: Entry, position: int, parent: UUID | None) -> Row:
    return {
        "id": part_id(codelist, "codelist_term", entry["code"]),
        "codelist_id": codelist,
        "code": entry["code"],
        "parent_id": parent,
        "position": position,
        "label": entry["label"],
        "definition": entry.get("definition"),
        "lang": BASE_LANGUAGE,
        "translations": translations(entry),
        "exact_match": entry.get("exact_match", []),
    }
