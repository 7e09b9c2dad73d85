"""The values a caller can send, each with its limits, its reason when refused, and its schema."""

import json
import math
import re
import sys
from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal, NoReturn

import shapely
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from db.conditions import as_uuid

MAX_TEXT = 200
MAX_LIMIT = 10_000
OPEN_YEARS = range(2000, 2100)
"""For which opening times are worked out: holidays were and will be others in other times."""
IN_BODY = "body"
"""Validation context of a JSON body: values have JSON's types there. In a query all is text."""

_NUMBER = re.compile(r"\s*-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?\s*")
_CONTROL = r"\u0000-\u001F\u007F-\u009F"
_YEAR = "[1-9][0-9]{3}"
_COUNT = "[1-9][0-9]{0,2}"
_DIMENSION = "[A-Za-z0-9_-]{1,60}"
_TERM = r"[^\s\x00-\x1f\x7f-\x9f]{1,60}"


def _printable(value: str) -> str:
    """Control characters have no business in a parameter, and PostgreSQL refuses NUL."""
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise ValueError("must not contain control characters")
    return value.strip() or _refuse("must not be empty")


def _canonical(name: str) -> str:
    """Ids in lower case, as they are published; slugs and codes as they are."""
    return str(as_uuid(name) or name)


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)


def _is_text(value: object) -> str:
    return value if isinstance(value, str) else _refuse("must be a text")


def _is_written(info: ValidationInfo) -> bool:
    """Whether the value was written in a query, where numbers and lists are text as well."""
    return info.context != IN_BODY


def _numbers(value: object, info: ValidationInfo, count: int, form: str) -> list[float]:
    parts = value.split(",") if _is_written(info) and isinstance(value, str) else value
    if not isinstance(parts, list) or len(parts) != count:
        raise ValueError(f"must be {form}")
    return [_number(part, info, f"must be {form}, as finite numbers") for part in parts]


def _number(value: object, info: ValidationInfo, reason: str) -> float:
    if _is_written(info) and isinstance(value, str):
        number = float(value) if _NUMBER.fullmatch(value) else math.nan
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if abs(value) < sys.float_info.max else math.nan
    else:
        number = math.nan
    return number if math.isfinite(number) else _refuse(reason)


def _check_position(longitude: float, latitude: float) -> None:
    if not -180 <= longitude <= 180:
        raise ValueError(f"longitude {longitude:g} is not between -180 and 180 degrees")
    if not -90 <= latitude <= 90:
        hint = "; longitude comes first" if -180 <= latitude <= 180 else ""
        raise ValueError(f"latitude {latitude:g} is not between -90 and 90 degrees{hint}")


def _box(value: object, info: ValidationInfo) -> tuple[float, float, float, float]:
    west, south, east, north = _numbers(value, info, 4, "west,south,east,north")
    _check_position(west, south)
    _check_position(east, north)
    if west > east:
        raise ValueError("west must not be east of east; the order is west,south,east,north")
    if south > north:
        raise ValueError("south must not be north of north; the order is west,south,east,north")
    return west, south, east, north


def _position(value: object, info: ValidationInfo) -> tuple[float, float]:
    longitude, latitude = _numbers(value, info, 2, "longitude,latitude")
    _check_position(longitude, latitude)
    return longitude, latitude


def _area(value: object) -> bytes:
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


