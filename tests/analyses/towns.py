"""A small county for analyses: towns with public and raw values, a break, one that ended.

Values stand here as plain numbers, so that tests can work out by NumPy and SciPy what the server
should answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import shapely

from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.databases import Database
from tests.db import village
from tests.db.village import HERE, key

TOWNS = ("anger", "buche", "claus", "doern", "erlau", "fels", "grund", "halde")
NEW, OLD = "halde", "altdorf"
"""Of the county since 2022, and until the end of 2021."""

PEOPLE: dict[str, dict[str, float]] = {
    "2020": {"anger": 1000, "buche": 2000, "claus": 800, "doern": 500},
    "2021": {
        "anger": 1010,
        "buche": 1990,
        "claus": 820,
        "doern": 480,
        "erlau": 300,
        "fels": 4000,
        "grund": 650,
        "altdorf": 90,
    },
    "2022": {
        "anger": 1040,
        "buche": 1980,
        "claus": 820,
        "doern": 470,
        "erlau": 310,
        "fels": 4100,
        "grund": 640,
        "halde": 900,
    },
}
POOR: dict[str, float] = {
    "anger": 104,
    "buche": 190,
    "claus": 85,
    "doern": 2,
    "erlau": 33,
    "fels": 900,
    "grund": 60,
    "halde": 88,
}
INCOME = {"anger": 2100.5, "buche": 1800.0, "claus": 1800.0}
BROKEN = "buche"
"""In 2021 its people were counted in another way."""


def settle(database: Database) -> None:
    with writer(database.owner_url, "test") as connection:
        upsert(connection, models.Source, [village.source("here")])
        for parents in (["land"], ["kreis"], [*TOWNS, OLD, "fern"]):
            upsert(connection, models.District, [_district(name) for name in parents])
        sexes = {"id": key("codelist", "sex"), "name": "sex", "title": "Geschlecht"}
        upsert(connection, models.Codelist, [sexes])
        terms = [
            {"id": key("sex", code), "codelist_id": sexes["id"], "code": code, "label": code}
            for code in "fm"
        ]
        upsert(connection, models.CodelistTerm, terms)
        upsert(connection, models.Indicator, list(_indicators()))
        upsert(connection, models.Observation, list(_observations()))
        _provide(connection)
    publish(database.owner_url)


def _district(name: str) -> dict[str, Any]:
    parent = {"land": None, "kreis": "land", "fern": None}.get(name, "kreis")
    level = {"land": "state", "kreis": "county"}.get(name, "municipality")
    number = [*TOWNS, OLD, "fern", "kreis", "land"].index(name)
    box = shapely.MultiPolygon([shapely.box(13 + number / 10, 50, 13.1 + number / 10, 50.1)])
    row = village.district(
        name,
        level=level,
        parent_id=key("district", parent) if parent else None,
        valid_from=date(2022, 1, 1) if name == NEW else None,
        valid_to=date(2021, 12, 31) if name == OLD else None,
        boundary=bytes(shapely.to_wkb(shapely.set_srid(box, 4326), include_srid=True)),
    )
    return row | {"name": name.title()}


def _indicators() -> Iterator[dict[str, Any]]:
    yield _indicator("people", title="Bevölkerung", unit="Personen")
    yield _indicator("poor", title="Arme", unit="Personen")
    yield _indicator(
        "share",
        title="Armutsquote",
        unit="%",
        decimals=1,
        type="rate",
        aggregation="ratio",
        factor=100,
        numerator_id=key("indicator", "poor"),
        denominator_id=key("indicator", "people"),
    )
    yield _indicator(
        "income", title="Einkommen", unit="Euro", type="median", aggregation="none", decimals=2
    )
    yield _indicator("secret", unit="Personen")
    yield _indicator("unknown", unit="Personen")
    yield _indicator("never", unit="Personen")
    yield _indicator("women", unit="Personen")


def _indicator(name: str, **columns: Any) -> dict[str, Any]:
    made_of = {"factor": None, "numerator_id": None, "denominator_id": None, "decimals": 0}
    how = {"title": name.title(), "type": "count", "aggregation": "sum"}
    return village.entity("indicator", name, **made_of | how | columns)


def _observations() -> Iterator[dict[str, Any]]:
    for year, values in PEOPLE.items():
        for town, value in values.items():
            flags = ["final", "break"] if (town, year) == (BROKEN, "2021") else ["final"]
            yield _observation("people", town, year, value, flags=flags)
    yield _observation("people", "kreis", "2022", 10_260)
    yield _observation("people", "kreis", "2021", 9_340)
    yield _observation("poor", "kreis", "2022", sum(POOR.values()), raw=True)
    for town, value in POOR.items():
        yield _observation("poor", town, "2022", value, raw=True)
        rate = round(100 * value / PEOPLE["2022"][town], 1)
        yield _observation("share", town, "2022", rate, raw=True)
    for town, value in INCOME.items():
        yield _observation("income", town, "2022", value)
    for town in TOWNS[:3]:
        yield _observation("secret", town, "2022", None, flags=["suppressed"])
        yield _observation("unknown", town, "2022", None, flags=["not_available"])
    yield _observation("women", "anger", "2022", 500, breakdowns={"sex": "f"})
    yield _observation("women", "buche", "2022", 990, breakdowns={"sex": "f"})
    yield _observation("women", "buche", "2022", 1000)


def _observation(
    indicator: str, town: str, year: str, value: float | None, **more: Any
) -> dict[str, Any]:
    cell = {
        "indicator_id": key("indicator", indicator),
        "district_id": key("district", town),
        "period": year,
        "period_earliest": date(int(year), 1, 1),
        "period_latest": date(int(year), 12, 31),
        "breakdowns": {},
        "flags": ["final"],
        "raw": False,
    }
    return {
        "id": key("observation", indicator, town, year, more.get("breakdowns")),
        **cell,
        "value": value,
        "status": "published",
        "source_id": HERE,
        **more,
    }


def _provide(connection: Any) -> None:
    """Two offerings in Anger, one of them ended, and a measure."""
    upsert(connection, models.Organisation, [village.organisation("red")])
    point = (13.05, 50.05)
    upsert(connection, models.Site, [village.site("here", point=point)])
    offers = [
        village.offering("tea", valid_to=None),
        village.offering("soup", valid_to=date(2020, 1, 1)),
    ]
    upsert(connection, models.Offering, offers)
    places = [village.at(name, "here", position=0) for name in ("tea", "soup")]
    upsert(connection, models.OfferingSite, places)
    upsert(connection, models.Strategy, [village.entity("strategy", "plan", title="Plan")])
    step = {"strategy_id": key("strategy", "plan"), "decision": "adopted"}
    upsert(connection, models.Measure, [village.entity("measure", "step", title="Schritt", **step)])
    where = {"measure_id": key("measure", "step"), "district_id": key("district", "anger")}
    upsert(connection, models.MeasureDistrict, [village.part("in", **where)])
