"""GeoJSON (RFC 7946, and the older GeoJSON 2008 with its `crs` member)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from seed.readers import Record, UnreadableError

LARGEST = 256 * 1024 * 1024  # bytes; in memory a parsed file takes about eight times as much

WGS84 = "OGC:CRS84"
GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
# What files in metres are in, where Quartier is used: ETRS89/UTM, Gauß-Krüger, SWEREF 99.
METRIC = ("EPSG:25832", "EPSG:25833", "EPSG:31467", "EPSG:31468", "EPSG:3006")


@dataclass(frozen=True)
class Document:
    """A parsed file: its features, each with the coordinate system stated for it."""

    features: list[tuple[dict[str, Any], str | None]]

    @property
    def columns(self) -> set[str]:
        return {column for feature, _ in self.features for column in _properties(feature)}

    def records(self, crs: str | None = None) -> list[Record]:
        """Every feature. A `crs` given here is believed before the one the file states."""
        found = [
            _record(f"feature {number}", feature, crs or stated or WGS84)
            for number, (feature, stated) in enumerate(self.features, 1)
        ]
        _refuse_metres(found)
        return found


def read(path: Path, *, largest: int = LARGEST) -> Document:
    features = list(_features(_parsed(path, largest), None, "$"))
    if not features:
        raise UnreadableError("the file holds no feature")
    return Document(features)


def _parsed(path: Path, largest: int) -> object:
    if (size := path.stat().st_size) > largest:
        raise UnreadableError(f"{size / 1e6:.0f} MB are more than {largest / 1e6:.0f} MB: split it")
    try:
        # RFC 8259, section 8.1: JSON is UTF-8; a byte order mark may be ignored.
        content = path.read_bytes().decode("utf-8-sig")
        return json.loads(content, parse_constant=_refuse_constant) if content.strip() else _empty()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8 (byte {error.start + 1})") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(f"not JSON: {error.msg} ({place})") from error
    except RecursionError as error:
        raise UnreadableError("not GeoJSON: nested too deeply") from error


def _empty() -> NoReturn:
    raise UnreadableError("the file is empty")


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableError(f"not JSON: {name} is no number")


def _features(
    value: object, crs: str | None, path: str
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """The features of a collection, also of one within arrays or other collections."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _features(each, crs, f"{path}[{index}]")
        return
    if not isinstance(value, dict):
        raise UnreadableError(f"{path} is neither a Feature nor a FeatureCollection")
    crs = _stated_crs(value, path) or crs
    if value.get("type") == "Feature":
        yield value, crs
    elif value.get("type") == "FeatureCollection":
        yield from _features(_members(value, path), crs, f"{path}.features")
    else:
        raise UnreadableError(f"{path} is {_called(value)}, not a Feature or FeatureCollection")


def _members(collection: dict[str, Any], path: str) -> list[object]:
    members = collection.get("features")
    if not isinstance(members, list):
        raise UnreadableError(f"{path}.features is not an array")
    return members


def _called(value: dict[str, Any]) -> str:
    kind = value.get("type")
    if kind in GEOMETRIES:
        return f"a bare {kind} without properties"
    return f"of type {kind!r}" if isinstance(kind, str) else "an object without a type"


def _stated_crs(value: dict[str, Any], path: str) -> str | None:
    """The `crs` member of GeoJSON 2008 (section 3); RFC 7946, section 4, has done away with it."""
    stated = value.get("crs")
    if stated is None:
        return None
    properties = stated.get("properties") if isinstance(stated, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise UnreadableError(f"{path}.crs names no coordinate system; name it in the mapping")
    return name


def _record(position: str, feature: dict[str, Any], crs: str) -> Record:
    try:
        geometry = _geometry(feature.get("geometry"))
    except (ShapelyError, RecursionError) as error:
        return Record(position, _properties(feature), None, f"not readable: {error}")
    return Record(position, _properties(feature), _in_degrees(geometry, crs))


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _geometry(stated: object) -> BaseGeometry | None:
    """RFC 7946, section 3.2: an unlocated feature has the geometry null."""
    return None if stated is None else shapely.force_2d(shapely.from_geojson(json.dumps(stated)))


def _in_degrees(geometry: BaseGeometry | None, crs: str) -> BaseGeometry | None:
    to_degrees = _to_degrees(crs)
    if to_degrees is None or geometry is None or geometry.is_empty:
        return geometry
    _refuse_degrees(geometry, crs)
    return shapely.transform(
        geometry, lambda places: np.column_stack(to_degrees.transform(*places.T))
    )


@cache
def _to_degrees(crs: str) -> Transformer | None:
    """GeoJSON 2008, section 2.1.1: x before y, whatever order the coordinate system defines."""
    try:
        stated = CRS.from_user_input(crs)
    except CRSError as error:
        raise UnreadableError(f"unknown coordinate system {crs!r}") from error
    if stated.equals(CRS(WGS84), ignore_axis_order=True):
        return None
    return Transformer.from_crs(stated, WGS84, always_xy=True)


def _refuse_degrees(geometry: BaseGeometry, crs: str) -> None:
    """No place on land is within 180 m of the origin of a projected system: these are degrees."""
    west, south, east, north = geometry.bounds
    metric = CRS.from_user_input(crs).is_projected
    if metric and west >= -180 and south >= -90 and east <= 180 and north <= 90:
        raise UnreadableError(
            f"{west:.3f}, {south:.3f} looks like longitude and latitude, not like metres of {crs}: "
            "leave the coordinate system out of the mapping"
        )


def _refuse_metres(records: list[Record]) -> None:
    for record in records:
        if record.geometry is None or record.geometry.is_empty:
            continue
        west, south, east, north = record.geometry.bounds
        if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
            raise UnreadableError(
                f"{record.position}: {west:.0f}, {south:.0f} is no longitude and latitude; "
                f"{_suggestion(west, south)}"
            )


def _suggestion(x: float, y: float) -> str:
    fitting = [crs for crs in METRIC if _fits(crs, x, y)]
    if not fitting:
        return "the file does not say which coordinate system it is in"
    return f"these may be metres: name the coordinate system in the mapping, {' or '.join(fitting)}"


def _fits(crs: str, x: float, y: float) -> bool:
    area = CRS(crs).area_of_use
    lon, lat = Transformer.from_crs(crs, WGS84, always_xy=True).transform(x, y)
    return area is not None and area.west <= lon <= area.east and area.south <= lat <= area.north
