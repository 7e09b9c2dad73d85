"""Set-based writing to the registry: many rows at once, and only what differs.

Rows are copied into a temporary table and compared there, so 100,000 of them take seconds, and a
row that is as it was fires no trigger: no revision, nothing to publish.
"""

import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, cast
from uuid import UUID

from geoalchemy2 import Geometry
from psycopg import Cursor, sql
from psycopg.types.json import Jsonb
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Executable,
    NullPool,
    Select,
    Table,
    TableClause,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
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
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, Insert, distinct_on, insert

from db.models import Base, Codelist, District, Revision

Row = Mapping[str, Any]
"""Column values by name. Points are `(longitude, latitude)`; other geometries are EWKB bytes."""

SRID = 4326
_INCOMING_NAME = "incoming"
_INCOMING = sql.Identifier(_INCOMING_NAME)
_EWKB_POINT = struct.Struct("<BIIdd")
_POINT_WITH_SRID = 0x20000001
_COUNTED = {"preserve_rowcount": True}
_FATE = ("status", "removal_reason")
SAMPLE = 10  # rows that are named where many vanished


@dataclass(frozen=True)
class Counts:
    """What writing did. The ids are those of one call, a sum has none: totals stay small.

    `owner_ids` are the entities whose parts came, changed or went.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    new_ids: frozenset[UUID] = field(default=frozenset(), compare=False, repr=False)
    changed_ids: frozenset[UUID] = field(default=frozenset(), compare=False, repr=False)
    owner_ids: frozenset[UUID] = field(default=frozenset(), compare=False, repr=False)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
        )


@dataclass(frozen=True)
class Vanished:
    """What a full snapshot no longer has: how many of how many live rows, and some of them."""

    count: int
    live: int
    sample: tuple[str, ...]


@contextmanager
def writer(url: str, actor: str) -> Iterator[Connection]:
    """One transaction on the registry; its revisions name the actor (an import or a person)."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(select(func.set_config("quartier.actor", actor, True)))
        yield connection


def upsert(connection: Connection, model: type[Base], rows: Iterable[Row]) -> Counts:
    """Insert the rows that are new (by id), update those that differ, leave the others alone.

    All rows have the same columns; a column no row has keeps its default or its value.
    """
    identity = _table(model).c.id
    with _incoming(connection, model, rows) as incoming:
        if not incoming.count:
            return Counts()
        changed = _values(connection, _correction(model, incoming.names).returning(identity))
        new = _values(connection, _insertion(model, incoming.names).returning(identity))
    return Counts(
        len(new),
        len(changed),
        incoming.count - len(new) - len(changed),
        new_ids=frozenset(new),
        changed_ids=frozenset(changed),
    )


def insert_missing(connection: Connection, model: type[Base], rows: Iterable[Row]) -> Counts:
    """Insert the rows that break no key; never touch one that is there."""
    with _incoming(connection, model, rows) as incoming:
        if not incoming.count:
            return Counts()
        insertion = _insertion(model, incoming.names).on_conflict_do_nothing()
        new = connection.execute(insertion, execution_options=_COUNTED).rowcount
    return Counts(new, 0, incoming.count - new)


def replace_parts(
    connection: Connection,
    model: type[Base],
    owner_column: str,
    owner_ids: Collection[UUID],
    rows: Iterable[Row],
    *,
    among: tuple[str, Collection[UUID]] | None = None,
) -> Counts:
    """Make the given rows all the parts these owners have; parts that stay as they are stay.

    Owners that are new need not be named: they have no parts that would have to go.

    `among`, a column and its values, leaves alone the parts that have others there.
    """
    owner = _table(model).c[owner_column]
    with _incoming(connection, model, rows) as incoming:
        removed, changed, new = list[UUID](), list[UUID](), list[UUID]()
        if owner_ids:
            removal = _removal(model, owner, kept=bool(incoming.count)).returning(owner)
            if among is not None:
                removal = removal.where(_table(model).c[among[0]] == any_(_ids("among", among[1])))
            removed = _values(connection, removal, owners=list(owner_ids))
        if incoming.count:
            changed = _values(connection, _correction(model, incoming.names).returning(owner))
            new = _values(connection, _insertion(model, incoming.names).returning(owner))
    unchanged = incoming.count - len(new) - len(changed)
    owners = frozenset(chain(removed, changed, new))
    return Counts(len(new), len(changed), unchanged, len(removed), owner_ids=owners)


def delete_rows(connection: Connection, model: type[Base], ids: Collection[UUID]) -> int:
    """Delete rows by their ids; returns how many there were."""
    identity = _table(model).c.id
    return len(
        _values(
            connection,
            delete(_table(model)).where(identity == any_(_ids("ids", ids))).returning(identity),
        )
    )


