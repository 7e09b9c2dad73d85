"""GeoPackage: a layer that QGIS and its kin open, or a table of attributes where there is no place.

A column that can have several values joins them, as CSV does. All geometries of a layer are of one
type if they can be: points become multipoints, polygons multipolygons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from api.artefacts.bulk import Wanted, taken_over, wanted
from api.artefacts.snapshot import Made, Snapshot
from api.artefacts.tables import Geometries, Table, arrays, fields
from api.resources import RESOURCES
from db import snapshots

FORMAT = "gpkg"
MEDIA_TYPE = "application/geopackage+sqlite3"
GEOMETRY = "geom"
CLOCK = "OGR_CURRENT_DATE"
LAYERS = (
    ({"Point", "MultiPoint"}, "MultiPoint"),
    ({"Polygon", "MultiPolygon"}, "MultiPolygon"),
)


def make(shown: Snapshot, folder: Path, _made: Sequence[Made]) -> Iterable[Made]:
    """Every resource."""
    contents = snapshots.contents(shown.connection)
    for resource in RESOURCES:
        asked = wanted(resource, FORMAT, contents)
        yield taken_over(shown, folder, asked) or _written(folder, asked)


def _written(folder: Path, asked: Wanted) -> Made:
    made = asked.made(MEDIA_TYPE)
    table = Table(asked.resource, folder)
    kind = _layer(table.kinds_of_geometries()) if table.is_located else None
    schema = _schema(table)
    rows = pa.RecordBatchReader.from_batches(schema, _batches(table, schema, kind))
    with _clock(asked.content.changed_at):
        pyogrio.write_arrow(
            rows,
            folder / made.name,
            layer=table.name,
            driver="GPKG",
            geometry_name=GEOMETRY if kind else None,
            geometry_type=kind,
            crs="EPSG:4326" if kind else None,
            layer_options={"GEOMETRY_NAME": GEOMETRY} if kind else {},
        )
    return made


def _batches(table: Table, schema: pa.Schema, kind: str | None) -> Iterator[pa.RecordBatch]:
    for documents, geometries in table.parts():
        columns = [*arrays(table.columns, documents, joined=True)]
        if geometries is not None:
            fit = geometries if kind == "Unknown" else _promoted(geometries)
            columns.append(pa.array(shapely.to_wkb(fit, flavor="iso"), pa.binary()))
        yield pa.record_batch(columns, schema=schema)


def _schema(table: Table) -> pa.Schema:
    found = fields(table.columns, joined=True)
    if table.is_located:
        found.append(pa.field(GEOMETRY, pa.binary()))
    return pa.schema(found)


def _layer(kinds: set[str]) -> str:
    """The one type that all geometries can have."""
    return next((name for fitting, name in LAYERS if kinds <= fitting), "Unknown")


def _promoted(geometries: Geometries) -> Geometries:
    found = geometries.copy()
    for kind, together in (
        (shapely.GeometryType.POINT, shapely.multipoints),
        (shapely.GeometryType.POLYGON, shapely.multipolygons),
    ):
        single = shapely.get_type_id(found) == kind
        if single.any():
            found[single] = together(found[single], indices=np.arange(single.sum()))
    return found


@contextmanager
def _clock(moment: str) -> Iterator[None]:
    """The file says that it was changed when its rows were: the same rows are the same file."""
    pyogrio.set_gdal_config_options({CLOCK: moment or None})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({CLOCK: None})
