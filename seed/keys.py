"""Official keys of districts: recognised, cleaned of what spreadsheets do to them, converted.

German keys are nested (Destatis, Gemeindeverzeichnis): 14 a state, 145 a region, 14522 a county,
14522180 a municipality (AGS). The regional key (ARS, 145220180180) has the municipal association
in between, and its first nine digits are the key of that association. They look alike, so a key is
taken for another only where the registry knows that other one, and no further one.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MOSTLY = 0.8  # of the values of a column: what has to be of one kind


class UnclearKeyError(ValueError):
    """A key that cannot be read, or could be several. The message is for who brought the file."""


class Kind(StrEnum):
    """What a key names, by its form; the likeliest first."""

    MUNICIPALITY = "municipality"
    COUNTY = "county"
    ASSOCIATION = "municipal_association"
    REGIONAL_KEY = "regional_key"
    KOMMUN = "kommun"
    STATE = "state"
    REGION = "region"
    LAN = "län"
    NUTS = "nuts"


NAMES = {
    Kind.MUNICIPALITY: ("municipalities", "AGS, 8 digits"),
    Kind.COUNTY: ("counties", "5 digits"),
    Kind.ASSOCIATION: ("municipal associations", "9 digits"),
    Kind.REGIONAL_KEY: ("municipalities", "ARS, 12 digits"),
    Kind.KOMMUN: ("Swedish municipalities", "kommunkod, 4 digits"),
    Kind.STATE: ("states", "2 digits"),
    Kind.REGION: ("regions of a state", "3 digits"),
    Kind.LAN: ("Swedish counties", "länskod, 2 digits"),
    Kind.NUTS: ("statistical regions", "NUTS"),
}

_GERMAN = {
    2: Kind.STATE,
    3: Kind.REGION,
    5: Kind.COUNTY,
    8: Kind.MUNICIPALITY,
    9: Kind.ASSOCIATION,
    12: Kind.REGIONAL_KEY,
}
# By state: the third digit, also of regions that were. 0: a state without regions.
_REGIONS = {
    "01": "0", "02": "0", "03": "1234", "04": "0", "05": "13579", "06": "456", "07": "123",
    "08": "1234", "09": "1234567", "10": "0", "11": "0", "12": "0", "13": "0", "14": "123567",
    "15": "0123", "16": "0",
}  # fmt: skip
_CITY_STATES = {"02", "11"}  # one county each; else the years from 2000 on would be keys of Hamburg
_SWEDISH = {2: Kind.LAN, 4: Kind.KOMMUN}
_LAN = {f"{number:02}" for number in (1, *range(3, 11), 12, 13, 14, *range(17, 26))}
# Regulation (EC) 1059/2003: the country, then up to three characters.
_NUTS = re.compile(r"DE[1-9A-G][0-9A-Z]{0,2}|SE[1-3][0-9]{0,2}")

_WHOLE = re.compile(r"([0-9]+)[.,]0+")
_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
_EXACT = 2**53  # beyond it a spreadsheet's number has lost its last digits


@dataclass(frozen=True)
class Match:
    """A key as the registry has it, or as it is written if the registry has none like it.

    `change` says what was done to it.
    """

    key: str
    kind: Kind | None
    registered: bool
    change: str | None = None


@dataclass(frozen=True)
class Explanation:
    """What kind of keys a column holds, as different keys: in the registry's counties, elsewhere.

    `kind` is None where they are of no kind, or of several.
    """

    kind: Kind | None
    here: int
    elsewhere: int
    registered: int
    text: str


def written(value: object) -> str:
    """A key without what spreadsheets make of it: `1052.0`, `'05124000`, `05 124 000`."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _counted(value)
    text = unicodedata.normalize("NFKC", str(value or "")).strip(" \t\r\n\ufeff\u200b'’")
    if _ROUNDED.fullmatch(text):
        raise UnclearKeyError(f"{text!r} was rounded by a spreadsheet: format the column as text")
    if whole := _WHOLE.fullmatch(text):
        return whole[1]
    joined = "".join(text.split())
    if not joined:
        raise UnclearKeyError("empty")
    return joined if _is_digits(joined) else " ".join(text.split())


def kinds(text: str) -> tuple[Kind, ...]:
    """What a key may be by its form alone, as it is written."""
    if _NUTS.fullmatch(text):
        return (Kind.NUTS,)
    if not _is_digits(text):
        return ()
    german = (_GERMAN[len(text)],) if len(text) in _GERMAN and _is_german(text) else ()
    return german + ((_SWEDISH[len(text)],) if _is_swedish(text) else ())


def match(value: object, known: Collection[str]) -> Match:
    """The registered key (of `known`) that a value means; UnclearKeyError if it could be several.

    A lost leading zero is restored, an ARS becomes the AGS it holds, a county's key loses the zeros
    it was filled up with. An association never becomes a municipality.
    """
    text = written(value)
    likely = [(key, change) for key, change in _spelled(text) if key in known]
    if len(likely) > 1:
        both = " or ".join(key for key, _ in likely)
        raise UnclearKeyError(f"{text!r} may be {both}: both are registered")
    for key, change in likely or _derived(text):
        if key in known:
            return Match(key, _single(kinds(key)), True, change)
    return Match(text, _single(kinds(text)), False)


