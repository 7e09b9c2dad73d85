"""Numbers and truth values as spreadsheets write them, and the signs that stand for numbers.

What `1.234` means is not to be guessed: the mapping states the convention. The signs are those of
German official statistics (DIN 55301); `-` is nothing at all, that is 0, only where the mapping
says that the file keeps to them. Elsewhere it is what people write who do not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Literal, NamedTuple

from db.codes import Flag

LONGEST = 60  # characters
LIMIT = Decimal(10) ** 15  # what the registry can hold

_BLANKS = " \u00a0\u2007\u2009\u202f"
_SEPARATORS = {" ": f"[{_BLANKS}]", "'": "['’]", ".": r"\.", ",": ",", "": "(?!)"}
_DASHES = {"-", "–", "—", "−"}
_UNSURE = "/"  # DIN 55301: not shown, as it is not reliable; elsewhere it only says that nothing is
_SIGNS: Mapping[str, Flag] = {
    ".": "suppressed",
    "·": "suppressed",
    "•": "suppressed",
    "*": "suppressed",
    "geheim": "suppressed",
    "…": "not_available",
    "...": "not_available",
    "..": "not_available",
    _UNSURE: "not_available",
    ":": "not_available",
    "()": "not_available",
    "k.a.": "not_available",
    "ka": "not_available",
    "keineangabe": "not_available",
    "keineangaben": "not_available",
    "n.a.": "not_available",
    "n/a": "not_available",
    "na": "not_available",
    "n.v.": "not_available",
    "nichtverfügbar": "not_available",
    "unbekannt": "not_available",
    "unknown": "not_available",
    "okänd": "not_available",
    "uppgiftsaknas": "not_available",
    "x": "not_applicable",
    "×": "not_applicable",
}
# After a number, in official statistics: vorläufig, berichtigt, geschätzt.
_LETTERS: Mapping[str, Flag] = {"p": "provisional", "r": "revised", "s": "estimated"}
_LESS_THAN = re.compile(r"(?:<|unter|weniger als|less than|färre än) ?[0-9]{1,3}", re.IGNORECASE)
_BRACKETED = re.compile(r"\((?P<number>.*\d.*)\)")
_LETTERED = re.compile(r"(?P<number>.*\d) ?(?P<letter>[prs])")
_SPREADSHEET_ERROR = re.compile(r"#[A-ZÄÖÜ]+(?:/[A-Z0])?[!?]?")

# Not w and f, which are more often weiblich and female.
_TRUE = {"ja", "j", "yes", "y", "true", "wahr", "x", "1", "✓", "✔", "☒", "☑"}
_FALSE = {"nein", "n", "no", "nej", "false", "falsch", "0", "✗", "☐"}


class CellError(ValueError):
    """A cell that does not hold what it should. The message is for who brought the file."""


@dataclass(frozen=True)
class Convention:
    """How a file writes numbers.

    Only the units stated are taken off. `official`: signs have the meaning they have in official
    statistics, so that `-` is 0, `0` is rounded, `(12)` is uncertain and `12 p` is provisional.
    """

    decimal: Literal[",", "."] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    units: tuple[str, ...] = ()
    official: bool = False

    def __post_init__(self) -> None:
        if self.decimal == self.thousands:
            raise ValueError(f"{self.decimal!r} cannot be the sign for decimals and for thousands")


class Figure(NamedTuple):
    """A number, or none; the flag says what a sign said about it."""

    value: Decimal | None
    flag: Flag | None = None


def number(cell: object, convention: Convention) -> Decimal | None:
    """The number of a cell; None if it is empty or has a sign in place of a number."""
    return figure(cell, convention).value


def sign(cell: object, convention: Convention) -> Flag | None:
    """The flag that a cell says with a sign, instead of its number or beside it."""
    return figure(cell, convention).flag


def figure(cell: object, convention: Convention) -> Figure:
    """The number of a cell and what a sign says about it; CellError if it is neither."""
    if cell is None:
        return Figure(None)
    if not isinstance(cell, str):
        return _rounded(_typed(cell), convention)
    text = cell.strip(f"{_BLANKS}\t\r\n\ufeff")
    if not text:
        return Figure(None)
    return _signed(text, convention) or _rounded(_parsed(text, convention), convention)


def conventions(cells: Iterable[object]) -> list[Convention]:
    """The conventions by which all these cells are numbers, the plainest first."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    return [each for each in _known() if all(_is_number(text, each) for text in texts)]


def boolean(cell: object, override: Mapping[str, bool] | None = None) -> bool | None:
    """Yes, no, or None where nothing is stated.

    `override` says what words mean here; an empty cell is no only if it says so: `{"": False}`.
    """
    text = str(cell if cell is not None else "").strip().casefold()
    stated = {word.strip().casefold(): value for word, value in (override or {}).items()}
    if text in stated:
        return stated[text]
    if isinstance(cell, float) and cell.is_integer():
        text = f"{cell:.0f}"
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if not text or says_nothing(text):
        return None
    raise CellError(f"{_shown(str(cell))} is neither yes nor no")


