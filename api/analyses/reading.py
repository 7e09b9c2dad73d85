"""Typed cells for every analysis: which level and periods are meant, and what is known there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from api.errors import InvalidParameter
from db import cells
from db.cells import Overview, Row
from db.codes import LEVELS
from db.pool import Pool
from db.state import State

SPOKEN = ("de", "en")
MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A period in which districts of a level have observations."""

    level: str
    period: str
    earliest: date | None
    latest: date | None
    observations: int
    is_forecast: bool = False

    @property
    def order(self) -> tuple[date, str]:
        """Periods that nobody dated come first."""
        return self.latest or date.min, self.period

    @property
    def edtf(self) -> dict[str, Any]:
        bounds = (bound and bound.isoformat() for bound in (self.earliest, self.latest))
        return {"edtf": self.period, **dict(zip(("earliest", "latest"), bounds, strict=True))}


@dataclass(frozen=True, slots=True)
class Cell:
    """What is published of a district and period. A hidden value is None, whatever it says."""

    period: dict[str, Any]
    value: float | None
    is_hidden: bool
    flags: list[dict[str, str]]
    numerator: float | None
    denominator: float | None
    source: dict[str, Any]

    @property
    def is_break(self) -> bool:
        return any(flag["code"] == "break" for flag in self.flags)


@dataclass(frozen=True, slots=True)
class Area:
    """A district with its cells, in the order of their periods."""

    id: UUID
    document: dict[str, Any]
    geometry: bytes | None
    cells: list[Cell] = field(default_factory=list)

    @property
    def reference(self) -> dict[str, Any]:
        names = ("id", "slug", "name", "level", "scheme", "key")
        return {name: self.document[name] for name in names}

    def existed(self, day: date) -> bool:
        begins, ends = (self.document[name] for name in ("valid_from", "valid_to"))
        return (begins or "") <= day.isoformat() <= (ends or "9999-12-31")

    def at(self, period: str) -> Cell | None:
        """Of two sources for a cell, the first one that shows a value."""
        found = [cell for cell in self.cells if cell.period["edtf"] == period]
        return next((cell for cell in found if cell.value is not None), next(iter(found), None))

    @property
    def series(self) -> dict[str, Cell]:
        """By period, in order."""
        periods = dict.fromkeys(cell.period["edtf"] for cell in self.cells)
        found = {period: self.at(period) for period in periods}
        return {period: cell for period, cell in found.items() if cell}


@dataclass(frozen=True)
class Indicator:
    """An indicator as asked for, in the language of the answer and in those that are spoken."""

    state: State
    id: UUID
    document: dict[str, Any]
    spoken: dict[str, dict[str, Any]]
    slots: list[Slot]

    @property
    def reference(self) -> dict[str, Any]:
        names = ("id", "slug", "title", "unit", "decimals", "type")
        return {name: self.document[name] for name in names}

    @property
    def citation(self) -> str | None:
        return own_citation(self.document)

    @cached_property
    def levels(self) -> dict[str, dict[str, str]]:
        """Levels with observations, from the largest, with their labels."""
        return {level["code"]: level for level in self.document["levels"]}

    def labelled(self, breakdowns: Mapping[str, str]) -> dict[str, dict[str, str]]:
        return labelled(self.document, breakdowns)

    def part(self, name: str) -> UUID | None:
        found = self.document[name]
        return UUID(found["id"]) if found else None

    def level(self, asked: str | None) -> str | None:
        """The level asked for, or the one with the most observations; None if there is none."""
        found = Counter[str]()
        for slot in self.slots:
            found[slot.level] = max(found[slot.level], slot.observations)
        if not found:
            return asked
        if asked is None:
            return min(found, key=lambda level: (-found[level], LEVELS.index(level)))
        if asked not in found:
            there = ", ".join(level for level in LEVELS if level in found)
            raise InvalidParameter.named("level", f"there are values of {there} only")
        return asked

    def periods(self, level: str | None) -> list[Slot]:
        """Those of a level, or of all levels, in order."""
        found = {slot.period: slot for slot in self.slots if level in (None, slot.level)}
        return sorted(found.values(), key=lambda slot: slot.order)

    def period(self, level: str | None, asked: str) -> Slot | None:
        """The period asked for, the last one of that year, or the last; None if there is none."""
        known = self.periods(level)
        if not known:
            return None
        if asked == "latest":
            return observed(known)[-1]
        exact = [slot for slot in known if slot.period == asked]
        in_year = [slot for slot in known if slot.latest and str(slot.latest.year) == asked]
        if not exact and not in_year:
            raise InvalidParameter.named("time", _no_such_period(asked, known))
        return (exact or in_year)[-1]


def observed(known: list[Slot]) -> list[Slot]:
    """Those that are not foreseen; all, if nothing was observed."""
    return [slot for slot in known if not slot.is_forecast] or known


