"""Parquet: the columns of the CSV with their types, lists as lists, and the whole document.

Where entities have a place, the file is GeoParquet 1.1 (https://geoparquet.org): geometries as WKB,
longitude first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from api.artefacts.bulk import Wanted, taken_over, wanted
from api.artefacts.snapshot import Made, Snapshot
from api.artefacts.tables import Geometries, Table, arrays, fields
from api.resources import RESOURCES
from db import snapshots

FORMAT = "parquet"
MEDIA_TYPE = "application/vnd.apache.parquet"
GEOMETRY = "geometry"


@dataclass(slots=True)
class Extent:
    """What GeoParquet says of a column of geometries as a whole."""

    types: set[str] = field(default_factory=set)
    bounds: list[float] = field(default_factory=list)

    def add(self, geometries: Geometries) -> None:
        present = geometries[geometries != None]  # noqa: E711 - of an array, `is` asks another question
        if not len(present):
            return
        self.types |= {geometry.geom_type for geometry in present}
        west, south, east, north = map(float, shapely.total_bounds(present))
        before = self.bounds or [west, south, east, north]
        lowest = [min(before[0], west), min(before[1], south)]
        self.bounds = [*lowest, max(before[2], east), max(before[3], north)]

    def metadata(self) -> str:
        column: dict[str, Any] = {"encoding": "WKB", "geometry_types": sorted(self.types)}
        if self.bounds:
            column["bbox"] = self.bounds
        named = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
        return json.dumps(named)


def make(shown: Snapshot, folder: Path, _made: Sequence[Made]) -> Iterable[Made]:
    """Every resource."""
    contents = snapshots.contents(shown.connection)
    for resource in RESOURCES:
        asked = wanted(resource, FORMAT, contents)
        yield taken_over(shown, folder, asked) or _written(folder, asked)


def _written(folder: Path, asked: Wanted) -> Made:
    made = asked.made(MEDIA_TYPE)
    table = Table(asked.resource, folder)
    schema, extent = _schema(table), Extent()
    with pq.ParquetWriter(folder / made.name, schema, compression="zstd") as writer:
        for documents, geometries in table.parts():
            columns = [*arrays(table.columns, documents, joined=False)]
            columns.append(pa.array([text.decode() for text in documents], pa.string()))
            if geometries is not None:
                extent.add(geometries)
                columns.append(pa.array(shapely.to_wkb(geometries, flavor="iso"), pa.binary()))
            writer.write_batch(pa.record_batch(columns, schema=schema))
        if table.is_located:
            writer.add_key_value_metadata({"geo": extent.metadata()})
    return made


def _schema(table: Table) -> pa.Schema:
    found = fields(table.columns, joined=False)
    found.append(pa.field("document", pa.string()))
    if table.is_located:
        found.append(pa.field(GEOMETRY, pa.binary()))
    return pa.schema(found)
