"""Every filter of offerings, alone and combined, against what follows from the rows by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import psycopg
import pyproj
import pytest
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from starlette.testclient import TestClient

from tests.api.calls import listed, slugs
from tests.api.world import TODAY, Offering, Site, World, broader, identity, make
from tests.databases import Database

PATH = "/v1/offerings"
SPHERE = pyproj.Geod(a=6371008.7714150598, b=6371008.7714150598)
"""PostGIS measures great circles on a sphere of WGS 84's mean radius."""

CENTRE = (13.21, 50.93)
BOX = (13.05, 50.78, 13.35, 51.06)
TRIANGLE = shapely.Polygon([(12.8, 50.6), (13.5, 50.7), (13.2, 51.2), (12.8, 50.6)])
YEAR_AGO = TODAY - timedelta(days=365)

Predicate = Callable[[Offering], bool]


@dataclass(frozen=True)
class Filter:
    query: dict[str, Any]
    matches: Predicate

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.query.items())


def distance(offering: Offering, point: tuple[float, float] = CENTRE) -> float | None:
    """Metres to the nearest site with a point of its own."""
    metres = [
        SPHERE.inv(*point, site.point.x, site.point.y)[2]
        for site in offering.sites
        if site.is_precise and site.point
    ]
    return min(metres, default=None)


def is_near(radius: float) -> Predicate:
    def matches(offering: Offering) -> bool:
        metres = distance(offering)
        return metres is not None and metres <= radius

    return matches


def is_within(area: BaseGeometry) -> Predicate:
    """By a precise site, or by a municipality that lies in the area as a whole."""

    def matches(offering: Offering) -> bool:
        precise = [site.point for site in offering.sites if site.is_precise]
        vague = [shape for shape in map(extent, offering.sites) if shape is not None]
        return any(map(area.intersects, precise)) or any(map(area.covers, vague))

    return matches


def extent(site: Any) -> BaseGeometry | None:
    """Where a site is that is known only by municipality."""
    if site.precision != "municipality":
        return None
    stated = site.stated
    known = stated is not None and stated.boundary is not None
    return shapely.box(*stated.boundary.bounds) if known else site.point


def is_in(*names: str) -> Predicate:
    wanted = set(names)
    return lambda offering: bool(make().members(offering) & wanted)


def has(codelist: str, attribute: str, *codes: str) -> Predicate:
    wanted = set(codes)
    return lambda offering: bool(broader(codelist, getattr(offering, attribute)) & wanted)


def of_age(age: int) -> Predicate:
    def matches(offering: Offering) -> bool:
        low, high = offering.age
        if low is None and high is None:
            return False
        return (low or 0) <= age and (high is None or age <= high)

    return matches


def is_confirmed_since(day: date) -> Predicate:
    return lambda offering: offering.confirmed_at is not None and offering.confirmed_at >= day


def serves_point(offering: Offering) -> bool:
    point = Point(CENTRE)
    if offering.service_area is not None and offering.service_area.covers(point):
        return True
    return any(
        district.status == "published"
        and district.boundary is not None
        and district.exists_on(TODAY)
        and district.boundary.covers(point)
        for district in offering.serves
    )


def serves_district(slug: str) -> Predicate:
    above = {district.slug for district in make().district(slug).chain}
    return lambda offering: any(
        d.slug in above and d.status == "published" for d in offering.serves
    )


def not_ended(offering: Offering) -> bool:
    return offering.valid_to is None or offering.valid_to >= TODAY


