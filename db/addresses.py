"""Which entities have a page, and when each last changed: what a sitemap lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql
from sqlalchemy import Table

from db.pool import Pool
from db.state import STATE_TEXT, State, parse_state


@dataclass(frozen=True, slots=True)
class Part:
    """Some entities of a table, by id; parts are counted from one. `updated_at` is ISO 8601."""

    table: str
    number: int
    updated_at: str


async def parts(pool: Pool, tables: Sequence[Table], size: int) -> tuple[list[Part], State]:
    """Every part of at most `size` entities, each with its latest change."""
    union = sql.SQL(" UNION ALL ").join(_numbered(table) for table in tables)
    statement = sql.SQL(_PARTS).format(union=union)
    async with pool.query() as connection:
        row = await (await connection.execute(statement, [size])).fetchone()
    assert row is not None  # an aggregate
    return [Part(*each) for each in json.loads(row[0])], parse_state(row[1])


async def part(
    pool: Pool, table: Table, number: int, size: int
) -> tuple[list[tuple[str, str]], State] | None:
    """Slug and latest change of each entity of a part, or None where there is no such part."""
    statement = sql.SQL(_PART).format(
        table=sql.Identifier("published", table.name), shown=_shown(table)
    )
    async with pool.query() as connection:
        cursor = await connection.execute(statement, [(number - 1) * size, size])
        rows = await cursor.fetchall()
    if not rows:
        return None
    return [(slug.decode(), at.decode()) for slug, at, _ in rows], parse_state(rows[0][2])


def _numbered(table: Table) -> sql.Composed:
    return sql.SQL(_NUMBERED).format(
        name=sql.Literal(table.name),
        table=sql.Identifier("published", table.name),
        shown=_shown(table),
    )


def _shown(table: Table) -> sql.SQL:
    """Offerings that have ended are no longer recommended to anybody."""
    return sql.SQL(_NOT_ENDED if table.name == "offering" else "true")


_NOT_ENDED: LiteralString = "(valid_to IS NULL OR valid_to >= current_date)"
_MOMENT: LiteralString = """to_char(updated_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
_NUMBERED: LiteralString = """
SELECT {name} AS name, (row_number() OVER (ORDER BY id) - 1) / $1::integer + 1 AS part, updated_at
FROM {table} WHERE {shown}
"""
_PARTS: LiteralString = f"""
SELECT coalesce(json_agg(json_build_array(name, part, {_MOMENT}) ORDER BY name, part), '[]')::text,
       {STATE_TEXT}
FROM (
    SELECT name, part, max(updated_at) AS updated_at
    FROM ({{union}}) AS numbered
    GROUP BY name, part
) AS parts
"""
_PART: LiteralString = f"""
SELECT slug, {_MOMENT}, {STATE_TEXT}
FROM {{table}} WHERE {{shown}}
ORDER BY id OFFSET $1::bigint LIMIT $2::integer
"""
