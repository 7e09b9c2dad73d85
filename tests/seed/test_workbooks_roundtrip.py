"""The whole way: out of the registry as a workbook or CSV, edited as staff do it, and back again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from db import exports
from db.exports import Scope
from db.models import Revision
from db.registry import writer
from seed.imports.engine import Order, import_files
from seed.report import FileReport, Severity
from seed.targets import TARGETS
from seed.workbooks.columns import sheets
from seed.workbooks.delimited import CsvStyle
from seed.workbooks.export import Order as ExportOrder
from seed.workbooks.export import export_file
from seed.workbooks.lines import Lines
from tests.databases import Database

SUFFIXES = {
    "workbook": (".xlsx", CsvStyle()),
    "csv": (".csv", CsvStyle()),
    "csv of a German Excel": (".csv", CsvStyle(semicolon=True, bom=True)),
}
Key = tuple[str, str, str]
"""Sheet, id and, of a part, the id of its owner."""
Rows = dict[Key, dict[str, Any]]


@dataclass
class Registry:
    """A registry of its own for every test, and a folder for its exports."""

    database: Database
    folder: Path

    @property
    def url(self) -> str:
        return self.database.owner_url

    def export(self, resource: str, kind: str = "workbook") -> list[Path]:
        suffix, style = SUFFIXES[kind]
        file = self.folder / f"{resource}{suffix}"
        export_file(self.url, ExportOrder(resource, private=True, csv=style), file)
        parts = [file.with_stem(f"{resource}-{part}") for part in TARGETS[resource].parts]
        return [file, *(each for each in parts if each.exists())]

    def bring_back(self, *files: Path, resource: str | None = None, **order: Any) -> FileReport:
        """The report of the last file."""
        return import_files(self.url, files, Order(resource, **order)).files[-1]

    def rows(self, resource: str) -> Rows:
        """All that an export has of a resource."""
        found: Rows = {}
        with exports.snapshot(self.url) as connection:
            for sheet in sheets(resource, exports.languages(connection)[1:], private=True):
                lines = Lines(sheet)
                read = exports.rows(connection, sheet.reading, Scope(private=True))
                for cells in map(lines.named, lines.all_of(read)):
                    key = (sheet.name, str(cells["id"]), str(cells.get(sheet.owner or "")))
                    found[key] = {name: cells[name] for name in cells if name != "checksum"}
        return found

    def revisions(self) -> int:
        with writer(self.url, "test") as connection:
            return connection.scalar(select(func.count()).select_from(Revision)) or 0


@pytest.fixture
def registry(own_demo_database: Database, tmp_path: Path) -> Registry:
    return Registry(own_demo_database, tmp_path)


@contextmanager
def opened(file: Path, sheet: str) -> Iterator[Page]:
    """A sheet of a workbook, which is saved afterwards as another program would save it."""
    book = openpyxl.load_workbook(file)
    yield Page(book[sheet])
    book.save(file)


class Page:
    """A sheet whose cells are addressed by column and row."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.columns = {cell.value: cell.column for cell in sheet[1]}

    def __getitem__(self, where: tuple[str, int]) -> Any:
        return self.sheet.cell(where[1], self.columns[where[0]]).value

    def __setitem__(self, where: tuple[str, int], value: object) -> None:
        self.sheet.cell(where[1], self.columns[where[0]]).value = value

    @property
    def end(self) -> int:
        return int(self.sheet.max_row) + 1

    def add(self, **cells: object) -> int:
        row = self.end
        for name, value in cells.items():
            self[name, row] = value
        return row

    def row_where(self, name: str, is_it: Callable[[Any], bool] = bool) -> int:
        return next(row for row in range(2, self.end) if is_it(self[name, row]))


def differences(before: Rows, after: Rows) -> dict[Key, dict[str, tuple[Any, Any]]]:
    """What differs: of rows that came or went everything."""
    found = {}
    for key in before.keys() | after.keys():
        was, now = before.get(key, {}), after.get(key, {})
        names = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
        if names:
            found[key] = {name: (was.get(name), now.get(name)) for name in names}
    return found


def reasons(report: FileReport, *severities: Severity) -> list[tuple[str | None, str | None, str]]:
    wanted = severities or (Severity.ERROR, Severity.WARNING)
    return [
        (each.position, each.field, each.reason)
        for each in report.findings
        if each.severity in wanted
    ]


# --- nothing was changed -------------------------------------------------------------------------


@pytest.mark.parametrize("resource", TARGETS)
def test_an_export_that_comes_back_as_it_was_writes_nothing(
    registry: Registry, resource: str
) -> None:
    revisions = registry.revisions()
    for kind in SUFFIXES:
        for file in registry.export(resource, kind):
            report = registry.bring_back(file)
            assert not report.refused, report.findings
            assert report.read > 0
            assert report.unchanged == report.read, reasons(report)
            assert reasons(report) == []
    assert registry.revisions() == revisions


def test_another_program_that_saves_the_workbook_changes_nothing(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with opened(file, "offerings"):
        pass
    report = registry.bring_back(file, resource="offerings")
    assert report.unchanged == report.read > 0
