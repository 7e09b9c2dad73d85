"""Reading the published schema: a page, an item, a count, facets, a stream.

The statements (db/statements.py) run on psycopg directly, and PostgreSQL returns the finished bytes
together with the state they belong to.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString, Protocol
from uuid import UUID

from psycopg import AsyncConnection, AsyncRawServerCursor

from db import lines, statements, totals
from db.conditions import as_uuid
from db.lines import BREAKDOWNS
from db.pool import Pool
from db.state import STATE_TEXT, State, parse_state, read_state
from db.statements import Selection, Statement

BATCH = 200
LINES = 1000
"""A batch of lines from columns, which are short."""


class Source(Protocol):
    """Where connections for short statements come from: the pool, or one snapshot."""

    def query(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The connection of a stream: whatever is asked on it is answered from the same snapshot."""

    pool: Pool
    connection: AsyncConnection[Any]

    @asynccontextmanager
    async def query(self) -> AsyncIterator[AsyncConnection[Any]]:
        """In a savepoint: a statement that is given up does not end the stream."""
        with self.pool.watch(self.connection):
            async with self.connection.transaction():
                yield self.connection


@dataclass(frozen=True, slots=True)
class Page:
    """The documents of a page joined by commas, and what the envelope says of them."""

    body: bytes
    count: int
    has_next: bool
    last: bytes | None
    state: State
    attribution: bytes
    license: str | None


async def page(pool: Pool, selection: Selection) -> Page:
    """One page: a single statement, so its documents and its sequence belong together."""
    assert selection.limit is not None  # a page has an end
    row = await _row(pool, statements.page(selection.shape), selection.values())
    body, count, last, state, attribution, license_ = row
    return Page(
        body=body or b"",
        count=min(count, selection.limit),
        has_next=count > selection.limit,
        last=last,
        state=parse_state(state),
        attribution=attribution or b"[]",
        license=license_.decode() if license_ else None,
    )


async def item(pool: Pool, selection: Selection) -> tuple[bytes, State] | None:
    """The first entity selected, and the state it belongs to."""
    row = await _row(pool, statements.item(selection.shape), selection.values())
    return (row[0], parse_state(row[1])) if row else None


async def count(source: Source, selection: Selection) -> tuple[int, State]:
    """How many entities match, and the state they were counted in."""
    row = await _row(source, totals.count(selection.shape), selection.values())
    return row[0], parse_state(row[1])


async def highest_number(source: Source, name: str) -> tuple[int, State]:
    """The highest number in a list of HSDS, and the state it is of."""
    row = await _row(source, totals.highest(name), {})
    return row[0], parse_state(row[1])


async def hsds_term(pool: Pool, id_: UUID) -> tuple[str, str] | None:
    """The vocabulary and the code of a taxonomy term."""
    row = await _found(pool, _HSDS_TERM, id_)
    return (row[0].decode(), row[1].decode()) if row else None


async def hsds_taxonomy(pool: Pool, id_: UUID) -> str | None:
    """The name of a vocabulary."""
    row = await _found(pool, _HSDS_TAXONOMY, id_)
    return row[0].decode() if row else None


@dataclass(frozen=True, slots=True)
class PostcodePlace:
    """Where the sites of a postcode are, if anybody knows."""

    centre: tuple[float, float] | None


async def postcode_place(pool: Pool, postcode: str) -> PostcodePlace | None:
    """The place of a postcode; None if no published site has it."""
    row = await _found(pool, _POSTCODE, postcode)
    if row is None:
        return None
    return PostcodePlace(tuple(json.loads(row[0])) if row[0] else None)


async def _found(pool: Pool, statement: LiteralString, value: object) -> Any:
    async with pool.query() as connection:
        cursor = await connection.execute(statement, [value])
        return await cursor.fetchone()


async def facet(source: Source, selection: Selection, name: str, lang: str) -> tuple[bytes, State]:
    """Counts by the values of a facet as a JSON array, most frequent first; and the state."""
    values = selection.values() | {"facet_lang": lang}
    row = await _row(source, totals.facet(selection.shape, name), values)
    return row[0], parse_state(row[1])


