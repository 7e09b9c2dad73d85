"""Dates as spreadsheets write them, as EDTF; what people write is read by `seed.edtf`.

Nothing is guessed: whether 3/4/2021 is in March or April, in which century `21` is, and that 45292
is a date are for the mapping to say.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from seed import edtf
from seed.edtf import ImpreciseDate
from seed.numbers import CellError, says_nothing

LONGEST = 40  # characters shown of what is no date

# Of strptime, what does not depend on the language of the machine.
_DIRECTIVES = set("dmYyHMSfzj%")
_EPOCH = date(1899, 12, 30)
_SERIALS = range(10000, 2958466)  # from 1927, so that 2021 is a year also where days are counted

_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9]{2}:[0-9]{2}.*")
_WHOLE = re.compile(r"([0-9]+)\.0+")
_YEARS = re.compile(r"([0-9]{4}) ?[-–/] ?([0-9]{4})|([0-9]{4}) ?/ ?([0-9]{2})")
_NUMERIC_DAY = re.compile(r"[0-9]{1,2}[./-] ?[0-9]{1,2}[./-] ?(?:[0-9]{2}|[0-9]{4})")
_SAYING_SO = re.compile(
    r"(?:stand|stichtag|schuljahr|läsår(?:et)?|as of|per|am|zum|den):? +(?=\S)", re.IGNORECASE
)


@dataclass(frozen=True)
class DateConvention:
    """How a file writes dates.

    `patterns` are strptime's, of numbers only. `latest_year` allows years of two digits: it is the
    last one they can mean. `excel_serials`: numbers are days as Excel counts them.
    """

    patterns: tuple[str, ...] = ()
    latest_year: int | None = None
    excel_serials: bool = False

    def __post_init__(self) -> None:
        for pattern in self.patterns:
            directives = set(re.findall("%(.)", pattern))
            if unknown := directives - _DIRECTIVES:
                raise ValueError(f"{pattern!r}: %{min(unknown)} is not for numbers")
            if not directives & {"Y", "y"}:
                raise ValueError(f"{pattern!r} has no year")
            if "y" in directives and self.latest_year is None:
                raise ValueError(f"{pattern!r}: say with latest_year which century %y is in")


def imprecise_date(cell: object, convention: DateConvention) -> ImpreciseDate | None:
    """The date of a cell as EDTF; None if it is empty, CellError if it is none."""
    if isinstance(cell, date):
        return _day(cell.date() if isinstance(cell, datetime) else cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _counted(cell, convention)
    text = " ".join(str(cell if cell is not None else "").split())
    if not text or says_nothing(text):
        return None
    if convention.excel_serials and text.isascii() and text.isdigit():
        return _counted(int(text), convention)
    return _by_pattern(text, convention) or _spoken(text, convention)


def _day(day: date) -> ImpreciseDate:
    return ImpreciseDate(day.isoformat(), day, day)


def _counted(cell: float, convention: DateConvention) -> ImpreciseDate:
    """A number is a day if the mapping says so, else at most a year."""
    if not math.isfinite(cell):
        raise CellError(f"{cell} is not a date")
    if convention.excel_serials and int(cell) in _SERIALS:
        return _day(_EPOCH + timedelta(days=int(cell)))
    text = f"{cell:.0f}" if cell == int(cell) else str(cell)
    return _by_pattern(text, convention) or _spoken(text, convention)


def _by_pattern(text: str, convention: DateConvention) -> ImpreciseDate | None:
    for pattern in convention.patterns:
        try:
            found = time.strptime(text, pattern)
        except ValueError:
            continue
        year = _full_year(found.tm_year, pattern, convention.latest_year)
        return edtf.parse(_as_precise_as(pattern, year, found.tm_mon, found.tm_mday))
    return None


def _full_year(year: int, pattern: str, latest: int | None) -> int:
    if "%y" not in pattern or latest is None:
        return year
    return latest - (latest - year) % 100


def _as_precise_as(pattern: str, year: int, month: int, day: int) -> str:
    if "%d" in pattern or "%j" in pattern:
        return f"{year:04}-{month:02}-{day:02}"
    return f"{year:04}-{month:02}" if "%m" in pattern else f"{year:04}"


def _spoken(text: str, convention: DateConvention) -> ImpreciseDate:
    said = _SAYING_SO.sub("", text, count=1) if _SAYING_SO.match(text) else text
    if moment := _MOMENT.fullmatch(said) or _WHOLE.fullmatch(said):
        said = moment[1]
    elif years := _YEARS.fullmatch(said):
        said = "/".join(filter(None, years.groups()))
    if doubt := _doubt(said, convention):
        raise CellError(f"{text[:LONGEST]!r}: {doubt}")
    try:
        return edtf.parse(said)
    except ValueError as error:
        raise CellError(f"{text[:LONGEST]!r} is not a date{_serial_hint(said)}") from error


def _doubt(text: str, convention: DateConvention) -> str | None:
    """Why figures with two marks between them do not say which day they mean."""
    if not _NUMERIC_DAY.fullmatch(text):
        return None
    if convention.patterns:
        return f"not as the mapping says, {' or '.join(convention.patterns)}"
    if not re.search("[0-9]{4}$", text):
        return "a year of two digits; name a pattern with %y and latest_year in the mapping"
    if "." not in text:
        return "day and month could be either; name a pattern in the mapping, %d/%m/%Y or %m/%d/%Y"
    return None


def _serial_hint(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) == 5 and int(text) in _SERIALS):
        return ""
    day = _EPOCH + timedelta(days=int(text))
    return f"; if Excel counted it, it is {day}: say excel_serials in the mapping"
