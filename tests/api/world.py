"""A small invented county: some hundred offerings with everything that a filter can trip over.

The same rows on every run. Tests compare what the API answers with what follows from these rows by
plain Python (shapely, pyproj), never with another query.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from sqlalchemy import Connection

from db import codes, models
from db.registry import Row, upsert, writer
from seed.load import write_vocabulary
from seed.vocabulary import read_vocabulary, term_id

NAMESPACE = UUID("11111111-2222-3333-4444-555555555555")
SOURCE = uuid5(NAMESPACE, "source")
UNLICENSED = uuid5(NAMESPACE, "unlicensed")
TODAY = datetime.now(UTC).date()
SECRET = "streng-vertraulich"
"""Stands in every internal note and draft: no public answer may hold it."""

STREETS = ("Ringstraße", "Am Anger", "Lindenweg")
TOWNS = (
    *("Döbeln", "Mühlau", "Großschirma", "Oederan"),
    *("Rossau", "Wechselburg", "Änkendorf", "Zettlitz"),
    *("Königsfeld", "Lichtenau", "Erlau", "Taura"),
)
KINDS = ("Beratung", "Treff", "Sprachkurs", "Frühstück", "Werkstatt", "Sprechstunde")
AUDIENCES = ("für Eltern", "für Ältere", "für alle", "am Mittwoch", "im Quartier")
CATEGORIES = ("advice", "debt_advice", "care_advice", "family", "family_centre", "youth_club")
THEMES = ("poverty", "old_age_poverty", "ageing", "housing_in_old_age", "health")
TARGET_GROUPS = ("everyone", "families", "parents", "children", "refugees", "migrants")
LANGUAGES = ("de", "en", "ar", "tr", "de-x-ls")
MODES = ("district", "central", "central_with_outreach", "mobile", "online", None)


@dataclass(frozen=True)
class District:
    slug: str
    name: str
    level: str
    parent: District | None
    boundary: MultiPolygon | None
    quality: str | None
    key: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    population: int | None = None
    designations: tuple[str, ...] = ()
    status: str = "published"

    @property
    def id(self) -> UUID:
        return identity("district", self.slug)

    @property
    def chain(self) -> tuple[District, ...]:
        """Itself and its ancestors."""
        return (self, *self.parent.chain) if self.parent else (self,)

    def exists_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or self.valid_to >= day)


@dataclass(frozen=True)
class Site:
    slug: str
    point: Point | None
    precision: str | None
    stated: District | None
    postcode: str | None
    wheelchair: str | None

    @property
    def id(self) -> UUID:
        return identity("site", self.slug)

    @property
    def is_precise(self) -> bool:
        return self.point is not None and self.precision != "municipality"


@dataclass(frozen=True)
class Offering:
    slug: str
    name: str
    organisation: str | None
    mode: str | None
    sites: tuple[Site, ...]
    categories: tuple[str, ...]
    themes: tuple[str, ...]
    target_groups: tuple[str, ...]
    languages: tuple[str, ...]
    age: tuple[int | None, int | None]
    free: bool | None
    confirmed_at: date | None
    valid_to: date | None
    serves: tuple[District, ...]
    service_area: MultiPolygon | None
    english: str | None
    is_late: bool
    status: str = "published"

    @property
    def id(self) -> UUID:
        return identity("offering", self.slug)


@dataclass(frozen=True)
class Measure:
    slug: str
    strategy: str
    decision: str
    feasibility: str
    implementation: str
    lead: str | None
    themes: tuple[str, ...]
    districts: tuple[District, ...]
    start: date | None
    end: date | None


@dataclass(frozen=True)
class Observation:
    id: UUID
    indicator: str
    district: District
    period: str
    breakdowns: dict[str, str]
    value: float | None
    flags: tuple[str, ...]
    is_public: bool

    @property
    def first(self) -> date:
        return date(int(self.period), 1, 1)

    @property
    def last(self) -> date:
        return date(int(self.period), 12, 31)


@dataclass
class World:
    districts: list[District] = field(default_factory=list)
    offerings: list[Offering] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    @property
    def public_offerings(self) -> list[Offering]:
        return [offering for offering in self.offerings if offering.status == "published"]

    @property
    def public_districts(self) -> list[District]:
        return [district for district in self.districts if district.status == "published"]

    def district(self, slug: str) -> District:
        return next(district for district in self.districts if district.slug == slug)

    def around(self, point: Point, *, schematic: bool) -> list[District]:
        """The districts of today whose boundary covers the point."""
        return [
            district
            for district in self.public_districts
            if district.boundary is not None
            and (district.quality == "schematic") == schematic
            and district.exists_on(TODAY)
            and district.boundary.covers(point)
        ]

    def places_of(self, site: Site) -> list[District]:
        """A real boundary decides, then the source, then a drawing."""
        if site.is_precise and (found := self.around(site.point, schematic=False)):
            return found
        if site.stated is not None and site.stated.status == "published":
            return [site.stated]
        return self.around(site.point, schematic=True) if site.is_precise else []

    def members(self, offering: Offering) -> set[str]:
        """Slugs of the districts it is in, and of all their ancestors."""
        places = [place for site in offering.sites for place in self.places_of(site)]
        return {ancestor.slug for place in places for ancestor in place.chain}


@cache
def codes_with_ancestors() -> dict[str, frozenset[str]]:
    """For each code of a hierarchical codelist: itself and the broader ones."""
    terms = {row["id"]: row for row in read_vocabulary().terms}
    found: dict[str, frozenset[str]] = {}
    for row in terms.values():
        chain = [row]
        while chain[-1]["parent_id"]:
            chain.append(terms[chain[-1]["parent_id"]])
        found[f"{row['codelist_id']}:{row['code']}"] = frozenset(step["code"] for step in chain)
    lists = {row["id"]: row["name"] for row in read_vocabulary().codelists}
    return {
        f"{lists[UUID(key.partition(':')[0])]}:{key.partition(':')[2]}": value
        for key, value in found.items()
    }


def broader(codelist: str, codes: Iterable[str]) -> set[str]:
    """The codes and everything above them."""
    return {above for code in codes for above in codes_with_ancestors()[f"{codelist}:{code}"]}


def identity(kind: str, slug: str) -> UUID:
    return uuid5(NAMESPACE, f"{kind} {slug}")


# Making it up


@cache
def make() -> World:
    world = World()
    chance = random.Random(20_260_501)  # noqa: S311 - the same on every run
    world.districts = _districts(chance)
    world.offerings = [_offering(world, chance, number) for number in range(420)]
    world.measures = [_measure(world, chance, number) for number in range(60)]
    world.observations = list(_observations(world, chance))
    return world


COLUMNS, ROWS = 4, 3
WEST, SOUTH, WIDTH, HEIGHT = 12.9, 50.7, 0.2, 0.15


def _districts(chance: random.Random) -> list[District]:
    """County, two regions, twelve municipalities with ragged borders, quarters in three of them."""
    borders = _Borders(chance)
    cells = {(x, y): borders.cell(x, y) for x in range(COLUMNS) for y in range(ROWS)}
    whole = shapely.union_all(list(cells.values()))
    country = District("sachsen", "Sachsen", "state", None, None, None, key="14")
    county = District(
        *("mittelland", "Landkreis Mittelland", "county", country),
        *(_multi(whole), "official", "14522"),
    )
    sides = [shapely.union_all([cells[c] for c in cells if (c[0] < 2) == west]) for west in (1, 0)]
    regions = [
        District(
            f"region-{name}", f"Region {name}", "social_region", county, _multi(side), "official"
        )
        for name, side in zip(("west", "ost"), sides, strict=True)
    ]
    municipalities = [
        _municipality(number, regions[0] if x < 2 else regions[1], cells[x, y], chance)
        for number, (x, y) in enumerate(cells)
    ]
    parts = [part for town in municipalities[2:5] for part in _parts(town)]
    ended = District(
        *("altdorf", "Altdorf", "municipality", regions[0], municipalities[2].boundary),
        *("official", "14522450", date(1994, 1, 1), date(2022, 12, 31), 1800),
    )
    merged = District(
        *("neudorf", "Neudorf", "municipality", regions[1], None, None),
        *("14522275", date(2023, 1, 1), None, None),
    )
    draft = District(
        *("entwurf", f"Entwurf {SECRET}", "quarter", municipalities[0]),
        *(municipalities[3].boundary, "official"),
        status="draft",
    )
    return [country, county, *regions, *municipalities, *parts, ended, merged, draft]


def _municipality(number: int, region: District, shape: Polygon, chance: random.Random) -> District:
    name = TOWNS[number]
    quality = (None, "schematic", "official")[min(number, 2)] if number < 2 else "official"
    return District(
        slug=name.lower().translate({228: "ae", 246: "oe", 252: "ue", 223: "ss"}),
        name=name,
        level="municipality",
        parent=region,
        boundary=_multi(shape) if quality else None,
        quality=quality,
        key=f"14522{number + 10:03}",
        valid_to=date(2090, 12, 31) if number == 4 else None,
        population=None if number == 5 else chance.randrange(900, 40_000),
        designations=("besonderer_entwicklungsbedarf",) if number % 4 == 2 else (),
    )


def _parts(town: District) -> list[District]:
    """Two halves with two quarters each; a town without an official boundary has none here."""
    if town.boundary is None or town.quality != "official":
        return []
    west, south, east, north = town.boundary.bounds
    middle = (west + east) / 2
    found: list[District] = []
    for side, (left, right) in (("west", (west - 1, middle)), ("ost", (middle, east + 1))):
        half = _multi(town.boundary.intersection(shapely.box(left, south - 1, right, north + 1)))
        part = District(
            f"{town.slug}-{side}",
            f"{town.name} {side.title()}",
            "city_district",
            town,
            half,
            "official",
        )
        line = (south + north) / 2
        upper = _multi(half.intersection(shapely.box(left, line, right, north + 1)))
        quarter = District(
            f"{part.slug}-nord", f"{part.name} Nord", "quarter", part, upper, "official"
        )
        found += [part, quarter]
    return found


class _Borders:
    """Ragged lines between the cells of a grid, the same seen from both sides."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: dict[tuple[str, int, int], list[tuple[float, float]]] = {}

    def cell(self, x: int, y: int) -> Polygon:
        bottom, top = self._line("h", x, y), self._line("h", x, y + 1)
        left, right = self._line("v", x, y), self._line("v", x + 1, y)
        return Polygon([*bottom[:-1], *right[:-1], *top[:0:-1], *left[:0:-1]])

    def _line(self, kind: str, x: int, y: int) -> list[tuple[float, float]]:
        if (kind, x, y) not in self.lines:
            self.lines[kind, x, y] = self._draw(kind, x, y)
        return self.lines[kind, x, y]

    def _draw(self, kind: str, x: int, y: int) -> list[tuple[float, float]]:
        start = (WEST + x * WIDTH, SOUTH + y * HEIGHT)
        steps = 60
        points = [start]
        for step in range(1, steps):
            near_corner = min(step, steps - step) < 4  # where lines could cross
            ragged = 0.0 if near_corner else self.chance.uniform(-0.004, 0.004)
            if kind == "h":
                points.append((start[0] + WIDTH * step / steps, start[1] + ragged))
            else:
                points.append((start[0] + ragged, start[1] + HEIGHT * step / steps))
        end = (start[0] + WIDTH, start[1]) if kind == "h" else (start[0], start[1] + HEIGHT)
        return [(round(px, 6), round(py, 6)) for px, py in [*points, end]]


