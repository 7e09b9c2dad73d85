"""Totals that stand among their parts: "00 - Lübeck" beside "01 - Innenstadt"."""

from __future__ import annotations

import re
from collections.abc import Collection

_ALONE = re.compile(
    r"gesamt|insgesamt|gesamt(?:summe|ergebnis|stadt|kreis|gebiet|wert)|summe|zusammen|alle|"
    r"totals?|sum|overall|all|summa|totalt|samtliga|alla"
)
_AT_AN_END = {"gesamt", "insgesamt", "zusammen", "summe"}
_AT_THE_END = {"total", "totalt", "summa", "gesamtstadt"}
# "alle Stadtteile", "hela kommunen"
_EVERY = re.compile(
    r"(?:alle|all|alla|samtliga|sämtliche) "
    r"(?:stadtteile|stadtbezirke|bezirke|ortsteile|quartiere|gemeinden|kommunen|kreise|landkreise|"
    r"länder|districts|municipalities|counties|quarters|kommuner|län|stadsdelar|områden)|"
    r"hela (?:kommunen|länet|staden|riket|regionen)"
)
_NUMBERED = re.compile(r"(?P<number>[0-9]{2,})(?P<mark>\s*[-–:.)]?\s+)(?=\S)")
# By the length of an official German key: where it may end and be filled up.
OFFICIAL = {5: (2, 3), 8: (2, 3, 5), 9: (2, 3, 5), 12: (2, 3, 5, 9)}
_WORDS = re.compile(r"[^\W\d_]+")


def is_total(label: str, siblings: Collection[str]) -> str | None:
    """Why a label names the total of others in its column; None if it does not.

    `siblings` are the labels of the column. Precise rather than greedy: the rules go by whole words
    and by numbers that the others share.
    """
    return _by_word(label) or _by_number(label, siblings) or _by_key(label.strip(), siblings)


def _by_word(label: str) -> str | None:
    words = [word.lower() for word in _WORDS.findall(label)]
    if not words:
        return None
    told = (
        (len(words) == 1 and _ALONE.fullmatch(words[0]) is not None)
        or (len(words) > 1 and bool({words[0], words[-1]} & _AT_AN_END))
        or (len(words) > 1 and words[-1] in _AT_THE_END)
        or _EVERY.fullmatch(" ".join(words)) is not None
    )
    return f"{label.strip()!r} says that it is a total" if told else None


def _by_number(label: str, siblings: Collection[str]) -> str | None:
    """`00 - Lübeck`, where the others are numbered from 01."""
    numbered = _NUMBERED.match(label.strip())
    if numbered is None or numbered["number"].strip("0"):
        return None
    others = [match["number"] for each in siblings if (match := _NUMBERED.match(each.strip()))]
    width = len(numbered["number"])
    alike = [number for number in others if len(number) == width and number.strip("0")]
    return f"numbered {numbered['number']} among {len(alike)} numbered parts" if alike else None


def _by_key(key: str, siblings: Collection[str]) -> str | None:
    """`0500` among 0501, 0502, …; a key that goes on where another ends is no total."""
    if not (key.isascii() and key.isdigit() and key.endswith("00")):
        return None
    prefix = key[: _own_digits(key)]
    keys = {each.strip() for each in siblings} - {key}
    parts = [each for each in keys if len(each) == len(key) and each.startswith(prefix)]
    if len(prefix) == len(key) or len(parts) < 2 or str(int(key) - 1).zfill(len(key)) in keys:
        return None
    return f"the key {key} is the beginning of {len(parts)} others, filled up with zeros"


def _own_digits(key: str) -> int:
    """Where the zeros begin that fill a key up.

    Official keys have their joints (state, region, county, association): a city that is a county
    of its own may be 05120000, and a municipality in a county 14522300.
    """
    ends = OFFICIAL.get(len(key), range(1, len(key) - 1))
    return next((end for end in ends if not key[end:].strip("0")), len(key))
