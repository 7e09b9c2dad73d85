"""Where coordinates are: the coordinate system, the order of the axes, degrees for metres.

The oracle is pyproj, asked for one point at a time and with axes by hand.
"""

import csv
import json
import struct
import time
from collections.abc import Sequence
from functools import cache, partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from shapely import Point
from shapely.geometry.base import BaseGeometry

from seed.geometry import GeometryError
from seed.geometry.placement import Placement, fitting_systems
from seed.geometry.territory import Territory
from seed.readers import UnreadableError

SHARED = Path(__file__).parents[3] / "shared" / "data"
NRW = SHARED / "wuppertal_nrw" / "nrw_schuldaten_epsg25832.csv"
FLENSBURG = SHARED / "flensburg"
needs_shared = pytest.mark.skipif(not NRW.exists(), reason="the shared data files are not here")

EARTH = Geod(ellps="GRS80")
WUPPERTAL = (7.0, 51.15, 7.35, 51.35)
FREIBERG = (13.338, 50.918)
NEAR_FREIBERG = shapely.box(13, 50.5, 13.8, 51.2)

# By system: a place where it is used. Around those in Gauß-Krüger PROJ has one way to WGS 84; where
# it has two, there and back differ by half a metre.
PLACES = {
    25832: (9.7, 52.4),
    25833: FREIBERG,
    4647: (9.7, 52.4),
    5650: FREIBERG,
    31466: (6.8, 51.2),
    31467: (8.7, 50.1),
    31468: (11.6, 48.1),
    31469: FREIBERG,
    5677: (8.7, 50.1),
    5678: (11.6, 48.1),
    3006: (18.06, 59.33),
    3857: FREIBERG,
}
# By definition the northing comes first in these.
NORTHING_FIRST = (31466, 31467, 31468, 31469, 3006)


to_metres = cache(partial(Transformer.from_crs, 4326, always_xy=True))


def metres(code: int, lon: float, lat: float) -> Point:
    """Easting and northing, x and y."""
    return Point(to_metres(code).transform(lon, lat))


