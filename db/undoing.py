"""Taking changes back: every row they touched becomes what it was, unless it was edited since.

The changes are named by a query for revisions. What stands in the way of taking one back is found
before anything is written, by rules that are applied until none finds more:

* A row whose state is not the one that the changes left was edited since. It stays and is listed.
  An edit that was itself taken back is none.
* An entity and its parts stay together: whoever edited opening hours looked at the offering.
* A row cannot become what it was where something that it referred to is gone, or where another row
  has its key by now. It stays and is listed.
* What a row that stays refers to stays with it.
* A row that the changes brought cannot be deleted where others refer to it by now. If it is an
  entity it is archived, else left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, LiteralString, NamedTuple, cast
from uuid import UUID

from psycopg import Cursor, sql
from psycopg.errors import IntegrityError
from sqlalchemy import Connection, ForeignKey, Table, Text, UniqueConstraint, Uuid

from db.models import Base
from db.models.base import Entity, Part


class CannotUndo(RuntimeError):  # noqa: N818 - reads as the state it reports
    """Nothing was taken back; the message says why."""


@dataclass(frozen=True)
class EditedSince:
    """A row, or an entity with its parts, that stays as it is; and who stands behind that.

    `reason`: it was `edited` (or deleted) since; what it referred to is `missing`; its key is
    `taken` by another row.
    """

    entity: str
    id: UUID
    label: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Undone:
    """How many rows are again what they were, and what stays.

    Others refer by now to the `archived` entities, which were new. The `needed` rows were new too,
    and stay because something that stays refers to them.
    """

    restored: int
    kept: list[EditedSince]
    archived: int = 0
    needed: int = 0


class Reference(NamedTuple):
    """A foreign key."""

    table: str
    column: str
    target: str


class Identifying(NamedTuple):
    """Columns that no two rows of a table share."""

    table: str
    columns: Sequence[str]
    text: str | None  # one of them that can hold any text


class Touched(NamedTuple):
    """The tables of the changes: in which rows existed before, in which they are new."""

    before: set[str]
    new: set[str]


def take_back(connection: Connection, revisions: sql.Composable) -> Undone:
    """Take back the changes that a query (id, entity, entity_id) names. All of it or nothing."""
    cursor = cast("Cursor[Any]", connection.connection.cursor())
    with connection.begin_nested():
        touched = _collect(cursor, revisions)
        while _find_obstacles(cursor, touched):
            pass
        try:
            restored = _restore(cursor, touched)
        except IntegrityError as error:
            raise CannotUndo(f"the rows as they were do not fit in: {error}") from error
        undone = Undone(restored, _kept(cursor), *_left(cursor))
        cursor.execute("DROP TABLE undoing, since")
    return undone


# --- what refers to what -------------------------------------------------------------------------


def _recorded() -> list[Table]:
    """The tables whose rows have revisions, those that others refer to first."""
    tables = Base.metadata.sorted_tables
    return [table for table in tables if "id" in table.c and isinstance(table.c.id.type, Uuid)]


def _models(kind: type) -> dict[str, Table]:
    """The tables of a kind of model, by name."""
    found = (mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, kind))
    return {table.name: table for table in (cast("Table", one.local_table) for one in found)}


def _references() -> Iterator[Reference]:
    for table in _recorded():
        for key in _keys(table):
            yield Reference(table.name, key.parent.name, key.column.table.name)


def _keys(table: Table) -> list[ForeignKey]:
    return [key for column in table.c for key in column.foreign_keys]


def _owners() -> dict[str, Reference]:
    """Whose part a row is, by table: what its first cascading key refers to."""
    found = {}
    for name, table in _models(Part).items():
        key = next(key for key in _keys(table) if key.ondelete == "CASCADE")
        found[name] = Reference(name, key.parent.name, key.column.table.name)
    return found


def _identifying() -> Iterator[Identifying]:
    for table in _recorded():
        constraints = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
        indexes = [index.columns for index in table.indexes if index.unique]
        for columns in (*constraints, *indexes):
            texts = [column.name for column in columns if isinstance(column.type, Text)]
            yield Identifying(table.name, [c.name for c in columns], texts[-1] if texts else None)


# --- what the changes touched --------------------------------------------------------------------


def _collect(cursor: Cursor[Any], revisions: sql.Composable) -> Touched:
    tables = sql.SQL(", ").join(_table(table.name) for table in _recorded())
    cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(tables))
    cursor.execute(_PREPARE)
    cursor.execute(sql.SQL(_COLLECT).format(revisions=revisions, owner=_owner("l.after, f.before")))
    cursor.execute("ANALYZE undoing")
    cursor.execute(sql.SQL(_SINCE).format(owner=_owner("l.after, f.before")))
    cursor.execute("ANALYZE since")
    cursor.execute("SELECT DISTINCT entity, was FROM undoing WHERE was OR stands")
    found = cursor.fetchall()
    return Touched({name for name, was in found if was}, {name for name, was in found if not was})


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("registry", name)


def _owner(states: LiteralString) -> sql.Composed:
    """The id of the owner, for the tables of parts."""
    cases = [
        sql.SQL("WHEN {} THEN coalesce({}) ->> {}").format(
            sql.Literal(part), sql.SQL(states), sql.Literal(owner.column)
        )
        for part, owner in _owners().items()
    ]
    return sql.SQL("(CASE t.entity {} END)::uuid").format(sql.SQL(" ").join(cases))


def _belongs() -> sql.Composed:
    pairs = [
        sql.SQL("({}, {})").format(sql.Literal(part), sql.Literal(owner.target))
        for part, owner in _owners().items()
    ]
    return sql.SQL("(VALUES {}) AS belongs(part, whole)").format(sql.SQL(", ").join(pairs))


# --- what stands in the way ----------------------------------------------------------------------


def _find_obstacles(cursor: Cursor[Any], touched: Touched) -> int:
    """Apply every rule once; gives how many rows they marked."""
    rules = chain(
        _rules_of_edits(),
        _rules_of_references(touched),
        _rules_of_keys(touched),
        _rules_of_referrers(touched),
    )
    return sum(cursor.execute(rule).rowcount for rule in rules)


def _rules_of_edits() -> Iterator[sql.Composed]:
    for rule in (_EDITED, _PART_EDITED, _WITH_ITS_PART, _WITH_ITS_OWNER):
        yield sql.SQL(rule).format(belongs=_belongs())


def _rules_of_references(touched: Touched) -> Iterator[sql.Composed]:
    for reference in _references():
        if reference.table in touched.before:
            yield _composed(_MISSING, reference)
        if reference.target in touched.new:
            yield _composed(_NEEDED, reference)


def _rules_of_keys(touched: Touched) -> Iterator[sql.Composed]:
    for key in _identifying():
        if key.table in touched.before:
            names = {"entity": sql.Literal(key.table), "wanted": _wanted(key)}
            yield sql.SQL(_TAKEN).format(**names)


def _rules_of_referrers(touched: Touched) -> Iterator[sql.Composed]:
    for reference in _references():
        if reference.target in touched.new:
            yield _composed(_REFERRED_TO, reference)


def _composed(rule: LiteralString, reference: Reference) -> sql.Composed:
    return sql.SQL(rule).format(
        entity=sql.Literal(reference.table),
        table=_table(reference.table),
        column=sql.Identifier("t", reference.column),
        name=sql.Literal(reference.column),
        target_entity=sql.Literal(reference.target),
        target=_table(reference.target),
        fate=sql.Literal("archived" if reference.target in _models(Entity) else "left"),
    )


def _wanted(key: Identifying) -> sql.Composed:
    """Rows that need a key back which another row holds, and whether that one will give it up."""
    same = [sql.SQL("h.{0} = b.{0}").format(sql.Identifier(name)) for name in key.columns]
    differs = [
        sql.SQL("f.before ->> {0} IS DISTINCT FROM l.after ->> {0}").format(sql.Literal(name))
        for name in key.columns
    ]
    return sql.SQL(_WANTED).format(
        entity=sql.Literal(key.table),
        table=_table(key.table),
        same=sql.SQL(" AND ").join(same),
        differs=sql.SQL(" OR ").join(differs),
    )


# --- taking back ---------------------------------------------------------------------------------


def _restore(cursor: Cursor[Any], touched: Touched) -> int:
    """Rows that nothing refers to go first, as they may have the keys of others; then whatever
    refers to a row comes after it and goes before it."""
    names = [table.name for table in _recorded()]
    referred_to = {reference.target for reference in _references()}
    new = [name for name in reversed(names) if name in touched.new]
    before = [name for name in names if name in touched.before]
    restored = sum(_delete(cursor, name) for name in new if name not in referred_to)
    _give_up_keys(cursor, touched)
    restored += sum(_insert(cursor, name) for name in before)
    restored += sum(_update(cursor, name) for name in before)
    restored += sum(_delete(cursor, name) for name in new if name in referred_to)
    for name in _models(Entity).keys() & touched.new:
        _run(cursor, _ARCHIVE, name)
    return restored


def _run(cursor: Cursor[Any], statement: LiteralString, name: str, **parts: sql.Composed) -> int:
    names = {"entity": sql.Literal(name), "table": _table(name)}
    return cursor.execute(sql.SQL(statement).format(**names, **parts)).rowcount


def _delete(cursor: Cursor[Any], name: str) -> int:
    return _run(cursor, _DELETE, name)


def _insert(cursor: Cursor[Any], name: str) -> int:
    """With the columns that the table had then and has still."""
    _run(cursor, _KEYS, name)
    had = {key for (key,) in cursor.fetchall()}
    columns = [column.name for column in Base.metadata.tables[f"registry.{name}"].c]
    kept = [column for column in columns if column in had]
    if not kept:
        return 0
    parts = {
        "columns": sql.SQL(", ").join(sql.Identifier(column) for column in kept),
        "values": sql.SQL(", ").join(sql.Identifier("b", column) for column in kept),
    }
    return _run(cursor, _INSERT, name, **parts)


def _update(cursor: Cursor[Any], name: str) -> int:
    columns = [column.name for column in Base.metadata.tables[f"registry.{name}"].c]
    values = [
        sql.SQL("{0} = b.{0}").format(sql.Identifier(column))
        for column in columns
        if column != "id"
    ]
    return _run(cursor, _UPDATE, name, values=sql.SQL(", ").join(values))


def _give_up_keys(cursor: Cursor[Any], touched: Touched) -> None:
    """PostgreSQL compares keys row by row: what two rows exchanged must first be let go."""
    for key in _identifying():
        if key.text and key.table in touched.before:
            parts = {"wanted": _wanted(key), "text": sql.SQL("{}").format(sql.Identifier(key.text))}
            _run(cursor, _GIVE_UP, key.table, **parts)


# --- what was done -------------------------------------------------------------------------------


def _kept(cursor: Cursor[Any]) -> list[EditedSince]:
    cursor.execute(sql.SQL(_KEPT).format(belongs=_belongs()))
    return [EditedSince(*row) for row in cursor.fetchall()]


def _left(cursor: Cursor[Any]) -> tuple[int, int]:
    archived, needed = cursor.execute(_LEFT).fetchall()[0]
    return archived, needed


# `was`: it existed before the changes. `stands`: it did after them. `edit`: the revision that says
# who stands behind its staying.
_PREPARE: LiteralString = """
CREATE TEMPORARY TABLE undoing (
    entity text,
    id uuid,
    first bigint,
    last bigint,
    was boolean,
    stands boolean,
    owner uuid,
    stays text,
    reason text,
    edit bigint,
    PRIMARY KEY (entity, id)
) ON COMMIT DROP
"""

_COLLECT: LiteralString = """
INSERT INTO undoing (entity, id, first, last, was, stands, owner)
SELECT t.entity, t.entity_id, t.first, t.last, f.before IS NOT NULL, l.after IS NOT NULL, {owner}
FROM (SELECT entity, entity_id, min(id) AS first, max(id) AS last
      FROM ({revisions}) AS changes GROUP BY entity, entity_id) AS t
