"""The sign that German statistics put in place of a value, or beside it."""

from collections.abc import Sequence

_SIGNS = {
    "suppressed": ".",
    "not_available": "…",
    "not_applicable": "x",
    "low_reliability": "/",
    "rounded_to_zero": "0",
}


def sign(flags: Sequence[str]) -> str:
    return next((_SIGNS[flag] for flag in flags if flag in _SIGNS), "")