def turned(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.transform(geometry, lambda places: places[:, ::-1])


def apart(one: Point, other: Point) -> float:
    """Metres between two places in degrees."""
    return float(EARTH.inv(one.x, one.y, other.x, other.y)[2])


@pytest.mark.parametrize("code", PLACES)
def test_metres_become_degrees_whichever_axis_comes_first(code: int) -> None:
    stated = metres(code, *PLACES[code])
    straight = Placement.of(f"EPSG:{code}", None, [stated])
    assert apart(straight.to_degrees(stated), Point(PLACES[code])) < 0.001
    assert straight.notes == ()
    if code != 3857:  # used all over the world: nothing tells its axes apart
        exchanged = Placement.of(f"EPSG:{code}", None, [turned(stated)])
        assert apart(exchanged.to_degrees(turned(stated)), Point(PLACES[code])) < 0.001
        assert "northing comes first" in exchanged.notes[0]


@pytest.mark.parametrize("code", NORTHING_FIRST)
def test_a_file_by_the_letter_of_the_definition_is_read_too(code: int) -> None:
    by_definition = Point(Transformer.from_crs(4326, code).transform(*PLACES[code][::-1]))
    placed = Placement.of(f"EPSG:{code}", None, [by_definition]).to_degrees(by_definition)
    assert apart(placed, Point(PLACES[code])) < 0.001


@pytest.mark.parametrize(("one", "other"), [(31467, 5677), (31468, 5678)])
def test_the_easting_first_twin_says_the_same(one: int, other: int) -> None:
    stated = metres(one, *PLACES[one])
    for shape in (stated, turned(stated)):
        placed = [Placement.of(f"EPSG:{code}", None, [shape]) for code in (one, other)]
        assert placed[0].to_degrees(shape) == placed[1].to_degrees(shape)


@pytest.mark.parametrize(("code", "prefixed"), [(25832, 4647), (25833, 5650)])
def test_the_zone_before_the_easting_does_no_harm(code: int, prefixed: int) -> None:
    with_zone, without = metres(prefixed, *PLACES[code]), metres(code, *PLACES[code])
    assert with_zone.x > 32e6
    for name in (code, prefixed):
        placement = Placement.of(f"EPSG:{name}", None, [with_zone, without])
        placed = placement.all_to_degrees([with_zone, without]).geometries
        assert [apart(each, Point(PLACES[code])) < 0.001 for each in placed] == [True, True]
        assert "1 of 2 places looked at are in EPSG:" in placement.notes[0]


def test_gauss_krueger_eastings_tell_their_zone() -> None:
    zones = [metres(code, *PLACES[code]) for code in (31466, 31467, 31468)]
    placement = Placement.of("EPSG:31467", None, zones)
    placed = placement.all_to_degrees(zones).geometries
    for code, point in zip((31466, 31467, 31468), placed, strict=True):
        assert apart(point, Point(PLACES[code])) < 0.001
    assert "1 of 3 places looked at are in EPSG:31468" in placement.notes[0]


def test_a_prj_file_that_names_no_authority_is_recognised() -> None:
    stated = metres(31467, *PLACES[31467])
    prj = CRS(31467).to_wkt("WKT1_ESRI")
    assert Placement.of(prj, None, [turned(stated)]).to_degrees(turned(stated)) == Placement.of(
        "EPSG:31467", None, [stated]
    ).to_degrees(stated)


@pytest.mark.parametrize("name", ["EPSG:4326", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84"])
def test_wgs84_is_longitude_first_by_custom(name: str) -> None:
    point = Point(*FREIBERG)
    placement = Placement.of(name, None, [point])
    assert placement.to_degrees(point) == point
    assert placement.notes == ()


def test_latitude_first_is_told_by_the_territory() -> None:
    places = [Point(50.9, 13.3), Point(50.8, 13.2), Point(13.3, 50.9)]
    placement = Placement.of("EPSG:4326", None, places, territory=Territory({1: NEAR_FREIBERG}))
    assert placement.to_degrees(places[0]) == Point(13.3, 50.9)
    assert "latitude comes first" in placement.notes[0]
    assert Placement.of("EPSG:4326", None, places).to_degrees(places[0]) == places[0]


def test_axes_that_fit_both_ways_are_refused_unless_the_territory_decides() -> None:
    """EPSG:3035 covers a continent: in its middle easting and northing are alike."""
    stated = metres(3035, *FREIBERG)
    with pytest.raises(UnreadableError, match="is where EPSG:3035 is used, whichever axis"):
        Placement.of("EPSG:3035", None, [stated])
    territory = Territory({1: NEAR_FREIBERG})
    for shape in (stated, turned(stated)):
        placement = Placement.of("EPSG:3035", None, [shape], territory=territory)
        assert apart(placement.to_degrees(shape), Point(FREIBERG)) < 0.001


def test_a_height_is_left_out() -> None:
    for crs, point in (("EPSG:4326", Point(13, 51, 300)), ("EPSG:5555", Point(4e5, 56e5, 300))):
        assert not Placement.of(crs, None, [point]).to_degrees(point).has_z


# --- which system is believed --------------------------------------------------------------------


def test_the_mapping_is_believed_before_the_file() -> None:
    stated = metres(25833, *FREIBERG)
    placement = Placement.of("EPSG:4326", "EPSG:25833", [stated])
    assert apart(placement.to_degrees(stated), Point(FREIBERG)) < 0.001
    assert placement.notes == ("the file states EPSG:4326; the mapping's EPSG:25833 is believed",)
    assert Placement.of("EPSG:25833", "EPSG:25833", [stated]).notes == ()


def test_a_format_may_imply_wgs84_and_others_do_not() -> None:
    point = Point(*FREIBERG)
    assert Placement.of(None, None, [point], implied=True).to_degrees(point) == point
    with pytest.raises(UnreadableError, match=r"\.prj.*may be degrees; name .* EPSG:4326$"):
        Placement.of(None, None, [point])
    with pytest.raises(UnreadableError, match=r"may be metres; name .* EPSG:25832 or EPSG:25833$"):
        Placement.of(None, None, [metres(25832, 9.7, 52.4)])


def test_ewkt_states_its_system() -> None:
    stated = shapely.set_srid(metres(25833, *FREIBERG), 25833)
    placed = Placement.of(None, None, [stated]).to_degrees(stated)
    assert apart(placed, Point(FREIBERG)) < 0.001
    assert shapely.get_srid(placed) == 0  # no more than others say
    mixed = [stated, shapely.set_srid(Point(FREIBERG), 4326)]
    with pytest.raises(UnreadableError, match="several coordinate systems"):
        Placement.of(None, None, mixed)


@pytest.mark.parametrize("name", ["EPSG:0", "Gauß-Krüger", "EPSG:4936", "EPSG:5783"])
def test_what_is_no_system_of_places_is_refused(name: str) -> None:
    with pytest.raises(UnreadableError, match=name):
        Placement.of(None, name, [])


# --- what cannot be ------------------------------------------------------------------------------


def test_metres_in_a_wgs84_file_are_refused_with_a_suggestion() -> None:
    stated = metres(25832, 9.7, 52.4)
    told = r"no longitude and latitude: these may be metres; .* EPSG:25832 or EPSG:25833$"
    with pytest.raises(UnreadableError, match=told):
        Placement.of(None, None, [stated], implied=True)
    here = Territory({1: NEAR_FREIBERG})
    with pytest.raises(UnreadableError, match=r"mapping, EPSG:25833$"):
        Placement.of("EPSG:4326", None, [metres(25833, *FREIBERG)], territory=here)


def test_degrees_in_a_metric_file_are_refused() -> None:
    with pytest.raises(UnreadableError, match="not like metres of EPSG:25833: name EPSG:4326"):
        Placement.of("EPSG:25833", None, [Point(FREIBERG)])


def test_places_where_the_system_is_not_used_are_refused_with_what_was_seen() -> None:
    stated = metres(25832, *PLACES[25832])
    told = r"547626, 5805\d{3} is not where EPSG:3006 is used .*whichever axis comes first: .*25832"
    with pytest.raises(UnreadableError, match=told):
        Placement.of("EPSG:3006", None, [stated])


def test_the_wrong_zone_is_told_by_the_territory() -> None:
    stated = metres(25833, *FREIBERG)
    placement = Placement.of("EPSG:25832", None, [stated], territory=Territory({1: NEAR_FREIBERG}))
    told = "none of the places looked at is in the registry's territory; in EPSG:25833 they would"
    assert told in placement.notes[0]


def test_single_rows_that_cannot_be_are_refused_and_the_others_placed() -> None:
    good = metres(31467, *PLACES[31467])
    rows = [good, turned(good), Point(9.7, 52.4), Point(0, 0), Point(np.nan, 1), None, Point()]
    placed = Placement.of("EPSG:31467", None, [good, good, good]).all_to_degrees(rows)
    assert apart(placed.geometries[0], Point(PLACES[31467])) < 0.001
    assert list(placed.geometries[1:]) == [None] * 6
    expected = ["the other way round", "looks like longitude", "0, 0 is no place", "no numbers"]
    assert list(placed.flaws) == [1, 2, 3, 4]
    for reason, part in zip(placed.flaws.values(), expected, strict=True):
        assert part in reason


def test_an_outline_with_a_corner_nowhere_is_refused() -> None:
    double = struct.Struct("<d").pack
    with np.errstate(invalid="ignore"):
        broken = shapely.from_wkb(NEAR_FREIBERG.wkb.replace(double(51.2), double(np.nan)))
    for name in ("EPSG:4326", "EPSG:25833"):
        placed = Placement.of(name, None, [broken]).all_to_degrees([broken])
        assert placed.flaws == {0: "has coordinates that are no numbers"}


def test_rows_without_a_place_decide_nothing() -> None:
    empty = [None, Point(), Point(0, 0)]
    assert Placement.of("EPSG:25833", None, [*empty, metres(25833, *FREIBERG)]).notes == ()
    with pytest.raises(GeometryError, match="0, 0 is no place"):
        Placement.of("EPSG:4326", None, empty).to_degrees(Point(0, 0))


@pytest.mark.parametrize("code", [25832, 31468, 31469, 3857])
def test_a_fitting_system_is_proposed(code: int) -> None:
    lon, lat = PLACES[code]
    assert f"EPSG:{code}" in fitting_systems([metres(code, lon, lat)])
    here = Territory({1: Point(lon, lat).buffer(0.1)})
    assert fitting_systems([metres(code, lon, lat)], here) == [f"EPSG:{code}"]


def test_nothing_is_proposed_for_nothing() -> None:
    assert fitting_systems([None, Point(), Point(0, 0)]) == []
    assert fitting_systems([Point(1e12, 1e12)]) == []
    assert fitting_systems([Point(9.7, 52.4)]) == ["EPSG:4326"]


# --- properties ----------------------------------------------------------------------------------

LOCAL = [code for code in PLACES if code not in (3857, 4647, 5650, 31469)]


@st.composite
def shapes(draw: st.DrawFn) -> tuple[int, Sequence[Point]]:
    """A system and some places around one where it is used."""
    code = draw(st.sampled_from(LOCAL))
    lon, lat = PLACES[code]
    near = st.floats(-0.6, 0.6)
    places = draw(st.lists(st.tuples(near, near), min_size=1, max_size=5))
    return code, [Point(lon + east, lat + north) for east, north in places]


@settings(deadline=None)
@given(shapes())
def test_there_and_back_is_within_a_millimetre(drawn: tuple[int, Sequence[Point]]) -> None:
    code, places = drawn
    stated = [metres(code, place.x, place.y) for place in places]
    placed = Placement.of(f"EPSG:{code}", None, stated).all_to_degrees(stated)
    assert not placed.flaws
    for place, found in zip(places, placed.geometries, strict=True):
        assert apart(place, found) < 0.001


@settings(deadline=None)
@given(shapes())
def test_exchanged_axes_give_the_same_degrees(drawn: tuple[int, Sequence[Point]]) -> None:
    code, places = drawn
    stated = [metres(code, place.x, place.y) for place in places]
    straight = Placement.of(f"EPSG:{code}", None, stated).all_to_degrees(stated)
    exchanged = [turned(each) for each in stated]
    same = Placement.of(f"EPSG:{code}", None, exchanged).all_to_degrees(exchanged)
    assert list(straight.geometries) == list(same.geometries)


def test_a_hundred_thousand_points_take_well_under_a_second() -> None:
    chance = np.random.default_rng(1)
    stated = shapely.points(
        chance.uniform(35e5, 36e5, 100_000), chance.uniform(54e5, 59e5, 100_000)
    )
    placement = Placement.of("EPSG:31467", None, stated[:1000])
    started = time.process_time()
    placed = placement.all_to_degrees(stated)
    assert time.process_time() - started < 1
    assert not placed.flaws


# --- real files ----------------------------------------------------------------------------------


@needs_shared
def test_the_schools_of_wuppertal_are_in_wuppertal() -> None:
    with NRW.open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter=";") if len(row) > 22][1:]
    points = [Point(float(row[21]), float(row[22])) for row in rows if row[21]]
    keys = [row[17] for row in rows if row[21]]
    placement = Placement.of(None, "EPSG:25832", points[:500])
    placed = placement.all_to_degrees(points)
    assert (placement.notes, placed.flaws) == ((), {})
    there = [point for key, point in zip(keys, placed.geometries, strict=True) if key == "05124000"]
    assert len(there) == 108
    assert all(shapely.box(*WUPPERTAL).covers(point) for point in there)


@needs_shared
def test_flensburg_in_metres_is_its_twin_in_degrees() -> None:
    layer = import_module("pyogrio.raw").read(f"/vsizip/{FLENSBURG / 'flensburg_stadtteile.zip'}")
    stated = shapely.from_wkb(layer[2])
    placed = Placement.of(layer[0]["crs"], None, stated).all_to_degrees(stated)
    twin = json.loads((FLENSBURG / "flensburg_stadtteile.geojson").read_text())["features"]
    names = list(layer[3][list(layer[0]["fields"]).index("AREA_NAME")])
    assert len(names) == 13
    for feature in twin:
        found = placed.geometries[names.index(feature["properties"]["AREA_NAME"])]
        drawn = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert found.hausdorff_distance(drawn) < 0.00001  # degrees: about a metre
