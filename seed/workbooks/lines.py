"""The rows of a sheet, from what the registry holds: cells, and a checksum of what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seed.workbooks.cells import Cell, cell_maker, checksum, meaning
from seed.workbooks.columns import Role, Sheet

Line = list[Cell]


class Lines:
    """Turns the values of rows, as they are read, into the cells of a sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._makers = [
            (n, cell_maker(column)) for n, column in enumerate(sheet.columns) if column.value
        ]
        self._meanings = [
            (n, column.name, meaning(column))
            for n, column in enumerate(sheet.columns)
            if column.role is Role.FIELD
        ]

    def line(self, values: Sequence[Any]) -> Line:
        cells: Line = [None] * len(self.sheet.columns)
        for (n, make), value in zip(self._makers, values, strict=True):
            if value is not None:
                cells[n] = make(value)
        stated = [
            (name, read(cells[n])) for n, name, read in self._meanings if cells[n] is not None
        ]
        cells[self.sheet.checksum] = checksum(stated)
        return cells

    def all_of(self, rows: Iterable[Sequence[Any]]) -> Iterator[Line]:
        return map(self.line, rows)

    def named(self, line: Line) -> Mapping[str, Cell]:
        """The cells by the names of their columns."""
        names = (column.name for column in self.sheet.columns)
        return dict(zip(names, line, strict=True))
