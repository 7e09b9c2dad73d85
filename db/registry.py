"""Set-based writing to the registry: many rows at once, and only what differs.

Rows are copied into a temporary table and compared there, so 100,000 of them take seconds, and a
row that is as it was fires no trigger: no revision, nothing to publish.
"""

import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from geoalchemy2 import Geometry
from psycopg import Cursor, sql
from psycopg.types.json import Jsonb
from sqlalchemy import (
    Column,
    Connection,
    NullPool,
    Table,
    TableClause,
    Update,
    Uuid,
    any_,
    bindparam,
    column,
    create_engine,
    delete,
    exists,
    func,
    make_url,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, Insert, insert

from db.models import Base, Codelist, CodelistTerm, District

Row = Mapping[str, Any]
"""Column values by name. Points are `(longitude, latitude)`; other geometries are EWKB bytes."""

SRID = 4326
_INCOMING_NAME = "incoming"
_INCOMING = sql.Identifier(_INCOMING_NAME)
_EWKB_POINT = struct.Struct("<BIIdd")
_POINT_WITH_SRID = 0x20000001


@dataclass(frozen=True)
class Counts:
    """What writing did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
        )


@contextmanager
def writer(url: str, actor: str) -> Iterator[Connection]:
    """One transaction on the registry; its revisions name the actor (an import or a person)."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(select(func.set_config("quartier.actor", actor, True)))
        yield connection


def upsert(connection: Connection, model: type[Base], rows: Sequence[Row]) -> Counts:
    """Insert the rows that are new (by id), update those that differ, leave the others alone.

    All rows have the same columns; a column no row has keeps its default or its value.
    """
    if not rows:
        return Counts()
    with _incoming(connection, model, rows) as names:
        changed = _count(connection, _correction(model, names))
        new = _count(connection, _insertion(model, names))
    return Counts(new, changed, len(rows) - new - changed)


def insert_missing(connection: Connection, model: type[Base], rows: Sequence[Row]) -> Counts:
    """Insert the rows that break no key; never touch one that is there."""
    if not rows:
        return Counts()
    with _incoming(connection, model, rows) as names:
        new = _count(connection, _insertion(model, names).on_conflict_do_nothing())
    return Counts(new, 0, len(rows) - new)


def replace_parts(
    connection: Connection,
    model: type[Base],
    owner_column: str,
    owner_ids: Collection[UUID],
    rows: Sequence[Row],
) -> Counts:
    """Make the given rows all the parts these owners have; parts that stay as they are stay."""
    kept = {row["id"] for row in rows}
    removed = _delete_parts(connection, model, owner_column, owner_ids, kept)
    return upsert(connection, model, rows) + Counts(removed=removed)


def is_empty(connection: Connection, model: type[Base]) -> bool:
    return connection.scalar(select(~exists(select(_table(model))))) is True


def ids_by_slug(connection: Connection, model: type[Base]) -> dict[str, UUID]:
    """The id of every entity (or source), by slug."""
    found = connection.execute(select(_table(model).c.slug, _table(model).c.id))
    return {row.slug: row.id for row in found}


def term_ids(connection: Connection) -> dict[tuple[str, str], UUID]:
    """The id of every codelist term, by name of the list and code."""
    found = connection.execute(
        select(Codelist.name, CodelistTerm.code, CodelistTerm.id).join(
            Codelist, Codelist.id == CodelistTerm.codelist_id
        )
    )
    return {(name, code): key for name, code, key in found}


def district_ids(connection: Connection) -> dict[str, UUID]:
    """The id of every district that has an official key, by `scheme:key`."""
    found = connection.execute(
        select(District.scheme, District.key, District.id).where(District.key.is_not(None))
    )
    return {f"{scheme}:{key}": identity for scheme, key, identity in found}


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _delete_parts(
    connection: Connection,
    model: type[Base],
    owner_column: str,
    owner_ids: Collection[UUID],
    kept: Collection[UUID],
) -> int:
    target = _table(model)
    ids = ARRAY(Uuid())
    statement = delete(target).where(
        target.c[owner_column] == any_(bindparam("owners", type_=ids)),
        ~(target.c.id == any_(bindparam("kept", type_=ids))),
    )
    given = {"owners": list(owner_ids), "kept": list(kept)}
    return connection.execute(statement, given).rowcount


# --- the temporary table -------------------------------------------------------------------------


@contextmanager
def _incoming(
    connection: Connection, model: type[Base], rows: Sequence[Row]
) -> Iterator[Sequence[str]]:
    """The rows in a temporary table with the target's column types; gives the column names.

    On an error the transaction (or savepoint) is lost, and the table with it.
    """
    target = _table(model)
    names = _column_names(rows)
    convert = [_converter(target.c[name]) for name in names]
    with cast("Cursor[Any]", connection.connection.cursor()) as cursor:
        cursor.execute(_create(target, names))
        with cursor.copy(_copy(names)) as copy:
            for row in rows:
                copy.write_row([to(row[name]) for to, name in zip(convert, names, strict=True)])
        cursor.execute(sql.SQL("ANALYZE {}").format(_INCOMING))
        yield names
        cursor.execute(sql.SQL("DROP TABLE {}").format(_INCOMING))


def _column_names(rows: Sequence[Row]) -> list[str]:
    names = list(rows[0])
    if any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError("rows of one batch must have the same columns")
    return names


def _create(target: Table, names: Sequence[str]) -> sql.Composed:
    return sql.SQL(
        "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
    ).format(_INCOMING, _listed(names), sql.Identifier(str(target.schema), target.name))


def _copy(names: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(_INCOMING, _listed(names))


def _listed(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _converter(target: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(target.type, JSONB):
        return lambda value: None if value is None else Jsonb(value)
    if isinstance(target.type, Geometry):
        return _geometry
    return lambda value: value


def _geometry(value: tuple[float, float] | bytes | None) -> str | None:
    """Hexadecimal EWKB, which the geometry type reads from COPY."""
    if isinstance(value, tuple):
        return _EWKB_POINT.pack(1, _POINT_WITH_SRID, SRID, *value).hex()
    return None if value is None else value.hex()


# --- the two statements --------------------------------------------------------------------------


def _correction(model: type[Base], names: Sequence[str]) -> Update:
    """Rows that are there and differ."""
    target, incoming = _table(model), _incoming_table(names)
    others = [name for name in names if name != "id"]
    differs = or_(*(target.c[name].is_distinct_from(incoming.c[name]) for name in others))
    return (
        update(target)
        .values({name: incoming.c[name] for name in others})
        .where(target.c.id == incoming.c.id, differs)
    )


def _insertion(model: type[Base], names: Sequence[str]) -> Insert:
    """Rows whose primary key is not there yet."""
    target, incoming = _table(model), _incoming_table(names)
    same = [column == incoming.c[column.name] for column in target.primary_key]
    rows = select(*(incoming.c[name] for name in names)).where(~exists().where(*same))
    return insert(target).from_select(list(names), rows)


def _count(connection: Connection, statement: Insert | Update) -> int:
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def _incoming_table(names: Sequence[str]) -> TableClause:
    """Untyped, so that nothing is converted on the way from one table to the other."""
    return table(_INCOMING_NAME, *(column(name) for name in names))
