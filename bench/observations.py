"""Indicators with 15 years of observations, for measuring: `python -m bench.observations`.

One counts the population; the others come in pairs, a count and its share of the population. Each
is observed in 61 districts (a county, its regions, their municipalities), whose sums hold. All but
the population is raw, and many counts are small, so that disclosure control has as much to do as
there is; some are broken down by sex as well. The same number gives the same rows everywhere.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from random import Random
from typing import Any
from uuid import UUID

from bench.dataset import COUNTY, SOURCE, source
from db.models import Codelist, CodelistTerm, Indicator, Observation, Source
from db.registry import Row, insert_missing, writer
from seed.demonstration.districts import district_ids
from seed.files import read_csv
from seed.identity import entity_id, part_id, source_id
from seed.load import Progress
from seed.vocabulary import codelist_id, term_id

YEARS = range(2008, 2023)  # the same municipalities all the time
BROKEN_DOWN = 20  # one of so many indicators is, by sex
SEXES = ("f", "m")


@dataclass(frozen=True)
class Area:
    """A district: its people, or those of its parts."""

    id: UUID
    population: int
    parts: Sequence[str]


@dataclass(frozen=True)
class Statistics:
    """So many indicators; nothing else decides what their observations are."""

    indicators: int

    @property
    def plain(self) -> list[int]:
        """The indicators that nothing is broken down in."""
        return [number for number in range(self.indicators) if not _is_broken_down(number)]

    @property
    def regions(self) -> Sequence[str]:
        return self.areas[COUNTY].parts

    @cached_property
    def areas(self) -> Mapping[str, Area]:
        """By slug, each after its parts."""
        known, entries = district_ids(), read_csv("districts.csv")
        regions = [str(each["slug"]) for each in entries if each["parent"] == COUNTY
                   and each["level"] == "social_region"]  # fmt: skip
        below: dict[str, list[str]] = {COUNTY: regions} | {region: [] for region in regions}
        areas: dict[str, Area] = {}
        for each in entries:
            if each["parent"] in regions and not each["valid_from"]:
                below[str(each["parent"])].append(str(each["slug"]))
                areas[str(each["slug"])] = Area(
                    known[str(each["slug"])], int(each["population"] or 0), ()
                )
        for slug in (*regions, COUNTY):
            areas[slug] = Area(known[slug], 0, below[slug])
        return areas

    def population(self, year: int) -> Mapping[str, int]:
        """Fewer from year to year."""
        shrunk = 1 + 0.008 * (YEARS[-1] - year)
        return self.summed({
            slug: round(area.population * shrunk) for slug, area in self.areas.items()
            if not area.parts
        })  # fmt: skip

    def counts(self, number: int, year: int, population: Mapping[str, int]) -> Mapping[str, int]:
        """One in 300 to one in 3 of the people, the same share every year but for chance."""
        share = 10 ** Random(f"share {number}").uniform(-2.5, -0.5)
        chance = Random(f"counts {number} {year}")
        return self.summed({
            slug: max(0, min(people, round(chance.gauss(people * share, (people * share) ** 0.5))))
            for slug, people in population.items() if not self.areas[slug].parts
        })  # fmt: skip

    def summed(self, counts: Mapping[str, int]) -> dict[str, int]:
        """With those of the areas above."""
        whole = dict(counts)
        for slug, area in self.areas.items():
            if area.parts:
                whole[slug] = sum(whole[part] for part in area.parts)
        return whole


def fill_indicators(url: str, statistics: Statistics) -> None:
    """Add the indicators to a registry that has the districts of the demonstration set."""
    with writer(url, "quartier bench") as connection:
        insert_missing(connection, Source, [source()])
        insert_missing(connection, Codelist, [_sexes()])
        insert_missing(connection, CodelistTerm, [_sex(code) for code in SEXES])
        rows = [_indicator(number) for number in range(statistics.indicators)]
        insert_missing(connection, Indicator, rows)


def fill_years(
    url: str, statistics: Statistics, years: Iterable[int], *, progress: Progress
) -> None:
    """Add the observations of some years."""
    for year in years:
        with writer(url, "quartier bench") as connection:
            insert_missing(connection, Observation, list(observations(statistics, year)))
        progress(f"observations: {year}")


def name_of(number: int) -> str:
    """What an indicator is asked for by."""
    return f"bench-{number}"


# --- indicators ----------------------------------------------------------------------------------


def _indicator(number: int) -> Row:
    is_rate = _is_rate(number)
    return {
        "id": _id(number),
        "slug": name_of(number),
        "external_key": name_of(number),
        "source_id": source_id(SOURCE),
        "status": "published",
        "lang": "de",
        "title": _title(number),
        "description": "Erzeugt, um zu messen; keine dieser Zahlen stimmt.",
        "unit": "%" if is_rate else "Personen",
        "decimals": 1 if is_rate else 0,
        "type": "rate" if is_rate else "count",
        "aggregation": "ratio" if is_rate else "sum",
        "factor": 100 if is_rate else None,
        "numerator_id": _id(number - 1) if is_rate else None,
        "denominator_id": _id(0) if is_rate else None,
        "reference_date": "31.12.",
    }


def _title(number: int) -> str:
    if number == 0:
        return "Bevölkerung (erzeugt)"
    group = f"Gruppe {(number + 1) // 2} (erzeugt)"
    return f"Anteil der {group}" if _is_rate(number) else f"Personen der {group}"


def _is_rate(number: int) -> bool:
    return number > 0 and number % 2 == 0


def _is_broken_down(number: int) -> bool:
    return number % BROKEN_DOWN == 3


def _id(number: int) -> UUID:
    return entity_id("indicator", SOURCE, name_of(number))


def _sexes() -> Row:
    return {
        "id": codelist_id("sex"),
        "name": "sex",
        "title": "Geschlecht",
        "additive": True,
    }


def _sex(code: str) -> Row:
    return {
        "id": term_id("sex", code),
        "codelist_id": codelist_id("sex"),
        "code": code,
        "label": {"f": "weiblich", "m": "männlich"}[code],
    }


# --- observations --------------------------------------------------------------------------------


def observations(statistics: Statistics, year: int) -> Iterator[Row]:
    """All of a year."""
    population = statistics.population(year)
    counts = population
    for number in range(statistics.indicators):
        if not _is_rate(number) and number > 0:
            counts = statistics.counts(number, year, population)
        for slug, area in statistics.areas.items():
            yield _observation(number, area, year, _value(number, counts[slug], population[slug]))
        if _is_broken_down(number):
            yield from _by_sex(statistics, number, year, counts)


def _by_sex(
    statistics: Statistics, number: int, year: int, counts: Mapping[str, int]
) -> Iterator[Row]:
    chance = Random(f"sexes {number} {year}")
    women = statistics.summed({
        slug: round(count * chance.uniform(0.3, 0.7))
        for slug, count in counts.items() if not statistics.areas[slug].parts
    })  # fmt: skip
    for slug, area in statistics.areas.items():
        parts = {"f": women[slug], "m": counts[slug] - women[slug]}
        for sex, count in parts.items():
            yield _observation(number, area, year, {"value": count}, {"sex": sex})


def _value(number: int, count: int, people: int) -> dict[str, Any]:
    if not _is_rate(number):
        return {"value": count}
    return {"value": round(100 * count / people, 1), "numerator": count, "denominator": people}


def _observation(
    number: int,
    area: Area,
    year: int,
    value: Mapping[str, Any],
    breakdowns: Mapping[str, str] | None = None,
) -> Row:
    key = [year, *(breakdowns or {}).values()]
    return {
        "id": part_id(_id(number), "observation", area.id, *key),
        "indicator_id": _id(number),
        "district_id": area.id,
        "period": str(year),
        "period_earliest": date(year, 1, 1),
        "period_latest": date(year, 12, 31),
        "breakdowns": breakdowns or {},
        "numerator": None,
        "denominator": None,
        "raw": number > 0,
        "status": "published",
        "source_id": source_id(SOURCE),
        **value,
    }


def main() -> None:
    parser = ArgumentParser(description="Add generated indicators to the registry.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"))
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("set DATABASE_URL or give --url")
    statistics = Statistics(arguments.count)
    fill_indicators(arguments.url, statistics)
    fill_years(arguments.url, statistics, YEARS, progress=print)


if __name__ == "__main__":
    main()
