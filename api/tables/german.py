"""csv-de: what a spreadsheet in German opens as a table.

Semicolons, decimal commas, UTF-8 with a byte order mark, days as 31.12.2024, labels for codes. What
is unknown or hidden is an empty cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import from_json

from api.artefacts.columns import Column
from seed.workbooks.cells import quoted
from seed.workbooks.explanations import labels

MARK = b"\xef\xbb\xbf"
ANSWERS = {"de": ("nein", "ja"), "en": ("no", "yes")}


class GermanWriter:
    """Lines as they come. Heads and answers are in German or else in English."""

    def __init__(self, columns: Sequence[Column], heads: Mapping[str, str], lang: str) -> None:
        self._columns = columns
        self._write = [_writer(column, spoken_in(lang)) for column in columns]
        self._head = [heads.get(column.name, column.name) for column in columns]

    def begin(self) -> bytes:
        return MARK + _lines([[_text(head) for head in self._head]])

    def add(self, documents: Sequence[bytes]) -> bytes:
        return _lines([self._row(from_json(document)) for document in documents])

    def end(self) -> Iterator[bytes]:
        return iter(())

    def _row(self, document: Any) -> list[str]:
        cells = zip(self._columns, self._write, strict=True)
        return [_cell(write, column.values(document)) for column, write in cells]


def _cell(write: Callable[[Any], str], value: Any) -> str:
    if isinstance(value, list):
        return _text("; ".join(write(each) for each in value if each is not None))
    return "" if value is None else write(value)


def _writer(column: Column, lang: str) -> Callable[[Any], str]:
    match column.kind:
        case "integer" | "number":
            return _number
        case "date":
            return lambda text: _day(date.fromisoformat(text))
        case "datetime":
            return lambda text: _moment(datetime.fromisoformat(text))
        case "boolean":
            return lambda value: ANSWERS[lang][bool(value)]
        case _:
            return lambda text: _text(str(text))


def _number(value: float) -> str:
    return format(Decimal(repr(value)), "f").replace(".", ",")


def _day(day: date) -> str:
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def _moment(moment: datetime) -> str:
    return f"{_day(moment)} {moment:%H:%M}"


def _text(text: str) -> str:
    """No formula, whatever somebody wrote."""
    return quoted(text)


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


@cache
def heads(resource: str, lang: str) -> dict[str, str]:
    """What its columns are called."""
    path = Path(__file__).with_name("heads.yaml")
    own: dict[str, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    place = [*ANSWERS].index(spoken_in(lang))
    said = {name: texts[place] for name, texts in labels(resource).items()}
    return said | {name: texts[spoken_in(lang)] for name, texts in own.items()}


def spoken_in(lang: str) -> str:
    return lang if lang in ANSWERS else "en"
