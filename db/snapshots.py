"""The published schema as a whole, for whoever makes files of it: one connection, one state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import IsolationLevel, RawServerCursor, sql

from db import published, statements
from db.pool import NETWORK, RawLoader
from db.published import CHANNEL
from db.state import STATE_TEXT, State, parse_state
from db.statements import Layout, Order, Selection

FETCHED = 200
STATEMENT_SECONDS = 600.0
IDLE_SECONDS = 3600.0
OUTLINE = "geojson_1000"
"""How finely observations are drawn: each repeats the boundary of its district."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is published of a resource: how many rows, since when, and a digest of them all."""

    rows: int
    changed_at: str
    digest: str


@contextmanager
def opened(url: str) -> Iterator[tuple[psycopg.Connection[Any], State]]:
    """One transaction of the reader that sees one state, however long it takes.

    The limits on statements and on pauses between them are those of a batch, not of a request.
    """
    with _connected(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            yield connection, _state(connection)


@contextmanager
def listening(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that hears of publications; on a standby it can only be asked."""
    with _connected(url) as connection:
        connection.autocommit = True
        try:
            connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.errors.ReadOnlySqlTransaction:
            connection.rollback()
        yield connection


def state(connection: psycopg.Connection[Any]) -> State:
    """Which publication is the current one."""
    return _state(connection)


def lines(
    connection: psycopg.Connection[Any],
    resource: str,
    order: Order,
    layout: Layout,
    columns: Sequence[str] = (),
) -> Iterator[bytes]:
    """All entities of a resource, as the lists of the API have them, in the default language."""
    table = published.RESOURCES[resource]
    is_observation = table is published.observation
    selection = Selection(
        table=table,
        conditions=(),
        order=order,
        layout=layout,
        geometry=OUTLINE if is_observation else "geojson",
        limit=None,
    )
    statement = statements.stream(selection.shape)
    values: Mapping[str, Any] = selection.values() | {"columns": list(columns)}
    with RawServerCursor(connection, "lines") as cursor:
        cursor.itersize = FETCHED
        cursor.adapters.register_loader("text", RawLoader)
        cursor.execute(statement.sql, statement.arguments(values))
        for row in cursor:
            yield row[0]


def contents(connection: psycopg.Connection[Any]) -> dict[str, Content]:
    """Of every resource; observations are drawn with districts, and change with them."""
    found = {name: _content(connection, name) for name in published.RESOURCES}
    drawn = found["observation"]
    digest = f"{drawn.digest} {found['district'].digest}"
    found["observation"] = Content(drawn.rows, drawn.changed_at, digest)
    return found


def is_located(resource: str) -> bool:
    """Whether entities of a resource are somewhere; observations are where their district is."""
    table = published.RESOURCES[resource]
    return "geometry" in table.c or table is published.observation


@dataclass(frozen=True, slots=True)
class License:
    """Terms that something published may be used on."""

    code: str
    title: str
    url: str | None


def attributions(connection: psycopg.Connection[Any], resource: str) -> list[str]:
    """Whom to name for the entities of a resource."""
    row = connection.execute(_ATTRIBUTION, [resource]).fetchone()
    return [str(text) for text in row[0]] if row else []


def licenses(connection: psycopg.Connection[Any], resource: str) -> list[License]:
    """Those of the entities of a resource, each once; none of its own has the vocabulary."""
    table = sql.Identifier(published.SCHEMA, resource)
    shared = connection.execute(_SHARED_LICENSE, [resource]).fetchone()
    one = sql.SQL("LIMIT 1" if shared and shared[0] else "")
    rows = connection.execute(sql.SQL(_LICENSES).format(table=table, one=one))
    return [License(*row) for row in rows]


def _connected(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, application_name="quartier artefacts", options=_OPTIONS, **NETWORK)


def _state(connection: psycopg.Connection[Any]) -> State:
    row = connection.execute(f"SELECT {STATE_TEXT}").fetchone()
    assert row is not None  # published.state always holds one row
    return parse_state(row[0].encode())


def _content(connection: psycopg.Connection[Any], name: str) -> Content:
    parts = ["id", "hash", "updated_at", *([OUTLINE] if name == "district" else [])]
    columns = sql.SQL(", ").join(map(sql.Identifier, parts))
    table = sql.Identifier(published.SCHEMA, name)
    query = sql.SQL(_CONTENT).format(columns=columns, table=table)
    row = connection.execute(query).fetchone()
    assert row is not None  # an aggregate
    return Content(*row)


_OPTIONS = " ".join(
    (
        f"-c statement_timeout={round(STATEMENT_SECONDS * 1000)}",
        f"-c idle_in_transaction_session_timeout={round(IDLE_SECONDS * 1000)}",
        "-c timezone=UTC",
        "-c jit=off",
        "-c default_transaction_read_only=on",
        "-c search_path=public",
    )
)
# Sums do not depend on an order, so nothing is sorted and nothing gathered.
_CONTENT: LiteralString = """
SELECT count(*),
       coalesce(to_char(max(updated_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''),
       concat_ws(' ', count(*), sum(hashtextextended(row, 0)), sum(hashtextextended(row, 1)))
FROM (SELECT updated_at, concat_ws(' ', {columns}) AS row FROM {table}) AS rows
"""
_ATTRIBUTION: LiteralString = "SELECT attribution::json FROM published.resource WHERE name = %s"
_SHARED_LICENSE: LiteralString = "SELECT license FROM published.resource WHERE name = %s"
_LICENSES: LiteralString = """
SELECT used.code, coalesce(label.label, used.code), min(used.url)
FROM (SELECT document::json #>> '{{source,license}}' AS code,
             document::json #>> '{{source,license_url}}' AS url
      FROM {table} {one}) AS used
LEFT JOIN published.label
    ON label.kind = 'license' AND label.value = used.code
    AND label.lang = (SELECT code FROM published.language WHERE is_default)
WHERE used.code IS NOT NULL
GROUP BY used.code, label.label
ORDER BY used.code
"""
