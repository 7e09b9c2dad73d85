"""Population grids: how many people live in each cell, as statistics offices publish it.

The census of 2022 has CSV with a cell in the notation of INSPIRE, such as
`CRS3035RES100mN2691700E4341100`, the easting and northing of its middle, and the residents. Other
grids are points or polygons with a number. Only cells in districts that have a real boundary are
taken, and a new grid replaces what was there.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from db.imports import begin_run, finish_run
from db.lookups import boundaries
from db.models import PopulationCell, Source
from db.populations import CELLS, replaced_cells
from db.registry import Counts, Row, delete_rows, ids_by_slug, upsert, writer
from seed.geometry import GeometryError
from seed.geometry.placement import Placement, Reading
from seed.geometry.points import point_from_columns
from seed.geometry.territory import Territory
from seed.identity import entity_id, slugify, source_id
from seed.imports.places import IN_DEGREES, SAMPLE
from seed.numbers import CellError, Convention, conventions, number
from seed.readers import Document, Hints, Record, Table, UnreadableError
from seed.readers.formats import open_file

BATCH = 20_000  # rows in memory at once
EXAMPLES = 5  # rejected rows that are told
NOT_STATED = "not_stated"
LAEA = CRS("EPSG:3035")  # ETRS89-LAEA, in which the grids of Europe are

# INSPIRE, Data Specification on Geographical Grid Systems 3.1, section 4.2.2: system, width, and
# the corner in the south-west. Some leave the system away and count in widths.
_INSPIRE = re.compile(
    r"CRS3035RES(?P<width>\d{2,6})m?N(?P<y>\d{5,7})E(?P<x>\d{5,7})", re.IGNORECASE
)
_EASTING = re.compile(r"x(_mp.*)?|easting", re.IGNORECASE)
_NORTHING = re.compile(r"y(_mp.*)?|northing", re.IGNORECASE)
_CELL = re.compile(
    r"gitter_id.*|grd_?id|grid_?id|cell(_?(code|id))?|ruta|rutid.*|id", re.IGNORECASE
)
_RESIDENTS = re.compile(
    r"einwohner(zahl)?|bev(oe|ö)lkerung|residents|population|pop|obs_value_t|tot_?p(_\d+)?|totalt",
    re.IGNORECASE,
)

Progress = Callable[[str, int], None]
"""Told of a file's name and how many of its rows are read."""


class GridRefused(ValueError):  # noqa: N818 - reads as what became of the file
    """Nothing of the file was taken; the message says why."""


@dataclass(frozen=True)
class Given:
    """What whoever brings a file says about it, beginning with what it is called."""

    source: str
    residents: str | None = None
    crs: str | None = None
    table: str | None = None


@dataclass
class Taken:
    """What an import of a grid did. `left_out` and `rejected`: rows by reason."""

    counts: Counts = field(default_factory=Counts)
    removed: int = 0
    residents: float = 0.0
    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    run: int | None = None
    new_source: str | None = None

    def reject(self, position: str, reason: str) -> None:
        self.rejected[reason] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{position}: {reason}")

    def as_json(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "new": self.counts.new,
            "changed": self.counts.changed,
            "unchanged": self.counts.unchanged,
            "removed": self.removed,
            "residents": self.residents,
            "left_out": dict(self.left_out),
            "rejected": dict(self.rejected),
            "examples": self.examples,
        }


@dataclass(frozen=True)
class Layout:
    """Where in a row things are. Without columns for it, the place is the row's geometry, or in the
    name of its cell."""

    residents: str
    cell: str | None
    place: tuple[str, str] | None
    convention: Convention


def import_grid(
    url: str, file: Path, given: Given, *, actor: str, progress: Progress = lambda *_: None
) -> Taken:
    """Make these the cells of a source; cells of others where it has some now go."""
    taken = Taken()
    try:
        document = open_file(file, Hints(table=given.table))
        layout = _layout(document.table(given.table), given)
        with writer(url, actor) as connection:
            grid = _Grid(document, layout, given, _territory(connection), taken)
            batches = _told(grid.rows(), file, taken, progress)
            _write(connection, file, given.source, batches, taken)
    except UnreadableError as error:
        raise GridRefused(str(error)) from error
    return taken


def _told(
    rows: Iterable[list[Row]], file: Path, taken: Taken, progress: Progress
) -> Iterator[list[Row]]:
    for batch in rows:
        progress(file.name, taken.read)
        yield batch


def _territory(connection: Connection) -> Territory[UUID]:
    real = {identity: shapely.from_wkb(shape) for identity, shape in boundaries(connection)}
    if not real:
        raise GridRefused("no district has a real boundary yet: import boundaries first")
    return Territory(real)


# --- what the file holds -------------------------------------------------------------------------


def _layout(table: Table, given: Given) -> Layout:
    residents = given.residents or _guessed(table.columns, _RESIDENTS)
    if residents is None or residents not in table.columns:
        names = ", ".join(table.columns)
        raise UnreadableError(
            f"name the column with the residents (--residents); there are {names}"
        )
    sample = list(islice(table.records(), SAMPLE))
    known = conventions(record.properties.get(residents) for record in sample)
    x, y = _guessed(table.columns, _EASTING), _guessed(table.columns, _NORTHING)
    return Layout(
        residents=residents,
        cell=_guessed(table.columns, _CELL),
        place=(x, y) if x and y else None,
        convention=known[0] if known else Convention(),
    )


def _guessed(columns: Sequence[str], name: re.Pattern[str]) -> str | None:
    return next((column for column in columns if name.fullmatch(column.strip())), None)


