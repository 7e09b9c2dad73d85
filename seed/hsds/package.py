"""The package: a zip with the tables as CSV (RFC 4180, UTF-8) and their description."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from seed.hsds.flatten import Json, flatten
from seed.hsds.piles import Pile
from seed.hsds.tables import Table, tables

DESCRIPTION = "datapackage.json"
ALWAYS = ("organization", "service")  # a package without a service has them as well
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is written

Documents = Iterable[tuple[str, Json]]
"""HSDS 3.1 JSON, each document with the table that it is a row of."""


@dataclass(frozen=True, slots=True)
class About:
    """What a package says of itself: `version` and `created` are those of what it shows."""

    title: str
    version: str
    created: str
    sources: Sequence[Mapping[str, str]] = ()
    licenses: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A table that was written."""

    table: Table
    rows: int
    size: int
    sha256: str


def write_package(documents: Documents, about: About, file: Path) -> list[Written]:
    """Write a package of documents, whole or not at all. The same ones make the same bytes."""
    with TemporaryDirectory(dir=file.parent, prefix=".hsds-") as folder:
        piles = {name: Pile(table, Path(folder)) for name, table in tables().items()}
        for name, document in documents:
            for row in flatten(name, document):
                piles[row.table].add(row.cells)
        aside = Path(folder) / "package"
        with ZipFile(aside, "w") as archive:
            written = list(_write_tables(archive, piles.values()))
            description = json.dumps(_description(about, written), ensure_ascii=False, indent=2)
            archive.writestr(_member(DESCRIPTION), description)
        aside.replace(file)
    return written


def _write_tables(archive: ZipFile, piles: Iterable[Pile]) -> Iterator[Written]:
    for pile in piles:
        if pile or pile.table.name in ALWAYS:
            with archive.open(_member(pile.table.path), "w", force_zip64=True) as content:
                yield _write_table(content, pile)


def _member(name: str) -> ZipInfo:
    member = ZipInfo(name, _LONG_AGO)
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member


def _write_table(content: IO[bytes], pile: Pile) -> Written:
    sink, number = _Sink(content), 0
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(pile.table.names)
    for row in pile.rows():
        writer.writerow(row)
        number += 1
    return Written(pile.table, number, sink.size, sink.digest.hexdigest())


class _Sink:
    """Takes lines as text, writes them as UTF-8, and knows their size and sum."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, line: str) -> None:
        encoded = line.encode()
        self._content.write(encoded)
        self.digest.update(encoded)
        self.size += len(encoded)


def _description(about: About, written: Sequence[Written]) -> dict[str, Any]:
    present = {each.table.name for each in written}
    return {
        "profile": "tabular-data-package",
        "name": "hsds",
        "title": about.title,
        "version": about.version,
        "created": about.created,
        "homepage": "https://docs.openreferral.org/",
        "licenses": list(about.licenses),
        "sources": list(about.sources),
        "resources": [_resource(each, each.table.schema(present)) for each in written],
    }


def _resource(written: Written, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": written.table.name,
        "path": written.table.path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": written.size,
        "hash": f"sha256:{written.sha256}",
        "rows": written.rows,
        "schema": schema,
    }
