"""Offerings for so many people by district: need against supply."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from api.analyses.answers.asked import Between, at_time, opening
from api.analyses.answers.envelope import Answer, as_features
from api.analyses.sentences import Figure, Said
from api.errors import InvalidParameter
from api.gaps.asked import Asked, chosen, distinct, of_district
from api.gaps.parameters import SupplyParameters
from api.gaps.population import Place, Population, places, population, whole
from api.gaps.supply import (
    ENDED,
    MODES,
    STATUSES,
    Balance,
    People,
    Terms,
    balance,
    capacity,
    serving,
    together,
)
from db import gaps
from db.gaps import Supplied, Supply

COLUMNS = {
    "status": "status",
    "district": "slug",
    "name": "name",
    "key": "key",
    "population": "population",
    "population_flags": "population_flags.code",
    "offerings": "offerings",
    "capacity": "capacity.value",
    "capacity_unit": "capacity.unit",
    "capacity_unstated": "capacity.unstated",
    "supply": "supply",
    "supply_is_least": "supply_is_least",
    "rate": "rate",
    "needed": "needed",
    "missing": "missing",
    "serving": "serving.total",
    **{f"serving_{mode}": f"serving.by_mode.{mode}" for mode in MODES},
}

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A district with both sides of the balance."""

    place: Place
    people: People
    supply: Supply
    balance: Balance

    @property
    def name(self) -> str:
        return str(self.place.area.document["name"])


async def offerings(asked: Asked[SupplyParameters]) -> Answer | None:
    of = await population(asked)
    if of is None:
        return None
    parameters = asked.parameters
    here = await places(asked, of)
    above = await whole(asked, of)
    found = await gaps.supply(
        asked.pool,
        parameters.offerings,
        [place.area.id for place in here],
        level=of.chosen.level,
        parent=parameters.parent,
    )
    if found.state != of.indicator.state:
        raise Between
    terms = _terms(parameters, found)
    rows = [_row(place, found, terms) for place in here]
    if parameters.order != "name":  # they are read in the order of their names
        rows.sort(key=_ORDERS[parameters.order])
    total = _total(rows, above, found, terms)
    return _answer(asked, of, found, rows, total)


