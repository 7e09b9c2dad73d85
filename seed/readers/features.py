"""GeoJSON (RFC 7946, and the older GeoJSON 2008 with its `crs` member).

Features may be in a collection, in collections within collections, in arrays of them, alone, or one
a line. Their geometries stay as they are; what no geometry can be made of is the feature's flaw.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.json_lines import first_object, has_lines, texts
from seed.readers.json_values import DEEPEST, flatten
from seed.readers.sources import Source

FORMAT, LINES = "geojson", "geojson-lines"

GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
TYPES = {"Feature", "FeatureCollection", *GEOMETRIES}

Feature = dict[str, Any]
Stated = tuple[Feature, str | None]
"""A feature, with the coordinate system stated for it."""


@dataclass(frozen=True)
class FeaturesTable:
    name: str
    columns: Sequence[str]
    crs: str | None
    features: Sequence[Feature]

    def records(self) -> Iterator[Record]:
        return _records(self.features)


@dataclass(frozen=True)
class FeatureLinesTable:
    name: str
    columns: Sequence[str]
    crs: str | None
    source: Source

    def records(self) -> Iterator[Record]:
        return _records(feature for feature, _ in _stated_in_lines(self.source))


def is_geojson(value: object) -> bool:
    while isinstance(value, list) and value:
        value = value[0]
    return _type(value) in TYPES


def _type(value: object) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def has_features_in_lines(beginning: bytes) -> bool:
    if not has_lines(beginning):
        return False
    content = beginning.removeprefix(b"\xef\xbb\xbf").strip(b"\x1e\r\n\t ")
    first = content.partition(b"\x1e")[0].strip() if b"\x1e" in content else content
    return is_geojson(first_object(first) or first_object(first.partition(b"\n")[0]))


def open_geojson(source: Source, hints: Hints) -> Document:  # noqa: ARG001 - all readers are called alike
    stated = list(_stated(source.json))
    features = [feature for feature, _ in stated]
    columns = _columns(features)
    return Document(FORMAT, [FeaturesTable(source.label, columns, _only_crs(stated), features)])


def open_geojson_lines(source: Source, hints: Hints) -> Document:  # noqa: ARG001 - all readers are called alike
    columns = _columns(each for each, _ in _stated_in_lines(source))
    crs = _only_crs(_stated_in_lines(source))
    table = FeatureLinesTable(source.label, columns, crs, source)
    return Document(LINES, [table], ["one GeoJSON text a line"])


def _stated_in_lines(source: Source) -> Iterator[Stated]:
    for place, value in texts(source):
        try:
            yield from _stated(value)
        except UnreadableError as error:
            raise UnreadableError(f"{place}: {error}") from error


def _stated(value: object) -> Iterator[Stated]:
    return _features(value, None, "$", DEEPEST)


def _features(value: object, crs: str | None, path: str, levels: int) -> Iterator[Stated]:
    """The features of a collection, also of one within arrays or other collections."""
    if not levels:
        raise UnreadableError(f"collections are nested more than {DEEPEST} levels deep")
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _features(each, crs, f"{path}[{index}]", levels - 1)
        return
    if not isinstance(value, dict):
        raise UnreadableError(f"{path} is neither a Feature nor a FeatureCollection")
    crs = _stated_crs(value, path) or crs
    if _type(value) == "Feature":
        yield value, crs
    elif _type(value) == "FeatureCollection":
        yield from _features(_members(value, path), crs, f"{path}.features", levels - 1)
    else:
        raise UnreadableError(f"{path} is {_called(value)}, not a Feature or FeatureCollection")


def _members(collection: dict[str, Any], path: str) -> list[object]:
    members = collection.get("features")
    if not isinstance(members, list):
        raise UnreadableError(f"{path}.features is not an array")
    return members


def _called(value: dict[str, Any]) -> str:
    kind = _type(value)
    if kind in GEOMETRIES:
        return f"a bare {kind} without properties"
    return f"of type {kind!r}" if kind else "an object without a type"


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


def _only_crs(stated: Iterable[Stated]) -> str | None:
    """A table has one coordinate system. Where features differ, no transformation fits all."""
    names = list(dict.fromkeys(crs for _, crs in stated))
    if len(names) > 1:
        shown = ", ".join(name or "none stated" for name in names[:5])
        raise UnreadableError(f"the features are in several coordinate systems: {shown}")
    return names[0] if names else None


def _columns(features: Iterable[Feature]) -> list[str]:
    found = (_properties(feature)[0] for feature in features)
    return list(dict.fromkeys(key for each in found for key in each))


# --- one feature ---------------------------------------------------------------------------------


def _records(features: Iterable[Feature]) -> Iterator[Record]:
    for number, feature in enumerate(features, 1):
        geometry, flaw = _geometry(feature.get("geometry"))
        found, remark = _properties(feature)
        yield Record(f"feature {number}", found, geometry, flaw, remark)


def _properties(feature: Feature) -> tuple[dict[str, Any], str | None]:
    """Its properties laid flat, and its `id`, unless one of them is called so."""
    stated = feature.get("properties")
    if not isinstance(stated, dict):
        return _identity(feature), None if stated is None else "its properties are no object"
    return _identity(feature) | flatten(stated), None


def _identity(feature: Feature) -> dict[str, Any]:
    return {} if feature.get("id") is None else {"id": feature["id"]}


def _geometry(stated: object) -> tuple[BaseGeometry | None, str | None]:
    """RFC 7946, section 3.2: an unlocated feature has the geometry null."""
    if stated is None:
        return None, None
    if _type(stated) not in GEOMETRIES:
        return None, "its geometry is of no type that GeoJSON has"
    try:
        return shapely.force_2d(shapely.from_geojson(json.dumps(stated))), None
    except (ShapelyError, RecursionError) as error:
        return None, f"its geometry cannot be read: {error}"
