"""A list as a table: documents in, bytes out, never in the way of other requests."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Protocol

from api.formats import Format
from api.resources import Resource
from api.tables.columns import labelled, typed
from api.tables.german import GermanWriter, heads
from api.tables.parquet import ParquetWriter
from api.tables.workbook import WorkbookWriter


class Writer(Protocol):
    """What makes a table of documents. Called in threads, once at a time."""

    def begin(self) -> bytes: ...
    def add(self, documents: Sequence[bytes]) -> bytes: ...
    def end(self) -> Iterator[bytes]: ...


def writer(
    format_: Format,
    resource: Resource,
    named: Mapping[str, str],
    lang: str,
    dimensions: Mapping[str, str],
) -> Writer:
    """The writer of a format. `dimensions`: what those columns are called in the language."""
    match format_.name:
        case "xlsx":
            return WorkbookWriter(typed(resource, named), resource.name)
        case "parquet":
            return ParquetWriter(typed(resource, named))
        case _:
            called = {**heads(resource.name, lang), **dimensions}
            return GermanWriter(labelled(resource, named), called, lang)


async def written(writing: Writer, batches: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    """The table in pieces."""
    yield await asyncio.to_thread(writing.begin)
    async for batch in batches:
        if piece := await asyncio.to_thread(writing.add, batch):
            yield piece
    rest = writing.end()
    while piece := await asyncio.to_thread(next, rest, b""):
        yield piece