def _multi(shape: Any) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])


def _offering(world: World, chance: random.Random, number: int) -> Offering:
    name = f"{chance.choice(KINDS)} {chance.choice(AUDIENCES)}"
    towns = [d for d in world.public_districts if d.level == "municipality" and d.exists_on(TODAY)]
    town = chance.choice(towns)
    amount = chance.choices((0, 1, 2, 3), (1, 8, 2, 1))[0]
    ages = [(None, None), (0, 3), (6, 17), (18, None), (None, 27), (60, 99)]
    return Offering(
        slug=f"offering-{number}",
        name=name,
        organisation=chance.choice((None, *(f"traeger-{n}" for n in range(8)))),
        mode=chance.choice(MODES),
        sites=tuple(
            _site(chance.choice((town, town, *towns)), chance, f"{number}-{n}")
            for n in range(amount)
        ),
        categories=_some(chance, CATEGORIES),
        themes=_some(chance, THEMES),
        target_groups=_some(chance, TARGET_GROUPS),
        languages=_some(chance, LANGUAGES),
        age=chance.choice(ages),
        free=chance.choice((None, True, False)),
        confirmed_at=chance.choice(
            (None, *(TODAY - timedelta(days=n) for n in (3, 364, 365, 366, 900)))
        ),
        valid_to=chance.choice(
            (None, None, None, TODAY - timedelta(days=1), TODAY, date(2090, 1, 1))
        ),
        serves=_served(world, chance),
        service_area=_area(chance),
        english=f"Meeting point {number}" if number % 3 == 0 else None,
        is_late=number % 10 == 7,
        status="draft" if number % 20 == 19 else "published",
    )


