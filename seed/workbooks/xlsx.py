"""Writes workbooks that staff can edit without breaking what an import needs of them.

Sheets are protected without a password: against accidents, not against people. Cells that are to be
edited are open, also in the empty rows below, where new rows are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from seed.targets import Kind
from seed.workbooks import explanations
from seed.workbooks.cells import DIGITS, EARLIEST, Cell, Remark, escaped
from seed.workbooks.choices import LANGUAGES, Choice, Choices, list_of
from seed.workbooks.columns import Column, Role, Sheet
from seed.workbooks.lines import Line
from seed.workbooks.markers import Marker, Tally

LAST_ROW = 1_048_576
HELP, CODES = "help", "codes"

TEXT, DATE, NUMBER = "@", "yyyy-mm-dd", "General"
_FORMATS = {Kind.DATE: DATE, Kind.INTEGER: NUMBER, Kind.NUMBER: NUMBER}
_WIDTHS = {Kind.DATE: 12, Kind.INTEGER: 10, Kind.NUMBER: 12, Kind.BOOLEAN: 8}
_WIDE = {"description": 60, "text": 60, "id": 38, "name": 40, "title": 40, "label": 40}
_CODED = (Kind.CODE, Kind.TERM, Kind.BOOLEAN)
_OPEN_BELOW = (Role.FIELD, Role.REMOVAL, Role.ORIGIN)
_UNLOCKED = Protection(locked=False)
_HEADER = PatternFill("solid", fgColor="FFD9E1F2")
_REQUIRED = PatternFill("solid", fgColor="FFF8CBAD")
_FIXED = PatternFill("solid", fgColor="FFEDEDED")
_TOP = Alignment(vertical="top")
_RULES = {
    Kind.INTEGER: ("whole", "-2147483648", "2147483647", "A whole number / eine ganze Zahl"),
    Kind.NUMBER: ("decimal", "-1E+15", "1E+15", "A number / eine Zahl"),
    Kind.DATE: ("date", "1", "2958465", "A date / ein Datum: 2024-05-01"),
}


class TooLarge(ValueError):  # noqa: N818 - reads as the state it reports
    """More rows than a sheet holds. The message is for the person who asked for it."""


@dataclass(frozen=True)
class Filled:
    """A sheet, and the rows to fill it with."""

    sheet: Sheet
    lines: Iterable[Line]


def write_workbook(
    out: Path, filled: Sequence[Filled], choices: Choices, marker: Marker
) -> dict[str, int]:
    """Write a workbook, row by row as they come; returns how many rows each sheet has."""
    book = Workbook(write_only=True)
    ranges = _code_ranges(choices)
    tallies = {each.sheet.name: _write_sheet(book, each, ranges) for each in filled}
    _write_help(book, tuple(each.sheet for each in filled), choices)
    _write_codes(book, choices)
    for name, value in replace(marker, sheets=tallies).properties().items():
        book.custom_doc_props.append(StringProperty(name=name, value=value))
    with replaced(out) as unfinished:
        book.save(unfinished)
    return {name: tally.rows for name, tally in tallies.items()}


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A file beside the one to be written, which takes its place once it is whole."""
    with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
        unfinished = Path(file.name)
    try:
        yield unfinished
        unfinished.chmod(0o644)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


# --- a sheet to be edited ------------------------------------------------------------------------


def _write_sheet(book: Any, filled: Filled, ranges: Mapping[str, str]) -> Tally:
    sheet = filled.sheet
    page = book.create_sheet(sheet.name)
    for letter, column in _lettered(sheet):
        _style_column(page, sheet, column, letter)
    page.freeze_panes = f"{get_column_letter(sheet.first + 1)}2"
    page.append([_heading(page, column) for column in sheet.columns])
    tally = Tally()
    with _closed_on_error(page):
        _write_lines(page, sheet, tally.counted(filled.lines, sheet.checksum))
    page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{tally.rows + 1}"
    _validate(page, sheet, ranges)
    _protect(page)
    return tally


@contextmanager
def _closed_on_error(page: Any) -> Iterator[None]:
    """What is left of a sheet writes to its temporary file when it is collected: end it before."""
    try:
        yield
    except BaseException:
        page.close()
        raise


def _lettered(sheet: Sheet) -> Iterator[tuple[str, Column]]:
    for number, column in enumerate(sheet.columns, 1):
        yield get_column_letter(number), column


def _write_lines(page: Any, sheet: Sheet, lines: Iterable[Line]) -> None:
    pens = [_Pen(page, column) for column in sheet.columns]
    for row, line in enumerate(lines, 2):
        if row > LAST_ROW:
            raise TooLarge(f"more than {LAST_ROW - 1:,} rows: write CSV, or choose fewer rows")
        page.append(
            [
                None if cell is None and not pen.always else pen.put(cell)
                for pen, cell in zip(pens, line, strict=True)
            ]
        )


class _Pen:
    """Writes the cells of one column. They are written at once, so one object serves all rows."""

    def __init__(self, page: Any, column: Column) -> None:
        self.always = column.role is Role.ORIGIN  # its column is open for new rows
        is_open = column.role in (Role.FIELD, Role.REMOVAL)
        self._value = _styled(page, _format(column), is_open=is_open)
        self._text = _styled(page, TEXT, is_open=is_open)
        self._remark = _styled(page, TEXT, is_open=False)

    def put(self, cell: Cell) -> SheetCell:
        if isinstance(cell, str):
            return self._put_text(cell)
        if isinstance(cell, date) and cell < EARLIEST:
            return self._put_text(cell.isoformat())
        if isinstance(cell, Decimal) and _digits(cell) > DIGITS:
            return self._put_text(str(cell))
        return self._written(self._value, cell)

    def _put_text(self, text: str) -> SheetCell:
        """As a text whatever it begins with: never a formula, never an error value."""
        target = self._remark if isinstance(text, Remark) else self._text
        self._written(target, escaped(text))
        target.data_type = "s"
        return target

    @staticmethod
    def _written(target: SheetCell, value: Any) -> SheetCell:
        target.value = value
        return target


