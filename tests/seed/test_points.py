"""Points as people write them."""

from decimal import Decimal

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from seed.geometry import GeometryError
from seed.geometry.points import point_from_columns, point_from_geometry, point_from_text

TEXTS = [
    ("51.123, 7.456", (7.456, 51.123)),
    ("51.123,7.456", (7.456, 51.123)),
    ("51.123 7.456", (7.456, 51.123)),
    ("51,123; 7,456", (7.456, 51.123)),
    ("51,123, 7,456", (7.456, 51.123)),
    ("51,123 / 7,456", (7.456, 51.123)),
    (" (51.123 ; 7.456) ", (7.456, 51.123)),
    ("51.123°, 7.456°", (7.456, 51.123)),
    ("−51.123, -7.456", (-7.456, -51.123)),
    ("51°12'30\" N, 7°27'36\" E", (7.46, 51.208333)),
    ("51° 12′ 30″ N 7° 27′ 36″ O", (7.46, 51.208333)),
    ("N 51° 12.5', E 7° 27,6'", (7.46, 51.208333)),
    ("N51.5 E7.25", (7.25, 51.5)),
    ("7,25° Ö; 51,5° N", (7.25, 51.5)),
    ("7°15'0'' E, 51°30'0'' N", (7.25, 51.5)),
    ("33.5 S, 70.25 W", (-70.25, -33.5)),
    ("33,5° S, 70,25° V", (-70.25, -33.5)),
    ("POINT (7.456 51.123)", (7.456, 51.123)),
    ("point z(7.456 51.123 200)", (7.456, 51.123)),
    ("MULTIPOINT ((7.456 51.123))", (7.456, 51.123)),
]


@pytest.mark.parametrize(("text", "place"), TEXTS)
def test_one_cell(text: str, place: tuple[float, float]) -> None:
    point = point_from_text(text)
    assert (point.x, point.y) == pytest.approx(place, abs=1e-6)
    assert not point.has_z


def test_the_order_may_be_the_other_one() -> None:
    assert point_from_text("7.456, 51.123", order="lon_lat") == Point(7.456, 51.123)
    assert point_from_text("51.5 N, 7.25 E", order="lon_lat") == Point(7.25, 51.5)


def test_ewkt_keeps_its_system() -> None:
    point = point_from_text("SRID=25832; POINT (378180 5701853)")
    assert (point, shapely.get_srid(point)) == (Point(378180, 5701853), 25832)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no place is given"),
        ("  ", "no place is given"),
        ("POINT EMPTY", "no place is given"),
        ("51,7", "is one number, or two without decimals"),
        ("51.123", "not a latitude and a longitude"),
        ("5,1,2,3", "not a latitude and a longitude"),
        ("Markt 1, Musterstadt", "not a coordinate"),
        ("51.123, 7.4.56", "not a coordinate"),
        ("51°61' N, 7°0' E", "not an angle"),
        ("51.5°30' N, 7°0' E", "not an angle"),
        ("-51° S, 7° E", "says twice"),
        ("N 51° N, 7° E", "says twice"),
        ("51° N, 52° N", "latitude and longitude are swapped"),
        ("0, 0", "0, 0 is no place"),
        ("0.000; 0.000", "0, 0 is no place"),
        ("POINT (0 0)", "0, 0 is no place"),
        ("POINT (1", "WKT that cannot be read"),
        ("LINESTRING (1 2, 3 4)", "not a point but a LineString"),
        ("POINT (nan nan)", "no"),
    ],
)
def test_what_is_no_place_is_refused(text: str, reason: str) -> None:
    with pytest.raises(GeometryError, match=reason):
        point_from_text(text)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (13.338, 50.918),
        (Decimal("13.338"), Decimal("50.918")),
        ("13.338", "50.918"),
        (" 13,338 ", "50,918"),
        ("13°20'16.8\" E", "50°55'4.8\" N"),
        ("13,338 O", "N 50,918"),
    ],
)
def test_two_columns(x: float | str, y: float | str) -> None:
    point = point_from_columns(x, y)
    assert (point.x, point.y) == pytest.approx((13.338, 50.918), abs=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ("", "50.9", "no place is given"),
        ("13.3", "unbekannt", "'unbekannt' is not a coordinate"),
        ("5.701.853", "378.180", "'5.701.853' is not a coordinate"),
        ("50.9 N", "13.3 E", "is not a longitude: latitude and longitude are swapped"),
        ("0", "0,0", "0, 0 is no place"),
        (float("nan"), 1, "no numbers"),
        (float("inf"), 1, "no numbers"),
        ("٥٠", "13", "not a coordinate"),
        ("1" * 400, "13", "not a coordinate"),
        (True, 1, "True is not a coordinate"),
    ],
)
def test_columns_without_a_place_are_refused(x: float | str, y: float | str, reason: str) -> None:
    with pytest.raises(GeometryError, match=reason):
        point_from_columns(x, y)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "no place is given"),
        (Point(), "no place is given"),
        (MultiPoint([(1, 2), (3, 4)]), "not a point but a MultiPoint"),
        (LineString([(1, 2), (3, 4)]), "not a point but a LineString"),
        (Polygon([(0, 0), (1, 0), (1, 1)]), "not a point but a Polygon"),
        (Point(0, 0), "0, 0 is no place"),
    ],
)
def test_geometries_that_are_no_point_are_refused(
    geometry: BaseGeometry | None, reason: str
) -> None:
    with pytest.raises(GeometryError, match=reason):
        point_from_geometry(geometry)


def test_a_multipoint_of_one_is_a_point() -> None:
    assert point_from_geometry(MultiPoint([(13.3, 50.9)])) == Point(13.3, 50.9)
    assert point_from_geometry(Point(13.3, 50.9, 300)) == Point(13.3, 50.9)


def seconds(angle: float, letters: str) -> str:
    """An angle the way a map says it, to a thousandth of a second."""
    total = round(abs(angle) * 3_600_000)
    degrees, rest = divmod(total, 3_600_000)
    minutes, thousandths = divmod(rest, 60_000)
    letter = letters[0] if angle >= 0 else letters[1]
    return f"{degrees}° {minutes}' {thousandths / 1000:.3f}\" {letter}"


LATITUDES = st.floats(-90, 90).filter(lambda angle: abs(angle) > 0.001)
LONGITUDES = st.floats(-180, 180).filter(lambda angle: abs(angle) > 0.001)


@given(LATITUDES, LONGITUDES)
def test_degrees_minutes_and_seconds_survive(lat: float, lon: float) -> None:
    for cell in (
        f"{seconds(lat, 'NS')}, {seconds(lon, 'EW')}",
        f"{seconds(lon, 'EW')} {seconds(lat, 'NS')}",
        f"{seconds(lat, 'NS')}; {seconds(lon, 'OW')}".replace(".", ","),
    ):
        point = point_from_text(cell)
        assert (point.x, point.y) == pytest.approx((lon, lat), abs=0.001 / 3600)


@given(LATITUDES, LONGITUDES)
def test_decimals_survive(lat: float, lon: float) -> None:
    north, east = f"{lat:.9f}", f"{lon:.9f}"
    comma = f"{north}; {east}".replace(".", ",")
    for cell in (f"{north}, {east}", f"{north},{east}", f"{north} {east}", comma):
        assert point_from_text(cell) == Point(float(east), float(north))


@given(st.text(max_size=40))
def test_any_text_is_a_point_or_refused(text: str) -> None:
    try:
        point = point_from_text(text)
    except GeometryError:
        return
    assert not point.is_empty
