"""Maps and charts: what is drawn is where it should be, and nothing covers anything else."""

from __future__ import annotations

import re
from datetime import date
from itertools import combinations, pairwise
from typing import Any

import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.pages import charts
from api.pages.charts import Bars, Lines, Series, chart, series
from api.pages.maps import CLUSTER, LETTER, LINE, SIZE, Map, ground

LONGITUDES = st.floats(8, 14)
LATITUDES = st.floats(48, 54)
VALUES = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-3)


def feature(number: int, west: float, south: float, size: float) -> dict[str, Any]:
    box = shapely.box(west, south, west + size, south + size)
    return {
        "geometry": shapely.geometry.mapping(shapely.MultiPolygon([box])),
        "properties": {
            "slug": f"area-{number}",
            "name": f"Gebiet {number}",
            "longitude": west + size / 2,
            "latitude": south + size / 2,
        },
    }


AREAS = st.lists(
    st.tuples(LONGITUDES, LATITUDES, st.floats(0.01, 0.5)), min_size=1, max_size=30
).map(lambda boxes: [feature(number, *box) for number, box in enumerate(boxes)])
PLACES = st.lists(st.tuples(LONGITUDES, LATITUDES), max_size=40).map(
    lambda found: [(number, f"Ort {number}", place) for number, place in enumerate(found, 1)]
)


def drawn(areas: list[dict[str, Any]], places: list[Any]) -> Map:
    found = ground(areas)
    assert found is not None
    return found.drawn(places)


def corners(path: str) -> list[tuple[int, int]]:
    """A path as its absolute points."""
    x = y = 0
    points: list[tuple[int, int]] = []
    for number, (dx, dy) in enumerate(re.findall(r"(-?\d+) (-?\d+)", path)):
        x, y = (int(dx), int(dy)) if number == 0 else (x + int(dx), y + int(dy))
        points.append((x, y))
    return points


@given(areas=AREAS)
def test_an_area_is_drawn_as_large_as_it_is(areas: list[dict[str, Any]]) -> None:
    found = ground(areas)
    assert found is not None
    for area, given_ in zip(found.areas, areas, strict=True):
        west, south, east, north = shapely.geometry.shape(given_["geometry"]).bounds
        left, bottom = found.projection.point((west, south))
        right, top = found.projection.point((east, north))
        xs, ys = zip(*corners(area.path), strict=True)
        for is_drawn, is_meant in zip(
            (min(xs), max(xs), min(ys), max(ys)), (left, right, top, bottom), strict=True
        ):
            assert abs(is_drawn - is_meant) <= 1


@given(areas=AREAS, places=PLACES)
def test_every_place_is_seen_once(areas: list[dict[str, Any]], places: list[Any]) -> None:
    found = drawn(areas, places)
    numbers = [number for mark in found.marks for number in mark.numbers]
    assert sorted(numbers) == [number for number, *_ in places]
    for mark in found.marks:
        assert found.view.shows((mark.x, mark.y))
    apart = CLUSTER * found.view.unit
    cells = {(round(mark.x / apart), round(mark.y / apart)) for mark in found.marks}
    assert len(cells) <= len(found.marks)


@given(areas=AREAS, places=PLACES)
def test_names_cover_neither_each_other_nor_marks(
    areas: list[dict[str, Any]], places: list[Any]
) -> None:
    found = drawn(areas, places)
    size = SIZE * found.view.unit
    taken = [
        shapely.box(mark.x - size, mark.y - size, mark.x + size, mark.y + size)
        for mark in found.marks
    ]
    names = []
    for area in found.named:
        half, (x, y) = len(area.name) * size * LETTER / 2, area.label
        names.append(shapely.box(x - half, y - size * LINE / 2, x + half, y + size * LINE / 2))
    for one, two in combinations(names, 2):
        assert shapely.intersection(one, two).area < 1e-6
    for name in names:
        assert all(shapely.intersection(name, other).area < 1e-6 for other in taken)


def test_no_boundary_is_no_ground() -> None:
    assert ground([{"geometry": None, "properties": {"slug": "a", "name": "A"}}]) is None


# --- charts --------------------------------------------------------------------------------------


def observation(district: str, period: str, value: float | None) -> dict[str, Any]:
    return {
        "district": {"name": district},
        "period": {"edtf": period},
        "value": value,
        "breakdowns": {},
    }


SERIES = st.dictionaries(
    st.tuples(st.sampled_from("ABCD"), st.sampled_from(["2019", "2020", "2021", "2022"])),
    st.none() | VALUES,
    max_size=16,
).map(lambda found: [observation(*key, value) for key, value in found.items()])