def _some(chance: random.Random, codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(chance.sample(codes, chance.choice((0, 1, 1, 2)))))


def _site(town: District, chance: random.Random, slug: str) -> Site:
    precision = chance.choice(("exact", "exact", "street", "municipality"))
    if chance.random() < 0.05:
        point: Point | None = None
    elif precision == "municipality" and town.boundary is not None:
        point = town.boundary.representative_point()
    else:
        point = Point(
            round(chance.uniform(WEST - 0.05, WEST + COLUMNS * WIDTH), 6),
            round(chance.uniform(SOUTH - 0.05, SOUTH + ROWS * HEIGHT), 6),
        )
    return Site(
        slug=slug,
        point=point,
        precision=precision if point is not None else None,
        stated=town if precision == "municipality" or chance.random() < 0.5 else None,
        postcode=chance.choice((None, "09599", "09648", "04720")),
        wheelchair=chance.choice((None, "yes", "limited", "no")),
    )


def _served(world: World, chance: random.Random) -> tuple[District, ...]:
    if chance.random() < 0.6:
        return ()
    return tuple(
        sorted(chance.sample(world.public_districts, chance.choice((1, 2))), key=lambda d: d.slug)
    )


def _area(chance: random.Random) -> MultiPolygon | None:
    if chance.random() < 0.8:
        return None
    x, y = WEST + chance.random() * 0.6, SOUTH + chance.random() * 0.3
    return MultiPolygon([shapely.box(x, y, x + 0.15, y + 0.1)])


