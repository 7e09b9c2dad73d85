"""A small invented county for gaps: towns on a chessboard, their people, offerings and a grid.

Everything is drawn from a seed and kept as plain values, so that tests can count by plain Python
(shapely, pyproj) what the server should answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

import shapely
from pyproj import Geod
from shapely import MultiPolygon, Point, Polygon

from db import models
from db.codes import ORGANISATION_MODES
from db.publication import publish
from db.registry import upsert, writer
from tests.databases import Database
from tests.db import village
from tests.db.village import HERE, key

SPHERE = Geod(a=6371008.7714150598, f=0)
"""The mean radius of WGS 84, by which PostGIS measures great circles."""
SIDE = 0.1
YEAR = "2022"
AGES = ("under_5", "from_5")
PARENTS = {"advice": None, "debts": "advice", "care": None}
"""Categories, each with the one above it."""
TOWNS = (*(f"town-{number}" for number in range(8)), "ending", "new")
HIDDEN: Literal["hidden"] = "hidden"

Count = int | Literal["hidden"] | None


@dataclass(frozen=True)
class Town:
    """`people` by age; None: not observed."""

    name: str
    region: str
    box: Polygon
    people: dict[str, Count]

    @property
    def chain(self) -> set[str]:
        return {self.name, self.region, "county"}

    @property
    def total(self) -> int | None:
        counts = [count for count in self.people.values() if isinstance(count, int)]
        return sum(counts) if len(counts) == len(AGES) else None


@dataclass(frozen=True)
class Offer:
    """At a point, or at a stated district, or at neither."""

    name: str
    category: str
    mode: str | None
    point: Point | None
    stated: str | None
    serves: tuple[str, ...]
    area: Polygon | None
    capacity: int | None
    ended: bool


@dataclass(frozen=True)
class World:
    towns: tuple[Town, ...]
    offers: tuple[Offer, ...]
    cells: tuple[tuple[Point, int], ...]

    def town(self, name: str) -> Town:
        return next(town for town in self.towns if town.name == name)

    def wanted(self, category: str | None) -> list[Offer]:
        return [
            offer
            for offer in self.offers
            if not offer.ended and category in (None, offer.category, PARENTS[offer.category])
        ]

    def located(self, offer: Offer) -> set[str]:
        """The districts it is in, at every level."""
        if offer.point is not None:
            here = [town for town in self.towns if town.box.covers(offer.point)]
            return set().union(*(town.chain for town in here)) - {"ending"}
        if offer.stated is None:
            return set()
        return self.above(offer.stated)

    def above(self, name: str) -> set[str]:
        """It and all around it."""
        if name == "county":
            return {name}
        return self.town(name).chain if name in TOWNS else {name, "county"}

    def shape(self, name: str) -> Polygon:
        return shapely.union_all([town.box for town in self.towns if name in town.chain])

    def serves(self, offer: Offer, name: str) -> bool:
        """From elsewhere: by a district it names, or an area that covers this one."""
        if name in self.located(offer):
            return False
        by_area = offer.area is not None and offer.area.covers(self.shape(name))
        return by_area or bool(set(offer.serves) & self.above(name))

    def residents(self, name: str) -> list[tuple[Point, int]]:
        shape = self.shape(name)
        return [cell for cell in self.cells if shape.covers(cell[0])]


def metres(one: Point, other: Point) -> float:
    return float(SPHERE.inv(one.x, one.y, other.x, other.y)[2])


@cache
def world(seed: int) -> World:
    draw = random.Random(seed)  # noqa: S311 - no secret is made of it
    towns = tuple(_town(draw, number, name) for number, name in enumerate(TOWNS))
    offers = tuple(_offer(draw, number, towns) for number in range(60))
    cells = tuple(_cell(draw) for _ in range(120))
    return World(towns, offers, cells)


def _town(draw: random.Random, number: int, name: str) -> Town:
    column, row = divmod(number, 2)
    west, south = 13 + column * SIDE, 50 + row * SIDE
    people: dict[str, Count] = {age: draw.choice((0, 40, 700, 1300, 25_000)) for age in AGES}
    if number in (1, 2):
        people["under_5"] = (HIDDEN, None)[number - 1]
    box = shapely.box(west, south, west + SIDE, south + SIDE)
    return Town(name, "west" if column < 2 else "east", box, people)


def _point(draw: random.Random) -> Point:
    return Point(draw.uniform(12.95, 13.45), draw.uniform(49.95, 50.25))


def _offer(draw: random.Random, number: int, towns: tuple[Town, ...]) -> Offer:
    point = _point(draw) if draw.random() < 0.6 else None
    stated = draw.choice((None, "town-3", "town-4", "east", "county")) if point is None else None
    names = ("county", "east", "west", *TOWNS[:8])
    area = shapely.union_all([town.box for town in towns if town.name in draw.sample(TOWNS, 4)])
    return Offer(
        name=f"offer-{number}",
        category=draw.choice(list(PARENTS)),
        mode=draw.choice((None, *ORGANISATION_MODES)),
        point=point,
        stated=stated,
        serves=tuple(draw.sample(names, draw.choice((0, 0, 1, 2)))),
        area=area if draw.random() < 0.2 and not area.is_empty else None,
        capacity=draw.choice((None, 5, 12, 40)),
        ended=draw.random() < 0.15,
    )


def _cell(draw: random.Random) -> tuple[Point, int]:
    return _point(draw), draw.choice((3, 12, 250))


# --- in the registry -----------------------------------------------------------------------------


def settle(database: Database, here: World, *, grid: bool = True) -> None:
    with writer(database.owner_url, "test") as connection:
        for model, rows in _rows(here):
            upsert(connection, model, rows)
        if grid:
            upsert(connection, models.PopulationCell, list(_grid(here)))
    publish(database.owner_url)


def _rows(here: World) -> Iterator[tuple[type[models.Base], list[dict[str, Any]]]]:
    yield models.Source, [village.source("here")]
    categories = {"id": key("codelist", "category"), "name": "category", "title": "Kategorien"}
    yield models.Codelist, [categories]
    for above in (None, "advice"):
        codes = [code for code, parent in PARENTS.items() if parent == above]
        yield models.CodelistTerm, [_term(code, above) for code in codes]
    yield models.District, [_district(here, "county", "county", None)]
    regions = ("west", "east")
    yield models.District, [_district(here, name, "social_region", "county") for name in regions]
    towns = [_district(here, t.name, "municipality", t.region) for t in here.towns]
    yield models.District, towns
    people = {"type": "count", "aggregation": "sum", "unit": "Personen", "title": "Bevölkerung"}
    yield models.Indicator, [village.entity("indicator", "population", **people)]
    yield models.Observation, list(_observations(here))
    yield from _offerings(here)


def _term(code: str, above: str | None) -> dict[str, Any]:
    parent = key("term", above) if above else None
    row = {"id": key("term", code), "codelist_id": key("codelist", "category"), "code": code}
    return {**row, "label": code, "parent_id": parent}


def _district(here: World, name: str, level: str, parent: str | None) -> dict[str, Any]:
    shape = here.shape(name)
    parts = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    boundary = shapely.set_srid(MultiPolygon(list(parts)), 4326)
    return village.district(
        name,
        level=level,
        parent_id=key("district", parent) if parent else None,
        valid_from=date(2023, 1, 1) if name == "new" else None,
        valid_to=date(2022, 12, 31) if name == "ending" else None,
        boundary=bytes(shapely.to_wkb(boundary, include_srid=True)),
        point=(shape.representative_point().x, shape.representative_point().y),
    )


def _observations(here: World) -> Iterator[dict[str, Any]]:
    for town in here.towns:
        if town.name == "new":
            continue
        if town.total is not None:
            yield _observation(town.name, {}, town.total)
        for age, count in town.people.items():
            if count is not None:
                yield _observation(town.name, {"age_group": age}, count)
    yield _observation("county", {}, 123_456)


def _observation(district: str, part: dict[str, str], count: Count) -> dict[str, Any]:
    is_hidden = count == HIDDEN
    return {
        "id": key("observation", district, part),
        "indicator_id": key("indicator", "population"),
        "district_id": key("district", district),
        "period": YEAR,
        "period_earliest": date(2022, 1, 1),
        "period_latest": date(2022, 12, 31),
        "breakdowns": part,
        "value": None if is_hidden else count,
        "flags": ["suppressed"] if is_hidden else ["final"],
        "raw": False,
        "status": "published",
        "source_id": HERE,
    }


def _offerings(here: World) -> Iterator[tuple[type[models.Base], list[dict[str, Any]]]]:
    yield models.Organisation, [village.organisation("red")]
    placed = [offer for offer in here.offers if offer.point or offer.stated]
    yield models.Site, [_site(offer) for offer in placed]
    yield models.Offering, [_offering(offer) for offer in here.offers]
    yield models.OfferingSite, [village.at(o.name, o.name, position=0) for o in placed]
    yield models.OfferingTerm, [village.tagged(o.name, o.category) for o in here.offers]
    serving = [(offer.name, name) for offer in here.offers for name in offer.serves]
    yield (
        models.OfferingServiceDistrict,
        [
            village.part(
                *("serves", offer, name),
                offering_id=key("offering", offer),
                district_id=key("district", name),
            )
            for offer, name in serving
        ],
    )


def _site(offer: Offer) -> dict[str, Any]:
    point = (offer.point.x, offer.point.y) if offer.point else None
    stated = key("district", offer.stated) if offer.stated else None
    precision = "exact" if point else "municipality"
    return village.site(offer.name, point=point, precision=precision, district_id=stated)


def _offering(offer: Offer) -> dict[str, Any]:
    area = None
    if offer.area is not None:
        shape = MultiPolygon([offer.area]) if isinstance(offer.area, Polygon) else offer.area
        area = bytes(shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True))
    return village.offering(
        offer.name,
        organisation_mode=offer.mode,
        service_area=area,
        capacity=offer.capacity,
        capacity_unit="Plätze" if offer.capacity else None,
        valid_to=date(2020, 1, 1) if offer.ended else None,
    )


def _grid(here: World) -> Iterator[dict[str, Any]]:
    for number, (point, residents) in enumerate(here.cells):
        yield {
            "id": key("cell", number),
            "source_id": HERE,
            "cell": str(number),
            "width": 100,
            "point": (point.x, point.y),
            "residents": residents,
        }
