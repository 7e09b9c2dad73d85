"""Indicators and observations: indicators.yaml, observations.csv."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from db.models import Indicator, IndicatorTerm, Observation
from db.registry import Row
from seed.demonstration.batches import (
    Batch,
    Ids,
    entity,
    ids,
    imprecise,
    optional,
    source_ids,
    term,
    term_links,
    words,
)
from seed.demonstration.districts import district_ids
from seed.files import Entry, read_csv, read_yaml
from seed.identity import part_id, slugify

_SOURCE = "quartier"  # who defined the entries; every observation names the source of its value
_STATED = (
    "unit_long",
    "factor",
    "interpretation",
    "polarity",
    "update_cycle",
    "reference_date",
    "method",
    "classification_method",
    "classification_classes",
    "classification_scheme",
)


class HeldBack(NamedTuple):
    """A fact that is in the files but has no place in the registry, and why."""

    fact: str
    reason: str


def indicator_batches() -> list[Batch]:
    entries = _entries()
    return [
        Batch(Indicator, _indicators(entries)),
        Batch(IndicatorTerm, _themes(entries)),
        Batch(Observation, _observations(ids("indicator", entries))),
    ]


def held_back() -> list[HeldBack]:
    return [
        HeldBack(f"{row['indicator']} {row['period']}, {row['stated_area']}", row["held_back"])
        for row in read_csv("observations.csv")
        if row["held_back"]
    ]


def _entries() -> list[Entry]:
    return [
        {**entry, "slug": slugify(entry["code"]), "source": _SOURCE}
        for entry in read_yaml("indicators.yaml")
    ]


def _indicators(entries: Sequence[Entry]) -> list[Row]:
    sources, known = source_ids(), ids("indicator", entries)
    return [
        {
            **entity("indicator", entry, sources),
            **{column: entry[column] for column in ("title", "unit", "type", "aggregation")},
            **{column: entry.get(column) for column in _STATED},
            "decimals": entry.get("decimals", 0),
            "headline": entry.get("headline", False),
            "numerator_id": _named(known, entry.get("numerator")),
            "denominator_id": _named(known, entry.get("denominator")),
        }
        for entry in entries
    ]


def _named(known: Ids, code: str | None) -> object:
    return optional(known, slugify(code) if code else None)


def _themes(entries: Sequence[Entry]) -> list[Row]:
    known = ids("indicator", entries)
    return [
        link
        for entry in entries
        for link in term_links("indicator_term", known[entry["slug"]], "theme", entry["themes"])
    ]


def _observations(indicators: Ids) -> list[Row]:
    sources, districts = source_ids(), district_ids()
    return [
        _observation(entry, indicators, districts, sources)
        for entry in read_csv("observations.csv")
        if not entry["held_back"]
    ]


def _observation(entry: Entry, indicators: Ids, districts: Ids, sources: Ids) -> Row:
    indicator = indicators[slugify(entry["indicator"])]
    district = districts[entry["district"]]
    parts = words(entry["breakdowns"])
    cell = (district, entry["period"], entry["source"], *parts)
    return {
        "id": part_id(indicator, "observation", *cell),
        "indicator_id": indicator,
        "district_id": district,
        **imprecise("period", entry["period"]),
        "breakdowns": _breakdowns(parts),
        "value": Decimal(entry["value"]) if entry["value"] else None,
        "flags": words(entry["flags"]),
        "raw": False,
        "status": "published",
        "note": entry["note"],
        "source_id": sources[entry["source"]],
    }


def _breakdowns(parts: Sequence[str]) -> dict[str, str]:
    """`sex:f` -> `{"sex": "f"}`; KeyError for a term that no codelist has."""
    found = dict(part.split(":") for part in parts)
    for dimension, code in found.items():
        term(dimension, code)
    return found
