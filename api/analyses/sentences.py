"""What an answer says in one breath, in German and English, with numbers as each writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml
from babel import Locale

from api.analyses.reading import SPOKEN
from api.pages.templates import Writer

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of the indicator: with its decimals and its unit, in the language spoken."""

    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A number without a unit, with at most so many decimals."""

    value: float
    decimals: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two numbers of the indicator are apart: of percentages in percentage points."""

    value: float


@dataclass(frozen=True, slots=True)
class Term:
    """A text that each language has of its own."""

    name: str


class Said(NamedTuple):
    """A sentence by name, and what is put into it."""

    name: str
    values: Values = MappingProxyType({})


def sentence(spoken: Mapping[str, Mapping[str, Any]], said: Sequence[Said]) -> dict[str, str]:
    """By language. `spoken`: what the indicator is called in each of them, and its unit."""
    return {lang: " ".join(_say(lang, spoken[lang], each) for each in said) for lang in SPOKEN}


def is_percentage(indicator: Mapping[str, Any]) -> bool:
    """Whether its values are percentages of something."""
    return bool(indicator["type"]["code"] == "rate") and str(indicator["unit"]).startswith("%")


def rest(counts: Mapping[str, int]) -> list[Said]:
    """What is not shown, if anything is not."""
    names = {"hidden": counts["suppressed"], "missing": counts["missing"]}
    return [Said(name, {"count": count}) for name, count in names.items() if count]


_NAMELESS = {"title": "", "district": ""}


def _say(lang: str, indicator: Mapping[str, Any], said: Said) -> str:
    texts = _texts()[lang]
    text = texts[said.name]
    if isinstance(text, dict):
        text = text["one" if said.values["count"] == 1 else "other"]
    values = {name: _written(lang, indicator, value) for name, value in said.values.items()}
    return str(text).format_map({**_NAMELESS, **indicator, **values})


def _written(lang: str, indicator: Mapping[str, Any], value: object) -> str:
    match value:
        case Said():
            return _say(lang, indicator, value)
        case Amount() | Difference():
            return _with_unit(lang, indicator, value)
        case Term(name):
            return str(_texts()[lang][name])
        case dict() if "X" in value["edtf"]:
            return str(_texts()[lang]["undated"])
        case _:
            return _plain(Writer(Locale.parse(lang)), value)


def _with_unit(lang: str, indicator: Mapping[str, Any], amount: Amount | Difference) -> str:
    unit = str(indicator["unit"])
    if isinstance(amount, Difference) and is_percentage(indicator):
        unit = str(_texts()[lang]["points"])
    number = Writer(Locale.parse(lang)).number(amount.value, indicator["decimals"])
    return number if unit == "1" else f"{number} {unit}"


def _plain(write: Writer, value: object) -> str:
    match value:
        case Figure(number, decimals):
            return write.number(number, decimals)
        case int():
            return write.number(value, 0)
        case dict():
            return write.imprecise(value)
        case _:
            return str(value)


@cache
def _texts() -> dict[str, dict[str, Any]]:
    path = Path(__file__).with_suffix(".yaml")
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found