JOIN registry.revision f ON f.id = t.first
JOIN registry.revision l ON l.id = t.last
"""

# What all later revisions of a row come to. Of rows that the changes did not touch, parts matter.
_SINCE: LiteralString = """
CREATE TEMPORARY TABLE since ON COMMIT DROP AS
    SELECT t.entity, t.entity_id AS id, t.last AS revision, {owner} AS owner
    FROM (SELECT r.entity, r.entity_id, min(r.id) AS first, max(r.id) AS last
          FROM registry.revision r
          LEFT JOIN undoing u ON (u.entity, u.id) = (r.entity, r.entity_id)
          WHERE r.id > (SELECT min(last) FROM undoing) AND (u.last IS NULL OR r.id > u.last)
          GROUP BY r.entity, r.entity_id) AS t
    JOIN registry.revision f ON f.id = t.first
    JOIN registry.revision l ON l.id = t.last
    WHERE f.before IS DISTINCT FROM l.after
"""

_EDITED: LiteralString = """
UPDATE undoing u SET stays = 'kept', reason = 'edited', edit = s.revision
FROM since s WHERE (s.entity, s.id) = (u.entity, u.id) AND u.stays IS NULL
"""

_PART_EDITED: LiteralString = """
UPDATE undoing u SET stays = 'kept', reason = 'edited', edit = part.revision
FROM (SELECT whole, owner, max(revision) AS revision
      FROM since JOIN {belongs} ON part = entity GROUP BY whole, owner) AS part
