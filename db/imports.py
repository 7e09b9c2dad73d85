"""Runs of the import: what was read when and by whom, and taking one back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, cast
from uuid import UUID

from psycopg import sql
from sqlalchemy import Connection, Row, Select, Table, func, insert, select, update

from db import models
from db.undoing import CannotUndo, EditedSince, Undone, take_back

__all__ = ["AlreadyUndone", "CannotUndo", "EditedSince", "ImportRun", "Undone"]

_RUNS = cast("Table", models.ImportRun.__table__)
_NO_RUN = ""


class AlreadyUndone(CannotUndo):
    """The import was taken back before."""


@dataclass(frozen=True)
class ImportRun:
    """The import of one file. Its report is read apart, as it may be long."""

    id: int
    resource: str
    file: str
    sha256: str
    mapping: str
    source_id: UUID | None
    actor: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, Any] | None
    undone_at: datetime | None
    undone_by: str | None


def begin_run(
    connection: Connection,
    *,
    resource: str,
    file: str,
    sha256: str,
    mapping: str,
    source_id: UUID | None,
    actor: str,
) -> int:
    """Begin the import of a file: revisions name it from now on, until it is finished.

    The source need not be there yet, only before the transaction ends.
    """
    given = {
        "resource": resource,
        "file": file,
        "sha256": sha256,
        "mapping": mapping,
        "source_id": source_id,
        "actor": actor,
    }
    run = connection.execute(insert(_RUNS).values(given).returning(_RUNS.c.id)).scalar_one()
    _set(connection, "quartier.actor", actor)
    _set(connection, "quartier.import_run", str(run))
    return int(run)


def finish_run(
    connection: Connection, run: int, counts: Mapping[str, Any], report: Mapping[str, Any]
) -> None:
    """What it did, in numbers and in full. Revisions name it no longer."""
    done = {"counts": dict(counts), "report": dict(report), "finished_at": func.clock_timestamp()}
    connection.execute(update(_RUNS).where(_RUNS.c.id == run).values(done))
    _set(connection, "quartier.import_run", _NO_RUN)


def runs(connection: Connection, limit: int) -> list[ImportRun]:
    """The latest imports, newest first."""
    found = connection.execute(_runs().order_by(_RUNS.c.id.desc()).limit(limit))
    return [_run(row) for row in found]


def report_of(connection: Connection, run: int) -> dict[str, Any] | None:
    return connection.scalar(select(_RUNS.c.report).where(_RUNS.c.id == run))


def run_of(
    connection: Connection,
    sha256: str,
    mapping: str,
    resource: str,
    *,
    beside: Collection[str] = (),
) -> ImportRun | None:
    """The import of a file with this content, if nothing newer came from its source since.

    What came from the files `beside` it (their sums), which are imported together with it, is not
    newer. Imports that were taken back do not count.
    """
    others = [each for each in beside if each != sha256]
    done = _RUNS.c.finished_at.is_not(None) & _RUNS.c.undone_at.is_(None)
    same = (_RUNS.c.sha256 == sha256) & (_RUNS.c.mapping == mapping)
    newest = _RUNS.c.id.desc()
    found = connection.execute(
        _runs().where(done, same, _RUNS.c.resource == resource).order_by(newest).limit(1)
    ).first()
    if found is None:
        return None
    newer = select(_RUNS.c.id).where(
        done,
        _RUNS.c.id > found.id,
        _RUNS.c.resource == resource,
        _RUNS.c.source_id.is_not_distinct_from(found.source_id),
        _RUNS.c.sha256.not_in(others),
    )
    return None if connection.execute(newer.limit(1)).first() else _run(found)


def undo(connection: Connection, run: int, actor: str) -> Undone:
    """Take an import back: every row it touched becomes what it was, unless edited since."""
    undone_at = select(_RUNS.c.undone_at, _RUNS.c.undone_by).where(_RUNS.c.id == run)
    found = connection.execute(undone_at.with_for_update()).first()
    if found is None:
        raise CannotUndo(f"there is no import {run}")
    if found.undone_at is not None:
        when = f"{found.undone_at:%Y-%m-%d %H:%M}"
        raise AlreadyUndone(f"import {run} was taken back already: {when}, {found.undone_by}")
    _set(connection, "quartier.actor", actor)
    _set(connection, "quartier.import_run", _NO_RUN)
    _set(connection, "quartier.undone_run", str(run))
    undone = take_back(connection, sql.SQL(_CHANGES).format(run=sql.Literal(run)))
    _set(connection, "quartier.undone_run", _NO_RUN)
    taken_back = {"undone_at": func.now(), "undone_by": actor}
    connection.execute(update(_RUNS).where(_RUNS.c.id == run).values(taken_back))
    return undone


def _runs() -> Select[Any]:
    return select(*(column for column in _RUNS.c if column.name != "report"))


def _run(row: Row[Any]) -> ImportRun:
    return ImportRun(**row._mapping)


def _set(connection: Connection, setting: str, value: str) -> None:
    """For the rest of the transaction. The triggers of the registry read it."""
    connection.execute(select(func.set_config(setting, value, True)))


_CHANGES: LiteralString = (
    "SELECT id, entity, entity_id FROM registry.revision WHERE import_run_id = {run}"
)
