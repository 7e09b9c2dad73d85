"""What stands in a cell, and what it means: a value of the registry becomes a cell and comes back.

Spreadsheets change how a cell is written: 5 comes back as 5.0, a date as 01.05.2024, a line end as
another. `canonical` is the meaning, whoever wrote the cell last; two cells are the same if it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from seed.edtf import parse as parse_edtf
from seed.targets import Field, Kind
from seed.workbooks.columns import BREAKDOWNS, CHECKSUM, COORDINATES, SEPARATOR, Column

LONGEST = 32_767  # UTF-16 units, what a cell of Excel holds
DEGREES = 7  # decimals shown: a centimetre
SAME_PLACE = 6  # decimals compared, as published
DIGITS = 15  # of a number in a spreadsheet; what has more is a text
EARLIEST = date(1900, 3, 1)  # before it, spreadsheets disagree on the day, or know none

YES, NO = "yes", "no"
TRUE = (YES, "ja", "true", "wahr")
FALSE = (NO, "nein", "false", "falsch")

Cell = str | int | float | bool | Decimal | date | None


class Remark(str):
    """What stands in a cell in place of a text that it cannot hold."""

    __slots__ = ()


@dataclass(frozen=True)
class Spelling:
    """How numbers and texts are written. The name of the checksum column tells them apart.

    `quoted`: a text that a spreadsheet would take for a formula has an apostrophe before it.
    """

    header: str
    decimal: str = "."
    quoted: bool = False


WORKBOOK = Spelling(CHECKSUM)
CSV = Spelling("checksum_csv", quoted=True)
CSV_DECIMAL_COMMA = Spelling("checksum_csv_comma", decimal=",", quoted=True)
SPELLINGS = (WORKBOOK, CSV, CSV_DECIMAL_COMMA)

_SUSPECT = "'=+-@\t\r"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
UNQUOTED = r"(?s)^(?:'(?='*[=+\-@\t\r]))?(.*)$"
"""The text itself, without the apostrophe that `quoted` put before it."""

_POINT_FOR_COMMA = str.maketrans(",.", ".,")  # so that 1.234 is no number where 1,234 is one
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


# --- a value of the registry as a cell -----------------------------------------------------------


def cell_maker(column: Column) -> Callable[[Any], Cell]:
    """What turns a value of this column, as the registry has it and never NULL, into a cell."""
    kind = column.field.kind
    if column.field.many:
        return _listed
    if column.name in COORDINATES:
        return _degrees
    if column.name == BREAKDOWNS:
        return _breakdowns
    if kind is Kind.BOOLEAN:
        return _yes_no
    return _as_it_is if kind in (Kind.INTEGER, Kind.NUMBER, Kind.DATE) else _text


def _as_it_is(value: Any) -> Cell:
    return value  # type: ignore[no-any-return]


def _text(value: Any) -> Cell:
    """A text that no cell can hold is replaced by a remark, which changes when the text does."""
    text = str(value)
    if len(text) < LONGEST // 7 or _length(escaped(text)) <= LONGEST:
        return text
    digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    return Remark(f"[{len(text):,} characters, too long for a cell: stays as it is. {digest}]")


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _listed(values: Iterable[Any]) -> Cell:
    return SEPARATOR.join(map(str, values)) or None


def _degrees(value: float) -> Cell:
    return round(value, DEGREES)


def _yes_no(value: bool) -> Cell:
    return YES if value else NO


def _breakdowns(value: Mapping[str, Any]) -> Cell:
    return SEPARATOR.join(f"{name}={code}" for name, code in sorted(value.items())) or None


def escaped(text: str) -> str:
    """As OOXML writes what XML cannot hold, and what looks like that (ECMA-376 1, 22.9.2.19)."""
    if "_x" in text:
        text = _ESCAPE_LIKE.sub("_x005F_", text)
    return _NO_XML.sub(_hexadecimal, text)


def _hexadecimal(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"


def quoted(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in _SUSPECT and _FORMULA.match(text) else text


def unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


# --- what a cell means ---------------------------------------------------------------------------


def meaning(column: Column, spelling: Spelling = WORKBOOK) -> Callable[[Any], str]:
    """What gives the meaning of a cell of this column. An empty text is an empty cell."""
    read = _meaning(column.field, column.name)

    def canonical(cell: Any) -> str:
        if cell is None or cell == "":
            return ""
        if isinstance(cell, str):
            cell = _spelled(cell.strip(), column.field.kind, spelling)
        return read(cell)

    return canonical


def _spelled(text: str, kind: Kind, spelling: Spelling) -> str:
    if kind in (Kind.INTEGER, Kind.NUMBER):
        return text.translate(_POINT_FOR_COMMA) if spelling.decimal == "," else text
    return unquoted(text) if spelling.quoted else text


def _meaning(field: Field, name: str) -> Callable[[Any], str]:
    if field.many or name == BREAKDOWNS:
        return _set
    if name in COORDINATES:
        return lambda cell: _number(cell, SAME_PLACE)
    return _MEANINGS.get(field.kind, _plain)


def _plain(cell: Any) -> str:
    """A text without blanks around it, with line ends of one kind."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and not cell.time():
        cell = cell.date()
    text = str(cell).strip()
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _NO_XML.sub(_hexadecimal, text)


def _set(cell: Any) -> str:
    pieces = (piece.strip() for piece in _plain(cell).split(SEPARATOR.strip()))
    return SEPARATOR.join(sorted({piece for piece in pieces if piece}))


def _number(cell: Any, decimals: int | None = None) -> str:
    try:
        number = Decimal(repr(cell) if isinstance(cell, float) else str(cell))
    except InvalidOperation:
        return _plain(cell)
    if not number.is_finite():
        return _plain(cell)
    if decimals is not None and number.adjusted() < DIGITS:
        number = round(number, decimals)
    return f"{number.normalize():f}" if number else "0"


def _truth(cell: Any) -> str:
    text = _plain(cell)
    folded = text.casefold()
    return YES if folded in TRUE else NO if folded in FALSE else text


def _day(cell: Any) -> str:
    if isinstance(cell, date):
        return cell.isoformat()[:10]
    text = _plain(cell)
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text, pattern).date().isoformat()  # noqa: DTZ007 - a day
        except ValueError:
            continue
    return text


def _imprecise(cell: Any) -> str:
    return _edtf(_plain(cell))


@lru_cache(maxsize=4096)
def _edtf(text: str) -> str:
    try:
        return parse_edtf(text).edtf
    except ValueError:
        return text


_MEANINGS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.INTEGER: _number,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _truth,
    Kind.DATE: _day,
    Kind.EDTF: _imprecise,
}


# --- a row ---------------------------------------------------------------------------------------


def checksum(meanings: Iterable[tuple[str, str]]) -> str:
    """The checksum of a row: of what its cells mean, by the names of their columns.

    The letter before the digits keeps a spreadsheet from reading them as a number.
    """
    stated = sorted((name, meaning) for name, meaning in meanings if meaning)
    text = json.dumps(stated, ensure_ascii=False)
    return "q" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