def _measure(world: World, chance: random.Random, number: int) -> Measure:
    start = chance.choice((None, date(2019, 5, 1), date(2023, 1, 1)))
    end = chance.choice((None, date(2024, 12, 31), date(2030, 6, 30)))
    return Measure(
        slug=f"measure-{number}",
        strategy=f"strategy-{number % 3}",
        decision=chance.choice(codes.DECISIONS),
        feasibility=chance.choice(codes.FEASIBILITIES),
        implementation=chance.choice(codes.IMPLEMENTATIONS),
        lead=chance.choice((None, "traeger-0", "traeger-1")),
        themes=_some(chance, THEMES),
        districts=_served(world, chance),
        start=start,
        end=end,
    )


def _observations(world: World, chance: random.Random) -> Iterable[Observation]:
    places = [d for d in world.public_districts if d.level in ("municipality", "county")]
    for indicator in ("einwohner", "arbeitslose"):
        for place in places:
            for year in range(2018, 2024):
                if chance.random() < 0.15:
                    continue
                for breakdowns in ({}, {"sex": "f"}):
                    yield _observation(indicator, place, year, breakdowns, chance)


def _observation(
    indicator: str, place: District, year: int, breakdowns: dict[str, str], chance: random.Random
) -> Observation:
    flags = chance.choice((("final",), ("provisional",), ("suppressed",), ("estimated", "break")))
    hidden = "suppressed" in flags
    name = f"{indicator} {place.slug} {year} {breakdowns}"
    return Observation(
        id=identity("observation", name),
        indicator=indicator,
        district=place,
        period=str(year),
        breakdowns=breakdowns,
        value=None if hidden else chance.randrange(10, 9000) / 10,
        flags=flags,
        is_public=chance.random() > 0.05,
    )


# Writing it down


def load(url: str) -> None:
    """Everything into a registry, not yet published."""
    world = make()
    with writer(url, "test") as connection:
        write_vocabulary(connection)
        upsert(
            connection,
            models.Source,
            [_source(SOURCE, "cc-zero"), _source(UNLICENSED, "not_stated")],
        )
        _write_districts(connection, world)
        _write_organisations(connection)
        _write_offerings(connection, world)
        _write_indicators(connection, world)
        _write_strategies(connection, world)


