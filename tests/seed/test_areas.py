"""What may be the boundary of a district, and what a repair may cost."""

import struct

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import (
    GeometryCollection,
    LinearRing,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)
from shapely.geometry.base import BaseGeometry

from seed.geometry import GeometryError
from seed.geometry.areas import area

SQUARE = shapely.box(13, 51, 14, 52)
BOW_TIE = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


def with_corner(y: float) -> BaseGeometry:
    """The square with another y for its northern corners, as a damaged file has it."""
    double = struct.Struct("<d").pack
    with np.errstate(invalid="ignore"):
        return shapely.from_wkb(SQUARE.wkb.replace(double(52), double(y)))


def spiked(width: float) -> Polygon:
    """The unit square with a loop at its corner, which crosses itself."""
    return Polygon(
        [(0, 0), (1, 0), (1, 1), (0, 1), (-width, 1 + width), (0, 1 + width), (-width, 1), (0, 0.5)]
    )


def test_a_polygon_is_taken_as_it_is() -> None:
    assert area(SQUARE) == (MultiPolygon([SQUARE]), None, 0, 0)
    two = MultiPolygon([SQUARE, shapely.box(20, 0, 21, 1)])
    assert area(two) == (two, None, 0, 0)


def test_heights_are_left_out() -> None:
    high = shapely.force_3d(SQUARE, 100)
    assert not area(high).boundary.has_z


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "without a boundary"),
        (Polygon(), "without a boundary"),
        (GeometryCollection(), "without a boundary"),
        (Point(1, 2), "not an area but a point: a polygon is needed"),
        (MultiPoint([(1, 2), (3, 4)]), "not an area but a point"),
        (LineString([(0, 0), (1, 1)]), "not an area but a line"),
        (LineString([(0, 0), (1, 1), (0, 1), (0, 0)]), r"a closed line \(a GIS turns lines"),
        (LinearRing([(0, 0), (1, 1), (0, 1)]), "a closed line"),
        (MultiLineString([[(0, 0), (1, 1), (0, 1)], [(0, 1), (0, 0)]]), "a closed line"),
        (MultiLineString([[(0, 0), (1, 1)], [(0, 1), (0, 0)]]), "not an area but a line"),
        (GeometryCollection([Point(1, 2), LineString([(0, 0), (1, 1)])]), "a collection"),
        (with_corner(float("nan")), "no numbers"),
        (with_corner(float("inf")), "no numbers"),
    ],
)
def test_what_is_no_area_is_refused(geometry: BaseGeometry | None, reason: str) -> None:
    with pytest.raises(GeometryError, match=reason):
        area(geometry)


def test_the_areas_of_a_collection_are_taken_and_the_rest_counted() -> None:
    mixed = GeometryCollection([Point(1, 2), GeometryCollection([MultiPolygon([SQUARE])])])
    assert area(mixed) == (MultiPolygon([SQUARE]), None, 0, 1)


def test_a_small_flaw_is_repaired_and_told() -> None:
    found = area(spiked(0.01))
    assert found.boundary.is_valid
    assert found.flaw is not None
    assert found.flaw.startswith("Self-intersection")
    assert 0 < found.change < 0.001


def test_a_repair_that_changes_much_is_refused() -> None:
    with pytest.raises(GeometryError, match="would change the area, by "):
        area(spiked(0.2))
    with pytest.raises(GeometryError, match=r"would change the area, by 0\.\d\d%"):
        area(spiked(0.01), repairable=0.00001)
    assert area(spiked(0.2), repairable=0.2).change > 0.001


def test_a_bow_tie_is_refused() -> None:
    with pytest.raises(GeometryError, match="Self-intersection"):
        area(BOW_TIE)
    with pytest.raises(GeometryError, match="Self-intersection"):
        area(Polygon([(0, 0), (3, 3), (3, 0), (0, 2)]))


def test_a_collapsed_polygon_is_refused() -> None:
    with pytest.raises(GeometryError, match="invalid"):
        area(Polygon([(0, 0), (1, 1), (0, 0)]))


def test_parts_that_lie_on_top_of_each_other_are_refused() -> None:
    with pytest.raises(GeometryError, match="would change the area"):
        area(MultiPolygon([SQUARE, SQUARE]))


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 2), min_size=3, max_size=8))
def test_whatever_is_taken_is_valid_and_about_as_large(corners: list[tuple[int, int]]) -> None:
    """The oracle fills the outline by the even-odd rule; where nothing overlaps both agree."""
    drawn = Polygon(corners)
    try:
        found = area(drawn)
    except GeometryError:
        assert not drawn.is_valid
        return
    assert found.boundary.is_valid
    assert found.boundary.area == pytest.approx(drawn.area, rel=0.001)
    if found.flaw is None:
        assert found.boundary.equals(drawn)
