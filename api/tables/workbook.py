"""XLSX: one sheet with a head and typed cells. A text stays one where it looks like a formula."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from pydantic_core import from_json

from api.artefacts.columns import PARSED, Column, joined_text
from api.tables.files import pieces
from seed.workbooks.cells import EARLIEST, LONGEST, escaped

MISTAKEN = ("=", "#")
"""What formulas begin with, and the names of errors."""

Value = str | int | float | bool | date | None


class Sheet:
    """A workbook with one sheet: a row after the other goes to a temporary file."""

    def __init__(self, name: str | None = None) -> None:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(name)
        weakref.finalize(self, _given_up, self._sheet)

    def head(self, names: Iterable[str]) -> None:
        """In bold, and always in sight."""
        self._sheet.freeze_panes = "A2"
        self._sheet.append([self._bold(name) for name in names])

    def append(self, row: Iterable[Value]) -> None:
        self._sheet.append([self._cell(value) for value in row])

    def save(self, file: IO[bytes]) -> None:
        self._book.save(file)

    def _bold(self, text: str) -> Any:
        cell = WriteOnlyCell(self._sheet, text)
        cell.font = Font(bold=True)
        return cell

    def _cell(self, value: Value) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, date):
            return _dated(value)
        return value

    def _text(self, text: str) -> Any:
        text = escaped(_cut(text))
        if not text.startswith(MISTAKEN):
            return text
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        return cell


def _given_up(sheet: Any) -> None:
    """Of a sheet that is never saved openpyxl would keep the file until the process ends."""
    if sheet._writer and not sheet.closed:
        sheet.close()
        sheet._writer.cleanup()


class WorkbookWriter:
    """Documents as rows; the workbook comes at the end."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self._columns = columns
        self._sheet = Sheet(name)

    def begin(self) -> bytes:
        self._sheet.head(column.name for column in self._columns)
        return b""

    def add(self, documents: Sequence[bytes]) -> bytes:
        for document in documents:
            parsed = from_json(document)
            self._sheet.append(_value(column, column.values(parsed)) for column in self._columns)
        return b""

    def end(self) -> Iterator[bytes]:
        with tempfile.TemporaryFile() as file:
            self._sheet.save(file)
            yield from pieces(file)


def _value(column: Column, value: Any) -> Value:
    """Of several values a text; a single one is what it is."""
    if isinstance(value, list):
        if len(value) != 1:
            return joined_text(value)
        value = value[0]
    return value if value is None or column.kind not in PARSED else PARSED[column.kind](value)


def _dated(value: date) -> Value:
    """In UTC; as a text where spreadsheets disagree on the day, or know none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value if value >= EARLIEST else value.isoformat()


def _cut(text: str) -> str:
    """What a cell holds of it."""
    if len(text) <= LONGEST // 2:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * LONGEST].decode("utf-16-le", "ignore")