WHERE (part.whole, part.owner) = (u.entity, u.id)
  AND (u.stays IS NULL OR u.stays NOT IN ('kept', 'part'))
"""

_WITH_ITS_PART: LiteralString = """
UPDATE undoing u SET stays = 'kept', reason = p.reason, edit = p.edit
FROM undoing p JOIN {belongs} ON part = p.entity
WHERE p.stays = 'kept' AND (whole, p.owner) = (u.entity, u.id)
  AND (u.stays IS NULL OR u.stays NOT IN ('kept', 'part'))
"""

_WITH_ITS_OWNER: LiteralString = """
UPDATE undoing u SET stays = 'part'
FROM undoing o JOIN {belongs} ON whole = o.entity
WHERE o.stays IN ('kept', 'part', 'needed') AND (part, o.id) = (u.entity, u.owner)
  AND u.stays IS DISTINCT FROM 'part'
"""

_MISSING: LiteralString = """
UPDATE undoing u SET stays = 'kept', reason = 'missing', edit = coalesce(
    (SELECT max(r.id) FROM registry.revision r
     WHERE (r.entity, r.entity_id) = ({target_entity}, (f.before ->> {name})::uuid)), u.last)
FROM registry.revision f, registry.revision l
WHERE (f.id, l.id) = (u.first, u.last) AND u.entity = {entity} AND u.was AND u.stays IS NULL
  AND f.before ->> {name} IS NOT NULL
  AND f.before ->> {name} IS DISTINCT FROM l.after ->> {name}
  AND NOT EXISTS (SELECT FROM {target} r WHERE r.id = (f.before ->> {name})::uuid)
  AND NOT EXISTS (SELECT FROM undoing p
                  WHERE (p.entity, p.id) = ({target_entity}, (f.before ->> {name})::uuid)
                    AND p.was AND p.stays IS NULL)