def hold(connection: Connection, models: Iterable[type[Base]]) -> None:
    """Until this transaction ends nobody else writes to these tables; everybody may read them."""
    names = (sql.Identifier(str(_table(each).schema), _table(each).name) for each in models)
    with _cursor(connection) as cursor:
        cursor.execute(
            sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(sql.SQL(", ").join(names))
        )


# --- full snapshots ------------------------------------------------------------------------------


def mark_seen(connection: Connection, ids: Iterable[UUID]) -> None:
    """Note, until the transaction ends, that a full snapshot of its source has these rows."""
    with _cursor(connection) as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS seen (id uuid) ON COMMIT DROP")
        with cursor.copy("COPY seen FROM STDIN") as copy:
            for identity in ids:
                copy.write_row([identity])
        cursor.execute("ANALYZE seen")


def vanished(connection: Connection, model: type[Base], source_id: UUID) -> Vanished:
    """The live rows of a source that were not marked as seen, and how many live rows it has."""
    mark_seen(connection, ())
    target = _table(model)
    label = target.c.slug if "slug" in target.c else cast_to(target.c.id, Text)
    missing = _live(target, source_id), _unseen(target)
    total = select(func.count()).select_from(target)
    return Vanished(
        connection.scalar(total.where(*missing)) or 0,
        connection.scalar(total.where(_live(target, source_id))) or 0,
        tuple(connection.scalars(select(label).where(*missing).order_by(label).limit(SAMPLE))),
    )


def archive_vanished(connection: Connection, model: type[Base], source_id: UUID) -> list[UUID]:
    """Archive the live rows of a source that were not marked as seen, as deleted by it."""
    mark_seen(connection, ())
    target = _table(model)
    archival = update(target).where(_live(target, source_id), _unseen(target))
    return _values(connection, archival.values(_archived(target)).returning(target.c.id))


def revive(connection: Connection, model: type[Base], ids: Collection[UUID]) -> frozenset[UUID]:
    """Rows that an import archived, or its undoing, become what they were. What staff archived
    stays archived. Returns the ids of those that came back."""
    target = _table(model)
    among = {"ids": list(ids)}
    gone = select(target.c.id).where(
        target.c.id == any_(bindparam("ids", type_=ARRAY(Uuid()))), target.c.status == "archived"
    )
    if "removal_reason" in target.c:
        gone = gone.where(target.c.removal_reason == "deleted")
    last = _archivals(target, gone).cte()
    values = {name: last.c.before[name].astext for name in _FATE if name in target.c}
    revival = (
        update(target)
        .values(values)
        .where(target.c.id == last.c.entity_id, last.c.by_import)
        .returning(target.c.id)
    )
    return frozenset(_values(connection, revival, **among))


def _live(target: Table, source_id: UUID) -> ColumnElement[bool]:
    return and_(target.c.source_id == source_id, target.c.status != "archived")


def _unseen(target: Table) -> ColumnElement[bool]:
    seen = table("seen", column("id"))
    return ~exists().where(seen.c.id == target.c.id)


def _archived(target: Table) -> dict[str, Any]:
    """Why a row that was merged into another is gone, was said before and better."""
    if "removal_reason" not in target.c:
        return {"status": "archived"}
    reason = case((target.c.merged_into_id.is_(None), "deleted"), else_=target.c.removal_reason)
    return {"status": "archived", "removal_reason": reason}


def _archivals(target: Table, gone: Select[Any]) -> Select[Any]:
    """The revision that archived each of these rows, the last time that one did."""
    by_import = or_(Revision.import_run_id.is_not(None), Revision.undone_run_id.is_not(None))
    return (
        select(Revision.entity_id, Revision.before, by_import.label("by_import"))
        .ext(distinct_on(Revision.entity_id))
        .where(
            Revision.entity == target.name,
            Revision.entity_id.in_(gone),
            Revision.before["status"].astext != "archived",
            Revision.after["status"].astext == "archived",
        )
        .order_by(Revision.entity_id, Revision.id.desc())
    )


# --- looking things up ---------------------------------------------------------------------------


def is_empty(connection: Connection, model: type[Base]) -> bool:
    return connection.scalar(select(~exists(select(_table(model))))) is True


def ids_by_slug(connection: Connection, model: type[Base]) -> dict[str, UUID]:
    """The id of every entity (or source), by slug."""
    found = connection.execute(select(_table(model).c.slug, _table(model).c.id))
    return {row.slug: row.id for row in found}


