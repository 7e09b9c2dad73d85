"""What is there for how many people, and how much is missing: plain arithmetic without guesses."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from api.analyses.answers.envelope import plain
from api.analyses.reading import Cell
from db.gaps import Supply

Status = Literal["no_offering", "gap", "ok", "no_data", "suppressed", "ended"]

NOISE = 1e-9  # of binary arithmetic: so much too little is enough
STATUSES: tuple[Status, ...] = get_args(Status)
MODES = ("district", "central", "central_with_outreach", "mobile", "online", "unknown")


@dataclass(frozen=True, slots=True)
class People:
    """How many there are. `value` None: unknown, or hidden."""

    value: float | None
    is_hidden: bool
    flags: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Terms:
    """How need is measured."""

    count: Literal["offerings", "capacity"]
    unit: str | None
    per: float
    least: float | None


def people(cells: Sequence[Cell | None]) -> People:
    """The sum of all parts: hidden if one is hidden, unknown if one is unknown."""
    flags = {flag["code"]: flag for cell in cells if cell for flag in cell.flags}
    values = [cell.value for cell in cells if cell and cell.value is not None]
    is_hidden = any(cell is not None and cell.is_hidden for cell in cells)
    value = None if is_hidden or len(values) < len(cells) else plain(math.fsum(values))
    return People(value, is_hidden, list(flags.values()))


def together(of: Sequence[People]) -> People:
    """The people of several districts."""
    values = [each.value for each in of if each.value is not None]
    is_hidden = any(each.is_hidden for each in of)
    is_known = bool(of) and len(values) == len(of)
    return People(plain(math.fsum(values)) if is_known else None, is_hidden, [])


@dataclass(frozen=True, slots=True)
class Capacity:
    """What offerings can hold together, in one unit. `unstated`: of how many that is not known.

    `value` None: nobody states it, or in several units.
    """

    value: int | None
    unit: str | None
    stated: int
    unstated: int


def capacity(supply: Supply, unit: str | None) -> Capacity:
    held = [each for each in supply.capacity if unit in (None, each.unit)]
    stated = sum(each.offerings for each in held)
    unstated = supply.offerings - stated
    if len(held) != 1:
        return Capacity(None, unit, stated, unstated)
    return Capacity(held[0].total, held[0].unit, stated, unstated)


@dataclass(frozen=True, slots=True)
class Balance:
    """Supply beside need. `is_least`: there may be more, since not every capacity is known."""

    status: Status
    supply: int | None
    is_least: bool
    rate: float | None
    needed: float | None
    missing: int | None


ENDED = Balance("ended", None, is_least=False, rate=None, needed=None, missing=None)
"""Of a district that is no more: what was in it is counted where it is now."""


def balance(there: Supply, lives: People, terms: Terms) -> Balance:
    supply, is_least = _counted(there, terms)
    needed = missing = None
    if terms.least is not None and lives.value is not None:
        needed = terms.least * lives.value / terms.per
        missing = _missing(needed, supply, is_least=is_least)
    rate = supply * terms.per / lives.value if lives.value and supply is not None else None
    status = _status(there, lives, supply, needed=needed, missing=missing)
    return Balance(status, supply, is_least, plain(rate), plain(needed), missing)


def _counted(there: Supply, terms: Terms) -> tuple[int | None, bool]:
    """How much there is, None if unknown, and whether that is only the least there can be."""
    if terms.count == "offerings" or not there.offerings:
        return there.offerings, False
    held = capacity(there, terms.unit)
    return held.value, held.value is not None and held.unstated > 0


def _missing(needed: float, supply: int | None, *, is_least: bool) -> int | None:
    """None if what is not known could make up for it."""
    if supply is None:
        return None
    missing = max(0, math.ceil(needed - supply - NOISE))
    return None if missing and is_least else missing


def _status(
    there: Supply,
    lives: People,
    supply: int | None,
    *,
    needed: float | None,
    missing: int | None,
) -> Status:
    if not there.offerings:
        return "no_offering"
    if lives.is_hidden:
        return "suppressed"
    if lives.value is None or supply is None or (needed is not None and missing is None):
        return "no_data"
    return "gap" if missing else "ok"


def serving(supply: Supply) -> dict[str, Any]:
    """What serves a district from elsewhere, by its organisation mode."""
    counts: Mapping[str | None, int] = supply.serving
    by_mode = {mode: counts.get(None if mode == "unknown" else mode, 0) for mode in MODES}
    return {"total": sum(counts.values()), "by_mode": by_mode}
