"""In which district a point is, and whether that is the stated one. The oracle asks one by one."""

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import Point, Polygon

from seed.geometry.territory import Territory

SHARED = Path(__file__).parents[3] / "shared" / "data"
FLENSBURG = SHARED / "flensburg"
needs_shared = pytest.mark.skipif(
    not FLENSBURG.exists(), reason="the shared data files are not here"
)

# A town of two quarters, and the village beside it.
TOWN = shapely.box(13, 51, 13.2, 51.1)
WEST = shapely.box(13, 51, 13.1, 51.1)
EAST = shapely.box(13.1, 51, 13.2, 51.1)
VILLAGE = shapely.box(13.3, 51, 13.4, 51.1)
DISTRICTS = Territory({"town": TOWN, "west": WEST, "east": EAST, "village": VILLAGE})


def test_every_level_a_point_lies_in_is_named() -> None:
    points = [Point(13.05, 51.05), Point(13.15, 51.05), Point(13.35, 51.05), Point(10, 50), None]
    expected = [("town", "west"), ("town", "east"), ("village",), (), ()]
    assert DISTRICTS.districts_at(points) == expected
    assert DISTRICTS.covers(points).tolist() == [True, True, True, False, False]


def test_a_point_on_the_boundary_is_in_both() -> None:
    assert DISTRICTS.districts_at([Point(13.1, 51.05)]) == [("town", "west", "east")]
    assert DISTRICTS.disagrees("west", Point(13.1, 51.05)) is None
    assert DISTRICTS.disagrees("east", Point(13.1, 51.05)) is None


def test_a_stated_district_disagrees_if_the_point_lies_elsewhere() -> None:
    point = Point(13.05, 51.05)
    assert DISTRICTS.disagrees("west", point) is None
    assert DISTRICTS.disagrees("town", point) is None
    assert DISTRICTS.disagrees("east", point) == ("town", "west")
    assert DISTRICTS.disagrees("west", Point(10, 50)) == ()


def test_what_cannot_be_told_does_not_disagree() -> None:
    for stated, point in [("elsewhere", Point(10, 50)), (None, Point(10, 50)), ("west", None)]:
        assert DISTRICTS.disagrees(stated, point) is None
    assert DISTRICTS.disagrees("west", Point()) is None


def test_disagreements_are_told_by_row() -> None:
    stated = ["west", "east", None, "village"]
    points = [Point(13.05, 51.05), Point(13.05, 51.05), Point(13.05, 51.05), Point(13.35, 51.05)]
    assert DISTRICTS.disagreements(stated, points) == {1: ("town", "west")}


def test_exchanged_coordinates_are_told_only_where_the_others_are_outside() -> None:
    points = [Point(51.05, 13.05), Point(13.05, 51.05), Point(10, 50), None]
    assert DISTRICTS.swapped(points).tolist() == [True, False, False, False]


def test_how_far_outside_a_point_lies() -> None:
    north = Point(13.05, 51.2)
    expected = Geod(ellps="GRS80").inv(13.05, 51.1, 13.05, 51.2)[2] / 1000
    assert DISTRICTS.kilometres_to(north) == pytest.approx(expected, rel=1e-6)
    assert DISTRICTS.kilometres_to(Point(13.05, 51.05)) == 0


def test_without_boundaries_nothing_is_inside() -> None:
    empty = Territory[str]({})
    assert not empty
    assert DISTRICTS
    assert empty.districts_at([Point(13, 51)]) == [()]
    assert empty.covers([Point(13, 51)]).tolist() == [False]
    assert empty.disagrees("town", Point(13, 51)) is None
    assert DISTRICTS.districts_at([]) == []


@given(
    st.lists(st.tuples(*[st.floats(0, 10)] * 2), max_size=20),
    st.lists(st.tuples(*[st.floats(0, 10)] * 2, st.floats(0.1, 5)), max_size=8),
)
def test_all_at_once_is_one_by_one(
    places: list[tuple[float, float]], discs: list[tuple[float, float, float]]
) -> None:
    districts = {n: Point(x, y).buffer(r) for n, (x, y, r) in enumerate(discs)}
    points = [Point(place) for place in places]
    expected = [
        tuple(n for n, district in districts.items() if district.intersects(point))
        for point in points
    ]
    territory = Territory(districts)
    assert territory.districts_at(points) == expected
    assert territory.covers(points).tolist() == [bool(each) for each in expected]


def test_a_hundred_thousand_points_in_four_hundred_districts_take_seconds() -> None:
    chance = np.random.default_rng(1)
    points = shapely.points(chance.uniform(0, 20, 100_000), chance.uniform(0, 20, 100_000))
    stars = {(i, j): _star(i + 0.5, j + 0.5) for i in range(20) for j in range(20)}
    territory = Territory(stars)
    started = time.process_time()
    found = territory.districts_at(points)
    assert time.process_time() - started < 3
    assert sum(map(len, found)) > 50_000


def _star(x: float, y: float) -> Polygon:
    """An outline of 1,000 corners, as real boundaries have them."""
    angles = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    radii = 0.55 + 0.05 * np.cos(angles * 40)
    return Polygon(np.column_stack((x + radii * np.cos(angles), y + radii * np.sin(angles))))


@needs_shared
def test_69_of_70_day_care_centres_are_in_their_stated_district() -> None:
    districts = _features("flensburg_stadtteile.geojson")
    territory = Territory(
        {
            each["properties"]["AREA_NAME"][3:]: shapely.from_geojson(json.dumps(each["geometry"]))
            for each in districts
        }
    )
    centres = _features("kitas_in_flensburg_redacted.geojson")
    stated = [each["properties"]["district"] for each in centres]
    points = [Point(each["geometry"]["coordinates"]) for each in centres]
    assert len(centres) == 70
    assert territory.covers(points).all()
    disagreeing = territory.disagreements(stated, points)
    assert [(stated[row], found) for row, found in disagreeing.items()] == [
        ("Westliche Höhe", ("Altstadt",))
    ]


def _features(name: str) -> list[dict[str, dict[str, str]]]:
    features: list[dict[str, dict[str, str]]] = json.loads((FLENSBURG / name).read_text())[
        "features"
    ]
    return features


@needs_shared
def test_of_the_schools_of_schleswig_holstein_those_of_luebeck_are_in_luebeck() -> None:
    folder = SHARED / "luebeck_sh"
    drawn = json.loads((folder / "luebeck_stadtteile.geojson").read_text())["features"]
    territory = Territory(
        {
            each["properties"]["name"]: shapely.from_geojson(json.dumps(each["geometry"]))
            for each in drawn
        }
    )
    with (folder / "schulen_schleswig_holstein.csv").open(encoding="utf-8") as file:
        schools = list(csv.DictReader(file, delimiter="\t"))
    rows = [row for row in schools if row["longitude"]]
    points = [Point(float(row["longitude"]), float(row["latitude"])) for row in rows]
    inside = territory.covers(points)
    assert (len(schools), len(rows)) == (1048, 989)
    for row, here in zip(rows, inside, strict=True):
        assert here == (row["city"] == "Lübeck, Hansestadt")
