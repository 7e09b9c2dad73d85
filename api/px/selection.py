"""Which values of a variable are meant: codes, and the expressions that PxWebApi 2 has for them.

`*` and `?` stand for characters; `top`, `bottom`, `from`, `to` and `range` go by the order of the
values, which of periods is that of time: their `top` are the latest ones. Case does not matter.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

MOST_NAMED = 8
LONGEST = 200
"""Characters of an expression: no code is longer."""

_PART = re.compile(r"(?:\[[^\[\]]*\]|\([^()]*\)|[^,])+")
_CALL = re.compile(r"(top|bottom|from|to|range)\((.*)\)", re.IGNORECASE | re.DOTALL)
_COUNTED = re.compile(r"([1-9][0-9]{0,8})(?:,([0-9]{1,9}))?")


class NoSelection(ValueError):  # noqa: N818 - it is what was asked for that is wrong
    """An expression that means nothing, or nothing that is there."""


def split(written: str) -> list[str]:
    """The codes and expressions in a parameter: between commas, but for those in brackets.

    `[range(2019,2022)]` is how PxWebApi protects a comma; `range(2019,2022)` is as clear.
    """
    parts = [part.strip() for part in _PART.findall(written)]
    if not all(parts) or written.strip() == "" or _commas(written) >= len(parts):
        raise NoSelection("has an empty place between its commas")
    return [_bare(part) for part in parts]


def _commas(written: str) -> int:
    return _PART.sub("", written).count(",")


def _bare(part: str) -> str:
    return part[1:-1].strip() if part.startswith("[") and part.endswith("]") else part


def chosen(expressions: Sequence[str], codes: Sequence[str], *, is_time: bool) -> list[str]:
    """The codes that the expressions mean together, each once, in the order of the variable."""
    known = _Codes(codes, is_time)
    found = {code for expression in expressions for code in known.meant(expression)}
    return [code for code in codes if code in found]


class _Codes:
    """The codes of a variable in their order."""

    def __init__(self, codes: Sequence[str], is_time: bool) -> None:
        self._codes = codes
        self._is_time = is_time
        self._places = {code.lower(): place for place, code in reversed(list(enumerate(codes)))}
        self._exact = frozenset(codes)

    def meant(self, expression: str) -> Sequence[str]:
        if len(expression) > LONGEST:
            raise NoSelection(f"a code or expression has at most {LONGEST} characters")
        if expression in self._exact:
            return [expression]
        if expression.lower() in self._places:
            return [self._codes[self._places[expression.lower()]]]
        if call := _CALL.fullmatch(expression):
            found = self._called(call[1].lower(), call[2], expression)
        elif "*" in expression or "?" in expression:
            found = self._matching(expression)
        else:
            raise NoSelection(self._no_such(expression))
        if not found:
            raise NoSelection(f"{expression} finds no value")
        return found

    def _called(self, name: str, arguments: str, expression: str) -> Sequence[str]:
        read: Mapping[str, Callable[[str], Sequence[str]]] = {
            "top": self._first,
            "bottom": self._last,
            "from": lambda code: self._codes[self._place(code) :],
            "to": lambda code: self._codes[: self._place(code) + 1],
            "range": self._between,
        }
        try:
            return read[name](arguments)
        except ValueError as problem:
            raise NoSelection(f"{expression}: {problem}") from None

    def _first(self, arguments: str) -> Sequence[str]:
        return self._counted(arguments, from_the_end=self._is_time)

    def _last(self, arguments: str) -> Sequence[str]:
        return self._counted(arguments, from_the_end=not self._is_time)

    def _counted(self, arguments: str, *, from_the_end: bool) -> Sequence[str]:
        numbers = _COUNTED.fullmatch(arguments)
        if numbers is None:
            raise NoSelection("wants a number of values from 1, and perhaps how many to leave out")
        count, offset = int(numbers[1]), int(numbers[2] or 0)
        if from_the_end:
            end = max(len(self._codes) - offset, 0)
            return self._codes[max(end - count, 0) : end]
        return self._codes[offset : offset + count]

    def _between(self, arguments: str) -> Sequence[str]:
        bounds = arguments.split(",")
        if len(bounds) != 2:
            raise NoSelection("wants two codes")
        first, last = sorted(self._place(bound) for bound in bounds)
        return self._codes[first : last + 1]

    def _place(self, code: str) -> int:
        written = code.strip()
        if written in self._exact:
            return self._codes.index(written)
        place = self._places.get(written.lower())
        if place is None:
            raise NoSelection(self._no_such(written))
        return place

    def _matching(self, pattern: str) -> Sequence[str]:
        if pattern.count("*") > 2:
            raise NoSelection(f"{pattern}: * can stand twice at most")
        signs = {"*": ".*", "?": "."}
        text = "".join(signs.get(sign) or re.escape(sign) for sign in pattern)
        expression = re.compile(text, re.IGNORECASE | re.DOTALL)
        return [code for code in self._codes if expression.fullmatch(code)]

    def _no_such(self, code: str) -> str:
        near = get_close_matches(code, self._codes, n=1)
        if near:
            return f"there is no value {code}; did you mean {near[0]}?"
        some = ", ".join(self._codes[:MOST_NAMED])
        more = ", …" if len(self._codes) > MOST_NAMED else ""
        return f"there is no value {code}, but {some}{more}"
