"""publish(): moves what changed in the registry to the published schema, in one transaction.

Readers see the state before or the state after, never half of it. Publishers take turns on a table
lock, so sequence numbers are in commit order; the snapshot is taken after the lock is held, so the
second publisher sees what the first one did.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString, cast
from uuid import UUID

from psycopg import Cursor, sql
from sqlalchemy import Connection, NullPool, Table, create_engine, make_url

from db import published
from db.documents import fingerprint, read
from db.simplification import simplify_all


@dataclass(frozen=True)
class Difference:
    """A field of a document that a publication would change. None: absent."""

    resource: str
    id: UUID
    slug: str
    field: str
    before: Any
    after: Any


@dataclass
class Publication:
    """What a publication did: its sequence, and how many entities of each resource."""

    sequence: int
    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


def publish(url: str, *, dry_run: bool = False) -> Publication:
    """Publish what changed since the last time. Publishing twice changes nothing.

    A dry run does all of it, lists every field that would become public, and rolls back.
    """
    with _transaction(url, keep=not dry_run) as connection:
        cursor = _cursor(connection)
        publication = Publication(_sequence(cursor))
        if not _pending(cursor):
            return publication
        _run(cursor, "located")
        for table in published.RESOURCES.values():
            _build(cursor, table)
            if dry_run:
                publication.differences += _differences(cursor, table)
            _replace(cursor, table, publication)
        _run(cursor, "auxiliary", "place")
        _simplify(connection, cursor)
        _finish(cursor, publication)
        return publication


@contextmanager
def _transaction(url: str, *, keep: bool) -> Iterator[Connection]:
    """LOCK TABLE takes no snapshot: the one of REPEATABLE READ begins with what follows it."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        transaction = connection.begin()
        _cursor(connection).execute("LOCK TABLE published.state IN EXCLUSIVE MODE")
        _cursor(connection).execute("SET LOCAL search_path = public, registry; SET LOCAL jit = off")
        yield connection
        if keep:
            transaction.commit()
        else:
            transaction.rollback()


def _cursor(connection: Connection) -> Cursor[tuple[Any, ...]]:
    """The driver's own cursor: the files hold several statements and percent signs."""
    return cast("Cursor[tuple[Any, ...]]", connection.connection.cursor())


def _run(cursor: Cursor[Any], *names: str) -> None:
    for name in names:
        cursor.execute(cast("LiteralString", read(name)))


def _sequence(cursor: Cursor[Any]) -> int:
    return int(_value(cursor, "SELECT sequence FROM published.state"))


def _value(cursor: Cursor[Any], query: LiteralString, *values: Any) -> Any:
    row = cursor.execute(query, values or None).fetchone()
    return row[0] if row else None


def _pending(cursor: Cursor[Any]) -> bool:
    """Collect what must be built: what changed, and what quotes it. False: nothing changed."""
    _run(cursor, "pending")
    if _value(cursor, "SELECT documents_hash FROM published.state") != fingerprint():
        _run(cursor, "everything")
    if not _value(cursor, "SELECT EXISTS (SELECT FROM pending)"):
        return False
    _run(cursor, "context")
    while True:
        cursor.execute("ANALYZE pending")
        _run(cursor, "dependants")
        if cursor.rowcount == 0:
            break
    _run(cursor, "summaries")
    return True


def _build(cursor: Cursor[Any], table: Table) -> None:
    """Build the pending documents of a resource and note which of them differ."""
    name = table.name
    columns = table.columns.keys()
    found_by = (
        sql.SQL("published.search_vector(texts[1], texts[2], texts[3], texts[4]) AS search")
        if "search" in columns
        else sql.SQL("NULL AS search")
    )
    _compose(
        cursor,
        """
        CREATE TEMPORARY TABLE {built} ON COMMIT DROP AS
            WITH document AS ({documents})
            SELECT document.*, {geojson} AS geojson, {found_by} FROM document;
        CREATE INDEX ON {built} (id);
        CREATE TEMPORARY TABLE {changed} ON COMMIT DROP AS
            SELECT built.id, built.hash, old.id IS NULL AS is_new
            FROM (SELECT id, md5(string_agg(b::text, '' ORDER BY lang)) AS hash
                  FROM {built} b GROUP BY id) AS built
            LEFT JOIN published.{name} old ON old.id = built.id
            WHERE old.hash IS DISTINCT FROM built.hash;
        CREATE TEMPORARY TABLE {removed} ON COMMIT DROP AS
            SELECT old.id, old.slug FROM published.{name} old
            JOIN pending p ON p.id = old.id AND p.resource = {resource}
            WHERE NOT EXISTS (SELECT FROM {built} b WHERE b.id = old.id);
        """,
        name=sql.Identifier(name),
        resource=sql.Literal(name),
        built=sql.Identifier(f"built_{name}"),
        changed=sql.Identifier(f"changed_{name}"),
        removed=sql.Identifier(f"removed_{name}"),
        documents=sql.SQL(cast("LiteralString", read(name))),
        geojson=sql.SQL("registry.feature_members(geometry)"),
        found_by=found_by,
    )


