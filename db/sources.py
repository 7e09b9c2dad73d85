"""What each source delivered, when, and what of it grows old."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, cast
from uuid import UUID

from psycopg import Cursor, sql
from sqlalchemy import Connection, Table, select

from db import models
from db.models import Base

COUNTED: tuple[type[Base], ...] = (
    models.District,
    models.Organisation,
    models.Offering,
    models.Site,
    models.Indicator,
    models.Observation,
    models.Strategy,
    models.Measure,
    models.Decision,
)


@dataclass(frozen=True)
class SourceState:
    """A source and what stands in the registry of it.

    It is `overdue` if more than its rhythm went by since its last import that stands, or else since
    the day it was retrieved; None: its rhythm is unknown, or there is no such day. `rows` are live
    ones by table. Offerings are `unconfirmed` if nobody confirmed them within a year.
    """

    id: UUID
    slug: str
    title: str
    publisher: str
    license: str
    rhythm: str | None
    last_import: datetime | None
    last_file: str | None
    overdue: bool | None
    rows: Mapping[str, int]
    unconfirmed: int

    @property
    def not_stated(self) -> bool:
        """Whether its licence is not stated, so that its rows cannot be published."""
        return self.license == "not_stated"


def sources_overview(connection: Connection) -> list[SourceState]:
    """All sources, by title."""
    cursor = cast("Cursor[Any]", connection.connection.cursor())
    counts = sql.SQL(" UNION ALL ").join(_count(cast("Table", m.__table__)) for m in COUNTED)
    cursor.execute(sql.SQL(_OVERVIEW).format(counts=counts))
    return [SourceState(*row) for row in cursor.fetchall()]


def source_row(connection: Connection, slug: str) -> dict[str, Any] | None:
    """What is stated of a source, by column."""
    table = cast("Table", models.Source.__table__)
    found = connection.execute(select(table).where(table.c.slug == slug)).mappings().first()
    return dict(found) if found else None


def _count(table: Table) -> sql.Composed:
    live = "WHERE status <> 'archived'" if "status" in table.c else ""
    return sql.SQL("SELECT {} AS name, source_id, count(*) AS n FROM {} {} GROUP BY 2").format(
        sql.Literal(table.name), sql.Identifier("registry", table.name), sql.SQL(live)
    )


_OVERVIEW: LiteralString = """
WITH counted AS (
    SELECT source_id, jsonb_object_agg(name, n) AS rows FROM ({counts}) AS counts GROUP BY source_id
), unconfirmed AS (
    SELECT source_id, count(*) AS n FROM registry.offering
    WHERE status <> 'archived'
      AND (confirmed_at IS NULL OR confirmed_at < current_date - interval '1 year')
    GROUP BY source_id
)
SELECT s.id, s.slug, s.title, s.publisher, s.license, s.rhythm, last.finished_at, last.file,
       coalesce(last.finished_at, s.retrieved::timestamptz) + s.rhythm::interval < now(),
       coalesce(counted.rows, '{{}}'), coalesce(unconfirmed.n, 0)
FROM registry.source s
LEFT JOIN counted ON counted.source_id = s.id
LEFT JOIN unconfirmed ON unconfirmed.source_id = s.id
LEFT JOIN LATERAL (
    SELECT finished_at, file FROM registry.import_run r
    WHERE r.source_id = s.id AND finished_at IS NOT NULL AND undone_at IS NULL
    ORDER BY r.id DESC LIMIT 1
) AS last ON true
ORDER BY s.title, s.slug
"""