@dataclass(frozen=True, slots=True)
class Lines:
    """A stream that has begun: its columns (for CSV), then lines in batches."""

    state: State
    attribution: bytes
    license: str | None
    columns: Mapping[str, str]
    batches: AsyncIterator[list[bytes]]
    snapshot: Snapshot


@asynccontextmanager
async def stream(
    pool: Pool, selection: Selection, columns: Mapping[str, str]
) -> AsyncIterator[Lines]:
    """All entities selected, from one snapshot. `columns` (name to JSON path) are for CSV.

    A server-side cursor: memory stays flat on both sides, the first lines come at once.
    """
    async with (
        pool.stream() as connection,
        connection.transaction(),
        AsyncRawServerCursor(connection, "lines") as cursor,
    ):
        with pool.watch(connection):
            described, names, size = await _begin(cursor, selection, columns)
        snapshot = Snapshot(pool, connection)
        yield Lines(*described, names, _batches(pool, cursor, size), snapshot)


async def _begin(
    cursor: AsyncRawServerCursor[Any], selection: Selection, columns: Mapping[str, str]
) -> tuple[tuple[State, bytes, str | None], dict[str, str], int]:
    connection = cursor.connection
    await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    described = await _described(connection, selection.table.name)
    if BREAKDOWNS in columns.values():
        columns = await _with_dimensions(connection, selection, columns)
    if selection.layout == "wide":
        columns = {**columns, **await _period_columns(connection, selection)}
    if _is_lined(selection, columns):
        selection = replace(selection, cells=tuple(columns.values()))
    statement = statements.stream(selection.shape)
    values = selection.values() | {"columns": list(columns.values())}
    await cursor.execute(statement.sql, statement.arguments(values))
    return described, dict(columns), LINES if selection.cells else BATCH


def _is_lined(selection: Selection, columns: Mapping[str, str]) -> bool:
    """Whether lines are made of columns; what is recalculated or added is in documents only."""
    if selection.layout != "csv" or selection.boundary or selection.include:
        return False
    return lines.is_made_of_columns(selection.table, [*columns.values()])


async def _described(
    connection: AsyncConnection[Any], resource: str
) -> tuple[State, bytes, str | None]:
    """The state, and what is said of a resource as a whole: attribution and licence."""
    cursor = await connection.execute(_DESCRIBED, [resource])
    row = await cursor.fetchone()
    assert row is not None  # published.state always holds one row
    state, attribution, license_ = row
    return parse_state(state), attribution or b"[]", license_.decode() if license_ else None


async def _period_columns(connection: AsyncConnection[Any], selection: Selection) -> dict[str, str]:
    """A column for each period that the selected observations have, in order."""
    statement = totals.periods(selection.shape)
    cursor = await connection.execute(statement.sql, statement.arguments(selection.values()))
    periods = [row[0].decode() for row in await cursor.fetchall()]
    return {period: f"$.values.{json.dumps(period)}" for period in periods}


async def _with_dimensions(
    connection: AsyncConnection[Any], selection: Selection, columns: Mapping[str, str]
) -> dict[str, str]:
    """And a column for each dimension that the selected observations have."""
    statement = totals.dimensions(selection.shape)
    cursor = await connection.execute(statement.sql, statement.arguments(selection.values()))
    dimensions = [row[0].decode() for row in await cursor.fetchall()]
    return {**columns} | {
        f"breakdown_{each}" if each in columns else each: f"{BREAKDOWNS}.{each}.code"
        for each in dimensions
    }


async def _batches(
    pool: Pool, cursor: AsyncRawServerCursor[Any], size: int
) -> AsyncIterator[list[bytes]]:
    """One batch is on its way while another is being sent: neither side waits for the other."""

    async def fetch() -> list[Any]:
        with pool.watch(cursor.connection):
            return await cursor.fetchmany(size)

    coming = asyncio.create_task(fetch())
    try:
        while rows := await coming:
            coming = asyncio.create_task(fetch())
            yield [row[0] for row in rows]
    finally:
        coming.cancel()
        await asyncio.wait([coming])


