"""Parquet: the columns of CSV with their types, lists as lists."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from api.artefacts.columns import Column
from api.artefacts.tables import arrays, fields
from api.tables.files import pieces

GROUP = 10_000  # rows in a row group of the file


class ParquetWriter:
    """Row groups into a temporary file."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._schema = pa.schema(fields(columns, joined=False))
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _ended()
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._ended = weakref.finalize(self, _closed, self._writer, self._file)

    def begin(self) -> bytes:
        return b""

    def add(self, documents: Sequence[bytes]) -> bytes:
        columns = [*arrays(self._columns, documents, joined=False)]
        self._waiting.append(pa.record_batch(columns, schema=self._schema))
        if sum(map(len, self._waiting)) >= GROUP:
            self._write()
        return b""

    def end(self) -> Iterator[bytes]:
        self._write()
        self._writer.close()
        yield from pieces(self._file)
        self._ended()

    def _write(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting = []


def _closed(writer: pq.ParquetWriter, file: IO[bytes]) -> None:
    writer.close()
    file.close()
