"""GeoPackage, shapefile and FlatGeobuf, by GDAL: one driver a file, and no file but the given one.

Coordinates are x before y in all three, whatever order their coordinate system defines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio import raw
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from seed.readers import Document, Hints, Record, UnreadableError, archives
from seed.readers.encodings import checked_name, is_utf8
from seed.readers.sources import Source

BATCH = 10_000  # features in memory at once

# Of a shapefile, as far as they matter; the first three have to be there.
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
REQUIRED = PARTS[:3]


@dataclass(frozen=True)
class Driver:
    """How GDAL calls a format, and what a file of it has to be called for GDAL to see it."""

    name: str
    suffix: str


GEOPACKAGE = Driver("GPKG", ".gpkg")
FLATGEOBUF = Driver("FlatGeobuf", ".fgb")
SHAPEFILE = Driver("ESRI Shapefile", ".shp")


@dataclass(frozen=True)
class Layer:
    """A layer of a file; `key` is the column that numbers its features, if it is stored."""

    driver: Driver
    name: str | int
    encoding: str | None
    key: str
    stated: int  # features; less than one if the file does not say


@dataclass(frozen=True)
class LayerTable:
    name: str
    columns: Sequence[str]
    crs: str | None
    source: Source
    layer: Layer

    def records(self) -> Iterator[Record]:
        number = 0
        with _reachable(self.source, self.layer.driver) as path:
            for record in _read(path, self.layer):
                number += 1
                yield Record(f"feature {number}", *record)
        if self.layer.driver is FLATGEOBUF and number < self.layer.stated:
            raise UnreadableError(f"cut off: {number} of {self.layer.stated} features are there")


def open_geopackage(source: Source, hints: Hints) -> Document:  # noqa: ARG001 - all readers are called alike
    with _reachable(source, GEOPACKAGE) as path:
        names = _layer_names(path)
        views = _views(path)
        tables = [_table(path, source, GEOPACKAGE, name) for name in names if name not in views]
    if not tables:
        raise UnreadableError("the GeoPackage holds no table of features")
    left = [f"{name!r} is a view and left aside: export it" for name in names if name in views]
    return Document("gpkg", tables, left)


def open_flatgeobuf(source: Source, hints: Hints) -> Document:  # noqa: ARG001 - all readers are called alike
    with _reachable(source, FLATGEOBUF) as path:
        return Document("flatgeobuf", [_table(path, source, FLATGEOBUF)])


def open_shapefile(source: Source, hints: Hints) -> Document:
    parts = _parts(source)
    _refuse_incomplete(source, parts)
    encoding, note = _encoding(parts, hints.encoding)
    with _reachable(source, SHAPEFILE) as path:
        table = _table(path, source, SHAPEFILE, encoding=encoding)
    stated = [] if table.crs else ["without .prj: it states no coordinate system"]
    return Document("shapefile", [table], [note, *stated])


# --- files ---------------------------------------------------------------------------------------


@contextmanager
def _reachable(source: Source, driver: Driver) -> Iterator[str]:
    """A path by which GDAL opens this file, with this driver, and finds none beside it.

    The name on disk may mislead it (`.csv`), mean something to it (`a!b`), or mix upper and lower
    case; so it is given links with plain names. What is in a zip, it reads there.
    """
    with TemporaryDirectory(prefix="quartier-") as folder, _explained():
        if source.member is not None:
            yield f"/vsizip/{{{source.path.absolute()}}}/{source.member}"
            return
        parts = _parts(source) if driver is SHAPEFILE else {driver.suffix: source}
        for suffix, part in parts.items():
            (Path(folder) / f"data{suffix}").symlink_to(part.path.absolute())
        yield f"{folder}/data{driver.suffix}"


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except UnreadableError:
        raise
    except UnicodeDecodeError as error:
        raise UnreadableError(f"texts in another encoding, name it: {error}") from error
    except (RuntimeError, IndexError, ValueError) as error:  # what pyogrio passes on, and its own
        raise UnreadableError(f"cannot be read: {error}") from error


def _parts(source: Source) -> dict[str, Source]:
    """The files of a shapefile by suffix."""
    if source.member is None:
        beside = [Source(path) for path in source.path.parent.iterdir()]
    else:
        beside = [Source(source.path, name) for name in archives.directory(source.path)]
    found = {each.suffix: each for each in beside if _base(each) == _base(source)}
    return {suffix: found[suffix] for suffix in PARTS if suffix in found} | {".shp": source}


def _base(source: Source) -> str:
    return (source.member or str(source.path)).rpartition(".")[0].lower()


def _refuse_incomplete(source: Source, parts: dict[str, Source]) -> None:
    if missing := [suffix for suffix in REQUIRED if suffix not in parts]:
        raise UnreadableError(
            f"a shapefile has several files, and {' and '.join(missing)} is not beside "
            f"{source.name!r}: put them all into a zip"
        )
    # ESRI Shapefile Technical Description (1998), page 4: the length in 16-bit words.
    stated = 2 * int.from_bytes(source.beginning[24:28], "big")
    if source.size < stated:
        raise UnreadableError(f"the .shp is cut off: {source.size:,} of {stated:,} bytes are there")


def _encoding(parts: dict[str, Source], stated: str | None) -> tuple[str | None, str]:
    """As stated, by .cpg, or UTF-8 if the texts are; else None, and GDAL decides."""
    if stated is not None:
        return checked_name(stated), f"texts read as {stated}, as the mapping says"
    if ".cpg" in parts:
        return None, f"texts read as {parts['.cpg'].beginning.decode(errors='replace').strip()}"
    # dBASE III: bytes 8 and 9 say how long the header is, the rest is text.
    if is_utf8(parts[".dbf"], int.from_bytes(parts[".dbf"].beginning[8:10], "little")):
        return "UTF-8", "texts read as UTF-8; there is no .cpg to say so"
    return None, "without .cpg: texts read as Western European; if wrong, name the encoding"


# --- layers --------------------------------------------------------------------------------------


def _layer_names(path: str) -> list[str]:
    return [str(name) for name in pyogrio.list_layers(path)[:, 0]]


def _views(path: str) -> set[str]:
    """What is computed by a query in the file, which may take for ever."""
    columns = raw.read(path, sql="PRAGMA table_list", sql_dialect="SQLITE")[3]
    return {str(name) for name, kind in zip(columns[1], columns[2], strict=True) if kind != "table"}


def _table(
    path: str,
    source: Source,
    driver: Driver,
    name: str | int = 0,
    encoding: str | None = None,
) -> LayerTable:
    about = pyogrio.read_info(path, layer=name, encoding=encoding)
    if about["driver"] != driver.name:
        raise UnreadableError(f"it is {driver.name}, so its name has to end in {driver.suffix}")
    key = about["fid_column"] if about["fid_column"] not in about["fields"] else ""
    columns = [*([key] if key else []), *map(str, about["fields"])]
    layer = Layer(driver, name, encoding, key, about["features"])
    title = name if isinstance(name, str) else source.label
    return LayerTable(title, columns, _crs(about["crs"]), source, layer)


def _crs(stated: str | None) -> str | None:
    """The code if there is one. "Undefined" systems are what GeoPackage 1.3, 1.1.2.1.2 has."""
    if stated is None or "undefined" in stated.lower():
        return None
    try:
        code = CRS.from_user_input(stated).to_epsg()
    except CRSError:
        return stated
    return f"EPSG:{code}" if code else stated


# --- features ------------------------------------------------------------------------------------

Feature = tuple[dict[str, Any], BaseGeometry | None, str | None]
"""Properties, geometry, and why the geometry could not be read."""


def _read(path: str, layer: Layer) -> Iterator[Feature]:
    for skipped in count(step=BATCH):
        about, keys, shapes, arrays = raw.read(
            path,
            layer=layer.name,
            encoding=layer.encoding,
            force_2d=True,
            skip_features=skipped,
            max_features=BATCH,
            return_fids=True,
            datetime_as_string=True,
        )
        columns = {layer.key: keys.tolist()} if layer.key else {}
        yield from _features(len(keys), columns | _columns(about, arrays), shapes)
        if len(keys) < BATCH:
            return


def _features(
    number: int, columns: dict[str, list[Any]], shapes: Sequence[bytes | None] | None
) -> Iterator[Feature]:
    rows = zip(*columns.values(), strict=True) if columns else repeat((), number)
    for row, shape in zip(rows, repeat(None, number) if shapes is None else shapes, strict=True):
        yield dict(zip(columns, row, strict=True)), *_geometry(shape)


def _geometry(shape: bytes | None) -> tuple[BaseGeometry | None, str | None]:
    try:
        return None if shape is None else shapely.from_wkb(shape), None
    except ShapelyError as error:
        return None, f"its geometry cannot be read: {error}"


def _columns(about: dict[str, Any], arrays: Sequence[NDArray[Any]]) -> dict[str, list[Any]]:
    kinds = zip(about["ogr_types"], about["ogr_subtypes"], strict=True)
    converters = [CONVERTERS.get(subtype, CONVERTERS.get(kind)) for kind, subtype in kinds]
    return {
        str(name): [_value(value, convert) for value in array.tolist()]
        for name, convert, array in zip(about["fields"], converters, arrays, strict=True)
    }


Converter = Callable[[Any], Any]

# Whole numbers with gaps come as floats, dates as text: GDAL has types that numpy lacks.
CONVERTERS: Mapping[str, Converter] = {
    "OFSTBoolean": bool,
    "OFTInteger": int,
    "OFTInteger64": int,
    "OFTDate": date.fromisoformat,
    "OFTDateTime": datetime.fromisoformat,
}


def _value(value: Any, convert: Converter | None) -> Any:
    """A date that is none, such as 0000-00-00, stays text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, np.ndarray):
        return value.tolist()
    try:
        return convert(value) if convert else value
    except ValueError:
        return value
