"""XLSX: one sheet with a head and typed cells. A text stays one where it looks like a formula."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from pydantic_core import from_json

from api.artefacts.columns import Column
from api.tables.files import pieces
from seed.workbooks.cells import escaped

LONGEST = 32_767  # characters in a cell
FORMULA = "="


class WorkbookWriter:
    """A row after the other into a temporary file; the workbook comes at the end."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        self._columns = columns
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(name)

    def begin(self) -> bytes:
        self._sheet.freeze_panes = "A2"
        self._sheet.append([self._bold(column.name) for column in self._columns])
        return b""

    def add(self, documents: Sequence[bytes]) -> bytes:
        for document in documents:
            parsed = from_json(document)
            self._sheet.append([self._cell(c, c.values(parsed)) for c in self._columns])
        return b""

    def end(self) -> Iterator[bytes]:
        with tempfile.TemporaryFile() as file:
            self._book.save(file)
            yield from pieces(file)

    def _bold(self, text: str) -> Any:
        cell = WriteOnlyCell(self._sheet, text)
        cell.font = Font(bold=True)
        return cell

    def _cell(self, column: Column, value: Any) -> Any:
        if isinstance(value, list):
            value = "; ".join(str(each) for each in value if each is not None) or None
        elif value is not None and column.kind == "date":
            value = date.fromisoformat(value)
        elif value is not None and column.kind == "datetime":
            value = datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> Any:
        text = escaped(text)[:LONGEST]
        if not text.startswith(FORMULA):
            return text
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        return cell