def change_some(url: str) -> None:
    """What a second publication has to show: another description of the late ones."""
    with writer(url, "test") as connection:
        for offering in make().offerings:
            if offering.is_late:
                upsert(
                    connection, models.Offering, [{"id": offering.id, "eligibility": "Anmeldung"}]
                )


def _source(key: UUID, license_: str) -> Row:
    return {
        "id": key,
        "slug": f"source-{license_.replace('_', '-')}",
        "title": "Verzeichnis" if license_ != "not_stated" else SECRET,
        "publisher": "Landkreis",
        "license": license_,
        "attribution": "Landkreis Mittelland",
        "internal_note": SECRET,
    }


def entity(kind: str, slug: str, **columns: Any) -> dict[str, Any]:
    """A row of an entity; its internal note must never be seen."""
    return {
        "id": identity(kind, slug),
        "slug": slug,
        "status": "published",
        "source_id": SOURCE,
        "internal_note": SECRET,
        "translations": {},
        **columns,
    }


def ewkb(shape: Any) -> bytes | None:
    return (
        None
        if shape is None
        else bytes(shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True))
    )


def _write_districts(connection: Connection, world: World) -> None:
    upsert(connection, models.District, [_district_row(district) for district in world.districts])
    rows = [
        {
            "id": identity("designation", f"{d.slug} {code}"),
            "district_id": d.id,
            "term_id": term_id("designation", code),
            "valid_from": date(2020, 1, 1),
            "source_id": SOURCE,
        }
        for d in world.districts
        for code in d.designations
    ]
    upsert(connection, models.Designation, rows)


def _district_row(district: District) -> Row:
    return entity(
        "district",
        district.slug,
        status=district.status,
        name=district.name,
        level=district.level,
        scheme="ags" if district.key else None,
        key=district.key,
        parent_id=district.parent.id if district.parent else None,
        valid_from=district.valid_from,
        valid_to=district.valid_to,
        population=district.population,
        point=ewkb(district.boundary.representative_point()) if district.boundary else None,
        boundary=ewkb(district.boundary),
        boundary_quality=district.quality,
    )


def _write_organisations(connection: Connection) -> None:
    rows = [entity("organisation", f"traeger-{n}", name=f"Träger {n}") for n in range(8)]
    rows.append(entity("organisation", "geheim", name=SECRET, status="draft"))
    rows.append(entity("organisation", "gremium", name="Kreistag"))
    upsert(connection, models.Organisation, rows)


def _write_offerings(connection: Connection, world: World) -> None:
    everything = world.offerings
    sites = [site for offering in everything for site in offering.sites]
    upsert(connection, models.Site, [_site_row(site) for site in sites])
    upsert(connection, models.Offering, [_offering_row(offering) for offering in everything])
    upsert(
        connection,
        models.OfferingSite,
        [
            _part(o.id, "site", s.slug, offering_id=o.id, site_id=s.id, position=n)
            for o in everything
            for n, s in enumerate(o.sites)
        ],
    )
    upsert(
        connection,
        models.OfferingTerm,
        [
            _part(o.id, "term", str(key), offering_id=o.id, term_id=key)
            for o in everything
            for key in _terms_of(o)
        ],
    )
    upsert(
        connection,
        models.OfferingServiceDistrict,
        [
            _part(o.id, "serves", d.slug, offering_id=o.id, district_id=d.id)
            for o in everything
            for d in o.serves
        ],
    )


def _terms_of(offering: Offering) -> list[UUID]:
    return [
        *(term_id("category", code) for code in offering.categories),
        *(term_id("theme", code) for code in offering.themes),
        *(term_id("target_group", code) for code in offering.target_groups),
        *(term_id("language", code) for code in offering.languages),
    ]


def _part(owner: UUID, kind: str, name: str, **columns: Any) -> Row:
    return {"id": uuid5(owner, f"{kind} {name}"), **columns}


def _site_row(site: Site) -> Row:
    return {
        "id": site.id,
        "source_id": SOURCE,
        "street": STREETS[0],
        "postcode": site.postcode,
        "town": "Ort",
        "district_id": site.stated.id if site.stated else None,
        "point": ewkb(site.point),
        "precision": site.precision,
        "wheelchair": site.wheelchair,
        "internal_note": SECRET,
    }