FILTERS = [
    Filter({"category": "advice"}, has("category", "categories", "advice")),
    Filter(
        {"category": ["debt_advice", "family"]},
        has("category", "categories", "debt_advice", "family"),
    ),
    Filter({"theme": "poverty"}, has("theme", "themes", "poverty")),
    Filter({"theme": "housing_in_old_age"}, has("theme", "themes", "housing_in_old_age")),
    Filter({"target_group": "migrants"}, has("target_group", "target_groups", "migrants")),
    Filter({"organisation": "traeger-3"}, lambda o: o.organisation == "traeger-3"),
    Filter(
        {"organisation": [str(identity("organisation", "traeger-1")), "traeger-2"]},
        lambda o: o.organisation in ("traeger-1", "traeger-2"),
    ),
    Filter({"district": "mittelland"}, is_in("mittelland")),
    Filter({"district": "region-west"}, is_in("region-west")),
    Filter({"district": "grossschirma"}, is_in("grossschirma")),
    Filter({"district": "ags:14522013"}, is_in("oederan")),
    Filter(
        {"district": ["oederan-west-nord", "rossau-ost"]}, is_in("oederan-west-nord", "rossau-ost")
    ),
    Filter({"district": "doebeln"}, is_in("doebeln")),
    Filter({"district": "muehlau"}, is_in("muehlau")),
    Filter(
        {"postcode": ["09599", "04720"]},
        lambda o: any(s.postcode in ("09599", "04720") for s in o.sites),
    ),
    Filter(
        {"organisation_mode": ["district", "mobile"]}, lambda o: o.mode in ("district", "mobile")
    ),
    Filter({"language": ["ar", "tr"]}, lambda o: bool({"ar", "tr"} & set(o.languages))),
    Filter({"language": "de-x-ls"}, lambda o: "de-x-ls" in o.languages),
    Filter({"wheelchair": "yes"}, lambda o: any(s.wheelchair == "yes" for s in o.sites)),
    Filter(
        {"wheelchair": ["limited", "no"]},
        lambda o: any(s.wheelchair in ("limited", "no") for s in o.sites),
    ),
    Filter({"age": 3}, of_age(3)),
    Filter({"age": 60}, of_age(60)),
    Filter({"age": 0}, of_age(0)),
    Filter({"age": 150}, of_age(150)),
    Filter({"free": "true"}, lambda o: o.free is True),
    Filter({"free": "false"}, lambda o: o.free is False),
    Filter({"confirmed_since": f"{YEAR_AGO:%F}"}, is_confirmed_since(YEAR_AGO)),
    Filter({"stale": "true"}, lambda o: not is_confirmed_since(YEAR_AGO)(o)),
    Filter({"stale": "false"}, is_confirmed_since(YEAR_AGO)),
    Filter({"bbox": ",".join(map(str, BOX))}, is_within(shapely.box(*BOX))),
    Filter({"near": "13.21,50.93", "radius": 15_000}, is_near(15_000)),
    Filter({"near": "13.21,50.93"}, is_near(10_000)),
    Filter({"within": TRIANGLE.wkt}, is_within(TRIANGLE)),
    Filter({"serves": "13.21,50.93"}, serves_point),
    Filter({"serves_district": "grossschirma-west"}, serves_district("grossschirma-west")),
    Filter({"serves_district": "mittelland"}, serves_district("mittelland")),
    Filter({"q": "Frühstück"}, lambda o: "Frühstück" in o.name),
    Filter(
        {"id": ["offering-1", str(identity("offering", "offering-2"))]},
        lambda o: o.slug in ("offering-1", "offering-2"),
    ),
]


def expected(county: World, *filters: Filter) -> set[str]:
    """What all the filters let through; ended offerings have left the default lists."""
    return {
        offering.slug
        for offering in county.public_offerings
        if not_ended(offering) and all(part.matches(offering) for part in filters)
    }


def combined(*filters: Filter) -> dict[str, Any] | None:
    """One query of several; None where two of them set the same parameter."""
    names = [name for part in filters for name in part.query]
    if len(names) != len(set(names)):
        return None
    return {name: value for part in filters for name, value in part.query.items()}


@pytest.mark.parametrize("part", FILTERS, ids=str)
def test_a_filter_alone(api: TestClient, county: World, part: Filter) -> None:
    found = slugs(api, PATH, part.query)
    assert set(found) == expected(county, part)
    assert 0 < len(found) < len(expected(county)) or part.query.keys() & {"district"}


def test_every_pair_of_filters_is_their_intersection(api: TestClient, county: World) -> None:
    for pair in combinations(FILTERS, 2):
        query = combined(*pair)
        if query is not None:
            assert set(slugs(api, PATH, query)) == expected(county, *pair), query


def test_many_filters_at_once(api: TestClient, county: World) -> None:
    chance = random.Random(4)  # noqa: S311 - the same on every run
    for _ in range(100):
        several = chance.sample(FILTERS, chance.randrange(3, 7))
        query = combined(*several)
        if query is not None:
            assert set(slugs(api, PATH, query)) == expected(county, *several), query


def test_ended_offerings_come_when_asked_for(api: TestClient, county: World) -> None:
    found = slugs(api, PATH, {"include_ended": "true"})
    assert set(found) == {offering.slug for offering in county.public_offerings}
    assert set(slugs(api, PATH)) == expected(county) < set(found)


def test_updated_since_is_the_publication_that_changed_it(
    api: TestClient, county: World, county_database: Database
) -> None:
    with psycopg.connect(county_database.owner_url) as connection:
        row = connection.execute("SELECT published_at FROM published.state").fetchone()
    assert row is not None
    found = slugs(api, PATH, {"updated_since": row[0].isoformat(), "include_ended": "true"})
    late = {offering.slug for offering in county.public_offerings if offering.is_late}
    assert set(found) == late


def test_unknown_matches_neither_yes_nor_no(api: TestClient, county: World) -> None:
    known = {*slugs(api, PATH, {"free": "true"}), *slugs(api, PATH, {"free": "false"})}
    unknown = {o.slug for o in county.public_offerings if o.free is None}
    assert unknown
    assert not known & unknown


# Distances


