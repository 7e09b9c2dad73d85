"""Reading what publications changed: the last change of every entity, in the order it came in.

Numbers of publications are in the order of commits, and a publication is one transaction: who has
read all changes up to a number has missed none. An entity that changed again stands at its new
place only, so a copy is told each entity once.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, cast
from uuid import UUID

from psycopg import AsyncConnection, AsyncRawServerCursor

from db import published
from db.pool import Pool
from db.queries import batches
from db.state import STATE_TEXT, State, parse_state

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
    """A page of changes, and where it ended."""

    body: bytes
    count: int
    has_more: bool
    last: bytes | None
    standing: Standing


async def page(pool: Pool, wanted: Wanted, limit: int, separator: str = ",") -> Changes:
    """The next changes, in one statement: they and the state are of one snapshot."""
    places = [wanted.position.within(resource) for resource in wanted.names]
    sequences, ids = [list(column) for column in zip(*places, strict=True)]
    arguments = [*_shown(wanted), sequences, ids, limit, separator, wanted.seen]
    async with pool.query() as connection:
        cursor = await connection.execute(_PAGE, arguments)
        row = await cursor.fetchone()
        assert row is not None  # an aggregate
    body, count, last, *standing = row
    return Changes(body or b"", min(count, limit), count > limit, last, _standing(standing))


@asynccontextmanager
async def stream(pool: Pool, wanted: Wanted) -> AsyncIterator[tuple[Standing, Lines]]:
    """All changes there are, in batches, from one snapshot."""
    async with (
        pool.stream() as connection,
        connection.transaction(),
        AsyncRawServerCursor(connection, "changes") as cursor,
    ):
        with pool.watch(connection):
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            standing = await _read_standing(connection, wanted.seen)
            place = wanted.position
            arguments = [*_shown(wanted), place.sequence, place.resource, place.id]
            await cursor.execute(_STREAM, arguments)
        yield standing, batches(pool, cursor)


async def standing(pool: Pool, seen: int) -> Standing:
    async with pool.query() as connection:
        return await _read_standing(connection, seen)


async def _read_standing(connection: AsyncConnection[Any], seen: int) -> Standing:
    cursor = await connection.execute(f"SELECT {_columns('$1')}", [seen])
    row = await cursor.fetchone()
    assert row is not None  # published.state always holds one row
    return _standing(row)


def _shown(wanted: Wanted) -> list[Any]:
    """What the statements bind first, to compose a change from."""
    names = wanted.names
    return [list(names), list(names.values()), wanted.base, wanted.lang, wanted.documents]


def _standing(row: Sequence[Any]) -> Standing:
    state, registry, forgotten, lost = row
    return Standing(parse_state(state), registry, forgotten, lost)


def _columns(seen: LiteralString) -> LiteralString:
    """What a Standing is made of."""
    return f"""{STATE_TEXT},
       (SELECT registry FROM published.state), (SELECT forgotten FROM published.state),
       EXISTS (SELECT FROM published.restoration r
               WHERE r.saved < {seen}::bigint AND r.sequence > {seen}::bigint)"""


def _documents() -> LiteralString:
    """The document of a change in the language asked for, else in the default one."""
    names = [cast("LiteralString", name) for name in published.RESOURCES]  # our own
    own = " ".join(
        f"WHEN '{name}' THEN (SELECT d.document FROM published.{name} d WHERE d.id = c.id)"
        for name in names
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
SELECT string_agg(body, $9::text ORDER BY position), count(*),
       max(json_build_array(sequence, resource, id)::text) FILTER (WHERE position = $8::integer),
       {_columns("$10")}
FROM composed
"""

_STREAM: LiteralString = f"""
SELECT {_BODY} FROM published.change c
WHERE NOT c.superseded AND c.resource = ANY ($1::text[])
  AND (c.sequence, c.resource, c.id) > ($6::bigint, $7::text, $8::uuid)
ORDER BY c.sequence, c.resource, c.id
"""
