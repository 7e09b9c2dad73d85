"""Points as people write them: two columns, one cell, WKT; in degrees, minutes and seconds too.

A point is as the file has it, x before y; a `Placement` brings it to where it belongs.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, cast

import numpy as np
import shapely
from shapely import Point
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from seed.geometry import GeometryError

Order = Literal["lat_lon", "lon_lat"]
Number = int | float | Decimal

NO_PLACE = "0, 0 is no place"
_WKB_POINT = struct.Struct("<BIdd")

# German Ost and Swedish öst are east, Swedish väst is west.
_EAST_WEST = {"e": 1, "o": 1, "ö": 1, "w": -1, "v": -1}
_NORTH_SOUTH = {"n": 1, "s": -1}
_LETTER = "[NSEOÖWV]"
_PLAIN = re.compile(r"[-+]?[0-9]{1,12}(?:[.,][0-9]{1,20})?")
_ANGLE = re.compile(
    rf"""
    (?P<before>{_LETTER})?\ ?
    (?P<sign>[-+])?
    (?P<degrees>[0-9]{{1,3}}(?:[.,][0-9]{{1,20}})?)\ ?[°º]?\ ?
    (?:(?P<minutes>[0-9]{{1,2}}(?:[.,][0-9]{{1,20}})?)\ ?'\ ?)?
    (?:(?P<seconds>[0-9]{{1,2}}(?:[.,][0-9]{{1,20}})?)\ ?"\ ?)?
    (?P<after>{_LETTER})?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MARKS = str.maketrans({"−": "-", "′": "'", "’": "'", "´": "'", "″": '"', "”": '"', "“": '"'})
_WKT = re.compile(
    r"(?:SRID=(?P<srid>[0-9]{1,6}); ?)?"
    r"(?P<wkt>(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\b.*|GEOMETRYCOLLECTION\b.*)",
    re.IGNORECASE,
)
# Between the two numbers of a cell, the clearest first: 51° N 7° E · 51,1; 7,4 · 51,1, 7,4 ·
# 51.1,7.4 · 51,1 7,4
_BETWEEN = (rf"(?<={_LETTER})[,; ]+(?=[-+0-9])", r" ?[;|/] ?", r" ?, ", r",", r" ")


def point_from_geometry(geometry: BaseGeometry | None) -> Point:
    """A point, or a MultiPoint of one; GeometryError for anything else."""
    if geometry is None or geometry.is_empty:
        raise GeometryError("no place is given")
    if geometry.geom_type == "MultiPoint" and len(geometry.geoms) == 1:
        return point_from_geometry(geometry.geoms[0])
    if geometry.geom_type != "Point":
        raise GeometryError(f"not a point but a {geometry.geom_type}")
    return _somewhere(geometry.x, geometry.y, srid=shapely.get_srid(geometry))


def point_from_columns(x: Number | str, y: Number | str) -> Point:
    """A point from its easting or longitude and its northing or latitude."""
    return _somewhere(_coordinate(x, _EAST_WEST), _coordinate(y, _NORTH_SOUTH))


def point_from_text(cell: str, order: Order = "lat_lon") -> Point:
    """A point from one cell: WKT, EWKT, or two numbers, of which letters tell the order."""
    text = _normal(cell)
    if match := _WKT.fullmatch(text):
        return point_from_geometry(_from_wkt(match["wkt"], int(match["srid"] or 0)))
    first, second = _split(text.strip("()[] "))
    if order == "lat_lon":
        first, second = second, first
    if _names(first, _NORTH_SOUTH) or _names(second, _EAST_WEST):
        first, second = second, first
    return point_from_columns(first, second)


def _normal(text: str) -> str:
    return " ".join(text.translate(_MARKS).replace("''", '"').split())


def _from_wkt(text: str, srid: int) -> BaseGeometry:
    try:
        with np.errstate(invalid="ignore"):  # of NaN it would warn; it is refused later
            return shapely.set_srid(shapely.from_wkt(text), srid)
    except ShapelyError as error:
        raise GeometryError(f"WKT that cannot be read: {error}") from error


def _split(text: str) -> tuple[str, str]:
    if not text:
        raise GeometryError("no place is given")
    if re.fullmatch(r"[-+]?[0-9]+,[0-9]+", text):
        raise GeometryError(f"{text!r} is one number, or two without decimals")
    for separator in _BETWEEN:
        parts = re.split(separator, text, flags=re.IGNORECASE)
        if len(parts) == 2:
            return parts[0], parts[1]
    raise GeometryError(f"{text!r} is not a latitude and a longitude")


def _names(text: str, letters: Mapping[str, int]) -> bool:
    """Whether a coordinate says with a letter that it is one of these."""
    return text[:1].lower() in letters or text[-1:].lower() in letters


def _coordinate(value: Number | str, letters: Mapping[str, int]) -> float:
    if isinstance(value, bool):
        raise GeometryError(f"{value} is not a coordinate")
    if not isinstance(value, str):
        return float(value)
    text = _normal(value)
    if _PLAIN.fullmatch(text):
        return float(text.replace(",", "."))
    if match := _ANGLE.fullmatch(text):
        return _angle(match, letters)
    raise GeometryError(f"{value!r} is not a coordinate" if text else "no place is given")


def _angle(match: re.Match[str], letters: Mapping[str, int]) -> float:
    named = [letter.lower() for letter in (match["before"], match["after"]) if letter]
    if any(letter not in letters for letter in named):
        wanted = "longitude" if "e" in letters else "latitude"
        raise GeometryError(f"{match[0]!r} is not a {wanted}: latitude and longitude are swapped")
    if len(named) + bool(match["sign"]) > 1:
        raise GeometryError(f"{match[0]!r} says twice in which direction")
    negative = match["sign"] == "-" or (bool(named) and letters[named[0]] < 0)
    return -_degrees(match) if negative else _degrees(match)


def _degrees(match: re.Match[str]) -> float:
    """Whole degrees and minutes, where smaller units follow; less than 60 of those."""
    stated = [match[name] for name in ("degrees", "minutes", "seconds")]
    numbers = [float((text or "0").replace(",", ".")) for text in stated]
    whole = all(
        number.is_integer() or not any(stated[place + 1 :]) for place, number in enumerate(numbers)
    )
    if not whole or max(numbers[1:]) >= 60:
        raise GeometryError(f"{match[0]!r} is not an angle of degrees, minutes and seconds")
    return numbers[0] + numbers[1] / 60 + numbers[2] / 3600


def _somewhere(x: float, y: float, *, srid: int = 0) -> Point:
    if not (math.isfinite(x) and math.isfinite(y)):
        raise GeometryError("has coordinates that are no numbers")
    if x == 0 and y == 0:
        raise GeometryError(NO_PLACE)
    point = cast("Point", shapely.from_wkb(_WKB_POINT.pack(1, 1, x, y)))  # faster than Point(x, y)
    return shapely.set_srid(point, srid) if srid else point
