"""Files with a line an entity, as PostgreSQL wrote it: CSV, NDJSON, GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.artefacts.bulk import FOLDER, Wanted, taken_over, wanted
from api.artefacts.snapshot import Made, Snapshot
from api.formats import FORMATS
from api.resources import RESOURCES, Resource
from api.responses import csv_line
from db import snapshots

BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Framing:
    """What stands before, between, and after the lines of a file."""

    head: bytes
    between: bytes
    tail: bytes


FRAMINGS = {
    "csv": Framing(b"", b"\r\n", b"\r\n"),
    "ndjson": Framing(b"", b"\n", b"\n"),
    "geojson": Framing(b'{"type":"FeatureCollection","features":[\n', b",\n", b"\n]}\n"),
}


def make(shown: Snapshot, folder: Path, _made: Sequence[Made]) -> Iterable[Made]:
    """Every resource in every format that has a line an entity."""
    contents = snapshots.contents(shown.connection)
    (folder / FOLDER).mkdir()
    for resource in RESOURCES:
        for format_ in FRAMINGS:
            if format_ != "geojson" or snapshots.is_located(resource.table.name):
                asked = wanted(resource, format_, contents)
                yield taken_over(shown, folder, asked) or _written(shown, folder, asked)


def _written(shown: Snapshot, folder: Path, asked: Wanted) -> Made:
    made = asked.made(FORMATS[asked.format].content_type)
    _write(folder / made.name, FRAMINGS[asked.format], _lines(shown, asked.resource, asked.format))
    return made


def _lines(shown: Snapshot, resource: Resource, format_: str) -> Iterator[bytes]:
    layout = FORMATS[format_].layout
    columns = tuple(resource.columns.values()) if format_ == "csv" else ()
    if format_ == "csv":
        yield csv_line(tuple(resource.columns))
    order = resource.list_parameters().order()
    yield from snapshots.lines(shown.connection, resource.table.name, order, layout, columns)


def _write(path: Path, framing: Framing, lines: Iterable[bytes]) -> None:
    before, after = framing.head, framing.head and framing.tail
    with path.open("wb", buffering=BUFFER) as file:
        for line in lines:
            file.write(before)
            file.write(line)
            before, after = framing.between, framing.tail
        if before is framing.head:
            file.write(before)
        file.write(after)