def _looks_like_json(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{"))


def _from_geojson(value: object) -> BaseGeometry:
    try:
        document: Any = json.loads(value) if isinstance(value, str) else value
        if document.get("type") == "Feature":
            document = document["geometry"]
        return shapely.from_geojson(json.dumps(document))
    except (AttributeError, GEOSException, KeyError, RecursionError, TypeError, ValueError):
        raise ValueError("is not a GeoJSON polygon") from None


def _from_wkt(value: object) -> BaseGeometry:
    try:
        return shapely.from_wkt(_is_text(value))
    except (GEOSException, NotImplementedError, TypeError, ValueError):
        raise ValueError("is neither GeoJSON nor WKT of a polygon") from None


def vertices(wkb: bytes) -> int:
    """How many positions a polygon has."""
    return int(shapely.get_num_coordinates(shapely.from_wkb(wkb)))


def _boolean(value: object, info: ValidationInfo) -> bool:
    if isinstance(value, bool):
        return value
    if _is_written(info) and value in ("true", "false"):
        return bool(value == "true")
    return _refuse("must be true or false")


def _whole(value: object, info: ValidationInfo) -> int:
    if _is_written(info) and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**9:
        return int(value)  # JSON Schema calls 1.0 an integer
    return _refuse("must be a whole number of at most nine digits")


def _limit(value: object, info: ValidationInfo) -> int | str:
    if value == "all":
        return "all"
    limit = _whole(value, info)
    return limit if 1 <= limit <= MAX_LIMIT else _refuse(f"must be 1 to {MAX_LIMIT}, or all")


def _decimal(value: object, info: ValidationInfo) -> float:
    return _number(value, info, "must be a finite number")


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return _refuse("must be a date of the calendar, as YYYY-MM-DD")


def _moment(value: object) -> datetime:
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


def _open_at(value: object) -> datetime:
    """RFC 3339, to the minute; without an offset it is the clock of the place that counts."""
    text = value.replace(" ", "+") if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}.*", text):
        with suppress(ValueError):
            moment = datetime.fromisoformat(text.upper()).replace(second=0, microsecond=0)
            if moment.year in OPEN_YEARS:
                return moment
    years = f"{OPEN_YEARS[0]} to {OPEN_YEARS[-1]}"
    return _refuse(f"must be a date and time of the years {years}, such as 2024-05-07T16:00")


def _period(value: object) -> "Period":
    """`2021`, `2019..2022`, `latest`, or `last:4`."""
    if value == "latest":
        return "latest"
    text = value if isinstance(value, str) else ""
    if text.startswith("last:"):
        count = text.removeprefix("last:")
        return int(count) if re.fullmatch(_COUNT, count) else _refuse("must be last:1 to last:999")
    found = re.fullmatch(rf"({_YEAR})(?:\.\.({_YEAR}))?", text)
    if not found:
        raise ValueError("must be a year (2021), a range (2019..2022), latest or last:4")
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise ValueError("must begin with the earlier year")
    return date(first, 1, 1), date(last, 12, 31)


def _boundary(value: object) -> date | None:
    """A day, or a year, of which the last day is meant."""
    if value is None or value == "as_reported":
        return None
    text = value if isinstance(value, str) else ""
    if re.fullmatch(_YEAR, text):
        return date(int(text), 12, 31)
    try:
        return _day(text)
    except ValueError:
        raise ValueError("must be as_reported, a year (2023) or a day (2023-01-01)") from None


def _names(value: object, info: ValidationInfo) -> tuple[str, ...]:
    parts = value.split(",") if _is_written(info) and isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("must be a list of names")
    names = tuple(part.strip() if _is_written(info) else part for part in parts)
    if not names or not all(names):
        raise ValueError("must be names separated by commas, none of them empty")
    return tuple(dict.fromkeys(names))


def _separated_by_commas(**schema: object) -> WithJsonSchema:
    """An array that is written as one text in a query; api/openapi.py reads `explode`."""
    return WithJsonSchema({"type": "array", "explode": False, **schema})


_DEGREES = ({"minimum": -180, "maximum": 180}, {"minimum": -90, "maximum": 90})


def _degrees(form: str, positions: int) -> WithJsonSchema:
    """Longitudes and latitudes by turns."""
    items = [{"type": "number", **limits} for limits in _DEGREES * positions]
    count = len(items)
    return _separated_by_commas(
        format=form, prefixItems=items, items={"type": "number"}, minItems=count, maxItems=count
    )


Period = tuple[date, date] | Literal["latest"] | int
"""From day to day, the latest of each series, or so many last ones."""

Text = Annotated[
    str,
    StringConstraints(max_length=MAX_TEXT, min_length=1),
    AfterValidator(_printable),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT,
            "pattern": rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$",
        }
    ),
]

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9]+([_:.-][A-Za-z0-9]+)*$", min_length=1, max_length=120),
    AfterValidator(_canonical),
]
"""An id, a slug, or a key: what entities and codes are called."""

