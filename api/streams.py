"""All that a filter selects, however long: lines, tables, and whole documents."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace

from fastapi import Request, Response

from api import responses
from api.common_parameters import ItemParameters, ListParameters
from api.envelopes import envelope_of, links_of
from api.errors import InvalidParameter
from api.resources import INTERVAL_COLUMNS, RECALCULATED_COLUMNS, WIDE_COLUMNS
from api.responses import Envelope
from api.tables import writing as tables
from api.wanted import Wanted, opened_at
from db import queries
from db.conditions import Condition, near


async def stream(request: Request, wanted: Wanted, parameters: ItemParameters) -> Response:
    """CSV and NDJSON: a line an entity; and tables."""
    async with AsyncExitStack() as stack:
        lines = await stack.enter_async_context(_opened(wanted, _columns(wanted, parameters)))
        version = wanted.version(lines.state)
        if wanted.format.table:
            chunks = await _table(wanted, lines)
        else:
            head = responses.csv_line(tuple(lines.columns)) if wanted.format.name == "csv" else b""
            chunks = responses.lines(version, head, lines.batches)
        spool = wanted.service.spool()
        name = wanted.resource.name
        return responses.Stream(request, version, chunks, stack.pop_all(), spool, name)


async def whole(
    request: Request,
    wanted: Wanted,
    parameters: ListParameters,
    also: Sequence[Condition],
) -> Response:
    """JSON and GeoJSON with `limit=all`: one document, however long, of one snapshot."""
    wanted = await opened_at(wanted, parameters, await queries.current_state(wanted.service.pool))

    async def envelope(lines: queries.Lines, count: int) -> Envelope:
        total = None if wanted.selection.after else count
        within = replace(wanted, source=lines.snapshot)
        found = await envelope_of(within, parameters, also, lines.state, total)
        assert found is not None  # a snapshot has one state
        found.links = links_of(request, wanted, None)
        return found

    async with AsyncExitStack() as stack:
        lines = await stack.enter_async_context(_opened(wanted, {}))
        version = wanted.version(lines.state)
        chunks = responses.whole(version, lines, envelope)
        spool, name = wanted.service.spool(), wanted.resource.name
        return responses.Stream(request, version, chunks, stack.pop_all(), spool, name)


async def _table(wanted: Wanted, lines: queries.Lines) -> AsyncIterator[bytes]:
    """XLSX and the like: made of the documents, in threads."""
    most, selection = wanted.format.most, wanted.selection
    if most and (selection.limit is None or selection.limit > most):
        total, _ = await queries.count(lines.snapshot, selection)
        if total > most:
            detail = f"{wanted.format.name} has at most {most} rows, and this are {total}; "
            raise InvalidParameter.named("format", f"{detail}ask for csv, or for less")
    dimensions = await queries.dimension_labels(lines.snapshot, wanted.lang)
    made = tables.writer(wanted.format, wanted.resource, lines.columns, wanted.lang, dimensions)
    return tables.written(made, lines.batches)


def _opened(
    wanted: Wanted, columns: Mapping[str, str]
) -> AbstractAsyncContextManager[queries.Lines]:
    return queries.stream(wanted.service.pool, wanted.selection, columns)


def _columns(wanted: Wanted, parameters: ItemParameters) -> dict[str, str]:
    """The columns of a table; `fields` keeps those made from the members it names."""
    if wanted.selection.layout == "wide":
        return WIDE_COLUMNS
    columns = wanted.resource.columns
    if any(condition.builder is near for condition in wanted.selection.conditions):
        columns = columns | {"distance_m": "$.distance_m"}
    if wanted.selection.boundary:
        columns = columns | RECALCULATED_COLUMNS
    if "interval" in wanted.selection.include:
        columns = columns | INTERVAL_COLUMNS
    if wanted.opening:
        columns = columns | {"open_until": "$.opening.next_change"}
    if not parameters.fields:
        return columns
    kept = {"id", "distance_m", "opening", "recalculation", "interval", *parameters.fields}
    return {
        name: path
        for name, path in columns.items()
        if path.removeprefix("$.").split(".")[0].removesuffix("[*]") in kept
    }
