"""Offerings by the hundred thousand, for measuring: `python -m bench.dataset --count 100000`.

They are added to the registry of DATABASE_URL with the municipalities and codelists of the
demonstration set; `publish` makes them public. The same count gives the same rows everywhere.
Nothing in them is true of anybody, and their source says so.
"""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from math import cos, hypot, pi, radians, sin, sqrt
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
import yaml
from sqlalchemy import Connection

from bench.quarters import METRES, boundaries
from db.boundaries import draw_schematic_cells, union_parents
from db.models import (
    Base,
    District,
    Offering,
    OfferingServiceDistrict,
    OfferingSite,
    OfferingTerm,
    Organisation,
    Site,
    Source,
)
from db.registry import Row, insert_missing, writer
from seed.demonstration.districts import district_batches, district_ids
from seed.demonstration.sources import source_batch
from seed.files import read_csv, read_folder
from seed.identity import entity_id, slugify, source_id
from seed.load import Progress, write_vocabulary
from seed.vocabulary import term_id

# Terms that came after the first measurements: the data stay what was measured then.
LATER = {
    "lower_secondary_school", "comprehensive_school", "waldorf_school", "second_chance_school",
    "legal_advice", "religion", "mobility", "bs", "he", "ht", "hu", "ur",
}  # fmt: skip

SOURCE = "quartier-bench"
COUNTY = "landkreis-mittelsachsen"
SITES_PER_OFFERING = 0.6
OFFERINGS_PER_ORGANISATION = 40
CHUNK = 20_000  # rows in memory at once
FIRST_DAY = date(2024, 1, 1)
WORDS = Path(__file__).parent / "words.yaml"

Words = dict[str, Any]
Rows = dict[type[Base], list[Row]]


