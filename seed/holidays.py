"""Holidays from a file: school holidays, and what else law does not say of all of a state.

The file is CSV, with the columns of `seed/data/holidays.csv`. It is taken as a whole or not at all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from db.models import Holiday, Source
from db.models.holidays import REGION
from db.registry import Counts, Row, delete_rows, ids_by_slug, ids_of_sources, upsert, writer
from seed.identity import entity_id, slugify, source_id

COLUMNS = ("region", "kind", "name", "first_day", "last_day", "source")
KINDS = ("public", "school")
NOT_STATED = "not_stated"

Entry = Mapping[str, Any]


class FileRefused(ValueError):  # noqa: N818 - reads as what became of the file
    """What is wrong with it, a line a row."""


@dataclass(frozen=True)
class Taken:
    """What an import of holidays did; `new_sources` have no licence stated yet."""

    counts: Counts
    removed: int
    new_sources: tuple[str, ...]


def import_holidays(url: str, file: Path, *, snapshot: bool, actor: str) -> Taken:
    """Take a file over; as a snapshot, what it no longer has of its sources goes."""
    entries = _read(file)
    problems = [f"line {line}: {reason}" for line, entry in entries for reason in _problems(entry)]
    if problems:
        raise FileRefused("\n".join(problems))
    with writer(url, actor) as connection:
        known = ids_by_slug(connection, Source)
        named = {slugify(str(entry["source"])): str(entry["source"]) for _, entry in entries}
        new = {slug: title for slug, title in named.items() if slug not in known}
        upsert(connection, Source, [_new_source(slug, title) for slug, title in new.items()])
        sources = known | {slug: source_id(slug) for slug in new}
        rows = {row["id"]: row for row in (row_of(entry, sources) for _, entry in entries)}
        counts = upsert(connection, Holiday, rows.values())
        removed = 0
        if snapshot:
            there = ids_of_sources(connection, Holiday, [sources[slug] for slug in named])
            removed = delete_rows(connection, Holiday, there - rows.keys())
    return Taken(counts, removed, tuple(new))


def row_of(entry: Entry, sources: Mapping[str, UUID]) -> Row:
    """A row of the registry; the same entry has the same id in every registry."""
    source = slugify(str(entry["source"]))
    key = " ".join(str(entry[column]) for column in ("region", "kind", "first_day", "name"))
    return {
        "id": entity_id("holiday", source, key),
        "region": entry["region"],
        "kind": entry["kind"],
        "name": entry["name"],
        "first_day": date.fromisoformat(entry["first_day"]),
        "last_day": date.fromisoformat(entry["last_day"] or entry["first_day"]),
        "source_id": sources[source],
    }


def _read(file: Path) -> list[tuple[int, Entry]]:
    """The rows of the file, each with its line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused(f"cannot be read as UTF-8: {error}") from None
    first = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in first else ",")
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise FileRefused(f"has no column {', '.join(missing)}")
    return [
        (reader.line_num, {name: (row[name] or "").strip() for name in COLUMNS}) for row in reader
    ]


def _problems(entry: Entry) -> Iterator[str]:
    if not re.fullmatch(REGION, entry["region"]):
        yield f"{entry['region']!r} is no region, such as DE-SN or SE-O/1495"
    if entry["kind"] not in KINDS:
        yield f"{entry['kind']!r} is none of {', '.join(KINDS)}"
    for column in ("name", "source"):
        if not entry[column]:
            yield f"{column} is missing"
    first, last = _day(entry["first_day"]), _day(entry["last_day"] or entry["first_day"])
    if first is None or last is None:
        yield "first_day and last_day are dates such as 2026-12-23"
    elif last < first:
        yield "it ends before it begins"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _new_source(slug: str, title: str) -> Row:
    """Nothing of it is published until somebody states its licence."""
    return {
        "id": source_id(slug),
        "slug": slug,
        "title": title,
        "publisher": title,
        "license": NOT_STATED,
        "attribution": title,
    }