def _replace(cursor: Cursor[Any], table: Table, publication: Publication) -> None:
    """Write the documents that differ, delete the ones that ended, and log both."""
    name = table.name
    names = {
        "name": sql.Identifier(name),
        "resource": sql.Literal(name),
        "built": sql.Identifier(f"built_{name}"),
        "changed": sql.Identifier(f"changed_{name}"),
        "removed": sql.Identifier(f"removed_{name}"),
    }
    _compose(cursor, _INSERT, **names, **_columns(table))
    _compose(cursor, _TRANSLATIONS, **names)
    if "texts" in _built_columns(cursor, name):
        _compose(cursor, _WORDS, **names)
    if name in ("offering", "measure"):
        members = sql.SQL(cast("LiteralString", read(f"{name}_members")))
        _compose(cursor, _MEMBERS, members=members, **names)
    _compose(cursor, _REMOVE, **names)
    _compose(cursor, _LOG, **names)
    _count(cursor, name, publication)


def _columns(table: Table) -> dict[str, sql.Composable]:
    """The columns that a resource's file yields, and how a conflict overwrites them."""
    made_here = ("updated_at", "hash", "document", *_shapes(table))
    yielded = [key for key in table.columns.keys() if key not in made_here]
    overwritten = [*yielded, "updated_at", "hash", "document"]
    return {
        "yielded": sql.SQL(", ").join(map(sql.Identifier, yielded)),
        "values": sql.SQL(", ").join(sql.Identifier("b", key) for key in yielded),
        "overwrite": sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(key)) for key in overwritten
        ),
    }


def _shapes(table: Table) -> list[str]:
    return [key for key in table.columns.keys() if key.startswith("geojson_")]


def _built_columns(cursor: Cursor[Any], name: str) -> list[str]:
    cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(f"built_{name}")))
    return [column.name for column in cursor.description or ()]


def _count(cursor: Cursor[Any], name: str, publication: Publication) -> None:
    for kind, counts in (("changed", publication.changed), ("removed", publication.removed)):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(f"{kind}_{name}"))
        row = cursor.execute(query).fetchone()
        if row and row[0]:
            counts[name] = row[0]


def _simplify(connection: Connection, cursor: Cursor[Any]) -> None:
    """Redraw all simplified shapes where any boundary changed: borders are shared."""
    if not _value(cursor, _BOUNDARIES_CHANGED):
        return
    shapes = [(s.tolerance, s.wkb, s.district_id) for s in simplify_all(connection)]
    cursor.execute("CREATE TEMPORARY TABLE shape (tolerance int, wkb bytea, id uuid)")
    with cursor.copy("COPY shape FROM STDIN") as copy:
        for shape in shapes:
            copy.write_row(shape)
    for tolerance in published.TOLERANCES:
        _compose(
            cursor,
            _SHAPES,
            column=sql.Identifier(f"geojson_{tolerance}"),
            tolerance=sql.Literal(tolerance),
        )
    cursor.execute("DROP TABLE shape")


def _finish(cursor: Cursor[Any], publication: Publication) -> None:
    """Count, number and announce the publication, if it changed anything."""
    for name in published.RESOURCES:
        if publication.changed.get(name) or publication.removed.get(name):
            _compose(cursor, _TOTAL, name=sql.Identifier(name), resource=sql.Literal(name))
    cursor.execute("UPDATE published.state SET documents_hash = %s", (fingerprint(),))
    if publication.changed or publication.removed:
        publication.sequence = int(_value(cursor, _NUMBER))
        cursor.execute("SELECT pg_notify(%s, %s)", (published.CHANNEL, str(publication.sequence)))


def _differences(cursor: Cursor[Any], table: Table) -> list[Difference]:
    names = {key: sql.Identifier(f"{key}_{table.name}") for key in ("built", "changed", "removed")}
    _compose(cursor, _DIFFERENCES, name=sql.Identifier(table.name), **names)
    return [Difference(table.name, *row) for row in cursor.fetchall()]


def _compose(cursor: Cursor[Any], query: LiteralString, **parts: sql.Composable) -> None:
    cursor.execute(sql.SQL(query).format(**parts))


_INSERT: LiteralString = """
INSERT INTO published.{name} AS old ({yielded}, updated_at, hash, document)
SELECT {values}, now(), c.hash,
       left(b.document, -1) || ',"updated_at":"'
           || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}}'
FROM {built} b
JOIN {changed} c ON c.id = b.id
JOIN lang ON lang.code = b.lang AND lang.is_default
ON CONFLICT (id) DO UPDATE SET {overwrite}
"""