Postcode = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{1,9}$", max_length=10)
]

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z0-9]{1,8})*$", max_length=20)]

Box = Annotated[
    tuple[float, float, float, float], BeforeValidator(_box), _degrees("bbox", positions=2)
]
"""west,south,east,north in degrees (EPSG:4326, longitude first)."""

Position = Annotated[
    tuple[float, float], BeforeValidator(_position), _degrees("position", positions=1)
]
"""longitude,latitude in degrees (EPSG:4326)."""

_WKT = {
    "type": "string",
    "format": "polygon",
    "pattern": r"^\s*([Pp][Oo]|[Mm][Uu]).*\)\s*$",
    "description": "WKT of a Polygon or MultiPolygon",
}
_RING = {
    "type": "array",
    "minItems": 4,
    "items": {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}},
}
_POLYGON = {"type": "array", "minItems": 1, "items": _RING}


def _geojson(kind: str, coordinates: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": f"GeoJSON {kind}",
        "required": ["type", "coordinates"],
        "properties": {"type": {"const": kind}, "coordinates": coordinates},
    }


Area = Annotated[
    bytes,
    BeforeValidator(_area),
    WithJsonSchema(
        {
            "type": "string",
            "format": "polygon",
            "pattern": r"^\s*(\{.*\}|([Pp][Oo]|[Mm][Uu]).*\))\s*$",
        }
    ),
]
"""A polygon as GeoJSON or WKT, in degrees (EPSG:4326, longitude first)."""

AreaInBody = Annotated[
    bytes,
    BeforeValidator(_area),
    WithJsonSchema(
        {
            "oneOf": [
                _geojson("Polygon", _POLYGON),
                _geojson("MultiPolygon", {"type": "array", "minItems": 1, "items": _POLYGON}),
                _WKT,
            ]
        }
    ),
]

Boolean = Annotated[bool, BeforeValidator(_boolean)]
WHOLE = BeforeValidator(_whole)
Limit = Annotated[
    int | Literal["all"],
    BeforeValidator(_limit),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
                {"type": "string", "const": "all"},
            ]
        }
    ),
]
DECIMAL = BeforeValidator(_decimal)
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date-time"}, {"format": "date"}],
        }
    ),
]
OpenAt = Annotated[
    datetime,
    BeforeValidator(_open_at),
    WithJsonSchema({"type": "string", "format": "opening-time"}),
]
Boundary = Annotated[
    date | None,
    BeforeValidator(_boundary),
    WithJsonSchema(
        {
            "type": "string",
            "format": "boundary",
            "anyOf": [
                {"const": "as_reported"},
                {"pattern": rf"^{_YEAR}$"},
                {"format": "date"},
            ],
        }
    ),
]
Time = Annotated[
    Period,
    BeforeValidator(_period),
    WithJsonSchema(
        {
            "type": "string",
            "format": "period",
            "pattern": rf"^({_YEAR}(\.\.{_YEAR})?|latest|last:{_COUNT})$",
        }
    ),
]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    _separated_by_commas(items={"type": "string"}, minItems=1),
]
"""Names separated by commas, in a body an array."""

SEVERAL = Field(min_length=1, max_length=100)
"""A repeated parameter: one of the values suffices."""

Ids = Annotated[list[Name], SEVERAL]

Breakdown = Annotated[str, Field(pattern=rf"^{_DIMENSION}:{_TERM}$", max_length=121)]
"""A term of a dimension, such as `sex:f`."""

Part = Annotated[str, Field(pattern=rf"^{_DIMENSION}(:{_TERM})?$", max_length=121)]
"""The same, or any term of a dimension."""

Parts = Annotated[list[Part], SEVERAL]
