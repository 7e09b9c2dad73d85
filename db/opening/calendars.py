"""Which days are holidays in a region, which may be, and of which nobody knows.

Public holidays of countries and states are law, and come from the package `holidays`. What it calls
`catholic` is kept in some municipalities only, so there it may be a holiday. School holidays, and
what else staff has entered, come from `published.holiday`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import holidays

Kind = Literal["public", "school"]
KINDS: tuple[Kind, ...] = ("public", "school")
Days = dict[date, str]
"""What each day is called."""

KNOWN_YEARS = range(1995, 2101)
LONGEST_TERM = timedelta(days=150)
"""Whoever lists no school holidays for so long has not listed them."""

_ONE_DAY = timedelta(days=1)
_ZONES = {"DE": "Europe/Berlin", "SE": "Europe/Stockholm"}
_USUAL_ZONE = "Europe/Berlin"
_NATIVE = {"DE": "de", "SE": "sv"}
_CITIES = {"DE-BY": "Augsburg"}  # with a holiday of its own
_CATHOLIC = {"DE-BY": ("09",), "DE-SN": ("14625",), "DE-TH": ("16061", "16063", "16064")}
"""Official keys of where there are such municipalities: in Saxony the district of Bautzen, in
Thuringia Eichsfeld, the Wartburg and the Unstrut-Hainich district."""


class Holiday(NamedTuple):
    """A row of `published.holiday`."""

    region: str
    kind: str
    name: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Calendar:
    """The holidays that staff entered; those by law need no entry."""

    entered: tuple[Holiday, ...] = ()
    _of_regions: dict[tuple[Kind, str], tuple[list[Holiday], list[tuple[date, date]]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def certain(self, kind: Kind, region: str, first: date, last: date) -> Days:
        """The holidays from one day to another."""
        entered = {
            day: row.name
            for row in self._of(kind, region)[0]
            if row.first_day <= last and first <= row.last_day
            for day in _days(max(first, row.first_day), min(last, row.last_day))
        }
        return (_public(region, first, last)[0] if kind == "public" else {}) | entered

    def possible(self, kind: Kind, region: str, first: date, last: date) -> Days:
        """Days that are holidays in a part of the region, or, without a name, of which nothing is
        known."""
        if kind == "public":
            return _public(region, first, last)[1]
        _, listed = self._of(kind, region)
        known = (_days(max(first, begins), min(last, ends)) for begins, ends in listed)
        return dict.fromkeys(set(_days(first, last)).difference(*known), "")

    def _of(self, kind: Kind, region: str) -> tuple[list[Holiday], list[tuple[date, date]]]:
        """What is entered for a region, and from when to when that is all."""
        found = self._of_regions.get((kind, region))
        if found is None:
            rows = [r for r in self.entered if r.kind == kind and _holds_in(r.region, region)]
            found = self._of_regions[kind, region] = rows, _terms(rows)
        return found


def zone_of(region: str) -> ZoneInfo:
    return ZoneInfo(_ZONES.get(region[:2], _USUAL_ZONE))


def _holds_in(holders: str, region: str) -> bool:
    """In the country, in the state, or in all that begins with an official key."""
    state = region.partition("/")[0]
    return region.startswith(holders) if "/" in holders else holders in (state, state[:2])


def _days(first: date, last: date) -> Iterable[date]:
    return (first + _ONE_DAY * number for number in range((last - first).days + 1))


def _terms(rows: Sequence[Holiday]) -> list[tuple[date, date]]:
    """From the first holidays to the last, parted where too long nothing is listed."""
    found: list[tuple[date, date]] = []
    for row in sorted(rows, key=lambda row: row.first_day):
        if found and row.first_day - found[-1][1] <= LONGEST_TERM:
            found[-1] = (found[-1][0], max(found[-1][1], row.last_day))
        else:
            found.append((row.first_day, row.last_day))
    return found


def _public(region: str, first: date, last: date) -> tuple[Days, Days]:
    """By law: the certain ones, and those that may be."""
    years = [_of_year(region, year) for year in range(first.year, last.year + 1)]
    certain, possible = (
        {day: name for year in years for day, name in year[part].items() if first <= day <= last}
        for part in (0, 1)
    )
    return certain, possible


@lru_cache(maxsize=2_000)
def _of_year(region: str, year: int) -> tuple[Days, Days]:
    state, _, key = region.partition("/")
    country, _, subdivision = state.partition("-")
    if year not in KNOWN_YEARS or country not in _ZONES:
        return {}, dict.fromkeys(_days(date(year, 1, 1), date(year, 12, 31)), "")
    if country == "SE":
        return _by_law(country, year), {}
    if not subdivision:
        return _of_country(country, year)
    certain = _by_law(country, year, subdivision)
    local = _local(state, year) if _may_be_catholic(state, key) else {}
    return certain, {day: name for day, name in local.items() if day not in certain}


def _of_country(country: str, year: int) -> tuple[Days, Days]:
    """What all its states keep is certain, what some keep is possible."""
    names = [name for name in holidays.country_holidays(country).subdivisions if len(name) == 2]
    states = [_by_law(country, year, name) for name in names]
    local = [_local(state, year) for state in _CATHOLIC]
    kept = {day: name for days in (*states, *local) for day, name in days.items()}
    everywhere = set(states[0]).intersection(*states)
    certain = {day: name for day, name in kept.items() if day in everywhere}
    return certain, {day: name for day, name in kept.items() if day not in everywhere}


def _may_be_catholic(state: str, key: str) -> bool:
    """Whether the two have a municipality in common; a region of no key has none of its own."""
    wheres = _CATHOLIC.get(state, ())
    return any(
        where.startswith(key or "-") or (key or where[:2]).startswith(where) for where in wheres
    )


def _local(state: str, year: int) -> Days:
    country, _, subdivision = state.partition("-")
    city = _by_law(country, year, _CITIES[state]) if state in _CITIES else {}
    return _by_law(country, year, subdivision, "catholic") | city


def _by_law(
    country: str, year: int, subdivision: str | None = None, category: str = "public"
) -> Days:
    found = holidays.country_holidays(
        country,
        subdiv=subdivision,
        years=year,
        categories=category,
        language=_NATIVE[country],
    )
    return {day: str(name) for day, name in found.items() if day.year == year}