@pytest.mark.parametrize("radius", [500, 5_000, 100_000])
@pytest.mark.parametrize("point", [CENTRE, (12.95, 50.72), (14.5, 51.4)])
def test_near_orders_by_great_circle_distance(
    api: TestClient, county: World, point: tuple[float, float], radius: int
) -> None:
    near = ",".join(map(str, point))
    items = listed(api, PATH, {"near": near, "radius": radius})["items"]
    known = {o.slug: distance(o, point) for o in county.public_offerings if not_ended(o)}
    inside = {slug for slug, metres in known.items() if metres is not None and metres <= radius}
    assert {item["slug"] for item in items} == inside
    measured = [item["distance_m"] for item in items]
    assert measured == sorted(measured)
    for item in items:
        assert item["distance_m"] == pytest.approx(known[item["slug"]], abs=0.06)


def test_distance_comes_with_other_orders_too(api: TestClient) -> None:
    """`distance_m` belongs to `near`, not to the order."""
    query = {"near": "13.21,50.93", "radius": 20_000, "sort": "name"}
    items = listed(api, PATH, query)["items"]
    by_name = [slug for slug in slugs(api, PATH) if slug in {item["slug"] for item in items}]
    assert [item["slug"] for item in items] == by_name
    assert all("distance_m" in item for item in items)


# Sites known only by municipality


def is_vague(site: Site) -> bool:
    """It has no point of its own, but a municipality is stated."""
    return site.precision == "municipality" and site.stated is not None


def test_a_site_known_by_municipality_is_in_it_and_above_but_never_near(
    api: TestClient, county: World
) -> None:
    vague = {
        offering.slug
        for offering in county.public_offerings
        if not_ended(offering) and offering.sites and all(map(is_vague, offering.sites))
    }
    assert len(vague) > 10
    assert vague <= set(slugs(api, PATH, {"district": "sachsen"}))
    assert not vague & set(slugs(api, PATH, {"near": "13.3,50.9", "radius": 100_000}))
    quarters = [d.slug for d in county.public_districts if d.level == "quarter"]
    assert not vague & set(slugs(api, PATH, {"district": quarters}))


def test_what_a_box_cannot_decide_is_counted(api: TestClient, county: World) -> None:
    area = shapely.box(*BOX)
    undecided = [
        offering
        for offering in county.public_offerings
        if not_ended(offering)
        and not is_within(area)(offering)
        and any(
            shape is not None and shape.intersects(area) for shape in map(extent, offering.sites)
        )
    ]
    document = listed(api, PATH, {"bbox": ",".join(map(str, BOX))})
    assert undecided
    assert left_out(document) == len(undecided)


def test_what_a_distance_cannot_decide_is_counted(api: TestClient, county: World) -> None:
    """A municipality around the point may hold the site, or may not."""
    within = county.district("rossau").boundary
    assert within is not None
    point = within.representative_point()
    undecided = [
        offering
        for offering in county.public_offerings
        if not_ended(offering)
        and any(shape is not None and shape.covers(point) for shape in map(extent, offering.sites))
    ]
    document = listed(api, PATH, {"near": f"{point.x},{point.y}", "radius": 1})
    assert undecided
    assert not document["items"]
    assert left_out(document) == len(undecided)


def test_what_a_quarter_cannot_decide_is_counted(api: TestClient, county: World) -> None:
    town, quarter = "grossschirma", "grossschirma-west-nord"
    elsewhere = [
        offering
        for offering in county.public_offerings
        if not_ended(offering) and quarter not in county.members(offering)
    ]
    there = [
        o for o in elsewhere if town in {s.stated.slug for s in o.sites if s.stated and is_vague(s)}
    ]
    # With several sites, one in the town and one vague somewhere else, it may be counted as well.
    perhaps = [o for o in elsewhere if town in county.members(o) and any(map(is_vague, o.sites))]
    document = listed(api, PATH, {"district": quarter})
    assert there
    assert len(there) <= left_out(document) <= len(perhaps)


def left_out(document: Any) -> int:
    reasons = document.get("left_out", [])
    return sum(entry["count"] for entry in reasons)


# The body of a search


def test_a_search_by_post_finds_the_same(api: TestClient) -> None:
    query = {"category": ["advice"], "free": True, "within": shapely.geometry.mapping(TRIANGLE)}
    answer = api.post(f"{PATH}/search", json={**query, "limit": 10_000})
    assert answer.status_code == 200
    same = {"category": "advice", "free": "true", "within": TRIANGLE.wkt}
    assert [item["slug"] for item in answer.json()["items"]] == slugs(api, PATH, same)


def test_a_search_by_post_goes_on_with_its_cursor(api: TestClient) -> None:
    body: dict[str, Any] = {"category": ["advice"], "limit": 7}
    found = []
    while True:
        document = api.post(f"{PATH}/search", json=body).json()
        found += [item["slug"] for item in document["items"]]
        onward = [link for link in document["links"] if link["rel"] == "next"]
        if not onward:
            break
        assert onward[0]["method"] == "POST"
        body |= onward[0]["body"]
    assert found == slugs(api, PATH, {"category": "advice"})
