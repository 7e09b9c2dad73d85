"""Reverting a publication: what it made public is taken back in the registry, and published.

Which changes those are is told by what publications saw: revisions that this one saw, and the one
before it did not. What was changed in drafts meanwhile did not become public, and stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple, cast

from psycopg import Cursor, sql
from sqlalchemy import Connection

from db import published
from db.publication import Publication, publish
from db.recorded import Reference, references
from db.registry import writer
from db.undoing import CannotUndo, EditedSince, Undone, take_back


class CannotRevert(CannotUndo):
    """Nothing was reverted; the message says why."""


@dataclass(frozen=True)
class Reverted:
    """What was taken back, what stays (as in `Undone`), and the publication that followed."""

    restored: int
    kept: list[EditedSince]
    archived: int
    needed: int
    publication: Publication


class Extent(NamedTuple):
    """The snapshots between which revisions are asked for, and the last one that is too old."""

    before: str
    until: str
    inherited: int


def revert(url: str, sequence: int, actor: str) -> Reverted:
    """Take back what a publication made public, but for rows edited since; then publish."""
    with writer(url, actor) as connection:
        undone = take_back_publication(connection, sequence)
    return Reverted(
        undone.restored, undone.kept, undone.archived, undone.needed, publication=publish(url)
    )


def take_back_publication(connection: Connection, sequence: int) -> Undone:
    """The part of reverting that is done in the registry."""
    cursor = cast("Cursor[Any]", connection.connection.cursor())
    extent = _extent(cursor, sequence)
    with connection.begin_nested():
        _run(cursor, _SEEN, sequence, **extent._asdict())
        cursor.execute("ANALYZE seen_by_it")
        for statement in _public(sequence):
            cursor.execute(statement)
        undone = take_back(connection, sql.SQL(_MADE_PUBLIC))
        cursor.execute("DROP TABLE seen_by_it, made_public")
    return undone


def _run(cursor: Cursor[Any], query: LiteralString, sequence: int, **values: Any) -> None:
    literals = {name: sql.Literal(value) for name, value in values.items()}
    cursor.execute(sql.SQL(query).format(sequence=sql.Literal(sequence), **literals))


def _extent(cursor: Cursor[Any], sequence: int) -> Extent:
    cursor.execute(_RECORD, {"sequence": sequence})
    recorded, until, before, began, inherited, is_here, forgotten = cursor.fetchall()[0]
    if not recorded:
        raise CannotRevert(_absence(cursor, sequence))
    if sequence <= forgotten:
        raise CannotRevert(f"what publication {sequence} changed was forgotten (quartier purge)")
    if sequence <= began or not is_here:
        raise CannotRevert(
            f"what publication {sequence} changed cannot be told any more: the registry was "
            "restored from a backup since, or upgraded from a version that kept no record"
        )
    if before is None:
        raise CannotRevert(
            f"what publication {sequence} changed cannot be told: it also published edits that "
            "waited when the registry was restored or upgraded"
        )
    return Extent(before, until, inherited)


def _absence(cursor: Cursor[Any], sequence: int) -> str:
    cursor.execute(_ABSENCE, {"sequence": sequence})
    is_there, is_replaced = cursor.fetchall()[0]
    if is_replaced:
        return f"publication {sequence} was replaced by the backup that was restored after it"
    if is_there:
        return f"publication {sequence} was made by a version that kept no record of its changes"
    return f"there is no publication {sequence}"


def _public(sequence: int) -> Iterator[sql.Composed]:
    """Statements that find which of the changed rows the publication showed differently."""
    known = {"sequence": sql.Literal(sequence)}
    yield sql.SQL(_ENTITIES).format(**known)
    for reference in _parts():
        yield sql.SQL(_PARTS).format(**known, **_names(reference))
    for rule in (_PARTS_OF_TOPICS, _SITES, _CORRECTIONS):
        yield sql.SQL(rule).format(**known)
    for name in published.RESOURCES:
        if name != "codelist":
            table = sql.Identifier("registry", name)
            yield sql.SQL(_SOURCES).format(**known, table=table, resource=sql.Literal(name))


def _parts() -> list[Reference]:
    """What is shown in the document of another: its parts, the terms of a codelist."""
    return [
        reference
        for reference in references()
        if reference.cascades
        and reference.target in published.RESOURCES
        and reference.table not in published.RESOURCES
    ]


def _names(reference: Reference) -> dict[str, sql.Composable]:
    return {
        "part": sql.Literal(reference.table),
        "column": sql.Literal(reference.column),
        "resource": sql.Literal(reference.target),
    }


_RECORD: LiteralString = """
SELECT this.sequence IS NOT NULL, this.snapshot, coalesce(before.settled, before.snapshot),
       coalesce(began.sequence, 0), began.inherited,
       this.home = 'registry.publication'::regclass AND before.home = this.home,
       (SELECT forgotten FROM published.state)
FROM (VALUES (%(sequence)s::bigint)) AS asked(sequence)
LEFT JOIN registry.publication this ON this.sequence = asked.sequence
LEFT JOIN LATERAL (SELECT * FROM registry.publication p WHERE p.sequence < asked.sequence
                   ORDER BY p.sequence DESC LIMIT 1) AS before ON true