"""

_NEEDED: LiteralString = """
UPDATE undoing u SET stays = 'needed'
FROM undoing p JOIN {table} t ON t.id = p.id
WHERE p.entity = {entity} AND p.stays IN ('kept', 'part', 'needed')
  AND (u.entity, u.id) = ({target_entity}, {column})
  AND NOT u.was AND (u.stays IS NULL OR u.stays IN ('archived', 'left'))
"""

_WANTED: LiteralString = """
SELECT u.id, h.id AS holder,
       EXISTS (SELECT FROM undoing g
               WHERE (g.entity, g.id) = ({entity}, h.id) AND g.stays IS NULL) AS goes
FROM undoing u
JOIN registry.revision f ON f.id = u.first
JOIN registry.revision l ON l.id = u.last
CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, f.before) AS b
JOIN {table} h ON {same} AND h.id <> u.id
WHERE u.entity = {entity} AND u.was AND u.stays IS NULL AND ({differs})
"""

_TAKEN: LiteralString = """
UPDATE undoing u SET stays = 'kept', reason = 'taken', edit = coalesce(
    (SELECT max(r.id) FROM registry.revision r
     WHERE (r.entity, r.entity_id) = ({entity}, w.holder)), u.last)
FROM ({wanted}) AS w
WHERE (u.entity, u.id) = ({entity}, w.id) AND NOT w.goes
"""

_REFERRED_TO: LiteralString = """
UPDATE undoing u SET stays = {fate}
WHERE u.entity = {target_entity} AND u.stands AND NOT u.was AND u.stays IS NULL
  AND EXISTS (SELECT FROM {table} t WHERE {column} = u.id
              AND NOT EXISTS (SELECT FROM undoing p
                              WHERE (p.entity, p.id) = ({entity}, t.id) AND p.stays IS NULL))
