"""The entities of a resource as typed tables, read from the lines that were written before.

A few thousand at a time, so memory does not grow with the registry, and the database is not asked
again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pydantic_core import from_json

from api.artefacts.bulk import name_of
from api.artefacts.columns import PARSED, Column, columns_of, joined_text
from api.resources import Resource

ROWS = 2000
Geometries = NDArray[np.object_]

FEATURE = b'{"type":"Feature"'
KIND_OF_GEOMETRY = re.compile(rb'"geometry":\{"type":"(\w+)"')
TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("ms", tz="UTC"),
}


class Table:
    """A resource: its columns, and its rows from NDJSON and, where it has a place, GeoJSON."""

    def __init__(self, resource: Resource, folder: Path) -> None:
        self.name = resource.name
        self.columns = columns_of(resource)
        self._documents = folder / name_of(resource, "ndjson")
        self._features = folder / name_of(resource, "geojson")
        self.is_located = self._features.exists()

    def parts(self) -> Iterator[tuple[list[bytes], Geometries | None]]:
        """Documents and, where there are any, their geometries."""
        places = self._places()
        with self._documents.open("rb") as documents:
            while lines := list(islice(documents, ROWS)):
                yield [line.rstrip(b"\n") for line in lines], next(places)

    def kinds_of_geometries(self) -> set[str]:
        """Which types of geometries there are."""
        with self._features.open("rb") as features:
            found = (KIND_OF_GEOMETRY.search(line[:200]) for line in features)
            return {match[1].decode() for match in found if match}

    def _places(self) -> Iterator[Geometries | None]:
        while not self.is_located:
            yield None
        with self._features.open("rb") as features:
            lines = (line for line in features if line.startswith(FEATURE))
            while part := list(islice(lines, ROWS)):
                yield shapely.from_geojson(list(map(_place, part)))


def _place(line: bytes) -> bytes | None:
    """A Feature without what is known of it besides where it is."""
    head = line.partition(b',"properties":')[0]
    return head + b',"properties":null}' if KIND_OF_GEOMETRY.search(head) else None


def fields(columns: Iterable[Column], *, joined: bool) -> list[pa.Field]:
    """The columns with their types. `joined`: several values as one text, as in CSV."""
    return [pa.field(column.name, _type(column, joined=joined)) for column in columns]


def _type(column: Column, *, joined: bool) -> pa.DataType:
    if not column.many:
        return TYPES[column.kind]
    return pa.string() if joined else pa.list_(TYPES[column.kind])


def arrays(
    columns: Iterable[Column], documents: Iterable[bytes], *, joined: bool
) -> Iterator[pa.Array]:
    """A column after the other."""
    parsed = [from_json(document) for document in documents]
    for column in columns:
        values: Iterable[Any] = [_typed(column, column.values(each)) for each in parsed]
        if joined and column.many:
            values = map(joined_text, values)
        yield pa.array(values, _type(column, joined=joined))


def _typed(column: Column, value: Any) -> Any:
    if value is None or column.kind not in PARSED:
        return value
    parse = PARSED[column.kind]
    return list(map(parse, value)) if column.many else parse(value)