def _inspire(record: Record, layout: Layout) -> re.Match[str] | None:
    """The cell in the notation of INSPIRE, if it is named so."""
    name = record.properties.get(layout.cell or "")
    return _INSPIRE.fullmatch(str(name or "").strip())


def _place(record: Record, layout: Layout) -> BaseGeometry | None:
    if cell := _inspire(record, layout):
        half = int(cell["width"]) / 2
        return shapely.Point(int(cell["x"]) + half, int(cell["y"]) + half)
    if record.geometry is not None or layout.place is None:
        return record.geometry
    x, y = (record.properties.get(name) for name in layout.place)
    try:
        return point_from_columns(x, y) if x is not None and y is not None else None
    except GeometryError:
        return None


# --- rows ----------------------------------------------------------------------------------------


class _Grid:
    """Cells with residents in the districts, without the source they are from."""

    def __init__(
        self,
        document: Document,
        layout: Layout,
        given: Given,
        territory: Territory[UUID],
        taken: Taken,
    ) -> None:
        self._table = document.table(given.table)
        self._layout, self._territory, self._taken = layout, territory, taken
        self._placement = self._placed(given.crs, implied=document.format in IN_DEGREES)

    def rows(self) -> Iterator[list[Row]]:
        records = self._table.records()
        while batch := list(islice(records, BATCH)):
            self._taken.read += len(batch)
            inhabited = [
                (record, residents)
                for record in batch
                if (residents := self._residents(record)) is not None
            ]
            yield list(self._located(inhabited))

    def _placed(self, crs: str | None, *, implied: bool) -> Placement:
        """How places are read; the names of cells leave nothing to find out."""
        sample = list(islice(self._table.records(), SAMPLE))
        if any(_inspire(record, self._layout) for record in sample):
            return Placement((Reading(LAEA),))
        places = [_place(record, self._layout) for record in sample]
        located = [each for each in places if each is not None]
        if not located:
            raise UnreadableError("no row says where it is: a geometry, x and y, or a cell's name")
        return Placement.of(
            self._table.crs, crs, located, implied=implied, territory=self._territory
        )

    def _residents(self, record: Record) -> Decimal | None:
        """Census grids have a dash, or -1, where nobody lives or the number is secret."""
        try:
            found = number(record.properties.get(self._layout.residents), self._layout.convention)
        except CellError as error:
            self._taken.reject(record.position, str(error))
            return None
        if found is None or found <= 0:
            self._taken.left_out["without residents"] += 1
            return None
        return found

    def _located(self, inhabited: Sequence[tuple[Record, Decimal]]) -> Iterator[Row]:
        placed = self._placement.all_to_degrees(
            _place(record, self._layout) for record, _ in inhabited
        )
        middles = shapely.centroid(placed.geometries)
        is_here = self._territory.covers(middles)
        for index, (record, residents) in enumerate(inhabited):
            middle = middles[index]
            if middle is None:
                reason = placed.flaws.get(index, record.flaw or "without a place")
                self._taken.reject(record.position, reason)
            elif is_here[index]:
                yield _row(record, self._layout, (middle.x, middle.y), residents)
            else:
                self._taken.left_out["outside all districts"] += 1


def _row(record: Record, layout: Layout, point: tuple[float, float], residents: Decimal) -> Row:
    inspire = _inspire(record, layout)
    name = record.properties.get(layout.cell or "")
    return {
        "cell": str(name).strip() if name not in (None, "") else "{:.7f},{:.7f}".format(*point),
        "width": int(inspire["width"]) if inspire else None,
        "point": point,
        "residents": residents,
    }


# --- writing -------------------------------------------------------------------------------------


def _write(
    connection: Connection, file: Path, title: str, batches: Iterable[list[Row]], taken: Taken
) -> None:
    slug = slugify(title)
    source = _source(connection, slug, title, taken)
    run = begin_run(
        connection,
        resource=CELLS,
        file=file.name,
        sha256=_digest(file),
        mapping="grid",
        source_id=source,
        actor="import grid",
    )
    written = _Written(slug, source)
    for batch in batches:
        taken.counts += upsert(connection, PopulationCell, written.named(batch, taken))
    if not written.ids:
        raise GridRefused("no cell with residents lies in a district that has a real boundary")
    gone = replaced_cells(connection, source, written.ids)
    taken.removed = delete_rows(connection, PopulationCell, gone)
    taken.run, taken.residents = run, float(written.residents)
    finish_run(connection, run, {"new": taken.counts.new}, taken.as_json())


class _Written:
    """What was written so far: which cells, and how many people live there."""

    def __init__(self, slug: str, source: UUID) -> None:
        self._slug, self._source = slug, source
        self.ids: set[UUID] = set()
        self.residents = Decimal(0)

    def named(self, batch: Iterable[Row], taken: Taken) -> list[Row]:
        """The rows with their ids; the first of several for a cell is the one."""
        rows: list[Row] = []
        for row in batch:
            identity = entity_id(CELLS, self._slug, row["cell"])
            if identity in self.ids:
                taken.reject(row["cell"], "the cell is in the file more than once")
                continue
            self.ids.add(identity)
            self.residents += row["residents"]
            rows.append({"id": identity, "source_id": self._source, **row})
        return rows


def _source(connection: Connection, slug: str, title: str, taken: Taken) -> UUID:
    """Nothing of a new one is published until somebody states its licence."""
    if known := ids_by_slug(connection, Source).get(slug):
        return known
    taken.new_source = slug
    stated = {"title": title, "publisher": title, "attribution": title, "license": NOT_STATED}
    upsert(connection, Source, [{"id": source_id(slug), "slug": slug, **stated}])
    return source_id(slug)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
