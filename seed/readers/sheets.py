"""Spreadsheets, XLSX and the older XLS, by calamine: every sheet is a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from seed.readers import Document, Hints, Record, UnreadableError, archives
from seed.readers.rows import column_names, properties
from seed.readers.sources import Source
from seed.readers.workbook_parts import SheetPart, sheet_parts

LARGEST = 256 * 10**6  # bytes
EXACT = 2**53  # from here on a float skips whole numbers

# [MS-OFFCRYPTO] 1.3.3: an encrypted XLSX is a stream of this name in a file like an XLS.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

Row = tuple[int, list[Any]]
"""The number of a row in its sheet, and its cells."""


@dataclass(frozen=True)
class SheetTable:
    name: str
    columns: Sequence[str]
    sheet: CalamineSheet
    preceding: int  # rows
    remarks: Mapping[int, Sequence[str]]
    crs: str | None = None

    def records(self) -> Iterator[Record]:
        for number, cells in _rows(self.sheet, self.preceding):
            found, surplus = properties(self.columns, cells)
            remarks = [*self.remarks.get(number, ()), *filter(None, [surplus])]
            yield Record(f"row {number}", found, remark="; ".join(remarks) or None)


def open_xlsx(source: Source, hints: Hints) -> Document:
    _refuse_unfit(source)
    archives.verify(source.path)
    return _open("xlsx", source, hints, sheet_parts(source.path))


def open_xls(source: Source, hints: Hints) -> Document:
    _refuse_unfit(source)
    if ENCRYPTED in source.path.read_bytes():
        raise UnreadableError("the workbook is protected by a password: save it without one")
    return _open("xls", source, hints, {})


def _refuse_unfit(source: Source) -> None:
    if source.member is not None:
        raise UnreadableError(f"{source.name!r} is a workbook within a zip: unpack it first")
    if source.size > LARGEST:
        raise UnreadableError(
            f"a workbook of {source.size / 1e6:,.0f} MB is more than {LARGEST / 1e6:.0f} MB: "
            "save the sheet as CSV"
        )


def _open(
    format_name: str, source: Source, hints: Hints, parts: Mapping[str, SheetPart]
) -> Document:
    with _explained():
        workbook = CalamineWorkbook.from_path(source.path)
        names, notes = _wanted(workbook.sheets_metadata, hints.table)
        sheets = [workbook.get_sheet_by_name(name) for name in names]
    tables = [_table(sheet, hints, parts.get(sheet.name)) for sheet in sheets]
    if not any(tables):
        raise UnreadableError("the workbook is empty")
    empty = [name for name, table in zip(names, tables, strict=True) if table is None]
    notes += [f"the sheet {name!r} is empty" for name in empty]
    filled = [table for table in tables if table is not None]
    return Document(format_name, filled, [*notes, *_notes_on_merged(filled)])


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except PasswordError as error:
        raise UnreadableError("the workbook is protected by a password: save it without") from error
    except CalamineError as error:
        raise UnreadableError(f"the workbook cannot be read: {error}") from error


def _wanted(sheets: Sequence[SheetMetadata], named: str | None) -> tuple[list[str], list[str]]:
    """The sheets to read, a hidden one only if it is named; and what to say of the others."""
    ordinary = [sheet for sheet in sheets if sheet.typ is SheetTypeEnum.WorkSheet]
    hidden = {sheet.name for sheet in ordinary if sheet.visible is not SheetVisibleEnum.Visible}
    left = [sheet.name for sheet in ordinary if sheet.name in hidden - {named}]
    notes = [f"the sheet {name!r} is hidden and left aside, unless it is named" for name in left]
    return [sheet.name for sheet in ordinary if sheet.name not in left], notes


def _table(sheet: CalamineSheet, hints: Hints, part: SheetPart | None) -> SheetTable | None:
    header = list(islice(_rows(sheet, hints.skip_rows), max(hints.header_rows, 1)))
    if not header:
        return None
    if hints.header_rows:
        names, preceding = column_names(_with_merged(sheet, header)), header[-1][0]
    else:
        names = [f"column {number}" for number, _ in enumerate(header[0][1], 1)]
        preceding = hints.skip_rows
    return SheetTable(sheet.name, names, sheet, preceding, part.remarks if part else {})


def _with_merged(sheet: CalamineSheet, header: Sequence[Row]) -> list[list[Any]]:
    """The cells of a header; those that were merged have their text in each."""
    cells = {number - 1: list(row) for number, row in header}
    offset = sheet.start[1] if sheet.start else 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top in cells and left >= offset:
            text = cells[top][left - offset]
            for row in cells.keys() & range(top, bottom + 1):
                width = range(left - offset, min(right - offset + 1, len(cells[row])))
                cells[row][width.start : width.stop] = [text] * len(width)
    return list(cells.values())


def _notes_on_merged(tables: Sequence[SheetTable]) -> Iterator[str]:
    for table in tables:
        merged = table.sheet.merged_cell_ranges or ()
        if below := sum(bottom >= table.preceding for _, (bottom, _) in merged):
            yield (
                f"the sheet {table.name!r} has {below} merged cells below its header: "
                "only the first cell of each has the value"
            )


def _rows(sheet: CalamineSheet, preceding: int) -> Iterator[Row]:
    """The rows that are not blank, from the one after those preceding."""
    for number, cells in enumerate(islice(sheet.iter_rows(), preceding, None), preceding + 1):
        row = [_value(cell) for cell in cells]
        if any(cell is not None for cell in row):
            yield number, row


def _value(cell: Any) -> Any:
    """Numbers are floats in a sheet; whole ones are meant as such."""
    if cell == "":
        return None
    whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT
    return int(cell) if whole else cell
