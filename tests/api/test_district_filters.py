"""Filters of districts, and what a search box completes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import shapely
from shapely.geometry import Point
from starlette.testclient import TestClient

from tests.api.calls import get, listed, slugs
from tests.api.world import TODAY, District, World

PATH = "/v1/districts"


def found(api: TestClient, **query: Any) -> set[str]:
    return set(slugs(api, PATH, query))


def those(county: World, condition: Any) -> set[str]:
    return {district.slug for district in county.public_districts if condition(district)}


def test_level(api: TestClient, county: World) -> None:
    levels = ["municipality", "quarter"]
    assert found(api, level=levels) == those(county, lambda d: d.level in levels)


@pytest.mark.parametrize("name", ["region-west", "ags:14522", "oederan", "mittelland"])
def test_parent(api: TestClient, county: World, name: str) -> None:
    slug = {"ags:14522": "mittelland"}.get(name, name)
    children = those(county, lambda d: d.parent is not None and d.parent.slug == slug)
    assert children
    assert found(api, parent=name) == children


@pytest.mark.parametrize(
    "day", [date(1990, 1, 1), date(2022, 12, 31), date(2023, 1, 1), date(2091, 1, 1), TODAY]
)
def test_valid_on(api: TestClient, county: World, day: date) -> None:
    assert found(api, valid_on=f"{day:%F}") == those(county, lambda d: d.exists_on(day))


def test_designation(api: TestClient, county: World) -> None:
    code = "besonderer_entwicklungsbedarf"
    named = those(county, lambda d: code in d.designations)
    assert named
    assert found(api, designation=code) == named


def chain(county: World, point: Point, day: date) -> list[str]:
    """The districts around a point, the largest first."""
    order = ["state", "county", "social_region", "municipality", "city_district", "quarter"]
    around = [
        district
        for district in county.public_districts
        if district.exists_on(day) and district.boundary and district.boundary.covers(point)
    ]
    return [d.slug for d in sorted(around, key=lambda d: order.index(d.level))]


@pytest.mark.parametrize("slug", ["grossschirma-west-nord", "erlau", "muehlau", "rossau"])
def test_contains_is_the_chain_around_a_point(api: TestClient, county: World, slug: str) -> None:
    boundary = county.district(slug).boundary
    assert boundary is not None
    point = boundary.representative_point()
    expected = chain(county, point, TODAY)
    assert slug in expected
    assert slugs(api, PATH, {"contains": f"{point.x},{point.y}"}) == expected


def test_contains_on_an_earlier_day(api: TestClient, county: World) -> None:
    boundary = county.district("altdorf").boundary
    assert boundary is not None
    point = boundary.representative_point()
    query = {"contains": f"{point.x},{point.y}", "valid_on": "2022-06-01"}
    assert "altdorf" in slugs(api, PATH, query)
    assert set(slugs(api, PATH, query)) == set(chain(county, point, date(2022, 6, 1)))


def test_nothing_is_around_a_point_at_sea(api: TestClient) -> None:
    assert found(api, contains="0,0") == set()


@pytest.mark.parametrize("box", [(12.95, 50.75, 13.05, 50.8), (13.3, 50.9, 13.31, 50.91)])
def test_bbox(api: TestClient, county: World, box: tuple[float, ...]) -> None:
    area = shapely.box(*box)

    def meets(district: District) -> bool:
        return district.boundary is not None and district.boundary.intersects(area)

    assert found(api, bbox=",".join(map(str, box))) == those(county, meets)


def test_filters_combine(api: TestClient) -> None:
    query = {
        "level": "municipality",
        "parent": "region-west",
        "bbox": "12.8,50.6,13.2,50.9",
        "q": "ö",
    }
    single = [found(api, **{name: value}) for name, value in query.items()]
    assert found(api, **query) == set.intersection(*single)


def test_unknown_population_comes_first_and_is_null(api: TestClient) -> None:
    items = listed(api, PATH, {"sort": "population", "level": "municipality"})["items"]
    assert items[0]["population"] is None
    known = [item["population"] for item in items if item["population"] is not None]
    assert known == sorted(known)


def test_ancestors_go_upward_to_the_root(api: TestClient, county: World) -> None:
    for item in listed(api, PATH)["items"]:
        chain_above = [d.slug for d in county.district(item["slug"]).chain[1:]]
        assert [ancestor["slug"] for ancestor in item["ancestors"]] == chain_above[::-1]


@pytest.mark.parametrize("name", ["oederan", "14522013", "ags:14522013"])
def test_a_district_has_several_names(api: TestClient, name: str) -> None:
    assert get(api, f"{PATH}/{name}").json()["slug"] == "oederan"


# Places


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("oed", "Oederan"),
        ("öde", "Oederan"),
        ("Döb", "Döbeln"),
        ("doeb", "Döbeln"),
        ("Dölbeln", "Döbeln"),
        ("schirma", "Großschirma"),
        ("grossch", "Großschirma"),
        ("aenken", "Änkendorf"),
        ("landkreis mit", "Landkreis Mittelland"),
        ("09599", "09599 Ort"),
        ("0959", "09599 Ort"),
    ],
)
def test_places_are_completed(api: TestClient, typed: str, name: str) -> None:
    items = get(api, "/v1/places", {"q": typed}).json()["items"]
    assert items[0]["name"] == name


def test_a_place_says_where_it_is(api: TestClient, county: World) -> None:
    place = get(api, "/v1/places", {"q": "Oederan", "limit": 1}).json()["items"][0]
    boundary = county.district("oederan").boundary
    assert boundary is not None
    assert place["key"] == "14522013"
    assert place["bbox"] == pytest.approx(boundary.bounds, abs=1e-5)
    assert boundary.covers(Point(place["centre"]))


def test_no_place_ended_or_is_a_draft(api: TestClient) -> None:
    names = [
        p["name"]
        for typed in ("Altdorf", "Entwurf")
        for p in get(api, "/v1/places", {"q": typed, "limit": 100}).json()["items"]
    ]
    assert "Altdorf" not in names
    assert not any("Entwurf" in name for name in names)


@pytest.mark.parametrize("typed", ["%", "_", "\\", "%%%", "'", "zzzzzzz"])
def test_nothing_resembles_it(api: TestClient, typed: str) -> None:
    assert get(api, "/v1/places", {"q": typed}).json()["items"] == []