def _no_such_period(asked: str, known: Sequence[Slot]) -> str:
    periods = [slot.period for slot in known]
    near = get_close_matches(asked, periods, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    some = ", ".join(periods[-MOST_NAMED:])
    return f"there is no value for {asked!r}, but for {some}{hint}"


def within(known: Sequence[Slot], first: str | None, last: str | None) -> list[Slot]:
    """The periods from one to another, each given as a period or a year; those undated are in
    none."""
    begin = _bound("from", first, known) if first else date.min
    end = _bound("to", last, known) if last else date.max
    if begin > end:
        raise InvalidParameter.named("to", "must not be before from")
    return [
        slot
        for slot in known
        if slot.earliest and slot.latest and slot.earliest >= begin and slot.latest <= end
    ]


def _bound(name: str, asked: str, known: Sequence[Slot]) -> date:
    for slot in known:
        if slot.period == asked and slot.earliest and slot.latest:
            return slot.earliest if name == "from" else slot.latest
    if len(asked) == 4 and asked.isascii() and asked.isdigit() and asked > "0999":
        return date(int(asked), 1, 1) if name == "from" else date(int(asked), 12, 31)
    periods = ", ".join(slot.period for slot in known[-MOST_NAMED:])
    there = f" or a period that has values: {periods}" if periods else ""
    raise InvalidParameter.named(name, f"must be a year (2021){there}")


async def indicator(
    pool: Pool, name: str, lang: str, breakdowns: Mapping[str, str]
) -> Indicator | None:
    """An indicator and where it has observations; None if there is none of this name.

    A breakdown that no observation has is refused with those there are; if there are none at all,
    nothing is observed.
    """
    found = await cells.overview(pool, name, (lang, *SPOKEN), breakdowns)
    if found is None:
        return None
    if breakdowns and not found.slots:
        known = await cells.known_breakdowns(pool, found.id)
        _refuse_breakdown(breakdowns, known)
    return _indicator(found, breakdowns)


def _refuse_breakdown(asked: Mapping[str, str], known: Sequence[Mapping[str, str]]) -> None:
    if not known:
        return
    written = [" and ".join(f"{name}:{code}" for name, code in each.items()) for each in known]
    text = " and ".join(f"{name}:{code}" for name, code in asked.items())
    near = get_close_matches(text, written, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    some = ", ".join(written[:MOST_NAMED])
    raise InvalidParameter.named("breakdown", f"there is no {text}, but {some}{hint}")


def _indicator(found: Overview, breakdowns: Mapping[str, str]) -> Indicator:
    document, *spoken = (from_json(document) for document in found.documents)
    said = (_titled(each, breakdowns) for each in spoken)
    return Indicator(
        state=found.state,
        id=found.id,
        document=document,
        spoken=dict(zip(SPOKEN, said, strict=True)),
        slots=[slot_of(entry) for entry in found.slots],
    )


def _titled(document: dict[str, Any], breakdowns: Mapping[str, str]) -> dict[str, Any]:
    """As it is spoken of: a part of the observed is not called like the whole."""
    parts = labelled(document, breakdowns).values()
    return document | {"title": ", ".join([document["title"], *(p["label"] for p in parts)])}


def labelled(
    document: Mapping[str, Any], breakdowns: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Terms by dimension, with their labels; a term that nothing is observed of is its own."""
    known = {
        (dimension["code"], term["code"]): term
        for dimension in document["dimensions"]
        for term in dimension["terms"]
    }
    return {
        dimension: known.get((dimension, code), {"code": code, "label": code})
        for dimension, code in breakdowns.items()
    }


def slot_of(entry: Mapping[str, Any]) -> Slot:
    earliest, latest = (
        date.fromisoformat(entry[name]) if entry[name] else None for name in ("earliest", "latest")
    )
    count = entry.get("observations", 0)
    is_forecast = entry.get("is_forecast", False)
    return Slot(entry["level"], entry["period"], earliest, latest, count, is_forecast)


@dataclass(frozen=True, slots=True)
class Reading:
    """Districts with their cells, and the state they belong to."""

    state: State
    areas: list[Area]


async def read(pool: Pool, wanted: cells.Wanted) -> Reading:
    state, rows = await cells.cells(pool, wanted)
    areas: dict[UUID, Area] = {}
    for row in rows:
        if row.area is not None:
            areas[row.district] = Area(row.district, from_json(row.area), row.geometry)
        if row.observation is not None:
            areas[row.district].cells.append(_cell(row, from_json(row.observation)))
    return Reading(state, list(areas.values()))


def _cell(row: Row, document: Mapping[str, Any]) -> Cell:
    is_hidden = any(flag["code"] == "suppressed" for flag in document["flags"])
    cell = Cell(
        period=document["period"],
        value=document["value"],
        is_hidden=is_hidden,
        flags=document["flags"],
        numerator=document["numerator"],
        denominator=document["denominator"],
        source=document["source"],
    )
    if is_hidden:
        return replace(cell, value=None, numerator=None, denominator=None)
    return replace(
        cell,
        numerator=row.numerator if cell.numerator is None else cell.numerator,
        denominator=row.denominator if cell.denominator is None else cell.denominator,
    )


def citation_of(sources: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        ", ".join(filter(None, (f"{s['publisher']}: {s['title']}", s["retrieved"], s["license"])))
        for s in sources
    )


def own_citation(indicator: Mapping[str, Any]) -> str | None:
    """As it is stated; None if it is made from the indicator's own source: then that of the values
    says more."""
    found: str = indicator["citation"]
    return None if found == citation_of([indicator["source"]]) else found


def counted(found: Sequence[Cell | None]) -> dict[str, int]:
    """How many cells show a value, hide it, and have none."""
    shown = sum(cell is not None and cell.value is not None for cell in found)
    hidden = sum(cell is not None and cell.is_hidden for cell in found)
    return {"published": shown, "suppressed": hidden, "missing": len(found) - shown - hidden}


def reason_of(observed: int, shown: int, hidden: int) -> str | None:
    """Why there is nothing to see, if so."""
    if shown:
        return None
    if not observed:
        return "no_observations"
    return "all_suppressed" if hidden == observed else "no_values"