def _format(column: Column) -> str:
    return TEXT if column.field.many else _FORMATS.get(column.field.kind, TEXT)


def _styled(page: Any, number_format: str, *, is_open: bool) -> SheetCell:
    cell = WriteOnlyCell(page)
    cell.number_format = number_format
    cell.alignment = _TOP
    if is_open:
        cell.protection = _UNLOCKED
    else:
        cell.fill = _FIXED
    return cell


def _heading(page: Any, column: Column) -> SheetCell:
    cell = WriteOnlyCell(page, column.name)
    cell.font = Font(bold=True)
    cell.fill = _REQUIRED if column.field.required else _HEADER
    return cell


def _style_column(page: Any, sheet: Sheet, column: Column, letter: str) -> None:
    """The empty cells below: open like those above, and numbers only where numbers belong."""
    dimension = page.column_dimensions[letter]
    dimension.width = _WIDE.get(column.plain) or _WIDTHS.get(column.field.kind, 22)
    dimension.number_format = _format(column)
    dimension.hidden = column.role is Role.CHECKSUM
    if column.role in _OPEN_BELOW or column.name == sheet.owner:
        dimension.protection = _UNLOCKED


def _protect(page: Any) -> None:
    """Ids, header and columns stay; filters, widths and formats are the reader's own."""
    protection = page.protection
    protection.sheet = True
    protection.autoFilter = protection.sort = False  # False allows it
    protection.formatCells = protection.formatColumns = protection.formatRows = False
    protection.insertHyperlinks = False


# --- what may be entered -------------------------------------------------------------------------


def _validate(page: Any, sheet: Sheet, ranges: Mapping[str, str]) -> None:
    for letter, column in _lettered(sheet):
        if rule := _rule(sheet, column, ranges):
            rule.allow_blank = True
            rule.add(f"{letter}2:{letter}{LAST_ROW}")
            page.data_validations.append(rule)


def _rule(sheet: Sheet, column: Column, ranges: Mapping[str, str]) -> Any:
    if column.role is Role.INFORMATION:
        return None
    codes = ranges.get(list_of(column) or "")
    if codes:
        return _list_rule(sheet, column, codes)
    return _kind_rule(column) if column.field.kind in _RULES else None


def _list_rule(sheet: Sheet, column: Column, codes: str) -> Any:
    """A list to choose from. Several codes in one cell are typed, so they are not refused."""
    rule = DataValidation(type="list", formula1=codes)
    only_one = column.field.kind in _CODED and not column.field.many
    rule.showErrorMessage = only_one or column.role in (Role.ORIGIN, Role.REMOVAL)
    rule.error = f"Einer der Codes, siehe Blatt {HELP} / one of the codes, see sheet {HELP}"
    rule.prompt = " / ".join(explanations.explanation(sheet, column).labels)
    rule.showInputMessage = True
    return rule


def _kind_rule(column: Column) -> Any:
    kind, least, most, error = _RULES[column.field.kind]
    rule = DataValidation(type=kind, operator="between", formula1=least, formula2=most)
    rule.errorStyle, rule.error, rule.showErrorMessage = "warning", error, True
    return rule


def _code_ranges(choices: Choices) -> dict[str, str]:
    """Where the codes of each list stand: a list in the rule itself may have 255 characters."""
    ranges = {}
    for number, (name, listed) in enumerate(sorted(choices.items())):
        letter = get_column_letter(3 * number + 1)
        if listed:
            ranges[name] = f"{CODES}!${letter}$2:${letter}${len(listed) + 1}"
    return ranges


def _write_codes(book: Any, choices: Choices) -> None:
    """A list every three columns: codes, and their labels in German and English."""
    page = book.create_sheet(CODES)
    page.sheet_state = "hidden"
    lists = [listed for _, listed in sorted(choices.items())]
    page.append([text for name in sorted(choices) for text in (name, *LANGUAGES)])
    for row in range(max(map(len, lists), default=0)):
        page.append([cell for listed in lists for cell in _choice(page, listed, row)])
    _protect(page)


def _choice(page: Any, listed: Sequence[Choice], row: int) -> list[SheetCell | None]:
    if row >= len(listed):
        return [None, None, None]
    choice = listed[row]
    return [_text_cell(page, text) for text in (choice.code, *choice.labels)]


def _write_help(book: Any, sheets: tuple[Sheet, ...], choices: Choices) -> None:
    page = book.create_sheet(HELP)
    for number, width in enumerate(explanations.WIDTHS, 1):
        page.column_dimensions[get_column_letter(number)].width = width
    page.freeze_panes = "C2"
    heading = [_text_cell(page, title) for title in explanations.HEADER]
    for cell in heading:
        cell.font, cell.fill = Font(bold=True), _HEADER
    page.append(heading)
    for row in explanations.rows(sheets, choices):
        page.append([_text_cell(page, text) for text in row])
    _protect(page)


def _text_cell(page: Any, text: str) -> SheetCell:
    cell = WriteOnlyCell(page, escaped(text))
    cell.data_type, cell.number_format, cell.alignment = "s", TEXT, _TOP
    return cell


def _digits(number: Decimal) -> int:
    """Significant ones, however many: normalize() would round to 28 of them."""
    return len("".join(map(str, number.as_tuple().digits)).rstrip("0"))
