"""A forecast, two sources for a cell, two breakdowns at once, odd periods, English labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import text

from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.analyses import towns
from tests.databases import Database
from tests.db import village
from tests.db.village import HERE, key

THERE = key("source", "there")
SEXES = {"f": ("weiblich", "female"), "m": ("männlich", "male")}
AGES = {"old": "ab 65", "old_65_79": "65 bis 79", "old_80": "ab 80", "young": "unter 18"}
PERIODS = {
    "2019": (date(2019, 1, 1), date(2019, 12, 31)),
    "2020-33": (date(2020, 1, 1), date(2020, 3, 31)),
    "2013/2014": (date(2013, 1, 1), date(2014, 12, 31)),
    "2021-06": (date(2021, 6, 1), date(2021, 6, 30)),
    "2018~": (date(2018, 1, 1), date(2018, 12, 31)),
    "XXXX": (None, None),
}


def settle(database: Database) -> None:
    towns.settle(database)
    with writer(database.owner_url, "test") as connection:
        connection.execute(
            text("INSERT INTO registry.language VALUES ('de', 0, true), ('en', 1, false)")
        )
        upsert(connection, models.Source, [village.source("there", license="cc-by/4.0")])
        upsert(connection, models.Codelist, list(_codelists()))
        upsert(connection, models.CodelistTerm, list(_terms()))
        upsert(connection, models.Indicator, list(_indicators()))
        upsert(connection, models.Observation, list(_observations()))
    publish(database.owner_url)


def _codelists() -> Iterator[dict[str, Any]]:
    titles = {"sex": ("Geschlecht", {"en": {"title": "Sex"}}), "age": ("Alter", {})}
    for name, (title, translations) in titles.items():
        yield {
            "id": key("codelist", name),
            "name": name,
            "title": title,
            "translations": translations,
        }


def _terms() -> Iterator[dict[str, Any]]:
    for place, (code, (label, english)) in enumerate(SEXES.items()):
        yield _term("sex", code, label, place) | {"translations": {"en": {"label": english}}}
    for place, (code, label) in enumerate(AGES.items()):
        parent = key("age", "old") if code.startswith("old_") else None
        yield _term("age", code, label, place) | {"parent_id": parent}


def _term(codelist: str, code: str, label: str, position: int) -> dict[str, Any]:
    return {
        "id": key(codelist, code),
        "codelist_id": key("codelist", codelist),
        "code": code,
        "label": label,
        "position": position,
        "parent_id": None,
        "translations": {},
    }


def _indicators() -> Iterator[dict[str, Any]]:
    plain = {"type": "count", "aggregation": "sum", "decimals": 0, "unit": "Personen"}
    made_of = {"factor": None, "numerator_id": None, "denominator_id": None}
    titles = {"births": "Geburten", "twice": "Zweimal", "seasons": "Zeiten", "voices": "Stimmen"}
    for name, title in titles.items():
        yield village.entity("indicator", name, title=title, **plain, **made_of)


def _observations() -> Iterator[dict[str, Any]]:
    forecast = {"flags": ["forecast"], "scenario": "Variante 2"}
    yield _observation("births", "anger", "2019", 11.5)
    yield _observation("births", "anger", "2021-06", 12.25, **forecast)
    yield _observation("births", "buche", "2019", 9, flags=["estimated", "low_reliability"])
    for period in PERIODS:
        yield _observation("seasons", "anger", period, len(period))
    yield from _doubled()
    yield from _broken_down()


def _doubled() -> Iterator[dict[str, Any]]:
    """Anger: both have a value. Buche: the first one does not say."""
    unstated = {"value": None, "flags": ["not_available"]}
    first, second = sorted(
        (HERE, THERE), key=lambda source: str(key("observation", "twice", "buche", source))
    )
    for town in ("anger", "buche"):
        for number, source in enumerate((first, second)):
            row = _observation("twice", town, "2019", 100 + number)
            other = unstated if town == "buche" and source == first else {}
            own = {"id": key("observation", "twice", town, source), "source_id": source}
            yield row | own | other


def _broken_down() -> Iterator[dict[str, Any]]:
    yield _observation("voices", "anger", "2019", 10)
    yield _observation("voices", "anger", "2019", 6, breakdowns={"sex": "f"})
    yield _observation("voices", "anger", "2019", 4, breakdowns={"sex": "m"})
    yield _observation("voices", "anger", "2019", 3, breakdowns={"age": "old"})
    yield _observation("voices", "anger", "2019", 2, breakdowns={"age": "old_80"})
    yield _observation("voices", "anger", "2019", 1, breakdowns={"age": "old_80", "sex": "f"})
    yield _observation("voices", "anger", "2019", 5, breakdowns={"age": "unlisted"})


def _observation(
    indicator: str, town: str, period: str, value: float | None, **more: Any
) -> dict[str, Any]:
    earliest, latest = PERIODS[period]
    return {
        "id": key("observation", indicator, town, period, more.get("breakdowns")),
        "indicator_id": key("indicator", indicator),
        "district_id": key("district", town),
        "period": period,
        "period_earliest": earliest,
        "period_latest": latest,
        "breakdowns": {},
        "value": value,
        "flags": ["final"],
        "scenario": None,
        "raw": False,
        "status": "published",
        "source_id": HERE,
        **more,
    }