def explain(values: Iterable[object], known: Collection[str] = ()) -> Explanation:
    """What kind of keys a column holds, and whether it is the kind that is registered."""
    texts = sorted(_distinct(values))
    expected = _kind_of(known)
    kind = _kind_of(texts, swedish=expected is None or expected in _SWEDISH.values())
    if kind is None:
        shown = ", ".join(repr(text) for text in texts[:3])
        return Explanation(None, 0, 0, 0, f"no official keys of one kind: {shown or 'empty'}")
    full = {text: key for text in texts if (key := _possible(text).get(kind)) is not None}
    different = set(full.values())
    counties = {key[:5] for key in known}
    here = {key for key in different if _is_near(key, kind, counties)}
    registered = {key for key in different if _is_registered(key, known)}
    told = _told(kind, expected, len(here), len(different))
    details = _details(kind, len(registered), full, texts)
    counts = len(here), len(different) - len(here), len(registered)
    return Explanation(kind, *counts, "; ".join([told, *details]))


# --- one key -------------------------------------------------------------------------------------


def _counted(value: float | Decimal) -> str:
    if not math.isfinite(value) or not 0 <= value < _EXACT or value != int(value):
        raise UnclearKeyError(f"{value} is not a key")
    return str(int(value))


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_german(text: str) -> bool:
    state, region, rest = text[:2], text[2:3], text[3:]
    if state in _CITY_STATES:
        return not text[2:5].strip("0")
    filled_up = region == "0" and rest != "" and not rest.strip("0")
    return state in _REGIONS and (region in _REGIONS[state] or filled_up)


def _is_swedish(text: str) -> bool:
    return len(text) in _SWEDISH and text[:2] in _LAN and text[2:] != "00"


def _single(found: tuple[Kind, ...]) -> Kind | None:
    return found[0] if len(found) == 1 else None


def _spelled(text: str) -> Iterator[tuple[str, str | None]]:
    """A key as it is written, and with the zero that it may have lost."""
    yield text, None
    if len(text) > 2 and kinds(f"0{text}") and not text.startswith("0"):
        yield f"0{text}", "a lost leading zero restored"


def _derived(text: str) -> Iterator[tuple[str, str]]:
    """Other keys that say the same."""
    for full, _ in _spelled(text):
        if Kind.REGIONAL_KEY in kinds(full):
            yield full[:5] + full[9:], f"taken from the regional key (ARS) {full}"
        if set(kinds(full)) & {Kind.MUNICIPALITY, Kind.REGIONAL_KEY}:
            for length in (5, 3, 2):
                if not full[length:].strip("0"):
                    yield full[:length], f"{full} is filled up with zeros"


# --- a column ------------------------------------------------------------------------------------


def _distinct(values: Iterable[object]) -> set[str]:
    found = set()
    for value in values:
        try:
            found.add(written(value))
        except UnclearKeyError:
            continue
    return found


def _kind_of(texts: Collection[str], *, swedish: bool = True) -> Kind | None:
    """The kind most values can be; of two, the one that more are without restoring a zero.

    A column of years looks like Swedish keys, so these are looked for where they are likely.
    """
    as_written = Counter(kind for text in texts for kind in kinds(text))
    in_full = Counter(kind for text in texts for kind in _possible(text))
    looked_for = [kind for kind in Kind if swedish or kind not in _SWEDISH.values()]
    best = max(looked_for, key=lambda kind: (in_full[kind], as_written[kind]))
    return best if in_full[best] >= max(1, MOSTLY * len(texts)) else None


def _possible(text: str) -> dict[Kind, str]:
    """What a key may be, and how it is written in full then."""
    return {kind: full for full, _ in _spelled(text) for kind in kinds(full)}


def _is_registered(key: str, known: Collection[str]) -> bool:
    return key in known or any(other in known for other, _ in _derived(key))


def _is_near(key: str, kind: Kind, counties: Collection[str]) -> bool:
    """Whether a key is of one of the counties; no other kinds are within counties."""
    within = kind in {Kind.MUNICIPALITY, Kind.ASSOCIATION, Kind.REGIONAL_KEY}
    return not counties or not within or key[:5] in counties


def _told(kind: Kind, expected: Kind | None, here: int, all_in_all: int) -> str:
    name, form = NAMES[kind]
    told = f"{here or all_in_all} {name} ({form})"
    if expected is not None and NAMES[expected][0] != name:
        told += f", not {NAMES[expected][0]}"
    if not here:
        return f"{told}; none in the counties registered"
    return f"{told}; {all_in_all - here} more elsewhere" if here < all_in_all else told


def _details(
    kind: Kind, registered: int, full: dict[str, str], texts: Collection[str]
) -> Iterator[str]:
    if registered:
        yield f"{registered} registered"
    elif kind is Kind.COUNTY:
        yield "or postcodes"
    if restored := sum(text != key for text, key in full.items()):
        yield f"{restored} without their leading zero"
    if strange := [text for text in texts if text not in full]:
        yield f"{len(strange)} of another kind, such as {strange[0]!r}"
