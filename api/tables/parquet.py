"""Parquet: the columns of CSV with their types, lists as lists."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from api.artefacts.columns import Column
from api.artefacts.tables import arrays, lists
from api.tables.files import pieces

GROUP = 10_000  # rows in memory, and in a row group of the file


class ParquetWriter:
    """Row groups into a temporary file."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._schema = pa.schema([pa.field(column.name, lists(column)) for column in columns])
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd")
        self._waiting: list[bytes] = []

    def begin(self) -> bytes:
        return b""

    def add(self, documents: Sequence[bytes]) -> bytes:
        self._waiting += documents
        if len(self._waiting) >= GROUP:
            self._write()
        return b""

    def end(self) -> Iterator[bytes]:
        with self._file:
            self._write()
            self._writer.close()
            yield from pieces(self._file)

    def _write(self) -> None:
        columns = [*arrays(self._columns, self._waiting, joined=False)]
        self._writer.write_batch(pa.record_batch(columns, schema=self._schema))
        self._waiting = []
