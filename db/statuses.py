"""Whether rows are for the public: drafts, published, archived. Staff decide it."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Uuid,
    any_,
    bindparam,
    case,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.corrections import CorrectionRefused
from db.models import Base
from db.recorded import recorded

STATUSES = ("draft", "published", "archived")


class StatusRefused(CorrectionRefused):
    """The status stays; the message says why."""


@dataclass(frozen=True)
class Moved:
    """So many rows of a table had this status before, and have another now."""

    entity: str
    before: str
    count: int


def set_status(
    connection: Connection, model: type[Base], ids: Collection[UUID], status: str
) -> list[Moved]:
    """Give rows this status. The actor of the transaction is who decided it."""
    if status not in STATUSES:
        raise StatusRefused(f"status is one of {', '.join(STATUSES)}, not {status!r}")
    return _set(connection, _with_status(cast("Table", model.__table__)), ids, status)


def set_status_of_import(connection: Connection, run: int, status: str) -> list[Moved]:
    """Give the rows that an import wrote this status; those archived since, or by it, stay so."""
    if connection.execute(_RUN, {"run": run}).first() is None:
        raise StatusRefused(f"there is no import {run}")
    written: dict[str, list[UUID]] = {}
    for entity, identity in connection.execute(_WRITTEN, {"run": run}):
        written.setdefault(entity, []).append(identity)
    tables = [table for table in recorded() if table.name in written and "status" in table.c]
    return [
        each
        for table in tables
        for each in _set(connection, table, _live(connection, table, written[table.name]), status)
    ]


def _with_status(table: Table) -> Table:
    if "status" not in table.c:
        raise StatusRefused(f"a {table.name} has no status: what it belongs to has one")
    return table


def _live(connection: Connection, table: Table, ids: Collection[UUID]) -> list[UUID]:
    live = select(table.c.id).where(_among(table), table.c.status != "archived")
    return list(connection.scalars(live, {"ids": list(ids)}))


def _set(connection: Connection, table: Table, ids: Collection[UUID], status: str) -> list[Moved]:
    given = {"ids": list(ids)}
    others = select(table.c.status).where(_among(table), table.c.status != status)
    before = Counter(connection.scalars(others, given))
    _refuse_merged(connection, table, ids, status)
    values: dict[str, Any] = {"status": status}
    if "removal_reason" in table.c:
        reason = case((table.c.merged_into_id.is_(None), None), else_=table.c.removal_reason)
        values |= {"removal_reason": reason}
    changed = update(table).where(_among(table), table.c.status != status)
    connection.execute(changed.values(values), given)
    return _moved(table, before)


def _moved(table: Table, before: Counter[str]) -> list[Moved]:
    return [Moved(table.name, each, count) for each, count in sorted(before.items())]


def _refuse_merged(
    connection: Connection, table: Table, ids: Collection[UUID], status: str
) -> None:
    if "merged_into_id" not in table.c or status == "archived":
        return
    merged = select(table.c.slug).where(_among(table), table.c.merged_into_id.is_not(None))
    if found := list(connection.scalars(merged.limit(1), {"ids": list(ids)})):
        raise StatusRefused(f"{found[0]} was merged into another, and stays archived")


def _among(table: Table) -> ColumnElement[bool]:
    return table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid())))


_RUN = text("SELECT 1 FROM registry.import_run WHERE id = :run AND finished_at IS NOT NULL")
_WRITTEN = text(
    "SELECT DISTINCT entity, entity_id FROM registry.revision WHERE import_run_id = :run"
)
