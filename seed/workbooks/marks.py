"""Gives a file back to its sender; what was not taken is coloured in it, and has the reason.

The file stays theirs: their columns, sheets and formats. Colour is not the only sign: the last
column has the reasons of every row.

A workbook goes through openpyxl, which cannot keep everything. Lost are: images and shapes, form
controls, sparklines and other extensions of newer versions, the size of comments and threads of
answers to them, digital signatures, printer settings, and the stored results of formulas (they are
worked out again when the workbook is opened; the formulas stay). Charts are kept as far as openpyxl
understands them. Macros stay in .xlsm. CSV stays as it is, only the column is added.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils.exceptions import InvalidFileException

from seed.mappings import ImportMapping
from seed.readers import Document, Hints, Table, UnreadableError
from seed.readers.delimited import CsvTable
from seed.readers.formats import open_file
from seed.readers.sheets import SheetTable
from seed.report import Finding, Severity
from seed.workbooks.cells import LONGEST, escaped, quoted
from seed.workbooks.returned import REASONS
from seed.workbooks.xlsx import replaced

AUTHOR = "Quartier"
LARGEST = 100 * 10**6  # bytes of the sheets unpacked; in memory they are ten times as much
FILLS = {
    Severity.ERROR: PatternFill("solid", fgColor="FFFFC7CE"),
    Severity.WARNING: PatternFill("solid", fgColor="FFFFEB9C"),
}
SAID = {Severity.ERROR: "Not taken", Severity.WARNING: "Please check"}
WITH_MACROS = (".xlsm", ".xltm")

_POSITION = re.compile(r"(?:(?P<sheet>.+), )?(?:row|line) (?P<row>[0-9]+)(?P<rest>, .*)?")
_COLUMN = re.compile(r", column (?P<column>.+)")
_COMMENT = re.compile(rf"(?:\n\n)?{AUTHOR}: .*", re.DOTALL)


class CannotMark(ValueError):  # noqa: N818 - reads as the state it reports
    """Not in this file. The message is for the person who brought it."""


@dataclass(frozen=True)
class Marked:
    """How many rows and cells were marked, and what the sender's workbook lost on the way."""

    rows: int
    cells: int = 0
    lost: tuple[str, ...] = ()


Told = Mapping[str, Mapping[str, Any]]
"""Cells by column, of rows by their positions."""


@dataclass
class Row:
    """What is to be said of a row of the file: a reason for each column, or for the row.

    `told` are cells that take the place of those in the file.
    """

    findings: list[tuple[tuple[str, ...], Finding]] = field(default_factory=list)
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reasons(self) -> str:
        return "; ".join(dict.fromkeys(_said(finding) for _, finding in self.findings))


def mark_rejected(
    workbook: Path,
    findings: Iterable[Finding],
    out: Path,
    *,
    mapping: ImportMapping | None = None,
    told: Told = MappingProxyType({}),
) -> Marked:
    """Write a copy of the sender's file in which what was rejected or flagged is marked.

    `mapping` is the one the file was imported by: it says which columns a field is from. Cells that
    are `told` take the place of the sender's: the ids and checksums of an export's rows that were
    taken, so that the rest can be mended and sent again.
    """
    try:
        document = open_file(workbook, mapping.file.hints if mapping else Hints())
        table = _table(document, mapping)
    except UnreadableError as error:
        raise CannotMark(str(error)) from error
    rows = _rows(findings, _columns_by_field(mapping), told)
    if isinstance(table, CsvTable):
        return _mark_csv(table, rows.get(None, {}), out)
    if isinstance(table, SheetTable) and document.format == "xlsx":
        return _mark_workbook(workbook, document, table, rows, out)
    raise CannotMark(f"{workbook.name}: only XLSX and CSV can be marked; save it as one of them")


def _table(document: Document, mapping: ImportMapping | None) -> Table:
    """The table that the import read."""
    tables = document.tables
    if mapping is None:
        return tables[0]
    if mapping.file.table is not None:
        return document.table(mapping.file.table)
    return next((each for each in tables if mapping.columns <= set(each.columns)), tables[0])


# --- findings by row -----------------------------------------------------------------------------

Rows = dict[int, Row]


def _columns_by_field(mapping: ImportMapping | None) -> Mapping[str, tuple[str, ...]]:
    if mapping is None:
        return {}
    parts = [rules for part in mapping.parts.values() for rules in part.fields.items()]
    found = {name: rule.used for name, rule in [*parts, *mapping.fields.items()]}
    places = [found.get(name, ()) for name in ("longitude", "latitude", "place")]
    key = mapping.key.used if mapping.key else ()
    return {"key": key, "geometry": tuple(name for used in places for name in used)} | found