async def dimension_labels(source: Source, lang: str) -> dict[str, str]:
    """What the dimensions of breakdowns are called."""
    async with source.query() as connection:
        cursor = await connection.execute(_DIMENSIONS, [lang])
        return {row[0].decode(): row[1].decode() for row in await cursor.fetchall()}


async def current_state(pool: Pool) -> State:
    async with pool.query() as connection:
        return await read_state(connection)


async def languages(pool: Pool) -> tuple[str, ...]:
    """The languages documents are published in, the default first."""
    async with pool.query() as connection:
        cursor = await connection.execute(_LANGUAGES)
        return tuple(row[0].decode() for row in await cursor.fetchall())


async def unknown_names(
    pool: Pool, names: Sequence[tuple[str, str]]
) -> list[tuple[str, str, list[str]]]:
    """Which of the (resource, name) pairs nobody bears, each with the names most like it."""
    resources, values = [list(column) for column in zip(*names, strict=True)]
    async with pool.query() as connection:
        cursor = await connection.execute(_UNKNOWN_NAMES, [resources, values])
        return [
            (row[0].decode(), row[1].decode(), [name.decode() for name in row[2]])
            for row in await cursor.fetchall()
        ]


@dataclass(frozen=True, slots=True)
class Former:
    """What became of an entity that once had a name: a tombstone (JSON), or where it is now.

    `id` and `slug` are its own if it was renamed, else those of what took its place.
    """

    tombstone: bytes | None
    id: UUID | None
    slug: str | None


async def former(pool: Pool, resource: str, name: str) -> Former | None:
    """What became of whoever was called so last, over any number of mergers."""
    async with pool.query() as connection:
        cursor = await connection.execute(_FORMER, [resource, as_uuid(name), name])
        row = await cursor.fetchone()
    if row is None:
        return None
    tombstone, identity, slug = row
    return Former(tombstone, identity, slug.decode() if slug else None)


async def places(pool: Pool, typed: str, limit: int) -> tuple[bytes, State]:
    """Districts and postcodes whose name begins with, contains, or resembles what was typed."""
    async with pool.query() as connection:
        cursor = await connection.execute(_PLACES, [typed, limit])
        row = await cursor.fetchone()
        assert row is not None  # an aggregate
        return row[0], parse_state(row[1])


async def places_called(pool: Pool, names: Sequence[str]) -> list[tuple[str, bytes]]:
    """Which of the names are those of places, or their keys: each with the place best known."""
    async with pool.query() as connection:
        cursor = await connection.execute(_PLACES_CALLED, [list(names)])
        return [(row[0].decode(), row[1]) for row in await cursor.fetchall()]


async def _row(source: Source, statement: Statement, values: Mapping[str, Any]) -> Any:
    async with source.query() as connection:
        arguments = statement.arguments(values)
        cursor = await connection.execute(statement.sql, arguments, prepare=statement.prepared)
        return await cursor.fetchone()


