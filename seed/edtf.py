"""Imprecise dates: what people write, as EDTF (ISO 8601-2) with the first and last possible day.

Understood as they stand, and kept (ISO 8601-2:2019, levels in brackets):

* `2019`, `2019-12`, `2019-12-31` [0]; `2019/2022`, `2018-05/2018-07` [0]
* `2019?`, `2019-05~`, `2019%` [1]; the mark does not move the bounds
* `201X`, `20XX`, `2019-XX`, `2019-12-XX`, `XXXX` [1]; `XXXX` has no bounds at all
* `../2025`, `2023/..`, `/2025`, `2023/` [1]; no bound on the open or unknown side
* `2024-21` … `2024-24` seasons [1]; `-33` … `-36` quarters, `-37` … `-39` thirds, `-40`, `-41`
  halves of a year [2]

Understood in German, Swedish and English, and turned into the above: `Mai 2018`, `23 november
2016`, `5.7.2023`, `Q4 2024`, `4. Quartal 2024`, `Sommer 2024`, `2019..2022`, `2013/14`, `ca. 2019`,
`seit 2017`, `bis 2025`.

Choices of ours, where neither the standard nor usage decides:

* **`Anfang`, `Mitte`, `Ende 2025`** are the first, second and last third of the year: `2025-37`,
  `2025-38`, `2025-39`. "Ende 2025" is then September to December: narrower would claim what nobody
  said, and its last day is 31 December, which is what a deadline "bis Ende 2025" means.
* **Seasons** are the meteorological ones of the northern half: winter 2024 ends in February 2025.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

LONGEST = 80  # characters


class ImpreciseDate(NamedTuple):
    """An EDTF text and the first and last day it can mean; None where it sets no bound."""

    edtf: str
    earliest: date | None
    latest: date | None


def parse(text: str) -> ImpreciseDate:
    """Read an imprecise date; ValueError if it is none."""
    if len(text) > LONGEST:
        raise ValueError("a date is not that long")
    edtf = _as_edtf(" ".join(unicodedata.normalize("NFC", text).split()))
    earliest, latest = _bounds(edtf)
    if earliest and latest and earliest > latest:
        raise ValueError(f"{text!r} ends before it begins")
    return ImpreciseDate(edtf, earliest, latest)


# --- EDTF -> bounds ------------------------------------------------------------------------------

_OPEN = ("", "..")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_YEAR = re.compile(r"([0-9]{4})")
_YEARS = re.compile(r"([0-9]{2}XX|[0-9]{3}X)")
_UNSTATED = re.compile(r"^([0-9]{4}(?=-XX)|[0-9]{4}-(?:0[1-9]|1[0-2])(?=-XX$))(-XX){1,2}$")

_GROUPS = {  # code: first month, number of months
    21: (3, 3), 22: (6, 3), 23: (9, 3), 24: (12, 3),
    33: (1, 3), 34: (4, 3), 35: (7, 3), 36: (10, 3),
    37: (1, 4), 38: (5, 4), 39: (9, 4),
    40: (1, 6), 41: (7, 6),
}  # fmt: skip

Bounds = tuple[date | None, date | None]


def _bounds(edtf: str) -> Bounds:
    if "/" not in edtf:
        return _point_bounds(edtf)
    start, _, end = edtf.partition("/")
    if start in _OPEN and end in _OPEN:
        raise ValueError(f"{edtf!r} has neither start nor end")
    earliest = None if start in _OPEN else _point_bounds(start)[0]
    latest = None if end in _OPEN else _point_bounds(end)[1]
    return earliest, latest


def _point_bounds(edtf: str) -> Bounds:
    point = edtf[:-1] if edtf.endswith(("?", "~", "%")) else edtf
    point = _UNSTATED.sub(r"\1", point)
    if edtf == "XXXX":
        return None, None
    if match := _DAY.fullmatch(point):
        day = date(*map(int, match.groups()))
        return day, day
    if match := _MONTH.fullmatch(point):
        return _months(*_GROUPS.get(int(match[2]), (int(match[2]), 1)), year=int(match[1]))
    if match := _YEAR.fullmatch(point):
        return _months(1, 12, year=int(match[1]))
    if _YEARS.fullmatch(point):
        return date(int(point.replace("X", "0")), 1, 1), date(int(point.replace("X", "9")), 12, 31)
    raise ValueError(f"{edtf!r} is not a date that can be read")


def _months(first: int, count: int, *, year: int) -> Bounds:
    last = first + count - 1
    end_year, end_month = year + (last - 1) // 12, (last - 1) % 12 + 1
    return date(year, first, 1), date(end_year, end_month, monthrange(end_year, end_month)[1])


# --- what people write -> EDTF -------------------------------------------------------------------

_MONTH_NAMES = """
    januar jänner januari january jan
    februar februari february feb
    märz mars march mär mar
    april apr
    mai maj may
    juni june jun
    juli july jul
    august augusti aug
    september sep sept
    oktober october okt oct
    november nov
    dezember december dez dec