def _rows(
    findings: Iterable[Finding], columns: Mapping[str, tuple[str, ...]], told: Told
) -> dict[str | None, Rows]:
    """What is to be said, by sheet (None: the one that was imported) and number of the row."""
    rows: dict[str | None, Rows] = defaultdict(lambda: defaultdict(Row))
    for finding in findings:
        found = _POSITION.fullmatch(finding.position or "")
        if found is None or finding.severity not in FILLS:
            continue
        marked = _COLUMN.match(found["rest"] or "")
        named = (marked["column"],) if marked else _named(finding.field, columns)
        rows[found["sheet"]][int(found["row"])].findings.append((named, finding))
    for position, cells in told.items():
        if found := _POSITION.fullmatch(position):
            rows[found["sheet"]][int(found["row"])].told = cells
    return rows


def _named(name: str | None, columns: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if name is None:
        return ()
    return columns.get(name) or columns.get(name.removesuffix("_id")) or (name,)


def _is_ours(column: str) -> bool:
    """Whether a column is the one with the reasons; above it there may be more rows of a header."""
    return column.rpartition(" / ")[2] == REASONS


def _said(finding: Finding) -> str:
    about = f"{finding.field}: " if finding.field else ""
    return f"{SAID[finding.severity]}: {about}{finding.reason}"


# --- a workbook ----------------------------------------------------------------------------------


@dataclass
class _Page:
    """A sheet of the sender's workbook: where its columns are, and where the reasons go."""

    sheet: Any
    columns: Mapping[str, int]
    header: int
    reasons: int

    @classmethod
    def of(cls, book: Any, table: SheetTable) -> _Page:
        sheet = book[table.name]
        offset = (table.sheet.start or (0, 0))[1] + 1
        columns = {name: offset + number for number, name in enumerate(table.columns)}
        own = (column for name, column in columns.items() if _is_ours(name))
        end = next(own, max(sheet.max_column, *columns.values()) + 1)
        return cls(sheet, columns, table.preceding, end)


def _mark_workbook(
    workbook: Path,
    document: Document,
    table: SheetTable,
    rows: Mapping[str | None, Rows],
    out: Path,
) -> Marked:
    _refuse_large(workbook)
    book, lost = _loaded(workbook)
    marked = cells = 0
    for each in document.tables:
        found = rows.get(each.name) or (rows.get(None, {}) if each is table else {})
        if isinstance(each, SheetTable) and (found or any(map(_is_ours, each.columns))):
            cells += _mark_page(_Page.of(book, each), found)
            marked += _said_of(found)
    with replaced(out) as unfinished:
        book.save(unfinished)
    if book.vba_archive:
        book.vba_archive.close()  # openpyxl leaves it to the garbage collector, which fails
    return Marked(marked, cells, lost)


def _refuse_large(workbook: Path) -> None:
    with ZipFile(workbook) as archive:
        sheets = (each for each in archive.infolist() if each.filename.startswith("xl/worksheets/"))
        size = sum(each.file_size for each in sheets)
    if size > LARGEST:
        raise CannotMark(
            f"{workbook.name} has {size / 1e6:,.0f} MB of sheets unpacked, more than "
            f"{LARGEST / 1e6:.0f} MB: save the sheet as CSV, which can be marked at any size"
        )


def _loaded(workbook: Path) -> tuple[Any, tuple[str, ...]]:
    """The workbook, and what openpyxl says it will lose."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            macros = workbook.suffix.lower() in WITH_MACROS
            book = load_workbook(workbook, keep_vba=macros, rich_text=True)
        except (InvalidFileException, ValueError, KeyError) as error:
            raise CannotMark(f"{workbook.name} cannot be copied: {error}") from error
    return book, tuple(dict.fromkeys(str(each.message) for each in said))


def _mark_page(page: _Page, rows: Rows) -> int:
    _unmark(page)
    if page.header:
        heading = page.sheet.cell(page.header, page.reasons, REASONS)
        heading.alignment = Alignment(vertical="top")
        dimension = page.sheet.column_dimensions[heading.column_letter]
        dimension.width, dimension.hidden = 60, False
    cells = 0
    for number, row in rows.items():
        _tell(page, number, row)
        if not row.findings:
            continue
        marks = _marks(page, number, row)
        for (line, column), found in marks.items():
            _mark(page.sheet.cell(line, column), found)
        _say(page.sheet.cell(number, page.reasons), row)
        cells += len(marks)
    return cells


def _said_of(rows: Rows) -> int:
    """Of how many rows there is something to be said."""
    return sum(bool(row.findings) for row in rows.values())


def _tell(page: _Page, number: int, row: Row) -> None:
    for name, value in row.told.items():
        cell = page.sheet.cell(number, page.columns[name])
        cell.value = escaped(value) if isinstance(value, str) else value
        if isinstance(value, str):
            cell.data_type = "s"


def _marks(page: _Page, number: int, row: Row) -> dict[tuple[int, int], list[Finding]]:
    """Findings by cell. What is merged is one cell, the first."""
    marks: dict[tuple[int, int], list[Finding]] = defaultdict(list)
    for names, finding in row.findings:
        for name in names:
            if column := page.columns.get(name):
                marks[_first(page.sheet, number, column)].append(finding)
    return marks


def _first(sheet: Any, row: int, column: int) -> tuple[int, int]:
    for merged in sheet.merged_cells.ranges:
        if merged.min_row <= row <= merged.max_row and merged.min_col <= column <= merged.max_col:
            return merged.min_row, merged.min_col
    return row, column


def _mark(cell: Any, findings: Sequence[Finding]) -> None:
    cell.fill = FILLS[_worst(findings)]
    reasons = "\n".join(dict.fromkeys(_said(finding) for finding in findings))
    own, author = (cell.comment.text, cell.comment.author) if cell.comment else ("", AUTHOR)
    text = f"{own}\n\n{AUTHOR}: {reasons}" if own else f"{AUTHOR}: {reasons}"
    cell.comment = Comment(escaped(text)[:LONGEST], author, height=120, width=320)


def _say(cell: Any, row: Row) -> None:
    cell.value = escaped(row.reasons)[:LONGEST]
    cell.data_type = "s"
    cell.fill = FILLS[_worst([finding for _, finding in row.findings])]


def _worst(findings: Iterable[Finding]) -> Severity:
    severities = {finding.severity for finding in findings}
    return Severity.ERROR if Severity.ERROR in severities else Severity.WARNING


def _unmark(page: _Page) -> None:
    """Take back the marks of an earlier round: the sender mended the cell and left the colour."""
    if page.reasons not in page.columns.values():
        return
    for (said,) in page.sheet.iter_rows(
        min_row=page.header + 1, min_col=page.reasons, max_col=page.reasons
    ):
        if said.value is None:
            continue
        said.value = None
        for cell in page.sheet[said.row]:
            _unmark_cell(cell)


def _unmark_cell(cell: Any) -> None:
    if cell.fill.fgColor.rgb in {fill.fgColor.rgb for fill in FILLS.values()}:
        cell.fill = PatternFill()
    if cell.comment and AUTHOR in cell.comment.text:
        text = _COMMENT.sub("", cell.comment.text)
        cell.comment = Comment(text, cell.comment.author) if text else None


# --- CSV -----------------------------------------------------------------------------------------


def _mark_csv(table: CsvTable, rows: Rows, out: Path) -> Marked:
    """Every line as it is, byte for byte; the entries of the table get one cell more."""
    layout = table.layout
    with (
        table.source.opened() as raw,
        TextIOWrapper(raw, encoding=layout.encoding, newline="") as text,
        replaced(out) as unfinished,
        unfinished.open("w", encoding=layout.encoding, errors="replace", newline="") as file,
    ):
        file.writelines(_marked_entries(text, table, rows))
    return Marked(_said_of(rows))


def _marked_entries(text: TextIO, table: CsvTable, rows: Rows) -> Iterator[str]:
    layout = table.layout
    lines = _Lines(text)
    yield from islice(lines, layout.skipped)
    lines.ended()
    headings, begins = layout.header_rows, layout.skipped + 1
    for cells in csv.reader(lines, delimiter=layout.delimiter):
        entry = lines.ended()
        if any(cells):
            said = REASONS if headings == 1 else "" if headings else _reasons(rows, begins)
            headings = max(headings - 1, 0)
            entry = _with_cell(_own(entry, cells, table, rows.get(begins)), said, layout.delimiter)
        yield entry
        begins = lines.read + 1


class _Lines:
    """The lines of a text, counted; those of an entry are kept until it has ended."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._entry: list[str] = []
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.read += 1
        self._entry.append(line)
        return line

    def ended(self) -> str:
        entry, self._entry = "".join(self._entry), []
        return entry


def _reasons(rows: Rows, line: int) -> str:
    return rows[line].reasons if line in rows else ""


def _with_cell(entry: str, said: str, delimiter: str) -> str:
    body = entry.rstrip("\r\n")
    quoted = said.replace('"', '""')
    return f'{body}{delimiter}"{quoted}"{entry[len(body) :]}'


def _own(entry: str, cells: Sequence[str], table: CsvTable, row: Row | None) -> str:
    """An entry as the sender has it, but for what is told."""
    bare = _bare(entry, cells, table)
    if row is None or not row.told:
        return bare
    own = dict(zip((name for name in table.columns if not _is_ours(name)), cells, strict=False))
    own |= {name: "" if cell is None else quoted(str(cell)) for name, cell in row.told.items()}
    written = StringIO()
    ending = bare[len(bare.rstrip("\r\n")) :]
    csv.writer(written, delimiter=table.layout.delimiter, lineterminator=ending).writerow(
        own.values()
    )
    return written.getvalue()


def _bare(entry: str, cells: Sequence[str], table: CsvTable) -> str:
    """Without the reasons of an earlier round."""
    if not _is_ours(table.columns[-1]) or len(cells) != len(table.columns):
        return entry
    body, delimiter = entry.rstrip("\r\n"), table.layout.delimiter
    doubled = cells[-1].replace('"', '""')
    for last in (f'{delimiter}"{doubled}"', f"{delimiter}{cells[-1]}"):
        if body.endswith(last):
            return body.removesuffix(last) + entry[len(body) :]
    return entry
