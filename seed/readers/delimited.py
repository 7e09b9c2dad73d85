"""Delimited text: CSV as RFC 4180 has it, and as spreadsheets and offices really write it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from itertools import islice
from typing import TextIO

from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.encodings import LONGEST_ENTRY, find_encoding
from seed.readers.rows import column_names, properties
from seed.readers.sources import Source

FORMAT = "csv"
LONGEST_FIELD = 1 << 20  # characters
SAMPLE = 1 << 18  # characters in which the delimiter is looked for
NO_DELIMITER = (0.0, 0)
DELIMITERS = {";": "semicolons", ",": "commas", "\t": "TABs", "|": "vertical bars"}

SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\1*(?:[\r\n]|\Z)', re.IGNORECASE)

Cells = list[str]
Entry = tuple[int, Cells]
"""The line on which an entry begins, and its cells."""


@dataclass(frozen=True)
class Layout:
    """How the text is written, and how many lines precede the first row, the header included."""

    encoding: str
    delimiter: str
    skipped: int
    header_rows: int


@dataclass(frozen=True)
class CsvTable:
    name: str
    columns: Sequence[str]
    source: Source
    layout: Layout
    crs: str | None = None

    def records(self) -> Iterator[Record]:
        columns = self.columns
        with _text(self.source, self.layout.encoding) as text:
            for line, cells in islice(_entries(text, self.layout), self.layout.header_rows, None):
                found, remark = properties(columns, cells)
                yield Record(f"line {line}", found, remark=remark)


def open_csv(source: Source, hints: Hints) -> Document:
    encoding = find_encoding(source, hints.encoding)
    with _text(source, encoding.name) as text:
        sample = text.read(SAMPLE)
    separator = SEPARATOR_LINE.match(sample)
    skipped = hints.skip_rows + (separator is not None)
    if hints.delimiter or separator:
        delimiter = _single(hints.delimiter or (separator[1] if separator else ""))
    else:
        delimiter = _sniffed(sample, skipped, hints.header_rows)
    layout = Layout(encoding.name, delimiter, skipped, hints.header_rows)
    table = CsvTable(source.label, _columns(source, layout), source, layout)
    return Document(FORMAT, [table], [encoding.note, _separated(delimiter, table.columns)])


def _single(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UnreadableError(f"a delimiter is one character, not {delimiter!r}")
    return delimiter


def _separated(delimiter: str, columns: Sequence[str]) -> str:
    if len(columns) == 1:
        return "one column; if there are more, the mapping has to name delimiter or rows to skip"
    return f"separated by {DELIMITERS.get(delimiter, repr(delimiter))}"


@contextmanager
def _text(source: Source, encoding: str) -> Iterator[TextIO]:
    with source.opened() as file, TextIOWrapper(file, encoding=encoding, newline="") as text:
        yield text


def _columns(source: Source, layout: Layout) -> list[str]:
    with _text(source, layout.encoding) as text:
        rows = [cells for _, cells in islice(_entries(text, layout), max(layout.header_rows, 1))]
    if not rows:
        raise UnreadableError("the file is empty")
    header = rows if layout.header_rows else [[f"column {n}" for n, _ in enumerate(rows[0], 1)]]
    return column_names(header) or ["column 1"]


# --- lines to entries ----------------------------------------------------------------------------


class _Lines:
    """The lines of a text, counted; those of one entry are kept, and are not endless."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.read = 0
        self.entry: list[str] = []
        self.room = LONGEST_ENTRY

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.text.readline(self.room + 1)
        if not line:
            raise StopIteration
        self.read += 1
        self.room -= len(line)
        if self.room < 0:
            raise _endless(self.read - len(self.entry))
        self.entry.append(line)
        return line

    def end_entry(self) -> list[str]:
        ended, self.entry = self.entry, []
        self.room = LONGEST_ENTRY
        return ended


def _endless(line: int) -> UnreadableError:
    return UnreadableError(
        f"the entry that begins on line {line} has more than {LONGEST_ENTRY:,} characters, or a "
        f"cell more than {LONGEST_FIELD:,}: is a quotation mark left open?"
    )


def _entries(text: TextIO, layout: Layout) -> Iterator[Entry]:
    """Every entry that is not blank, from the header on."""
    lines = _Lines(text)
    for _ in islice(lines, layout.skipped):
        lines.end_entry()
    csv.field_size_limit(LONGEST_FIELD)  # of the module, so it is set where it is needed
    for line, cells in _parsed(lines, layout.delimiter):
        if any(cells) and (len(cells) > 1 or cells[0].strip()):
            yield line, cells


def _parsed(lines: _Lines, delimiter: str) -> Iterator[Entry]:
    begins, last = lines.read + 1, list[str]()
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            yield begins, cells
            begins, last = lines.read + 1, lines.end_entry()
    except csv.Error as error:
        raise _endless(begins) from error
    _refuse_open_quote(last, delimiter, lines.read - len(last) + 1)


def _refuse_open_quote(entry: list[str], delimiter: str, begins: int) -> None:
    """The csv module ends an open cell with the file, and every row from there on is inside it."""
    try:
        list(csv.reader(entry, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise UnreadableError(
                f"a quotation mark in the entry that begins on line {begins} is never closed: "
                "there is one too many, or the file is cut off"
            ) from error


# --- which delimiter -----------------------------------------------------------------------------


def _sniffed(sample: str, skipped: int, header_rows: int) -> str:
    """The delimiter by which most rows have as many cells as the header."""
    lines = StringIO(sample, newline="").readlines()[skipped:]
    if len(sample) == SAMPLE:
        lines.pop()
    scores = {each: _score(_rows(lines, each), max(header_rows, 1)) for each in DELIMITERS}
    best = max(scores, key=lambda each: scores[each])
    return best if scores[best] > NO_DELIMITER else ","


def _rows(lines: list[str], delimiter: str) -> list[Cells]:
    try:
        return [cells for cells in csv.reader(lines, delimiter=delimiter) if any(cells)]
    except csv.Error:
        return []


def _score(rows: list[Cells], header_rows: int) -> tuple[float, int]:
    header = max(rows[:header_rows], key=len, default=[])
    body = rows[header_rows:]
    if len(header) < 2:
        return _score_below_a_title(body)
    fitting = sum(_fits(cells, header) for cells in body)
    return fitting / len(body) if body else 1.0, len(header)


def _fits(cells: Cells, header: Cells) -> bool:
    """As many cells as the header, apart from an empty one at the end of either."""
    surplus = len(cells) - len(header)
    return surplus == 0 or (surplus == 1 and not cells[-1]) or (surplus == -1 and not header[-1])


def _score_below_a_title(body: list[Cells]) -> tuple[float, int]:
    """A header of one cell may be a title; then the rows below agree on three cells or more."""
    width, rows = max(Counter(map(len, body)).items(), key=lambda each: each[1], default=(0, 0))
    return (0.0, width) if width > 2 and rows > 0.8 * len(body) else NO_DELIMITER
