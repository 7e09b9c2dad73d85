"""Newline-delimited JSON, and JSON text sequences (RFC 7464, RFC 8142): one text a record.

Read as a stream, so their size has no bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from seed.readers import Document, Hints, Record, UnreadableError, json_values
from seed.readers.json_records import Found, columns_of, find, records
from seed.readers.sources import LARGEST_JSON, Source

FORMAT = "ndjson"
LONGEST_LINE = 64 << 20  # bytes
RECORD_SEPARATOR = b"\x1e"


@dataclass(frozen=True)
class LinesTable:
    name: str
    columns: Sequence[str]
    source: Source
    path: str | None
    crs: str | None = None

    def records(self) -> Iterator[Record]:
        return _records(self.source, self.path)


def open_lines(source: Source, hints: Hints) -> Document:
    columns = columns_of(_records(source, hints.records))
    table = LinesTable(source.label, columns, source, hints.records)
    return Document(FORMAT, [table], ["one JSON text a line"])


def _records(source: Source, path: str | None) -> Iterator[Record]:
    for place, value in texts(source):
        if path is None:
            yield from _whole(place, value)
        else:
            yield from records(find(value, path), place=f"{place}, ")


def _whole(place: str, value: Any) -> Iterator[Record]:
    for record in records([Found((), value, ())]):
        yield Record(place, record.properties, remark=record.remark)


def has_lines(beginning: bytes) -> bool:
    """Whether the first line is a whole object and another text follows."""
    content = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if content.startswith(RECORD_SEPARATOR):
        return True
    first, _, following = content.partition(b"\n")
    return following.lstrip().startswith((b"{", b"[")) and first_object(first) is not None


def first_object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def texts(source: Source) -> Iterator[tuple[str, Any]]:
    """Every value, with the place of its text."""
    separated = source.beginning.lstrip().startswith(RECORD_SEPARATOR)
    for place, text in _separated(source) if separated else _lines(source):
        if text.strip():
            yield place, _parsed(place, text)


def _lines(source: Source) -> Iterator[tuple[str, bytes]]:
    with source.opened() as file:
        for number in count(1):
            line = file.readline(LONGEST_LINE + 1)
            if not line:
                return
            if len(line) > LONGEST_LINE:
                raise UnreadableError(f"line {number} is longer than {LONGEST_LINE:,} bytes")
            yield f"line {number}", line


def _separated(source: Source) -> Iterator[tuple[str, bytes]]:
    """A text in a sequence may have several lines."""
    if source.size > LARGEST_JSON:
        raise UnreadableError(f"a text sequence of more than {LARGEST_JSON:,} bytes: split it")
    with source.opened() as file:
        parts = file.read().split(RECORD_SEPARATOR)
    for number, part in enumerate(parts[1:], 1):
        yield f"text {number}", part


def _parsed(place: str, text: bytes) -> Any:
    try:
        return json_values.parse(text)
    except UnreadableError as error:
        raise UnreadableError(f"{place}: {error}") from error