@given(series=SERIES)
def test_a_chart_shows_known_values_and_those_alone(series: list[dict[str, Any]]) -> None:
    found = chart(series)
    known = [each for each in series if each["value"] is not None]
    if isinstance(found, Lines):
        assert sum(len(line.points) for line in found.lines) == len(known)
        for line in found.lines:
            for point in line.points:
                assert charts.TOP - 0.1 <= point.y <= charts.HEIGHT - charts.BOTTOM + 0.1
                assert charts.LEFT - 0.1 <= point.x <= charts.WIDTH
    elif isinstance(found, Bars):
        shown = {(bar.name, bar.value) for bar in found.bars}
        of_period = [each for each in known if each["period"]["edtf"] == found.period]
        assert shown == {(each["district"]["name"], each["value"]) for each in of_period}
    else:
        assert len({each["district"]["name"] for each in known}) < 2


def test_a_chart_shows_totals_or_one_breakdown_and_never_a_mixture() -> None:
    women, men = ({"sex": {"code": code, "label": code}} for code in "fm")
    totals = [observation("A", "2021", 3), observation("A", "2022", 5)]
    parts = [each | {"breakdowns": women, "value": 1} for each in totals]
    others = [each | {"breakdowns": men, "value": 2} for each in totals]
    assert chart([*totals, *parts, *others]) == chart(totals)
    assert isinstance(chart(parts), Lines)
    assert chart([*parts, *others]) is None


@given(series=SERIES)
def test_what_is_higher_is_drawn_higher(series: list[dict[str, Any]]) -> None:
    found = chart(series)
    if not isinstance(found, Lines):
        return
    points = sorted((point for line in found.lines for point in line.points), key=lambda p: p.value)
    for low, high in pairwise(points):
        assert low.y >= high.y - 1e-6
    values = [tick.value for tick in found.ticks]
    assert values == sorted(set(values))
    assert values[0] <= points[0].value
    assert values[-1] >= points[-1].value


def test_a_gap_in_the_values_is_a_gap_in_the_line() -> None:
    known = [("A", "2019", 1.0), ("A", "2021", 2.0), ("B", "2019", 3.0), ("B", "2020", 4.0)]
    found = chart([observation(*each) for each in known])
    assert isinstance(found, Lines)
    assert [line.path.count("M") for line in found.lines] == [2, 1]


YEARS = st.lists(st.integers(1990, 2030), min_size=2, max_size=12, unique=True).map(sorted)


@given(years=YEARS, data=st.data())
def test_a_series_is_drawn_over_the_time_there_was(years: list[int], data: st.DataObject) -> None:
    periods = [str(year) for year in years]
    values = {period: data.draw(VALUES) for period in periods}
    breaks = data.draw(st.sets(st.sampled_from(periods[1:])))
    found = series(
        [Series("Gebiet", values, periods, breaks)],
        {period: date(int(period), 12, 31) for period in periods},
    )
    assert found is not None
    (line,) = found.lines
    assert [(point.period, point.value) for point in line.points] == list(values.items())
    apart = [later.x - earlier.x for earlier, later in pairwise(line.points)]
    days = [365.25 * (later - earlier) for earlier, later in pairwise(years)]
    scale = sum(apart) / sum(days)
    assert all(abs(width - scale * time) < 2 for width, time in zip(apart, days, strict=True))
    assert line.path.count("M") == 1 + len(breaks)
    assert {period for period, _ in found.breaks} == breaks
    labels = [at for _, at in found.periods]
    assert all(later - earlier > 60 for earlier, later in pairwise(labels))


def test_a_series_has_a_gap_where_others_of_its_level_have_a_period() -> None:
    values = {"2019": 1.0, "2020": 2.0, "2022": 3.0}
    days = {str(year): date(year, 12, 31) for year in range(2019, 2023)}
    dense = Series("dicht", values, ["2019", "2020", "2021", "2022"])
    sparse = Series("dünn", values, ["2019", "2020", "2022"])
    found = series([dense, sparse], days)
    assert found is not None
    assert [line.path.count("M") for line in found.lines] == [2, 1]


def test_one_period_is_no_series_and_undated_ones_stand_evenly() -> None:
    assert series([Series("a", {"2020": 1.0}, ["2020"])], {"2020": date(2020, 12, 31)}) is None
    assert series([], {}) is None
    periods = ["früher", "später", "zuletzt"]
    found = series([Series("a", dict.fromkeys(periods, 1.0), periods)], dict.fromkeys(periods))
    assert found is not None
    first, second, third = (point.x for point in found.lines[0].points)
    assert abs((second - first) - (third - second)) < 1e-6