def says_nothing(text: str) -> bool:
    """Whether a text only says that nothing is known: `-`, `k. A.`, `…`."""
    joined = _joined(text)
    return joined in _DASHES or _SIGNS.get(joined) == "not_available"


# --- signs ---------------------------------------------------------------------------------------


def _joined(text: str) -> str:
    return "".join(text.split()).casefold()


def _signed(text: str, convention: Convention) -> Figure | None:
    """What a sign in place of a number says; None if it is a number, or nothing known."""
    joined = _joined(text)
    if joined in _DASHES:
        return Figure(Decimal(0)) if convention.official else Figure(None, "not_available")
    if joined == _UNSURE and convention.official:
        return Figure(None, "low_reliability")
    if joined in _SIGNS:
        return Figure(None, _SIGNS[joined])
    if _LESS_THAN.fullmatch(text):
        return Figure(None, "suppressed")
    return _marked(text, convention) if convention.official else None


def _marked(text: str, convention: Convention) -> Figure | None:
    """A number with a remark: `(12)`, `12 p`."""
    if bracketed := _BRACKETED.fullmatch(text):
        return Figure(_parsed(bracketed["number"].strip(), convention), "low_reliability")
    if lettered := _LETTERED.fullmatch(text):
        return Figure(_parsed(lettered["number"], convention), _LETTERS[lettered["letter"]])
    return None


def _rounded(value: Decimal, convention: Convention) -> Figure:
    """DIN 55301: 0 is less than half of the last digit shown, but more than nothing."""
    return Figure(value, "rounded_to_zero" if convention.official and value == 0 else None)


# --- numbers -------------------------------------------------------------------------------------


def _typed(cell: object) -> Decimal:
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        raise CellError(f"{_shown(str(cell))} is not a number")
    value = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
    return _bounded(value)


def _parsed(text: str, convention: Convention) -> Decimal:
    if _SPREADSHEET_ERROR.fullmatch(text):
        raise CellError(f"{text} is an error of the spreadsheet")
    bare = _without_unit(text, convention.units)
    if len(bare) > LONGEST or not _pattern(convention).fullmatch(bare):
        raise CellError(_reason(bare, convention))
    digits = re.sub(rf"{_SEPARATORS[convention.thousands]}", "", bare)
    return _bounded(Decimal(re.sub("[−–]", "-", digits.replace(convention.decimal, "."))))


def _without_unit(text: str, units: tuple[str, ...]) -> str:
    for unit in sorted(units, key=len, reverse=True):
        bare = text.removesuffix(unit) if text.endswith(unit) else text.removeprefix(unit)
        if bare != text:
            return bare.strip()
    return text


@cache
def _pattern(convention: Convention) -> re.Pattern[str]:
    """Thousands are groups of three, or not marked at all."""
    between = _SEPARATORS[convention.thousands]
    whole = rf"(?:[0-9]{{1,3}}(?:{between}[0-9]{{3}})+|[0-9]+)"
    decimal = re.escape(convention.decimal)
    return re.compile(rf"[-+−–]?(?:{whole}(?:{decimal}[0-9]+)?|{decimal}[0-9]+)")


def _bounded(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise CellError(f"{value} is not a number")
    if abs(value) >= LIMIT:
        raise CellError(f"{value:.2E} is larger than any figure here")
    return value


def _reason(text: str, convention: Convention) -> str:
    thousands = f" and thousands {convention.thousands!r}" if convention.thousands else ""
    stated = f"{_shown(text)} is not a number with decimals {convention.decimal!r}{thousands}"
    other = next((each for each in _known() if _is_number(text, each)), None)
    if other is None:
        return stated
    group = f", thousands: {other.thousands!r}" if other.thousands else ""
    return f"{stated}; with decimal: {other.decimal!r}{group} in the mapping it would be"


def _known() -> Iterable[Convention]:
    decimals: tuple[Literal[".", ","], ...] = (".", ",")
    thousands: tuple[Literal["", ".", ",", " ", "'"], ...] = ("", ".", ",", " ", "'")
    pairs = ((point, group) for group, point in product(thousands, decimals) if point != group)
    return [Convention(point, group) for point, group in pairs]


def _is_number(text: str, convention: Convention) -> bool:
    bare = text.strip()
    return (
        not bare
        or _pattern(convention).fullmatch(bare) is not None
        or bool(_signed(bare, convention))
    )


def _shown(text: str) -> str:
    return repr(text) if len(text) <= LONGEST else f"{text[:LONGEST]!r} …"