def ids_of_sources(
    connection: Connection, model: type[Base], sources: Collection[UUID]
) -> set[UUID]:
    """The ids of all rows that came from these sources."""
    target = _table(model)
    of_these = target.c.source_id == any_(_ids("sources", sources))
    return set(connection.scalars(select(target.c.id).where(of_these)))


def codelist_ids(connection: Connection) -> frozenset[UUID]:
    return frozenset(connection.scalars(select(Codelist.id)))


def district_ids(connection: Connection) -> dict[str, UUID]:
    """The id of every district that has an official key, by `scheme:key`."""
    found = connection.execute(
        select(District.scheme, District.key, District.id).where(District.key.is_not(None))
    )
    return {f"{scheme}:{key}": identity for scheme, key, identity in found}


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


@contextmanager
def acting(connection: Connection, actor: str) -> Iterator[None]:
    """Revisions made meanwhile name this actor."""
    before = connection.scalar(select(func.current_setting("quartier.actor", True)))
    connection.execute(select(func.set_config("quartier.actor", actor, True)))
    yield
    connection.execute(select(func.set_config("quartier.actor", before or "", True)))


# --- the temporary table -------------------------------------------------------------------------


@dataclass
class _Incoming:
    """The temporary table: its columns, and how many rows there are. None: there is no table."""

    names: Sequence[str] = ()
    count: int = 0


@contextmanager
def _incoming(
    connection: Connection, model: type[Base], rows: Iterable[Row]
) -> Iterator[_Incoming]:
    """The rows in a temporary table with the target's column types.

    On an error the transaction (or savepoint) is lost, and the table with it.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        yield _Incoming()
        return
    incoming = _Incoming(list(first))
    with _cursor(connection) as cursor:
        cursor.execute(_create(_table(model), incoming.names))
        with cursor.copy(_copy(incoming.names)) as copy:
            for values in _converted(_table(model), incoming.names, chain([first], remaining)):
                copy.write_row(values)
                incoming.count += 1
        cursor.execute(sql.SQL("ANALYZE {}").format(_INCOMING))
        yield incoming
        cursor.execute(sql.SQL("DROP TABLE {}").format(_INCOMING))


def _cursor(connection: Connection) -> Cursor[Any]:
    """The driver's own, which can COPY."""
    return cast("Cursor[Any]", connection.connection.cursor())


def _converted(target: Table, names: Sequence[str], rows: Iterable[Row]) -> Iterator[list[Any]]:
    """The values of each row, as COPY can send them."""
    convert = [(n, to) for n, name in enumerate(names) if (to := _converter(target.c[name]))]
    expected = set(names)
    for row in rows:
        if row.keys() != expected:
            raise ValueError("rows of one batch must have the same columns")
        values = [row[name] for name in names]
        for position, to in convert:
            values[position] = to(values[position])
        yield values


def _create(target: Table, names: Sequence[str]) -> sql.Composed:
    return sql.SQL(
        "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
    ).format(_INCOMING, _listed(names), sql.Identifier(str(target.schema), target.name))


def _copy(names: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(_INCOMING, _listed(names))


def _listed(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _converter(target: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(target.type, JSONB):
        return lambda value: None if value is None else Jsonb(value)
    return hex_ewkb if isinstance(target.type, Geometry) else None


def hex_ewkb(value: tuple[float, float] | bytes | None) -> str | None:
    """Hexadecimal EWKB, which the geometry type reads from COPY."""
    if isinstance(value, tuple):
        return _EWKB_POINT.pack(1, _POINT_WITH_SRID, SRID, *value).hex()
    return None if value is None else value.hex()


# --- the statements -------------------------------------------------------------------------------


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


def _removal(model: type[Base], owner: Column[Any], *, kept: bool) -> Delete:
    """Parts of the owners that are not among the incoming rows."""
    target, incoming = _table(model), _incoming_table(["id"])
    removal = delete(target).where(owner == any_(bindparam("owners", type_=ARRAY(Uuid()))))
    if kept:
        removal = removal.where(~exists().where(incoming.c.id == target.c.id))
    return removal


def _ids(name: str, ids: Collection[UUID]) -> BindParameter[Any]:
    return bindparam(name, list(ids), type_=ARRAY(Uuid()))


def _values(connection: Connection, statement: Executable, **given: Any) -> list[UUID]:
    return list(connection.execute(statement, given).scalars())


def _incoming_table(names: Sequence[str]) -> TableClause:
    """Untyped, so that nothing is converted on the way from one table to the other."""
    return table(_INCOMING_NAME, *(column(name) for name in names))
