"""The values a caller can send, each with its limits, its reason when refused, and its schema."""

import json
import math
import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

import shapely
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

NUMBER = r"-?\d{1,3}(\.\d{1,15})?"
MAX_TEXT = 200


def _printable(value: str) -> str:
    """Control characters have no business in a parameter, and PostgreSQL refuses NUL."""
    if any(ord(character) < 32 for character in value):
        raise ValueError("must not contain control characters")
    return value.strip() or _refuse("must not be empty")


def _refuse(reason: str) -> Any:
    raise ValueError(reason)


def _is_text(value: Any) -> str:
    return value if isinstance(value, str) else _refuse("must be a text")


def _numbers(value: Any, count: int, form: str) -> list[float]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != count:
        raise ValueError(f"must be {form}")
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError):
        raise ValueError(f"must be {form}, as numbers") from None
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"must be {form}, as finite numbers")
    return numbers


def _check_position(longitude: float, latitude: float) -> None:
    if not -180 <= longitude <= 180:
        raise ValueError(f"longitude {longitude:g} is not between -180 and 180 degrees")
    if not -90 <= latitude <= 90:
        hint = "; longitude comes first" if -180 <= latitude <= 180 else ""
        raise ValueError(f"latitude {latitude:g} is not between -90 and 90 degrees{hint}")


def _box(value: Any) -> tuple[float, float, float, float]:
    west, south, east, north = _numbers(value, 4, "west,south,east,north")
    _check_position(west, south)
    _check_position(east, north)
    if west > east:
        raise ValueError("west must not be east of east; the order is west,south,east,north")
    if south > north:
        raise ValueError("south must not be north of north; the order is west,south,east,north")
    return west, south, east, north


def _position(value: Any) -> tuple[float, float]:
    longitude, latitude = _numbers(value, 2, "longitude,latitude")
    _check_position(longitude, latitude)
    return longitude, latitude


def _area(value: Any) -> bytes:
    """WKB of a polygon given as GeoJSON (object or text) or WKT."""
    geometry = _from_geojson(value) if _looks_like_json(value) else _from_wkt(value)
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"must be a Polygon or MultiPolygon, not a {geometry.geom_type}")
    if geometry.is_empty:
        raise ValueError("must not be empty")
    if geometry.has_z:
        geometry = shapely.force_2d(geometry)
    west, south, east, north = geometry.bounds
    if not all(map(math.isfinite, geometry.bounds)):
        raise ValueError("must have finite coordinates")
    _check_position(west, south)
    _check_position(east, north)
    if not geometry.is_valid:
        raise ValueError(f"is not a valid polygon: {shapely.is_valid_reason(geometry)}")
    return bytes(shapely.to_wkb(geometry))


def _looks_like_json(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{"))


def _from_geojson(value: Any) -> BaseGeometry:
    try:
        document = json.loads(value) if isinstance(value, str) else value
        if document.get("type") == "Feature":
            document = document["geometry"]
        return shapely.from_geojson(json.dumps(document))
    except (AttributeError, GEOSException, KeyError, RecursionError, TypeError, ValueError):
        raise ValueError("is not a GeoJSON polygon") from None


def _from_wkt(value: Any) -> BaseGeometry:
    try:
        return shapely.from_wkt(_is_text(value))
    except (GEOSException, TypeError, ValueError):
        raise ValueError("is neither GeoJSON nor WKT of a polygon") from None


def vertices(wkb: bytes) -> int:
    """How many positions a polygon has."""
    return int(shapely.get_num_coordinates(shapely.from_wkb(wkb)))


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "false": False}
    return known[value] if value in known else _refuse("must be true or false")


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    return _refuse("must be a whole number")


def _decimal(value: Any) -> float:
    (number,) = _numbers(value if isinstance(value, str) else [value], 1, "a number")
    return number


def _day(value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return _refuse("must be a date of the calendar, as YYYY-MM-DD")


def _moment(value: Any) -> datetime:
    """RFC 3339; a date alone is its first moment, and without an offset the time is UTC."""
    text = value.replace(" ", "+") if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return datetime.combine(_day(text), time(), UTC)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt].+", text):
        try:
            moment = datetime.fromisoformat(text.upper())
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except ValueError:
            pass
    return _refuse("must be a date or an RFC 3339 time, such as 2024-05-07T16:00:00Z")


def _period(value: Any) -> "Period":
    """`2021`, `2019..2022`, or `latest`."""
    if value == "latest":
        return "latest"
    found = re.fullmatch(r"([0-9]{4})(?:\.\.([0-9]{4}))?", value if isinstance(value, str) else "")
    if not found:
        raise ValueError("must be a year (2021), a range (2019..2022) or latest")
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last:
        raise ValueError("must begin with the earlier year, and years begin at 0001")
    return date(first, 1, 1), date(last, 12, 31)


def _names(value: Any) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in _is_text(value).split(","))
    if not all(parts):
        raise ValueError("must be names separated by commas, none of them empty")
    return tuple(dict.fromkeys(parts))


def _text_schema(form: str, pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "format": form, "pattern": pattern, "examples": [example]}
    )


Period = tuple[date, date] | Literal["latest"]

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT, min_length=1), AfterValidator(_printable)]

Name = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9]+([_:.-][A-Za-z0-9]+)*$", min_length=1, max_length=120
    ),
]
"""An id, a slug, or a key: what entities and codes are called."""

Postcode = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{1,9}$", max_length=10)
]

Box = Annotated[
    tuple[float, float, float, float],
    BeforeValidator(_box),
    _text_schema("bbox", f"^{NUMBER},{NUMBER},{NUMBER},{NUMBER}$", "12.9,50.8,13.5,51.2"),
]
"""west,south,east,north in degrees (EPSG:4326, longitude first)."""

Position = Annotated[
    tuple[float, float],
    BeforeValidator(_position),
    _text_schema("position", f"^{NUMBER},{NUMBER}$", "13.34,50.91"),
]
"""longitude,latitude in degrees (EPSG:4326)."""

Area = Annotated[
    bytes,
    BeforeValidator(_area),
    _text_schema("polygon", r"^\s*(\{|[Pp]|[Mm]).*$", "POLYGON((13 50.8,13.5 50.8,13.5 51,13 50.8))"),
]
"""A polygon as GeoJSON or WKT, in degrees (EPSG:4326, longitude first)."""

AreaInBody = Annotated[
    bytes,
    BeforeValidator(_area),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string", "format": "polygon", "description": "WKT"},
                {
                    "type": "object",
                    "format": "polygon",
                    "description": "GeoJSON Polygon or MultiPolygon",
                    "required": ["type", "coordinates"],
                    "properties": {
                        "type": {"enum": ["Polygon", "MultiPolygon"]},
                        "coordinates": {"type": "array"},
                    },
                },
            ],
        }
    ),
]

Boolean = Annotated[bool, BeforeValidator(_boolean)]
Whole = Annotated[int, BeforeValidator(_whole)]
Decimal = Annotated[float, BeforeValidator(_decimal)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    _text_schema(
        "moment",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})?)?$",
        "2024-05-07T16:00:00Z",
    ),
]
Time = Annotated[
    Period,
    BeforeValidator(_period),
    _text_schema("period", r"^([0-9]{4}(\.\.[0-9]{4})?|latest)$", "2019..2022"),
]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    _text_schema("names", r"^[a-z_]+(,[a-z_]+)*$", "name,updated_at"),
]
"""Names separated by commas."""

Ids = Annotated[list[Name], Field(min_length=1, max_length=200)]
"""A repeated parameter: one of the values suffices."""
