"""Addresses as they are compared: spellings of one street, number or town become the same.

All functions are pure. What they return is for comparing, not for showing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 200  # characters; an address is shorter, and patterns take long over long texts

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "a", "ø": "o", "ł": "l", "⁄": "/"})
_WORD = re.compile(r"[^\W_]+")

# --- streets -------------------------------------------------------------------------------------

_ABBREVIATED_STREET = re.compile(r"str(?:\.|(?![^\W_]))")
_ABBREVIATED_PLACE = re.compile(r"pl\.")
_SHORT = {
    "sankt": "st",
    "sanct": "st",
    "doktor": "dr",
    "professor": "prof",
    "u": "und",
    "bgm": "buergermeister",
    "frhr": "freiherr",
    "gebr": "gebrueder",
    "geschw": "geschwister",
}
_LIKE_A_STREET = re.compile(
    r"strasse$|weg$|platz$|gasse$|allee$|ring$|markt$|damm$|ufer$|chaussee$|^(?:am|an|auf|im|in|zu)"
)

_ROOM = (
    r"(?:haus|hs|gebaeude|geb|eingang|aufgang|block|tor|etage|stock|og|eg|ug|dg|zimmer|zi|raum|"
    r"wohnung|whg|hinterhaus|hh|vorderhaus|vh|hofgebaeude)(?![\w-])"
)
_IN_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SEPARATOR = re.compile(r"[,;|\n\r\t]|//|\s[-–—](?=\s+[^\W\d_]{2})|\s/\s(?=[^\W\d_]{2})")
_COMMA_BEFORE_NUMBER = re.compile(r"(?<=[^\W\d_]),\s*(?=\d{1,4}\s*[a-z]?\s*(?:[,;]|$))")
_NO_STREET = re.compile(
    rf"\s*(?:(?:postfach|pf|c/o)(?![\w-])|(?:[a-z]-)?\d{{4,5}}\s|{_ROOM}\.?\s*(?:\d*\s*[a-z]?\s*$))"
)
_ROOM_AFTER_NUMBER = re.compile(rf"(\d\s*[a-z]?)\s+(?:\d+\.\s*)?{_ROOM}.*$")
_HALF = re.compile(r"(?<=\d)\s+1/2(?!\d)")
_AND = re.compile(r"(\d\s*[a-z]?)\s*(?:u\.|und|bis)\s*(?=\d)")
_WITH_NUMBER = re.compile(
    r"\s*(?P<street>.*?[^\W\d_].*?\.?)\s*(?:\b(?:haus)?nr\b\.?)?"
    r"\s*(?P<number>\d{1,4}(?!\d)\s*(?:[a-z](?![^\W_]))?)"
    r"(?:\s*[-–—/+&]\s*\d{0,4}\s*(?:[a-z](?![^\W_]))?)*[\s.]*"
)


@dataclass(frozen=True)
class Located:
    """A street, and where in it. Without a street there is nothing to look for."""

    street: str | None = None
    number: int | None = None
    suffix: str = ""


def parse_street(text: str | None) -> Located:
    """Street and house number of a line such as `Rathaus, Am Markt 5 a (Hintereingang)`.

    Of a range (`6-7`, `12/14`) the first number counts.
    """
    line = _IN_BRACKETS.sub(" ", folded((text or "")[:LONGEST]))
    parts = _SEPARATOR.split(_COMMA_BEFORE_NUMBER.sub(" ", line))
    streets = [part for part in parts if not _NO_STREET.match(part)]
    for part in streets:
        plain = _one_number(_ROOM_AFTER_NUMBER.sub(r"\1", part))
        if found := _WITH_NUMBER.fullmatch(plain):
            number, suffix = house_number(found["number"]) or (None, "")
            return Located(street_name(found["street"]) or None, number, suffix)
    named = [street_name(part) for part in streets if re.search(r"[^\W\d_]{2}", part)]
    like = [name for name in named if _LIKE_A_STREET.search(name)]
    return Located(next(iter([*like, *named]), None))


def _one_number(text: str) -> str:
    """`6 und 7` is a range, and `12 1/2` is beside 12."""
    return _AND.sub(r"\1/", _HALF.sub("", text))


@lru_cache(maxsize=1 << 16)
def street_name(text: str) -> str:
    """`Karl-Marx-Str.` and `Karl Marx Straße` -> `karlmarxstrasse`."""
    spelled = _ABBREVIATED_STREET.sub("strasse ", _IN_BRACKETS.sub(" ", folded(text)))
    words = _WORD.findall(_ABBREVIATED_PLACE.sub("platz ", spelled))
    return "".join(_SHORT.get(word, word) for word in words)


_NUMBER = re.compile(r"\D{0,8}?0*([1-9]\d{0,4})(?!\d)\s*([a-z](?![^\W_]))?")


@lru_cache(maxsize=1 << 16)
def house_number(text: str) -> tuple[int, str] | None:
    """`12 A` -> (12, "a"); of a range the first; None if there is no number."""
    found = _NUMBER.match(_one_number(folded(text)))
    return (int(found[1]), found[2] or "") if found else None


# --- towns ---------------------------------------------------------------------------------------

_PART_OF = re.compile(r"\b(?:ot|ortsteil|stadtteil|stt)\b\.?")
_QUALIFIED = re.compile(r"[(/,]|\s(?:am|an|a|im|i|in|ob|o|bei|b|vor|vorm|v|auf|unter)(?:\.|\s)")
_FILLERS = {
    *("a", "am", "an", "auf", "b", "bei", "d", "dem", "den", "der", "i", "im", "in", "o", "ob"),
    *("unter", "v", "vor", "vorm"),
    # Titles: `Freiberg, Stadt`, `Halle (Saale), Stadt`
    *("stadt", "gemeinde", "markt", "flecken", "landeshauptstadt", "hansestadt", "kreisstadt"),
    *("universitaetsstadt", "bergstadt", "kurort", "grosse", "kreisfreie", "kreisangehoerige"),
}
_TITLE_BEFORE = re.compile(
    r"\s*(?:(?:grosse )?kreisstadt|stadt|gemeinde|markt|landeshauptstadt|hansestadt)\s+(?=\w{3})"
)


@dataclass(frozen=True)
class Town:
    """A town's name with the initials of what tells it from others, and its name without them.

    `Frankfurt a. M.` and `Frankfurt am Main` are `frankfurt m`, short `frankfurt`. `part` is the
    part of it that was named: `Zug` in `Freiberg OT Zug`.
    """

    full: str
    short: str | None = None
    part: str | None = None


@lru_cache(maxsize=1 << 16)
def town(text: str | None) -> Town | None:
    whole, part = _divided(_TITLE_BEFORE.sub("", folded((text or "")[:LONGEST])))
    before, qualifier = _qualified(whole)
    name = _squeezed(before)
    if not name:
        return None
    initials = "".join(word[0] for word in _WORD.findall(qualifier) if word not in _FILLERS)
    if initials:
        return Town(f"{name} {initials}", name, _squeezed(part) or None)
    head, _, tail = (_squeezed(each) for each in before.partition("-"))
    if head and tail and not part:
        return Town(name, head, tail)
    return Town(name, None, _squeezed(part) or None)


def _divided(text: str) -> tuple[str, str]:
    """What stands before and after `OT`; what only stands after it is all there is."""
    found = _PART_OF.search(text)
    if not found:
        return text, ""
    before, after = text[: found.start()], text[found.end() :]
    return (before, after) if _WORD.search(before) else (after, "")


def _qualified(text: str) -> tuple[str, str]:
    """The name and what follows it: `halle`, `(saale)`. The first word is never a qualifier."""
    start = _WORD.search(text)
    found = _QUALIFIED.search(text, start.end() if start else 0)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _squeezed(text: str) -> str:
    return "".join(_SHORT.get(word, word) for word in _WORD.findall(text))


# --- the rest ------------------------------------------------------------------------------------

_POSTCODE = re.compile(r"(?:[a-z]{1,2}[- ]*)?(\d{3} ?\d{2}|\d{4})")


@lru_cache(maxsize=1 << 14)
def postcode(text: str | None) -> str | None:
    """Its digits, with the leading zero that spreadsheets lose."""
    found = _POSTCODE.fullmatch(folded(text or "").strip())
    return found[1].replace(" ", "").zfill(5) if found else None


def folded(text: str) -> str:
    """Lower case, umlauts and ß spelled out, no other accents."""
    spelled = (
        unicodedata.normalize("NFKC", text.replace("½", " 1/2")).casefold().translate(_UMLAUTS)
    )
    plain = unicodedata.normalize("NFKD", spelled)
    return "".join(each for each in plain if not unicodedata.combining(each))