"""

_DELETE: LiteralString = """
DELETE FROM {table} t USING undoing u
WHERE (u.entity, u.id) = ({entity}, t.id) AND u.stands AND NOT u.was AND u.stays IS NULL
"""

_GIVE_UP: LiteralString = """
UPDATE {table} t SET {text} = 'x-' || t.id FROM ({wanted}) AS w WHERE w.holder = t.id AND w.goes
"""

_KEYS: LiteralString = """
SELECT jsonb_object_keys(before) FROM registry.revision
WHERE id = (SELECT min(first) FROM undoing
            WHERE entity = {entity} AND was AND NOT stands AND stays IS NULL)
"""

_INSERT: LiteralString = """
INSERT INTO {table} ({columns})
SELECT {values} FROM undoing u
JOIN registry.revision f ON f.id = u.first
CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, f.before) AS b
WHERE u.entity = {entity} AND u.was AND NOT u.stands AND u.stays IS NULL
"""

# Columns that are younger than the revision keep what they hold.
_UPDATE: LiteralString = """
UPDATE {table} t SET {values}
FROM undoing u
JOIN registry.revision f ON f.id = u.first
JOIN {table} now ON now.id = u.id
CROSS JOIN LATERAL jsonb_populate_record(now, f.before) AS b
WHERE t.id = u.id AND u.entity = {entity} AND u.was AND u.stands AND u.stays IS NULL
"""

_ARCHIVE: LiteralString = """
UPDATE {table} t SET status = 'archived', removal_reason = coalesce(t.removal_reason, 'deleted')
FROM undoing u WHERE (u.entity, u.id) = ({entity}, t.id) AND u.stays = 'archived'
"""

# A part is told as the entity that it belongs to.
_KEPT: LiteralString = """
SELECT DISTINCT ON (shown.entity, shown.id) shown.entity, shown.id,
       coalesce(named.row ->> 'slug', named.row ->> 'name', named.row ->> 'title',
                named.row ->> 'label', named.row ->> 'external_key', named.row ->> 'field',
                shown.id::text),
       e.actor, e.at, u.reason
FROM undoing u
JOIN registry.revision e ON e.id = u.edit
LEFT JOIN {belongs} ON part = u.entity
CROSS JOIN LATERAL (
    SELECT coalesce(whole, u.entity) AS entity, coalesce(u.owner, u.id) AS id
) AS shown
LEFT JOIN LATERAL (
    SELECT coalesce(r.after, r.before) AS row FROM registry.revision r
    WHERE (r.entity, r.entity_id) = (shown.entity, shown.id) ORDER BY r.id DESC LIMIT 1
) AS named ON true
WHERE u.stays = 'kept'
ORDER BY shown.entity, shown.id, u.edit DESC
"""

_LEFT: LiteralString = """
SELECT count(*) FILTER (WHERE stays = 'archived'),
       count(*) FILTER (WHERE stays IN ('needed', 'left'))
FROM undoing
"""
