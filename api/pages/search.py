"""What somebody means who types into the search box: a place, a postcode, a need, "near me"."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from db import queries
from db.pool import Pool

LONGEST = 5  # words in the name of a place
AROUND = ",;.:!?\"'„“”‚‘’»«"
WORDS = 20  # that are looked at; the rest is searched for as it is

NEAR_ME = (
    "in der nähe von mir", "in meiner nähe", "in der nähe", "bei mir",
    "near me", "nearby", "nära mig", "i närheten",
)  # fmt: skip
OF_A_PLACE = r"(?!\s+(?:von|of|av)\s)"  # after "in der Nähe": somewhere else is meant
BEFORE_A_PLACE = frozenset(
    (
        *("in", "im", "bei", "nahe", "um", "der", "nähe", "von", "stadt", "gemeinde"),
        *("near", "at", "around", "of", "i", "nära", "närheten", "av"),
    )
)
QUOTED = re.compile(r"[\"„“](.*)[\"“”]")


@dataclass(frozen=True, slots=True)
class Understood:
    """The words that remain when the place is taken out, and the place."""

    words: str
    place: dict[str, Any] | None = None
    near_me: bool = False

    @property
    def filters(self) -> dict[str, str | None]:
        """What was typed, as the API is asked for it."""
        meant = {"q": self.words or None}
        if self.place and self.place["kind"] == "postcode":
            meant["postcode"] = self.place["key"]
        elif self.place and self.place["slug"]:
            meant["district"] = self.place["slug"]
        return meant


async def understand(pool: Pool, typed: str) -> Understood:
    """Take the name of a place out of what was typed. The longest name counts; in quotation marks
    there is none."""
    text, near_me = _without_near_me(" ".join(typed.split()))
    if literally := QUOTED.fullmatch(text):
        return Understood(literally[1].strip(), near_me=near_me)
    words = text.split(" ")
    spans = _spans(words[:WORDS])
    found = await queries.places_called(pool, list(spans)) if spans else []
    named = [(spans[name], json.loads(place)) for name, place in found if name in spans]
    if not named:
        return Understood(text, near_me=near_me)
    (start, end), place = max(named, key=lambda each: each[0][1] - each[0][0])
    before = words[:start]
    while before and before[-1].lower() in BEFORE_A_PLACE:
        before.pop()
    return Understood(" ".join([*before, *words[end:]]).strip(f" {AROUND}"), place, near_me)


def _spans(words: list[str]) -> dict[str, tuple[int, int]]:
    """Where what may be a name begins and ends: as it was typed, and without marks around it."""
    found: dict[str, tuple[int, int]] = {}
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST, len(words)) + 1):
            name = " ".join(words[start:end])
            found |= {name: (start, end), name.strip(AROUND): (start, end)}
    found.pop("", None)
    return found


def _without_near_me(text: str) -> tuple[str, bool]:
    for phrase in NEAR_ME:
        pattern = re.compile(rf"(^|\s){re.escape(phrase)}{OF_A_PLACE}(\s|$)", re.IGNORECASE)
        if pattern.search(text):
            return pattern.sub(" ", text).strip(), True
    return text, False