_TRANSLATIONS: LiteralString = """
DELETE FROM published.translation t
WHERE t.resource = {resource}
  AND t.id IN (SELECT id FROM {changed} UNION ALL SELECT id FROM {removed});
INSERT INTO published.translation (resource, lang, id, document)
SELECT {resource}, b.lang, b.id,
       left(b.document, -1) || ',"updated_at":"'
           || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}}'
FROM {built} b
JOIN {changed} c ON c.id = b.id
JOIN lang ON lang.code = b.lang AND NOT lang.is_default
"""

_WORDS: LiteralString = """
INSERT INTO published.word (word)
SELECT DISTINCT unnest(published.words(array_to_string(b.texts, ' ')))
FROM {built} b JOIN {changed} c ON c.id = b.id JOIN lang ON lang.code = b.lang AND lang.is_default
ON CONFLICT DO NOTHING
"""

_MEMBERS: LiteralString = """
DELETE FROM published.district_member m
WHERE m.resource = {resource}
  AND m.id IN (SELECT id FROM {changed} UNION ALL SELECT id FROM {removed});
INSERT INTO published.district_member (resource, district_id, sort_name, id)
SELECT {resource}, member.district_id, p.sort_name, p.id
FROM ({members}) AS member
JOIN {changed} c ON c.id = member.id
JOIN published.{name} p ON p.id = member.id
"""

_REMOVE: LiteralString = """
DELETE FROM published.{name} p USING {removed} r WHERE p.id = r.id
"""

_LOG: LiteralString = """
INSERT INTO published.change (sequence, resource, id, slug, kind, reason, merged_into_id, at)
SELECT state.sequence + 1, {resource}, c.id, p.slug, 'upsert', NULL, NULL, now()
FROM published.state, {changed} c JOIN published.{name} p ON p.id = c.id
UNION ALL
SELECT state.sequence + 1, {resource}, r.id, r.slug, 'remove', ended.reason, ended.merged_into_id,
       now()
FROM published.state, {removed} r
CROSS JOIN LATERAL registry.removal({resource}, r.id) AS ended
"""

_BOUNDARIES_CHANGED: LiteralString = """
SELECT EXISTS (SELECT FROM changed_district JOIN published.district USING (id)
               WHERE boundary IS NOT NULL)
    OR EXISTS (SELECT FROM removed_district)
"""

_SHAPES: LiteralString = """
UPDATE published.district d SET {column} = drawn.geojson
FROM (SELECT p.id, registry.feature_members(ST_GeomFromWKB(s.wkb, 4326)) AS geojson
      FROM published.district p
      LEFT JOIN shape s ON s.id = p.id AND s.tolerance = {tolerance}) AS drawn
WHERE d.id = drawn.id
  AND d.{column} IS DISTINCT FROM CASE WHEN d.boundary IS NOT NULL THEN drawn.geojson END
"""

_TOTAL: LiteralString = """
INSERT INTO published.resource (name, total, attribution, license)
SELECT {resource}, (SELECT count(*) FROM published.{name}),
       coalesce(to_json(array_agg(DISTINCT s.attribution ORDER BY s.attribution))::text, '[]'),
       CASE count(DISTINCT s.license) WHEN 1 THEN min(s.license) END
FROM registry.sources_of({resource}) AS used
JOIN registry.public_source s ON s.id = used.source_id
ON CONFLICT (name) DO UPDATE
SET total = excluded.total, attribution = excluded.attribution, license = excluded.license
"""

_NUMBER: LiteralString = """
UPDATE published.state SET sequence = sequence + 1, published_at = now() RETURNING sequence
"""

_DIFFERENCES: LiteralString = """
SELECT id, slug, field, before, after FROM (
    SELECT c.id, b.slug, field.key AS field, old.document -> field.key AS before,
           b.document::jsonb -> field.key AS after
    FROM {changed} c
    JOIN {built} b ON b.id = c.id
    JOIN lang ON lang.code = b.lang AND lang.is_default
    LEFT JOIN LATERAL (SELECT p.document::jsonb - 'updated_at' AS document
                       FROM published.{name} p WHERE p.id = c.id) AS old ON true
    CROSS JOIN LATERAL (
        SELECT jsonb_object_keys(b.document::jsonb) AS key
        UNION SELECT jsonb_object_keys(old.document)
    ) AS field
    UNION ALL
    SELECT r.id, r.slug, field.key, field.value, NULL
    FROM {removed} r
    JOIN published.{name} p ON p.id = r.id
    CROSS JOIN LATERAL jsonb_each(p.document::jsonb) AS field
) AS difference
WHERE before IS DISTINCT FROM after
ORDER BY slug, field
"""