_DESCRIBED: LiteralString = f"""
SELECT {STATE_TEXT}, resource.attribution, resource.license
FROM (SELECT) AS always LEFT JOIN published.resource ON resource.name = $1::text
"""
_LANGUAGES: LiteralString = (
    "SELECT code FROM published.language ORDER BY is_default DESC, position, code"
)
_UNKNOWN_NAMES: LiteralString = """
WITH part AS (
    SELECT DISTINCT unnest(breakdown) AS part FROM published.indicator
)
SELECT DISTINCT asked.resource, asked.name, ARRAY(
    SELECT known.name FROM (
        SELECT alias FROM published.alias a WHERE a.resource = asked.resource
        UNION ALL
        SELECT part FROM part WHERE asked.resource = 'breakdown') AS known(name)
    WHERE similarity(known.name, asked.name) > 0.2
    ORDER BY similarity(known.name, asked.name) DESC, known.name LIMIT 3)
FROM unnest($1::text[], $2::text[]) AS asked(resource, name)
WHERE NOT EXISTS (SELECT FROM published.alias a
                  WHERE a.resource = asked.resource AND a.alias = asked.name)
  AND NOT (asked.resource = 'breakdown' AND asked.name IN (SELECT part FROM part))
"""
# An entity merged into another that was merged into the first ends the line: both are gone.
_FORMER: LiteralString = """
WITH RECURSIVE named AS (
    SELECT id FROM published.change
    WHERE resource = $1::text AND (id = $2::uuid AND NOT superseded OR slug = $3::text)
    ORDER BY id = $2::uuid DESC NULLS LAST, sequence DESC LIMIT 1
), line AS (
    SELECT c.*, ARRAY[c.id] AS path
    FROM published.change c JOIN named USING (id)
    WHERE c.resource = $1::text AND NOT c.superseded
    UNION ALL
    SELECT c.*, path || c.id
    FROM line JOIN published.change c
      ON c.resource = $1::text AND c.id = line.merged_into_id AND NOT c.superseded
    WHERE c.id <> ALL (path)
)
SELECT row_to_json(tombstone)::text, heir.id, heir.slug
FROM (SELECT id, slug, coalesce(reason, 'deleted') AS reason, merged_into_id AS merged_into,
             sequence, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
      FROM line WHERE cardinality(path) = 1 AND kind = 'remove') AS tombstone
FULL JOIN (SELECT id, slug FROM line WHERE kind = 'upsert') AS heir ON true
"""
_DIMENSIONS: LiteralString = """
SELECT value, label FROM published.label
WHERE kind = 'breakdown' AND lang = $1::text AND value NOT LIKE '%:%'
"""
_HSDS_TERM: LiteralString = (
    "SELECT taxonomy, code FROM published.hsds_taxonomy_term WHERE id = $1::uuid"
)
_HSDS_TAXONOMY: LiteralString = "SELECT name FROM published.hsds_taxonomy WHERE id = $1::uuid"
_POSTCODE: LiteralString = """
SELECT document::json -> 'centre' #>> '{}'
FROM published.place WHERE id = md5('postcode:' || $1::text)::uuid AND kind = 'postcode'
"""
_PLACES: LiteralString = f"""
WITH typed AS (
    SELECT published.fold($1::text) AS folded,
           replace(replace(replace(published.fold($1::text), '\\', '\\\\'), '%', '\\%'), '_', '\\_')
               AS pattern
), found AS (
    SELECT p.document, p.rank, p.id,
           CASE WHEN p.folded = typed.folded THEN 0
                WHEN p.folded LIKE typed.pattern || '%' THEN 1
                WHEN p.folded LIKE '% ' || typed.pattern || '%' THEN 2
                WHEN p.folded LIKE '%' || typed.pattern || '%' THEN 3 ELSE 4 END AS fit,
           similarity(p.folded, typed.folded) AS likeness
    FROM published.place p, typed
    WHERE p.folded LIKE '%' || typed.pattern || '%' OR p.folded % typed.folded
    ORDER BY fit, CASE WHEN p.folded LIKE '%' || typed.pattern || '%' THEN p.rank END DESC,
             likeness DESC, id
    LIMIT $2::integer
)
SELECT coalesce(string_agg(document, ',' ORDER BY fit,
                           CASE WHEN fit < 4 THEN rank END DESC, likeness DESC, id), ''),
       {STATE_TEXT}
FROM found
"""
_PLACES_CALLED: LiteralString = """
SELECT DISTINCT ON (asked.name) asked.name, p.document
FROM unnest($1::text[]) AS asked(name)
JOIN published.place p ON p.folded = published.fold(asked.name)
     OR p.kind = 'postcode' AND p.folded LIKE published.fold(asked.name) || ' %'
        AND asked.name ~ '^[0-9]{4,5}$'
ORDER BY asked.name, (p.folded = published.fold(asked.name)) DESC, p.rank DESC, p.id
"""
