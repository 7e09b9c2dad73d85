"""Patterns that replace, bounded: none takes long, whatever a file holds.

Python's regular expressions go back when they find nothing, and know no time limit. How often they
may do so is counted before: a repetition can end at every character of a text, a choice can go
either way. A repeated group could do both in every round, so it must be possessive (`(ab)*+`, which
never gives back). A text for which the product is beyond `STEPS` is refused instead of searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

STEPS = 10**9  # characters looked at in the worst case: some seconds

_TOKEN = re.compile(
    r"""(?xs)
    (?P<escape>\\.)
  | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
  | (?P<open>\((?:\?(?:P<\w+>|P=\w+|<?[=!]|[aiLmsux-]*:|>|\#[^)]*|\([^)]*\)|[aiLmsux-]+))?)
  | (?P<close>\))
  | (?P<choice>\|)
  | (?P<many>(?:[*+]|\{\d*,\d*\})[+?]?)
  | (?P<same>\{\d+\}[+?]?)
  | (?P<perhaps>\?[+?]?)
  | (?P<other>.)
    """
)


class TooLong(ValueError):  # noqa: N818 - reads as the state it reports
    """A pattern might look at this text for too long."""


@dataclass(frozen=True)
class Replacement:
    """A pattern, what stands in its place, and how often it can go back at most."""

    pattern: re.Pattern[str]
    text: str
    repetitions: int
    choices: int

    def apply(self, value: str) -> str:
        if (len(value) + 1) ** (self.repetitions + 1) * 2**self.choices > STEPS:
            raise TooLong(f"{len(value):,} characters are too many for {self.pattern.pattern!r}")
        return self.pattern.sub(self.text, value)


def replaced(value: str, stated: Mapping[str, str]) -> str:
    """The text with every pattern replaced, in the order they are stated."""
    for pattern, text in stated.items():
        value = replacement(pattern, text).apply(value)
    return value


@cache
def replacement(pattern: str, text: str) -> Replacement:
    """Raises ValueError, where it is no pattern or one that cannot be bounded."""
    try:
        compiled = re.compile(pattern)
        compiled.sub(text, "")  # does it name groups there are?
    except (re.error, IndexError) as error:
        raise ValueError(f"replace: {pattern!r} is no pattern: {error}") from error
    if compiled.flags & re.VERBOSE:
        raise ValueError(f"replace: {pattern!r}: blanks mean blanks here, (?x) is not allowed")
    tokens = list(_tokens(pattern))
    if "group" in tokens:
        raise ValueError(
            f"replace: {pattern!r} repeats a group, which may take for ever: write )*+ or )++"
        )
    return Replacement(compiled, text, tokens.count("many"), tokens.count("choice"))


def _tokens(pattern: str) -> Iterator[str]:
    """What makes a pattern go back: `many` ends, a `choice` of two, a repeated `group`."""
    before = ""
    for found in _TOKEN.finditer(pattern):
        kind, text = found.lastgroup or "", found[0]
        gives_back = kind in ("many", "same") and not text.endswith("+", 1)
        if gives_back and before == "close":
            yield "group"
        elif kind == "many" or _refers(kind, text):
            yield "many"
        elif kind in ("choice", "perhaps"):
            yield "choice"
        before = kind


def _refers(kind: str, text: str) -> bool:
    """To a group again, which may be as long as the text."""
    return (kind == "escape" and text[1].isdigit()) or text.startswith("(?P=")