def _terms(parameters: SupplyParameters, found: Supplied) -> Terms:
    """One unit, if capacities are counted: places and hours are not to be added up."""
    units = sorted({each.unit or "" for each in found.total.capacity}, key=str)
    if parameters.unit is not None and units and parameters.unit not in units:
        near = get_close_matches(parameters.unit, units, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        there = ", ".join(filter(None, units)) or "(none)"
        raise InvalidParameter.named("unit", f"capacities are stated in {there}{hint}")
    if parameters.count == "capacity" and parameters.unit is None and len(units) > 1:
        there = ", ".join(unit or "(no unit)" for unit in units)
        raise InvalidParameter.named("unit", f"name one: capacities are stated in {there}")
    return Terms(parameters.count, parameters.unit, parameters.per, parameters.least)


def _row(place: Place, found: Supplied, terms: Terms) -> Row:
    supply, lives = found.districts[place.area.id], place.people
    has_ended = not place.area.existed(date.fromisoformat(found.state.day))
    return Row(place, lives, supply, ENDED if has_ended else balance(supply, lives, terms))


def _by_need(row: Row) -> tuple[float | str, ...]:
    """Most missing first; then where nobody has anything, by how many that are; then by rate."""
    missing, rate = row.balance.missing or 0, row.balance.rate
    lives = row.people.value or 0
    has_none = row.balance.status == "no_offering"
    lowest = float("inf") if rate is None else rate
    return -missing, not has_none, -lives if has_none else 0, lowest, row.name


def _by_rate(row: Row) -> tuple[float | str, ...]:
    return float("inf") if row.balance.rate is None else row.balance.rate, row.name


_ORDERS: dict[str, Callable[[Row], tuple[float | str, ...]]] = {
    "need": _by_need,
    "rate": _by_rate,
}


def _total(rows: Sequence[Row], above: Place | None, found: Supplied, terms: Terms) -> Item:
    """Of the parent, whose number of people is its own where it is known; else the sum."""
    stated = above.people if above else None
    lives = stated if stated and (stated.value is not None or stated.is_hidden) else None
    summed = together([row.people for row in rows])
    document = above.area.reference if above else None
    reckoned = balance(found.total, lives or summed, terms)
    return {
        "district": document,
        "population_is": "stated" if lives else "summed",
        **_supplied(found.total, lives or summed, reckoned, terms.unit),
    }


def _supplied(supply: Supply, lives: People, reckoned: Balance, unit: str | None) -> Item:
    has_ended = reckoned is ENDED
    held = capacity(supply, unit)
    return {
        "status": reckoned.status,
        "population": lives.value,
        "population_flags": lives.flags,
        "offerings": None if has_ended else supply.offerings,
        "capacity": None
        if has_ended
        else {
            "value": held.value,
            "unit": held.unit,
            "stated": held.stated,
            "unstated": held.unstated,
        },
        "supply": reckoned.supply,
        "supply_is_least": reckoned.is_least,
        "rate": reckoned.rate,
        "needed": reckoned.needed,
        "missing": reckoned.missing,
        "serving": None if has_ended else serving(supply),
    }


def _answer(
    asked: Asked[SupplyParameters],
    of: Population,
    found: Supplied,
    rows: Sequence[Row],
    total: Item,
) -> Answer:
    parameters = asked.parameters
    items = [
        of_district(row.place.area)
        | _supplied(row.supply, row.people, row.balance, parameters.unit)
        for row in rows
    ]
    counts = Counter(row.balance.status for row in rows)
    cells = [cell for row in rows for cell in row.place.cells if cell]
    return Answer(
        state=found.state,
        members={
            "indicator": of.indicator.reference,
            "breakdown": of.parts,
            **at_time(of.indicator, of.chosen),
            "boundary": parameters.boundary and parameters.boundary.isoformat(),
            "filter": chosen(parameters),
            "count": parameters.count,
            "unit": parameters.unit,
            "per": parameters.per,
            "min": parameters.least,
            "order": parameters.order,
            "statuses": {status: counts[status] for status in STATUSES},
            "unplaced": {"larger_area": found.unplaced, "nowhere": found.nowhere},
            "total": total,
        },
        items=items,
        spoken=of.indicator.spoken,
        said=[opening(of.chosen.slot), *_said(rows, found, total, parameters)],
        sources=distinct([*(cell.source for cell in cells), *found.sources])
        or [of.indicator.document["source"]],
        reason=None if rows else _reason(of),
        columns=COLUMNS,
        features=as_features([row.place.area for row in rows], items) if asked.geometry else None,
    )


def _reason(of: Population) -> str:
    return "no_districts" if of.chosen.slot else "no_observations"


def _said(
    rows: Sequence[Row], found: Supplied, total: Item, parameters: SupplyParameters
) -> list[Said]:
    if not rows:
        return [Said("gaps_nothing")]
    counts = Counter(row.balance.status for row in rows)
    counts["suppressed"] = sum(row.people.is_hidden for row in rows)  # there, too, where nothing is
    said = [Said("gaps", {"count": len(rows), "offerings": found.total.offerings})]
    if total["rate"] is not None:
        rate, per = Figure(total["rate"], 2), Figure(parameters.per, 0)
        said.append(Said(f"gaps_rate_{parameters.count}", {"rate": rate, "per": per}))
    said += [
        Said(f"gaps_{status}", {"count": counts[status]})
        for status in STATUSES
        if status != "ok" and counts[status]
    ]
    worst = [row for row in rows if row.balance.missing]
    if worst:
        most = max(worst, key=lambda row: row.balance.missing or 0)
        values = {"district": most.name, "missing": most.balance.missing}
        said.append(Said("gaps_most", values))
    if found.unplaced:
        said.append(Said("gaps_unplaced", {"count": found.unplaced}))
    return said