@dataclass(frozen=True)
class Town:
    """A municipality of the county, with hamlets around its centre."""

    id: UUID
    name: str
    lon: float
    lat: float
    population: int
    radius: float  # metres, of a disc of its area
    postcode: str

    @cached_property
    def hamlets(self) -> list[tuple[float, float]]:
        chance = Random(self.name)
        return [_on_disc(chance, self.radius * 0.85) for _ in range(3 + self.population // 2500)]

    def moved(self, east: float, north: float) -> tuple[float, float]:
        """The point so many metres from the centre."""
        lon = self.lon + east / (METRES * cos(radians(self.lat)))
        return round(lon, 6), round(self.lat + north / METRES, 6)


@dataclass(frozen=True)
class Category:
    """A category without narrower ones, with the terms that go with it."""

    code: str
    label: str
    target_groups: Sequence[tuple[str, str]]  # code and label
    themes: Sequence[str]


@dataclass
class World:
    """What offerings are made from, and what makes them: a count, and nothing else by chance."""

    count: int
    words: Words = field(default_factory=lambda: yaml.safe_load(WORDS.read_text(encoding="utf-8")))

    @cached_property
    def towns(self) -> list[Town]:
        known = district_ids()
        return [
            _town(entry, known, number)
            for number, entry in enumerate(read_csv("districts.csv"))
            if entry["level"] == "municipality" and entry["lon"] and not entry["valid_to"]
        ]

    @cached_property
    def weights(self) -> list[int]:
        return [town.population for town in self.towns]

    @cached_property
    def categories(self) -> list[Category]:
        lists = {file["name"]: file for file in read_folder("codelists")}
        groups = dict(_labels(lists["target_group"]["terms"]))
        found = [
            _category(leaf, self.words["fields"][broad["code"]], groups)
            for broad in lists["category"]["terms"]
            for leaf in broad.get("children", [])
            if leaf["code"] not in LATER
        ]
        Random("categories").shuffle(found)
        return found

    @cached_property
    def category_weights(self) -> list[float]:
        return [1 / (rank + 3) for rank in range(len(self.categories))]

    @cached_property
    def languages(self) -> list[str]:
        lists = {file["name"]: file for file in read_folder("codelists")}
        known = [code for code, _ in _labels(lists["language"]["terms"])]
        return [code for code in known if code != "de" and code not in LATER]

    @property
    def organisations(self) -> int:
        return max(10, self.count // OFFERINGS_PER_ORGANISATION)

    @property
    def sites(self) -> int:
        return max(10, int(self.count * SITES_PER_OFFERING))

    @cached_property
    def site_towns(self) -> list[Town]:
        return Random("sites").choices(self.towns, self.weights, k=self.sites)

    @cached_property
    def sites_of(self) -> dict[UUID, list[int]]:
        """The numbers of the sites in each town."""
        found: dict[UUID, list[int]] = {}
        for number, town in enumerate(self.site_towns):
            found.setdefault(town.id, []).append(number)
        return found

    @cached_property
    def county(self) -> UUID:
        return district_ids()[COUNTY]

    @cached_property
    def source(self) -> UUID:
        return source_id(SOURCE)


def fill(url: str, count: int, *, progress: Progress) -> None:
    """Add districts, quarters, organisations, sites and `count` offerings."""
    world = World(count)
    with writer(url, "quartier bench") as connection:
        write_vocabulary(connection)
        _write_districts(connection, world)
        for made, upto in ((organisation, world.organisations), (site, world.sites)):
            _write_many(connection, world, made, upto, progress)
        _write_many(connection, world, offering, count, progress)


def _write_districts(connection: Connection, world: World) -> None:
    """Those of the demonstration set and quarters below, as detailed upwards as these are."""
    _write(connection, {Source: [*source_batch().rows, source()]})
    _write(connection, {batch.model: list(batch.rows) for batch in district_batches()})
    draw_schematic_cells(connection)
    _write(connection, {District: quarters(world)})
    union_parents(connection)


def _write_many(
    connection: Connection,
    world: World,
    made: Callable[[World, int], Rows],
    upto: int,
    progress: Progress,
) -> None:
    for start in range(0, upto, CHUNK):
        rows: Rows = {}
        for number in range(start, min(start + CHUNK, upto)):
            for model, some in made(world, number).items():
                rows.setdefault(model, []).extend(some)
        _write(connection, rows)
        progress(f"{made.__name__}: {min(start + CHUNK, upto)} of {upto}")


def _write(connection: Connection, rows: Rows) -> None:
    for model, some in rows.items():
        insert_missing(connection, model, some)


# --- districts -----------------------------------------------------------------------------------


def _town(entry: dict[str, str | None], known: Any, number: int) -> Town:
    return Town(
        id=known[entry["slug"]],
        name=str(entry["name"]),
        lon=float(entry["lon"] or 0),
        lat=float(entry["lat"] or 0),
        population=int(entry["population"] or 5_000),
        radius=sqrt(float(entry["area_km2"] or 70) / pi) * 1000,
        postcode=f"09{100 + number * 7}",
    )


def quarters(world: World) -> list[Row]:
    """A few hundred districts below the municipalities, more in the larger ones."""
    places = [place for town in world.towns for place in _places(world, town)]
    points = np.array([point for *_, point in places])
    radius = np.array([town.radius for town, *_ in places])
    return [
        _quarter(world, town, name, point, boundary)
        for (town, name, point), boundary in zip(places, boundaries(points, radius), strict=True)
    ]


def _places(world: World, town: Town) -> list[tuple[Town, str, tuple[float, float]]]:
    names = world.words["places"][: max(3, town.population // 1_200)]
    chance = Random(f"quarters of {town.name}")
    return [(town, name, town.moved(*_on_disc(chance, town.radius))) for name in names]


def _quarter(
    world: World, town: Town, name: str, point: tuple[float, float], boundary: bytes
) -> Row:
    slug = slugify(f"{town.name} {name}")
    return {
        **_entity(world, "district", slug),
        "name": f"{town.name}, {name}",
        "level": "quarter",
        "kind": "Ortsteil",
        "parent_id": town.id,
        "point": point,
        "boundary": boundary,
        "boundary_quality": "generalised",
        "boundary_source_id": world.source,
    }


# --- organisations and sites ---------------------------------------------------------------------


def source() -> Row:
    return {
        "id": source_id(SOURCE),
        "slug": SOURCE,
        "title": "Erzeugt, um zu messen; nichts davon gibt es",
        "publisher": "Projekt Quartier",
        "url": None,
        "license": "cc-zero",
        "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "attribution": "Projekt Quartier (erzeugt)",
        "retrieved": None,
    }


def organisation(world: World, number: int) -> Rows:
    chance = Random(f"organisation {number}")
    town = chance.choices(world.towns, world.weights)[0]
    kind = chance.choice(list(world.words["organisations"]))
    name = chance.choice(world.words["organisations"][kind]).format(town=town.name)
    slug = _numbered(name, number)
    row = {
        **_entity(world, "organisation", slug),
        "id": _id(world, "organisation", number),
        "name": f"{name} ({number})",
        "kind_id": term_id("organisation_kind", kind),
        "district_id": town.id,
        "street": _street(world, chance),
        "postcode": town.postcode,
        "town": town.name,
        "url": f"https://{slug}.example.org",
    }
    return {Organisation: [row]}


def site(world: World, number: int) -> Rows:
    chance = Random(f"site {number}")
    town = world.site_towns[number]
    precision = chance.choices(("exact", "street", "municipality"), (80, 12, 8))[0]
    known = precision != "municipality"
    row = {
        "id": _id(world, "site", number),
        "external_key": str(number),
        "source_id": world.source,
        "name": chance.choice(world.words["houses"]) if chance.random() < 0.3 else None,
        "street": _street(world, chance) if known else None,
        "postcode": town.postcode,
        "town": town.name,
        "district_id": town.id,
        "point": _settled(chance, town) if known else (town.lon, town.lat),
        "precision": precision,
        "wheelchair": chance.choice((None, None, "yes", "limited", "no")),
        "lang": "de",
    }
    return {Site: [row]}


def _settled(chance: Random, town: Town) -> tuple[float, float]:
    """Where people live: most in the town, the others in hamlets around it."""
    if chance.random() < 0.65:
        centre, spread = (0.0, 0.0), 300 + 4 * sqrt(town.population)
    else:
        centre, spread = chance.choice(town.hamlets), 250.0
    east, north = (at + chance.gauss(0, spread) for at in centre)
    return town.moved(east, north) if hypot(east, north) < 2 * town.radius else town.moved(*centre)


def _on_disc(chance: Random, radius: float) -> tuple[float, float]:
    angle, distance = chance.uniform(0, 2 * pi), radius * sqrt(chance.random())
    return distance * cos(angle), distance * sin(angle)


def _street(world: World, chance: Random) -> str:
    return f"{chance.choice(world.words['streets'])} {chance.randint(1, 120)}"


# --- offerings -----------------------------------------------------------------------------------


def offering(world: World, number: int) -> Rows:
    """An offering with its parts. A few have several sites, a few none."""
    chance = Random(f"offering {number}")
    category = chance.choices(world.categories, world.category_weights)[0]
    groups = chance.sample(category.target_groups, chance.randint(1, 2))
    sites, town = _places_of(world, chance)
    row = {
        **_offering(world, number, chance),
        **_texts(world, chance, category, town, groups[0][1]),
        **_conditions(chance),
    }
    row["slug"] = _numbered(row["name"], number)
    codes = _codes(world, chance, category, [code for code, _ in groups])
    return {
        Offering: [row],
        OfferingSite: _at_sites(world, chance, row["id"], sites),
        OfferingTerm: [
            {"id": _part(chance), "offering_id": row["id"], "term_id": term_id(*code)}
            for code in codes
        ],
        OfferingServiceDistrict: _served(world, chance, row["id"], town),
    }


def _places_of(world: World, chance: Random) -> tuple[list[int], Town]:
    """Numbers of sites, and the town of the first. Further sites are in that town, mostly."""
    several = chance.choices((0, 1, 2, 3), (3, 88, 7, 2))[0]
    first = chance.randrange(world.sites)
    town = world.site_towns[first]
    near = world.sites_of[town.id] if chance.random() < 0.8 else range(world.sites)
    more = [chance.choice(near) for _ in range(several - 1)]
    return list(dict.fromkeys([first, *more]))[:several], town


def _offering(world: World, number: int, chance: Random) -> dict[str, Any]:
    return {
        **_entity(world, "offering", str(number)),
        "id": _id(world, "offering", number),
        "organisation_id": _id(world, "organisation", chance.randrange(world.organisations)),
        "organisation_mode": chance.choices(
            ("district", "central", "central_with_outreach", "mobile", "online", None),
            (30, 25, 10, 5, 3, 27),
        )[0],
        "phone": f"+49 30 23125{chance.randrange(1000):03}" if chance.random() < 0.8 else None,
        "email": f"angebot{number}@example.org" if chance.random() < 0.5 else None,
        "url": f"https://example.org/angebote/{number}" if chance.random() < 0.7 else None,
    }


def _texts(
    world: World, chance: Random, category: Category, town: Town, group: str
) -> dict[str, Any]:
    words = world.words
    filled = {
        "category": category.label,
        "town": town.name,
        "group": group,
        "place": chance.choice(words["places"]),
        "house": chance.choice(words["houses"]),
    }
    sentences = chance.sample(words["sentences"], chance.choices((0, 1, 2, 3), (2, 3, 4, 1))[0])
    return {
        "name": chance.choice(words["names"]).format(**filled),
        "description": " ".join(sentences).format(**filled) or None,
        "eligibility": _sometimes(chance, 0.15, words["eligibility"]),
        "application": _sometimes(chance, 0.15, words["application"]),
        "cost": _sometimes(chance, 0.1, words["cost"]),
    }


def _conditions(chance: Random) -> dict[str, Any]:
    youngest = chance.choice((0, 3, 6, 12, 16, 18, 60)) if chance.random() < 0.3 else None
    confirmed = FIRST_DAY + timedelta(days=chance.randrange(600))
    return {
        "age_min": youngest,
        "age_max": youngest + 12 if youngest is not None and youngest < 16 else None,
        "free": chance.choice((True, True, False, None)),
        "capacity": chance.randrange(5, 120) if chance.random() < 0.1 else None,
        "capacity_unit": "Plätze",
        "confirmed_at": confirmed if chance.random() < 0.6 else None,
        "valid_to": date(2099, 12, 31) if chance.random() < 0.05 else None,
    }


def _codes(
    world: World, chance: Random, category: Category, groups: Sequence[str]
) -> list[tuple[str, str]]:
    spoken = chance.sample(world.languages, chance.choices((0, 1, 2, 3), (80, 8, 8, 4))[0])
    return [
        ("category", category.code),
        *(("target_group", code) for code in groups),
        ("theme", chance.choice(category.themes)),
        *(("language", code) for code in spoken),
    ]


def _at_sites(world: World, chance: Random, offering_id: UUID, sites: Sequence[int]) -> list[Row]:
    return [
        {
            "id": _part(chance),
            "offering_id": offering_id,
            "site_id": _id(world, "site", number),
            "position": position,
            "opening_hours": _sometimes(chance, 0.4, world.words["opening_hours"]),
        }
        for position, number in enumerate(sites)
    ]


def _served(world: World, chance: Random, offering_id: UUID, town: Town) -> list[Row]:
    if chance.random() >= 0.15:
        return []
    served = chance.choice((town.id, world.county))
    return [{"id": _part(chance), "offering_id": offering_id, "district_id": served}]


# --- small parts ---------------------------------------------------------------------------------


def _entity(world: World, table: str, key: str) -> dict[str, Any]:
    return {
        "id": entity_id(table, SOURCE, key),
        "slug": key,
        "external_key": key,
        "source_id": world.source,
        "status": "published",
        "lang": "de",
    }


def _category(leaf: Any, goes_with: Any, groups: dict[str, str]) -> Category:
    return Category(
        leaf["code"],
        leaf["label"],
        [(code, groups[code]) for code in goes_with["target_groups"]],
        goes_with["themes"],
    )


def _labels(terms: Sequence[Any]) -> list[tuple[str, str]]:
    found = []
    for term in terms:
        found.append((term["code"], term["label"]))
        found += _labels(term.get("children", []))
    return found


def _id(world: World, table: str, number: int) -> UUID:
    return entity_id(table, SOURCE, f"{world.count}/{number}")


def _part(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def _numbered(name: str, number: int) -> str:
    return slugify(f"{name[:60]} {number}")


def _sometimes(chance: Random, share: float, texts: Sequence[str]) -> str | None:
    return chance.choice(texts) if chance.random() < share else None


def main() -> None:
    parser = ArgumentParser(description="Add generated offerings to the registry.")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"))
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("set DATABASE_URL or give --url")
    start = time.monotonic()
    fill(arguments.url, arguments.count, progress=lambda detail: _say(detail, start))
    _say("done; ./quartier publish makes it public", start)


def _say(detail: str, start: float) -> None:
    print(f"{time.monotonic() - start:6.1f} s  {detail}", flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