LEFT JOIN LATERAL (SELECT * FROM registry.publication p WHERE p.inherited IS NOT NULL
                   ORDER BY p.sequence DESC LIMIT 1) AS began ON true
"""

_ABSENCE: LiteralString = """
SELECT %(sequence)s BETWEEN 1 AND sequence,
       EXISTS (SELECT FROM published.restoration r
               WHERE %(sequence)s > r.saved AND %(sequence)s < r.sequence)
FROM published.state
"""

_SEEN: LiteralString = """
CREATE TEMPORARY TABLE seen_by_it ON COMMIT DROP AS
    SELECT id, entity, entity_id FROM registry.revision
    WHERE id > {inherited}
      AND transaction >= pg_snapshot_xmin({before}::pg_snapshot)::text::bigint
      AND transaction < pg_snapshot_xmax({until}::pg_snapshot)::text::bigint
      AND NOT pg_visible_in_snapshot(transaction::text::xid8, {before}::pg_snapshot)
      AND pg_visible_in_snapshot(transaction::text::xid8, {until}::pg_snapshot);
CREATE TEMPORARY TABLE made_public (entity text, id uuid, PRIMARY KEY (entity, id)) ON COMMIT DROP;
"""

_ENTITIES: LiteralString = """
INSERT INTO made_public
SELECT DISTINCT s.entity, s.entity_id FROM seen_by_it s
JOIN published.change c ON c.sequence = {sequence} AND (c.resource, c.id) = (s.entity, s.entity_id)
"""

_PARTS: LiteralString = """
INSERT INTO made_public
SELECT DISTINCT s.entity, s.entity_id FROM seen_by_it s
JOIN registry.revision r ON r.id = s.id
JOIN published.change c ON c.sequence = {sequence} AND c.resource = {resource}
    AND c.id IN ((r.before ->> {column})::uuid, (r.after ->> {column})::uuid)
WHERE s.entity = {part}
ON CONFLICT DO NOTHING
"""

# The only parts of parts: the terms of a strategy's topics.
_PARTS_OF_TOPICS: LiteralString = """
INSERT INTO made_public
SELECT DISTINCT s.entity, s.entity_id FROM seen_by_it s
JOIN registry.revision r ON r.id = s.id
LEFT JOIN registry.strategy_topic t ON t.id = (coalesce(r.after, r.before) ->> 'topic_id')::uuid
WHERE s.entity = 'topic_term'
  AND (EXISTS (SELECT FROM published.change c
               WHERE (c.sequence, c.resource, c.id) = ({sequence}, 'strategy', t.strategy_id))
       OR EXISTS (SELECT FROM made_public m
                  WHERE m.entity = 'strategy_topic'
                    AND m.id = (coalesce(r.after, r.before) ->> 'topic_id')::uuid))
ON CONFLICT DO NOTHING
"""

# Shown by the offerings that are or were at them.
_SITES: LiteralString = """
INSERT INTO made_public
SELECT DISTINCT s.entity, s.entity_id FROM seen_by_it s
JOIN LATERAL (
    SELECT o.offering_id FROM registry.offering_site o WHERE o.site_id = s.entity_id
    UNION ALL
    SELECT (state ->> 'offering_id')::uuid FROM seen_by_it p
    JOIN registry.revision r ON r.id = p.id
    CROSS JOIN LATERAL (VALUES (r.before), (r.after)) AS states(state)
    WHERE p.entity = 'offering_site' AND (state ->> 'site_id')::uuid = s.entity_id
) AS at ON true
JOIN published.change c
  ON (c.sequence, c.resource, c.id) = ({sequence}, 'offering', at.offering_id)
WHERE s.entity = 'site'
ON CONFLICT DO NOTHING
"""

_CORRECTIONS: LiteralString = """
INSERT INTO made_public
SELECT DISTINCT s.entity, s.entity_id FROM seen_by_it s
JOIN registry.revision r ON r.id = s.id
CROSS JOIN LATERAL (SELECT coalesce(r.after, r.before) AS state) AS correction
WHERE s.entity = 'correction'
  AND (EXISTS (SELECT FROM made_public m
               WHERE (m.entity, m.id) = (state ->> 'entity', (state ->> 'entity_id')::uuid))
       OR EXISTS (SELECT FROM published.change c
                  WHERE (c.sequence, c.resource, c.id)
                      = ({sequence}, state ->> 'entity', (state ->> 'entity_id')::uuid)))
ON CONFLICT DO NOTHING
"""

_SOURCES: LiteralString = """
INSERT INTO made_public
SELECT DISTINCT s.entity, s.entity_id FROM seen_by_it s
WHERE s.entity = 'source'
  AND EXISTS (SELECT FROM published.change c JOIN {table} t ON t.id = c.id
              WHERE c.sequence = {sequence} AND c.resource = {resource}
                AND t.source_id = s.entity_id)
ON CONFLICT DO NOTHING
"""

_MADE_PUBLIC: LiteralString = """
SELECT s.id, s.entity, s.entity_id FROM seen_by_it s
JOIN made_public m ON (m.entity, m.id) = (s.entity, s.entity_id)
"""