def _offering_row(offering: Offering) -> Row:
    is_draft = offering.status == "draft"
    return entity(
        "offering",
        offering.slug,
        status=offering.status,
        name=f"{offering.name} {SECRET}" if is_draft else offering.name,
        description=f"Wir sind da: „{offering.slug}“, ein Ort,\nan dem man sich trifft.",
        organisation_id=identity("organisation", offering.organisation)
        if offering.organisation
        else None,
        organisation_mode=offering.mode,
        age_min=offering.age[0],
        age_max=offering.age[1],
        free=offering.free,
        confirmed_at=offering.confirmed_at,
        valid_to=offering.valid_to,
        service_area=ewkb(offering.service_area),
        eligibility=None,
        translations={"en": {"name": offering.english}} if offering.english else {},
    )


def _write_indicators(connection: Connection, world: World) -> None:
    common = {"unit": "Personen", "type": "count", "aggregation": "sum"}
    rows = [
        entity("indicator", "einwohner", title="Einwohnerinnen und Einwohner", **common),
        entity("indicator", "arbeitslose", title="Arbeitslose", **common),
    ]
    upsert(connection, models.Indicator, rows)
    upsert(connection, models.Observation, [_observation_row(o) for o in world.observations])


def _observation_row(observation: Observation) -> Row:
    """Raw values are published once it was decided what is hidden of them; drafts never are."""
    is_draft = not observation.is_public
    return {
        "id": observation.id,
        "indicator_id": identity("indicator", observation.indicator),
        "district_id": observation.district.id,
        "period": observation.period,
        "period_earliest": observation.first,
        "period_latest": observation.last,
        "breakdowns": observation.breakdowns,
        "value": observation.value,
        "flags": list(observation.flags),
        "raw": is_draft,
        "status": "draft" if is_draft else "published",
        "note": SECRET if is_draft else None,
        "internal_note": SECRET,
        "source_id": SOURCE,
    }


def _write_strategies(connection: Connection, world: World) -> None:
    strategies = [entity("strategy", f"strategy-{n}", title=f"Strategie {n}") for n in range(3)]
    upsert(connection, models.Strategy, strategies)
    upsert(connection, models.Measure, [_measure_row(measure) for measure in world.measures])
    upsert(
        connection,
        models.MeasureTerm,
        [
            _part(
                identity("measure", m.slug),
                "term",
                code,
                measure_id=identity("measure", m.slug),
                term_id=term_id("theme", code),
            )
            for m in world.measures
            for code in m.themes
        ],
    )
    upsert(
        connection,
        models.MeasureDistrict,
        [
            _part(
                identity("measure", m.slug),
                "district",
                d.slug,
                measure_id=identity("measure", m.slug),
                district_id=d.id,
            )
            for m in world.measures
            for d in m.districts
        ],
    )
    upsert(connection, models.Decision, [_decision_row(number) for number in range(30)])


def _measure_row(measure: Measure) -> Row:
    return entity(
        "measure",
        measure.slug,
        strategy_id=identity("strategy", measure.strategy),
        title=f"Maßnahme {measure.slug[-1]}",
        decision=measure.decision,
        feasibility=measure.feasibility,
        implementation=measure.implementation,
        lead_id=identity("organisation", measure.lead) if measure.lead else None,
        start=measure.start.isoformat() if measure.start else None,
        start_earliest=measure.start,
        start_latest=measure.start,
        end=measure.end.isoformat() if measure.end else None,
        end_earliest=measure.end,
        end_latest=measure.end,
    )


DECISION_RESULTS = ("adopted", "rejected", "noted")


def _decision_row(number: int) -> Row:
    counted = number % 3 == 0
    day = date(2020 + number % 4, 1, 1) if number % 5 else None
    return entity(
        "decision",
        f"decision-{number}",
        title=f"Beschluss {number % 7}",
        body_id=identity("organisation", "gremium") if number % 2 else None,
        strategy_id=identity("strategy", f"strategy-{number % 3}"),
        result=DECISION_RESULTS[number % 3],
        date=day.isoformat() if day else None,
        date_earliest=day,
        date_latest=day,
        votes_yes=7 if counted else None,
        votes_no=8 if counted else None,
        votes_abstentions=0 if number % 6 == 0 else None,
    )
