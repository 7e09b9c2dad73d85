"""A small region for clients of PxWeb: totals and sexes, a hidden value, one table too large for a
single answer, two languages.

Values stand here as plain numbers: tests compare what a client makes of the answers with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

from db import models
from db.publication import publish
from db.registry import insert_missing, upsert, writer
from tests.databases import Database
from tests.db import village
from tests.db.village import HERE, key

TOWNS = {"anger": "14001", "buche": "14002", "claus": "14003"}
COUNTY, KEYLESS = "kreis", "insel"
YEARS = ("2019", "2020", "2021", "2022")
SEXES = {"f": ("weiblich", "female"), "m": ("männlich", "male")}
AGES = tuple(f"a{n:02}" for n in range(40))
NATIONS = tuple(f"n{n:02}" for n in range(50))
HIDDEN = ("claus", "2022", "f")
LATER = ("buche", "2022", None)
"""Not yet known."""


def code_of(district: str) -> str:
    return f"ags:{TOWNS[district]}" if district in TOWNS else district


def name_of(district: str) -> str:
    return district.title()


def people(district: str, year: str, sex: str | None = None) -> float | None:
    """How many there are; None where that is hidden or not yet known."""
    if (district, year, sex) in (HIDDEN, LATER):
        return None
    number = [*TOWNS, COUNTY].index(district) + 1
    whole = 1000 * number + int(year) - 2000
    return {None: whole, "f": whole // 2 + number, "m": whole - whole // 2 - number}[sex]


def settle(database: Database) -> None:
    with writer(database.owner_url, "test") as connection:
        languages = [
            {"code": code, "position": n, "is_default": n == 0}
            for n, code in enumerate(("de", "en"))
        ]
        insert_missing(connection, models.Language, languages)
        upsert(connection, models.Source, [village.source("here")])
        for parents in ([COUNTY], [*TOWNS, KEYLESS]):
            upsert(connection, models.District, [_district(name) for name in parents])
        _vocabulary(connection)
        upsert(connection, models.Indicator, list(_indicators()))
        theme = {"indicator_id": key("indicator", "people"), "term_id": key("theme", "demography")}
        upsert(connection, models.IndicatorTerm, [village.part("theme", **theme)])
        upsert(connection, models.Observation, list(_observations()))
    publish(database.owner_url)


def _district(name: str) -> dict[str, Any]:
    is_keyed = name in TOWNS
    return village.district(
        name,
        level="county" if name == COUNTY else "municipality",
        parent_id=None if name == COUNTY else key("district", COUNTY),
        scheme="ags" if is_keyed else None,
        key=TOWNS.get(name),
    ) | {"name": name_of(name)}


def _vocabulary(connection: Any) -> None:
    lists: dict[str, tuple[str, str, dict[str, tuple[str, str]]]] = {
        "sex": ("Geschlecht", "Sex", SEXES),
        "age": ("Alter", "Age", {code: (code, code) for code in AGES}),
        "nation": ("Land", "Country", {code: (code, code) for code in NATIONS}),
        "theme": ("Themen", "Themes", {"demography": ("Bevölkerung", "Population")}),
        "level": (
            "Ebenen",
            "Levels",
            {"county": ("Landkreis", "County"), "municipality": ("Gemeinde", "Municipality")},
        ),
    }
    for name, (title, english, terms) in lists.items():
        row = {"name": name, "title": title, "translations": {"en": {"title": english}}}
        upsert(connection, models.Codelist, [{"id": key("codelist", name), **row}])
        rows = [
            {
                "id": key(name, code),
                "codelist_id": key("codelist", name),
                "code": code,
                "position": n,
                "label": label,
                "translations": {"en": {"label": translated}},
            }
            for n, (code, (label, translated)) in enumerate(terms.items())
        ]
        upsert(connection, models.CodelistTerm, rows)


def _indicators() -> Iterator[dict[str, Any]]:
    common = {"unit": "Personen", "type": "count", "aggregation": "sum"}
    titles = {"people": ("Bevölkerung", "Population"), "many": ("Viele", "Many")}
    titles |= {"women": ("Frauen", "Women"), "never": ("Nie", "Never")}
    for name, (title, english) in titles.items():
        row = {"title": title, "translations": {"en": {"title": english}}}
        yield village.entity("indicator", name, **common, **row)


def _observations() -> Iterator[dict[str, Any]]:
    for cell in product((*TOWNS, COUNTY), YEARS, (None, *SEXES)):
        district, year, sex = cell
        flags = {HIDDEN: ["suppressed"], LATER: ["not_available"]}.get(cell, ["final"])
        breakdowns = {"sex": sex} if sex else {}
        yield _observation("people", district, year, people(*cell), breakdowns, flags=flags)
    for sex in SEXES:
        yield _observation("women", "anger", "2022", 7, {"sex": sex})
    yield from _many()


def _many() -> Iterator[dict[str, Any]]:
    """Few observations, but each makes the whole table thicker: 4 × 41 × 51 × 3 × 5 cells."""
    for name, codes in (("age", AGES), ("nation", NATIONS), ("sex", tuple(SEXES))):
        for n, code in enumerate(codes):
            yield _observation("many", "anger", "2022", n, {name: code})
    for district, year in product((*TOWNS, KEYLESS), ("2018", *YEARS)):
        yield _observation("many", district, year, int(year))


def _observation(
    indicator: str,
    district: str,
    year: str,
    value: float | None,
    breakdowns: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": key("observation", indicator, district, year, breakdowns),
        "indicator_id": key("indicator", indicator),
        "district_id": key("district", district),
        "period": year,
        "period_earliest": date(int(year), 1, 1),
        "period_latest": date(int(year), 12, 31),
        "breakdowns": breakdowns or {},
        "value": value,
        "flags": ["final"],
        "raw": False,
        "status": "published",
        "source_id": HERE,
        **more,
    }