"""
_MONTH_NUMBER = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.strip().splitlines(), start=1)
    for name in names.split()
}
_SEASON_CODE = {
    "frühling": 21, "frühjahr": 21, "våren": 21, "vår": 21, "spring": 21,
    "sommer": 22, "sommaren": 22, "sommar": 22, "summer": 22,
    "herbst": 23, "hösten": 23, "höst": 23, "autumn": 23, "fall": 23,
    "winter": 24, "vintern": 24, "vinter": 24,
}  # fmt: skip
_THIRD_CODE = {
    "anfang": 37, "beginn": 37, "början av": 37, "beginning of": 37, "early": 37,
    "mitte": 38, "mitten av": 38, "middle of": 38, "mid": 38,
    "ende": 39, "slutet av": 39, "end of": 39, "late": 39,
}  # fmt: skip
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


def _as_edtf(text: str) -> str:
    lowered = text.lower()
    for pattern, rewrite in _SPOKEN:
        if match := pattern.fullmatch(lowered):
            return rewrite(match)
    return text


def _numbered_day(match: re.Match[str]) -> str:
    return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}"


def _named_day(match: re.Match[str]) -> str:
    return f"{match[3]}-{_MONTH_NUMBER[match[2]]:02}-{int(match[1]):02}"


def _named_month(match: re.Match[str]) -> str:
    return f"{match[2]}-{_MONTH_NUMBER[match[1]]:02}"


def _quarter(match: re.Match[str]) -> str:
    number = _ROMAN.get(match["quarter"]) or int(match["quarter"])
    return f"{match['year']}-{32 + number}"


def _season(match: re.Match[str]) -> str:
    return f"{match[2]}-{_SEASON_CODE[match[1]]}"


def _third(match: re.Match[str]) -> str:
    return f"{match[2]}-{_THIRD_CODE[match[1]]}"


def _short_interval(match: re.Match[str]) -> str:
    """`2013/14` is a school year; `2013/2014` says the same in EDTF."""
    start, end = int(match[1]), int(match[2])
    if (start + 1) % 100 != end:
        raise ValueError(f"{match[0]!r} is not a year and the next")
    return f"{start:04}/{start + 1:04}"


def _interval(match: re.Match[str]) -> str:
    return f"{_as_edtf(match[1])}/{_as_edtf(match[2])}"


def _since(match: re.Match[str]) -> str:
    return f"{_as_edtf(match[1])}/.."


def _until(match: re.Match[str]) -> str:
    return f"../{_as_edtf(match[1])}"


def _about(match: re.Match[str]) -> str:
    return f"{_as_edtf(match[1])}~"


def _one_of(names: dict[str, int]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_SPOKEN: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (re.compile(pattern), rewrite)
    for pattern, rewrite in (
        (r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})", _numbered_day),
        (rf"([0-9]{{1,2}})\.? ({_one_of(_MONTH_NUMBER)})\.? ([0-9]{{4}})", _named_day),
        (rf"({_one_of(_MONTH_NUMBER)})\.? ([0-9]{{4}})", _named_month),
        (r"q(?P<quarter>[1-4])[ /-]?(?P<year>[0-9]{4})", _quarter),
        (r"(?P<year>[0-9]{4})[ /-]?q(?P<quarter>[1-4])", _quarter),
        (r"(?P<quarter>[1-4]|i{1,3}|iv)\. ?quartal (?P<year>[0-9]{4})", _quarter),
        (rf"({_one_of(_SEASON_CODE)}) ([0-9]{{4}})", _season),
        (rf"({_one_of(_THIRD_CODE)})[ -]([0-9]{{4}})", _third),
        (r"([0-9]{4})/([0-9]{2})", _short_interval),
        (r"([^./].*[^./]) ?\.\. ?([^./].*[^./])", _interval),
        (r"(?:seit|ab|sedan|från|since|from) (.+)", _since),
        (r"(?:bis|till|t\.o\.m\.|until|by) (.+)", _until),
        (r"(?:ca\.?|circa|um|etwa|about|around) (.+)", _about),
    )
]
