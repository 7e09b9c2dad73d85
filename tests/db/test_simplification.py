"""Simplified boundaries: still valid, still fitting together, and not far from the originals."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from db.simplification import TOLERANCES, Area, simplified

EARTH = Geod(ellps="GRS80")
METRES = Transformer.from_crs("EPSG:4326", "EPSG:25833", always_xy=True)
SQUARE_METRE = 1e-10  # in square degrees, roughly

Numbers = NDArray[np.float64]
Seeds = list[tuple[float, float]]
seeds = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400)).map(
        lambda place: (12.8 + place[0] / 1000, 50.8 + place[1] / 1000)
    ),
    min_size=3,
    max_size=25,
    unique=True,
)


def wriggled(places: Numbers) -> Numbers:
    """Borders as rivers make them. Neither folds over: both slopes are below one."""
    x, y = places.T
    return np.column_stack([x + 0.0012 * np.sin(600 * y), y + 0.0006 * np.sin(700 * x)])


def mosaic(places: Seeds) -> list[BaseGeometry]:
    """Areas that meet without gap or overlap, with wriggling borders."""
    frame = shapely.box(12.7, 50.7, 13.3, 51.3)
    lines = shapely.voronoi_polygons(shapely.multipoints(places), extend_to=frame, only_edges=True)
    inside = shapely.intersection(lines, frame)
    noded = shapely.union_all([inside, frame.boundary], grid_size=1e-6)
    fine = shapely.transform(shapely.segmentize(noded, 0.002), wriggled)
    return list(shapely.polygonize([fine]).geoms)


def areas(shapes: Iterable[BaseGeometry]) -> list[Area]:
    return [Area(UUID(int=number), shape) for number, shape in enumerate(shapes)]


def shapes(result: dict[UUID, BaseGeometry]) -> list[BaseGeometry]:
    return [result[key] for key in sorted(result)]


def in_metres(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.transform(geometry, lambda p: np.column_stack(METRES.transform(*p.T)))


def square_metres(geometry: BaseGeometry) -> float:
    return abs(EARTH.geometry_area_perimeter(geometry)[0])


def square(west: float, south: float, size: float) -> Polygon:
    return shapely.segmentize(shapely.box(west, south, west + size, south + size), size / 20)


def overlap(geometries: Sequence[BaseGeometry]) -> float:
    return float(shapely.area(geometries).sum() - shapely.union_all(geometries).area)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from(TOLERANCES))
def test_neighbours_still_share_their_borders(places: Seeds, tolerance: int) -> None:
    originals = mosaic(places)
    drawn = shapes(simplified(areas(originals), tolerance))
    assert shapely.coverage_is_valid(drawn)
    assert abs(overlap(drawn)) < SQUARE_METRE
    assert not any(part.interiors for part in shapely.get_parts(shapely.union_all(drawn)))


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from(TOLERANCES))
def test_what_comes_out_is_publishable(places: Seeds, tolerance: int) -> None:
    originals = mosaic(places)
    for original, drawn in zip(
        originals, shapes(simplified(areas(originals), tolerance)), strict=True
    ):
        assert isinstance(drawn, MultiPolygon)
        assert drawn.is_valid
        assert all(part.exterior.is_ccw for part in drawn.geoms)
        assert not any(hole.is_ccw for part in drawn.geoms for hole in part.interiors)
        assert np.array_equal(
            shapely.get_coordinates(drawn), shapely.get_coordinates(drawn).round(6)
        )
        assert square_metres(drawn) == pytest.approx(square_metres(original), rel=0.35)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_shapes_stay_within_a_few_tolerances(places: Seeds) -> None:
    originals = mosaic(places)
    drawn = shapes(simplified(areas(originals), 200))
    distances = shapely.hausdorff_distance(in_metres(originals), in_metres(drawn))
    assert max(distances) < 4 * 200


@settings(max_examples=20, deadline=None)
@given(seeds, st.sampled_from(TOLERANCES))
def test_a_county_is_the_union_of_its_municipalities(places: Seeds, tolerance: int) -> None:
    originals = mosaic(places)
    half = len(originals) // 2
    counties = [shapely.union_all(originals[:half]), shapely.union_all(originals[half:])]
    *municipalities, first, second = shapes(simplified(areas([*originals, *counties]), tolerance))
    for county, members in ((first, municipalities[:half]), (second, municipalities[half:])):
        assert shapely.union_all(members).symmetric_difference(county).area < SQUARE_METRE


def test_a_merged_municipality_fits_its_predecessors_and_its_neighbour() -> None:
    west, east, north = square(13.0, 51.0, 0.1), square(13.1, 51.0, 0.1), square(13.0, 51.1, 0.2)
    west, east, north = shapely.transform([west, east, north], wriggled)
    merged = shapely.union_all([west, east])
    result = shapes(simplified(areas([west, east, north, merged]), 1000))
    assert shapely.union_all(result[:2]).symmetric_difference(result[3]).area < SQUARE_METRE
    assert shapely.coverage_is_valid([result[2], result[3]])


def test_two_drawings_of_a_border_become_one() -> None:
    west = shapely.transform(square(13.0, 51.0, 0.1), wriggled)
    rest = shapely.difference(square(13.05, 51.0, 0.15), west)
    wider = shapely.segmentize(shapely.union(rest, shapely.buffer(rest, 0.00002)), 0.0011)
    drawn = shapes(simplified(areas([west, wider]), 1000))
    assert shapely.coverage_is_valid(drawn)
    assert shapely.length(shapely.intersection(*drawn)) > 0.1


def test_areas_that_overlap_stay_overlapping() -> None:
    one, other = square(13.0, 51.0, 0.2), square(13.1, 51.1, 0.2)
    drawn = shapes(simplified(areas([one, other]), 200))
    assert shapely.intersection(*drawn).area == pytest.approx(0.01, rel=0.01)


def test_an_enclave_stays_in_its_hole() -> None:
    city = shapely.transform(square(13.05, 51.05, 0.03), wriggled)
    county = shapely.difference(square(13.0, 51.0, 0.2), city)
    drawn = shapes(simplified(areas([city, county]), 1000))
    assert shapely.coverage_is_valid(drawn)
    assert len(drawn[1].geoms[0].interiors) == 1


@pytest.mark.parametrize("metres", [0.01, 1, 30, 300])
def test_a_small_area_among_large_ones_does_not_vanish(metres: float) -> None:
    small = square(13.1, 51.1, metres / 70_000)
    county = shapely.difference(square(13.0, 51.0, 0.3), small)
    drawn = shapes(simplified(areas([small, county]), 1000))
    assert drawn[0].is_valid
    assert drawn[0].area == pytest.approx(small.area, rel=0.2)


def test_a_narrow_strip_does_not_go_to_its_neighbours() -> None:
    strip = shapely.segmentize(shapely.box(13.0, 51.0, 13.0003, 51.2), 0.01)
    wide = shapely.segmentize(shapely.box(13.0003, 51.0, 13.2, 51.2), 0.01)
    drawn = shapes(simplified(areas([strip, wide]), 1000))
    assert drawn[0].area == pytest.approx(strip.area, rel=0.01)


def test_several_parts_and_far_places() -> None:
    islands = shapely.union_all([square(8.0, 54.0, 0.05), square(8.2, 54.0, 0.05)])
    skara = square(13.4, 58.3, 0.2)
    drawn = shapes(simplified(areas([islands, skara]), 50))
    assert [len(shape.geoms) for shape in drawn] == [2, 1]


def test_another_area_far_away_changes_nothing() -> None:
    originals = mosaic([(12.9, 50.9), (13.0, 51.0), (13.1, 50.9), (13.2, 51.1)])
    alone = shapes(simplified(areas(originals), 200))
    with_skara = shapes(simplified(areas([*originals, square(13.4, 58.3, 0.2)]), 200))
    assert with_skara[:-1] == alone


def test_nothing_gives_nothing() -> None:
    assert simplified([], 50) == {}
