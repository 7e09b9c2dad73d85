"""Writes sheets as CSV, and so that a spreadsheet opens them as they are meant."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from seed.workbooks.cells import CSV, CSV_DECIMAL_COMMA, Cell, Spelling, quoted
from seed.workbooks.columns import Column, Role, Sheet
from seed.workbooks.lines import Line
from seed.workbooks.xlsx import replaced


@dataclass(frozen=True)
class CsvStyle:
    """How CSV is written. `semicolon` is what a German Excel reads, with its decimal comma.

    `bom` tells Excel that the file is UTF-8.
    """

    semicolon: bool = False
    bom: bool = False

    @property
    def spelling(self) -> Spelling:
        return CSV_DECIMAL_COMMA if self.semicolon else CSV

    @property
    def delimiter(self) -> str:
        return ";" if self.semicolon else ","

    @property
    def encoding(self) -> str:
        return "utf-8-sig" if self.bom else "utf-8"


def write_csv(out: Path, sheet: Sheet, lines: Iterable[Line], style: CsvStyle) -> int:
    """Write the rows of a sheet; returns how many they are."""
    rows = 0
    write = _speller(style.spelling)
    with (
        replaced(out) as unfinished,
        unfinished.open("w", encoding=style.encoding, newline="") as file,
    ):
        writer = csv.writer(file, delimiter=style.delimiter)
        writer.writerow([_heading(column, style.spelling) for column in sheet.columns])
        for line in lines:
            writer.writerow(["" if cell is None else write(cell) for cell in line])
            rows += 1
    return rows


def _heading(column: Column, spelling: Spelling) -> str:
    return spelling.header if column.role is Role.CHECKSUM else column.name


def _speller(spelling: Spelling) -> Callable[[Cell], str]:
    def spelled(cell: Cell) -> str:
        if isinstance(cell, str):
            return quoted(cell) if cell else ""
        text = f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
        return text.replace(".", spelling.decimal)

    return spelled
