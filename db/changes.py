"""Reading what publications changed: the last change of every entity, in the order it came in.

Numbers of publications are in the order of commits, and a publication is one transaction: who has
read all changes up to a number has missed none. An entity that changed again stands at its new
place only, so a copy is told each entity once.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection

from db import published
from db.pool import Pool
from db.state import STATE_TEXT, State, parse_state

BATCH = 1_000
Lines = AsyncIterator[list[bytes]]
FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two changes, named by the one before it."""

    sequence: int
    resource: str = ""
    id: UUID = FIRST_ID

    @classmethod
    def after(cls, sequence: int) -> "Position":
        """Behind all changes of a publication."""
        return cls(sequence + 1)

    def within(self, resource: str) -> tuple[int, UUID]:
        """The same place among the changes of one resource."""
        if resource == self.resource:
            return self.sequence, self.id
        return (self.sequence if resource < self.resource else self.sequence - 1), LAST_ID


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes, from where on, and what of them. `seen`: a publication the caller knows.

    `names`: by table, what a resource is called in addresses. `base`: what these begin with.
    `lang`: of the documents, None for the default.
    """

    names: Mapping[str, str]
    position: Position
    seen: int
    base: str
    documents: bool = False
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a caller can go on from where he says he is.

    `lost`: the publication that he has seen was taken back by a restored backup.
    """

    state: State
    registry: UUID
    forgotten: int
    lost: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes. `last`: where it ended, if there are more."""

    body: bytes
    last: Position | None
    standing: Standing


async def page(pool: Pool, wanted: Wanted, limit: int, separator: str = ",") -> Changes:
    """The next changes, in one statement: they and the state are of one snapshot."""
    async with pool.query() as connection:
        return await _read(connection, wanted, limit, separator)


@asynccontextmanager
async def stream(pool: Pool, wanted: Wanted) -> AsyncIterator[tuple[Standing, Lines]]:
    """All changes there are, page after page of one snapshot."""
    async with pool.stream() as connection, connection.transaction():
        with pool.watch(connection):
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            first = await _read(connection, wanted, BATCH, "\n")
        yield first.standing, _batches(pool, connection, wanted, first)


async def _batches(
    pool: Pool, connection: AsyncConnection[Any], wanted: Wanted, found: Changes
) -> Lines:
    if found.body:
        yield [found.body]
    while found.last:
        wanted = replace(wanted, position=found.last)
        with pool.watch(connection):
            found = await _read(connection, wanted, BATCH, "\n")
        yield [found.body]


async def _read(
    connection: AsyncConnection[Any], wanted: Wanted, limit: int, separator: str
) -> Changes:
    cursor = await connection.execute(_PAGE, _arguments(wanted, limit, separator))
    row = await cursor.fetchone()
    assert row is not None  # an aggregate
    body, last, state, registry, forgotten, lost = row
    standing = Standing(parse_state(state), registry, forgotten, lost)
    return Changes(body or b"", _position(last) if last else None, standing)


def _arguments(wanted: Wanted, limit: int, separator: str) -> list[Any]:
    names = wanted.names
    places = [wanted.position.within(resource) for resource in names]
    sequences, ids = [list(column) for column in zip(*places, strict=True)]
    shown = [list(names), list(names.values()), wanted.base, wanted.lang, wanted.documents]
    return [*shown, sequences, ids, limit, separator, wanted.seen]


def _position(last: bytes) -> Position:
    sequence, resource, identity = json.loads(last)
    return Position(sequence, resource, UUID(identity))


def _documents() -> LiteralString:
    """The document of a change in the language asked for, else in the default one."""
    own = " ".join(
        f"WHEN '{name}' THEN (SELECT d.document FROM published.{name} d WHERE d.id = c.id)"
        for name in published.RESOURCES
    )
    return f"""coalesce(
        (SELECT t.document FROM published.translation t
         WHERE t.resource = c.resource AND t.id = c.id AND t.lang = $4::text),
        CASE c.resource {own} END, 'null')"""


# An upsert leads to the entity, a removal to what took its place, if anything did.
_BODY: LiteralString = f"""
    (SELECT left(row_to_json(shown)::text, -1)
     FROM (SELECT c.sequence,
                  to_char(c.at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at,
                  ($2::text[])[array_position($1::text[], c.resource)] AS resource,
                  c.id, c.slug, c.kind, c.reason, c.merged_into_id AS merged_into,
                  CASE WHEN leads.rel IS NULL THEN '[]' ELSE
                      '[{{"rel":"' || leads.rel || '","href":' || to_json(
                          $3::text || '/v1/' || ($2::text[])[array_position($1::text[], c.resource)]
                          || '/' || leads.id)::text || ',"type":"application/json"}}]'
                  END::json AS links
           FROM (SELECT CASE WHEN c.kind = 'upsert' THEN 'item'
                             WHEN c.merged_into_id IS NOT NULL THEN 'related' END AS rel,
                        coalesce(c.merged_into_id, c.id) AS id) AS leads) AS shown)
    || CASE WHEN $5::boolean THEN ',"document":' || {_documents()} ELSE '' END || '}}'"""

# Each resource by its own index, so that rare ones are not looked for among all others.
_PAGE: LiteralString = f"""
WITH found AS (
    SELECT c.*, row_number() OVER (ORDER BY c.sequence, c.resource COLLATE "C", c.id) AS position
    FROM unnest($1::text[], $6::bigint[], $7::uuid[]) AS wanted(resource, sequence, id)
    CROSS JOIN LATERAL (
        SELECT * FROM published.change c
        WHERE NOT c.superseded AND c.resource = wanted.resource
          AND (c.sequence, c.id) > (wanted.sequence, wanted.id)
        ORDER BY c.sequence, c.id LIMIT $8::integer + 1) AS c
    ORDER BY position LIMIT $8::integer + 1
), composed AS (
    SELECT position, sequence, resource, id,
           CASE WHEN position <= $8::integer THEN {_BODY} END AS body
    FROM found AS c
)
SELECT string_agg(body, $9::text ORDER BY position),
       CASE WHEN count(*) > $8::integer THEN max(json_build_array(sequence, resource, id)::text)
           FILTER (WHERE position = $8::integer) END,
       {STATE_TEXT},
       (SELECT registry FROM published.state), (SELECT forgotten FROM published.state),
       EXISTS (SELECT FROM published.restoration r
               WHERE r.saved < $10::bigint AND r.sequence > $10::bigint)
FROM composed
"""
