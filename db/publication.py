"""publish(): moves what changed in the registry to the published schema, in one transaction.

Readers see the state before or the state after, never half of it. Publishers take turns on a table
lock, so sequence numbers are in commit order; the snapshot is taken after the lock is held, so the
second publisher sees what the first one did. Whoever edits or imports meanwhile waits for nobody:
marks of changed rows are only appended, and a publication takes those that its snapshot shows.

Publishing publishes: all edits that wait, of whoever made them. There is no other way for a change
to become public, and none for a part of one: a document quotes many rows.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString, cast
from uuid import UUID

from psycopg import Cursor, OperationalError, sql
from sqlalchemy import Connection, NullPool, Table, create_engine, make_url

from db import datasets, hsds, published
from db.disclosure.audit import LeaksFound, audit_tables
from db.disclosure.withholding import Withheld, withhold
from db.documents import fingerprint, read
from db.flags import notations
from db.opening.publication import replace_opening_times
from db.populations import CELLS, replace_population
from db.reforms import replace_parts
from db.simplification import simplify_all
from db.standing import OUTDATED

BULK = 1_000  # so many new rows make the planner's statistics wrong, and gathering them worthwhile
NAMED = {"codelist", "district", "organisation", "strategy", "indicator"}  # what filters name
_MANY = (  # tables of the registry that have many rows
    "organisation", "offering", "site", "offering_site", "offering_term", "observation",
    "indicator", "district", "source",
)  # fmt: skip
_BESIDE_OFFERINGS = ("offering_place", "category_member", "district_member")
_MADE_HERE = ("updated_at", "hash", "document")  # what a resource's file does not yield
HOLIDAYS = "holiday"  # no resource: nobody asks for them, but opening times follow from them
PLACES = {"codelist", "district", "offering"}  # what a search box completes is made of these


@dataclass(frozen=True)
class Difference:
    """A field of a document that a publication would change. None: absent."""

    resource: str
    id: UUID
    slug: str
    lang: str
    field: str
    before: object
    after: object


@dataclass
class Publication:
    """What a publication did: its sequence, and how many entities of each resource.

    `interchange`: whether documents changed that only other registries read.
    """

    sequence: int
    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    interchange: bool = field(default=False, compare=False)
    withheld: list[Withheld] = field(default_factory=list)
    decided: list[tuple[UUID, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Moved:
    """Whether a boundary is another, and whether that or its quality or parent is."""

    boundaries: bool = False
    territory: bool = False


def publish(url: str, *, dry_run: bool = False, leaks: bool = False) -> Publication:
    """Publish what changed since the last time. Publishing twice changes nothing.

    A dry run does all of it, lists every field that would become public, and rolls back. Raises
    LeaksFound, and publishes nothing, if a hidden count could be calculated, unless `leaks`.
    """
    with _transaction(url, keep=not dry_run) as connection:
        cursor = _cursor(connection)
        publication = Publication(_number(cursor, "SELECT sequence FROM published.state"))
        rebuild = bool(_number(cursor, OUTDATED, fingerprint()))
        touched = _collect(cursor, publication, everything=rebuild)
        if touched or rebuild:
            moved = _replace_documents(cursor, touched, publication, compare=dry_run)
            if touched & {HOLIDAYS, "offering"}:
                replace_opening_times(cursor, publication.changed, rebuild=rebuild)
            _run(cursor, *_companions(touched, rebuild=rebuild))
            if touched & {"district", "observation"} or rebuild:
                replace_parts(cursor)
            if CELLS in touched or moved.territory or rebuild:
                replace_population(cursor, publication.changed, publication.removed)
            if rebuild:
                cursor.execute(_OTHER_LANGUAGES)
            if publication.decided and not leaks:
                _refuse_leaks(cursor, publication)
            if moved.boundaries or rebuild:
                _simplify(connection, cursor)
            publication.interchange = hsds.replace(cursor, touched, rebuild=rebuild)
            _finish(cursor, publication, rebuild=rebuild)
        return publication


@contextmanager
def _transaction(url: str, *, keep: bool) -> Iterator[Connection]:
    """LOCK TABLE takes no snapshot: the one of REPEATABLE READ begins with what follows it."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        transaction = connection.begin()
        with _lost_with_its_server(connection):
            _cursor(connection).execute("LOCK TABLE published.state IN EXCLUSIVE MODE")
            _cursor(connection).execute(_SETTINGS)
            yield connection
        if keep:
            transaction.commit()
        else:
            transaction.rollback()


@contextmanager
def _lost_with_its_server(connection: Connection) -> Iterator[None]:
    """SQLAlchemy would try to roll back without a server, and hide why there is none."""
    try:
        yield
    except OperationalError as error:
        connection.invalidate(error)
        raise


def _cursor(connection: Connection) -> Cursor[tuple[Any, ...]]:
    """The driver's own cursor: the files hold several statements and percent signs."""
    return cast("Cursor[tuple[Any, ...]]", connection.connection.cursor())


def _run(cursor: Cursor[Any], *names: str) -> None:
    for name in names:
        cursor.execute(read(name))


def _number(cursor: Cursor[tuple[Any, ...]], query: LiteralString, *values: str) -> int:
    """The one number (or truth) that a query answers."""
    row = cursor.execute(query, values or None).fetchone()
    return int(row[0]) if row else 0


def _compose(cursor: Cursor[Any], query: LiteralString, **parts: sql.Composable) -> None:
    cursor.execute(sql.SQL(query).format(**parts))


def _collect(cursor: Cursor[Any], publication: Publication, *, everything: bool) -> set[str]:
    """Collect what must be built: what changed, and what quotes it. Returns the resources."""
    _run(cursor, "pending")
    changed = _analyze_if_many(cursor)
    publication.decided, publication.withheld = withhold(cursor)
    if everything:
        _run(cursor, "everything")
    count = _analyze_if_many(cursor, before=changed)
    if not count and not everything:
        return set()
    _run(cursor, "context")
    cursor.execute(_FLAG_NOTATIONS, [json.dumps(notations())])
    if not everything:
        _add_dependants(cursor)
    cursor.execute("ANALYZE pending")
    found = cursor.execute("SELECT DISTINCT resource FROM pending").fetchall()
    return {name for (name,) in found} & {*published.RESOURCES, HOLIDAYS, CELLS}


def _analyze_if_many(cursor: Cursor[Any], *, before: int = 0) -> int:
    """How many rows are pending; once they are many, statistics are gathered, and not again."""
    count = _number(cursor, "SELECT count(*) FROM pending")
    if count >= BULK > before:
        _analyze_grown(cursor, "registry", _MANY)
    return count


def _analyze_grown(cursor: Cursor[Any], schema: str, names: Iterable[str]) -> None:
    """Gather the statistics of those tables that grew by more than a fifth since the last time."""
    names = [f"{schema}.{name}" for name in names]
    grown = [sql.Identifier(schema, name) for (name,) in cursor.execute(_GROWN, [names]).fetchall()]
    if grown:
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(grown)))


def _add_dependants(cursor: Cursor[Any]) -> None:
    while True:
        cursor.execute("ANALYZE pending")
        _run(cursor, "dependants")
        if cursor.rowcount == 0:
            break
    _run(cursor, "summaries")


def _companions(touched: set[str], *, rebuild: bool) -> Iterator[str]:
    """What stands beside the documents and follows from them."""
    if touched & NAMED or rebuild:
        yield "auxiliary"
    if touched & PLACES:
        yield "place"
    yield "words"


# --- one resource after the other ----------------------------------------------------------------


def _replace_documents(
    cursor: Cursor[Any], touched: set[str], publication: Publication, *, compare: bool
) -> Moved:
    """Build, compare and replace the documents."""
    moved = Moved()
    _run(cursor, "offering_parts")
    cursor.execute(_BEGIN)
    datasets.begin(cursor)
    for table in published.RESOURCES.values():
        if table.name not in touched:
            continue
        _build(cursor, table)
        if compare:
            publication.differences += _differences(cursor, table)
        if table is published.district:
            moved = Moved(
                boundaries=bool(_number(cursor, _BOUNDARIES_CHANGED)),
                territory=bool(_number(cursor, _TERRITORY_CHANGED)),
            )
        _replace(cursor, table)
        _count(cursor, table, publication)
    return moved


def _names(table: Table) -> dict[str, sql.Composable]:
    return {
        "name": sql.Identifier(table.name),
        "resource": sql.Literal(table.name),
        "built": sql.Identifier(f"built_{table.name}"),
        "changed": sql.Identifier(f"changed_{table.name}"),
        "removed": sql.Identifier(f"removed_{table.name}"),
    }


def _build(cursor: Cursor[Any], table: Table) -> None:
    """Build the pending documents of a resource and note which of them differ."""
    names, searched = _names(table), "search" in table.columns
    search = "published.search_vector(texts[1], texts[2], texts[3], texts[4])"
    if table is published.offering:  # whose labels and addresses are parsed already
        search = "said || published.search_vector(texts[1], '', '', texts[4])"
    rows = sql.SQL(_DOCUMENTS).format(
        documents=sql.SQL(read(table.name)), search=sql.SQL(search if searched else "NULL")
    )
    if table is published.offering:
        _build_batches(cursor, names, rows)
    else:
        _compose(cursor, _BUILD, **names, rows=rows)
        _compose(cursor, _FILL, **names, rows=rows)
    _compose(cursor, _BUILT, **names)
    _compose(cursor, _COMPARE, **names, **_compared(cursor, table))
    if searched:
        _compose(cursor, _SEARCHED, **names)


def _compared(cursor: Cursor[Any], table: Table) -> dict[str, sql.Composable]:
    """What is kept of a row that changed: what follows from a document needs no more."""
    query = sql.SQL("SELECT * FROM {built} LIMIT 0").format(**_names(table))
    columns = {column.name for column in cursor.execute(query).description or ()}
    facts = [_FACTS[name] for name in _FACTS if name in columns]
    kept = ("id", "slug", "valid_to", "opening", "indicator_id", "period")
    gone = [sql.Identifier("old", name) for name in kept if name in table.columns]
    if "search" in table.columns:
        facts.append(_REWORDED)
    return {
        "facts": sql.SQL(", ").join(map(sql.SQL, facts)),
        "gone": sql.SQL(", ").join(gone),
    }


def _build_batches(cursor: Cursor[Any], names: dict[str, Any], rows: sql.Composable) -> None:
    """Offerings have the largest documents and are the most: memory holds so many at a time."""
    cursor.execute(_BATCHES)
    last = _number(cursor, "SELECT coalesce(max(number), 0) FROM batches")
    for number in range(last + 1):
        cursor.execute("TRUNCATE batch")
        cursor.execute(_BATCH, [number])
        _run(cursor, "offering_batch")
        if number == 0:
            _compose(cursor, _BUILD, **names, rows=rows)
        _compose(cursor, _FILL, **names, rows=rows)


def _replace(cursor: Cursor[Any], table: Table) -> None:
    """Write the documents that differ, delete the ones that ended, and log both."""
    names = _names(table)
    datasets.touch(cursor, table.name)
    _compose(cursor, _INSERT, **names, **_columns(table))
    _compose(cursor, _TRANSLATIONS, **names)
    if table in (published.offering, published.measure):
        owner = {"resource": names["resource"]}
        _replace_members(cursor, names, published.district_member, "within", owner)
    if table is published.offering:
        _replace_members(cursor, names, published.category_member, "category", {})
        _compose(cursor, _SITES, **names)
    _compose(cursor, _REMOVE, **names)
    _compose(cursor, _LOG, **names)
    if table is published.observation:
        _run(cursor, "observation_slots")


def _replace_members(
    cursor: Cursor[Any],
    names: dict[str, sql.Composable],
    members: Table,
    keys: str,
    owner: dict[str, sql.Composable],
) -> None:
    """What lies in a district or category; districts are of several resources, told by `owner`."""
    key = next(column.name for column in members.columns if column.name not in owner)
    owned = [sql.SQL("m.{} = {} AND ").format(sql.Identifier(k), v) for k, v in owner.items()]
    parts = {
        "members": sql.Identifier("published", members.name),
        "key": sql.Identifier(key),
        "keys": sql.Identifier("c", keys),
        "owned": sql.SQL("").join(owned),
        "columns": sql.SQL(", ").join(map(sql.Identifier, members.columns.keys())),
        "values": sql.SQL(", ").join(
            owner.get(name, sql.Identifier("n", name)) for name in members.columns.keys()
        ),
    }
    _compose(cursor, _MEMBERS, **names, **parts)


def _columns(table: Table) -> dict[str, sql.Composable]:
    """The columns that a resource's file yields, and how a conflict overwrites them."""
    yielded = [
        key for key in table.columns.keys() if key not in _MADE_HERE and key not in _shapes(table)
    ]
    return {
        "yielded": sql.SQL(", ").join(map(sql.Identifier, yielded)),
        "values": sql.SQL(", ").join(sql.Identifier("b", key) for key in yielded),
        "overwrite": sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(key))
            for key in (*yielded, *_MADE_HERE)
        ),
    }


def _shapes(table: Table) -> list[str]:
    return [key for key in table.columns.keys() if key.startswith("geojson_")]


def _count(cursor: Cursor[Any], table: Table, publication: Publication) -> None:
    for kind, counts in (("changed", publication.changed), ("removed", publication.removed)):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(f"{kind}_{table.name}"))
        row = cursor.execute(query).fetchone()
        if row and row[0]:
            counts[table.name] = row[0]


def _differences(cursor: Cursor[Any], table: Table) -> list[Difference]:
    _compose(cursor, _DIFFERENCES, **_names(table))
    return [Difference(table.name, *row) for row in cursor.fetchall()]


def _refuse_leaks(cursor: Cursor[Any], publication: Publication) -> None:
    """Look at the tables that were decided with the eyes of a reader, as they would be public."""
    found = audit_tables(cursor.connection, publication.decided)
    if found.leaks:
        raise LeaksFound(found.leaks)


# --- what follows --------------------------------------------------------------------------------


def _simplify(connection: Connection, cursor: Cursor[Any]) -> None:
    """Redraw all simplified shapes where any boundary changed: borders are shared.

    A neighbour's simplified border may change with it. That is no change of the neighbour.
    """
    shapes = [(s.tolerance, s.wkb, s.district_id) for s in simplify_all(connection)]
    cursor.execute(
        "CREATE TEMPORARY TABLE shape (tolerance int, wkb bytea, id uuid) ON COMMIT DROP"
    )
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


def _finish(cursor: Cursor[Any], publication: Publication, *, rebuild: bool) -> None:
    """Count, number and announce the publication, if it changed anything."""
    for table in published.RESOURCES.values():
        changes = publication.changed.get(table.name, 0) + publication.removed.get(table.name, 0)
        if changes or rebuild:
            total = sql.SQL(_COUNTED if rebuild else _RECKONED).format(**_names(table))
            _compose(cursor, _TOTAL, **_names(table), total=total)
            if table is published.offering:  # the only list that leaves out what has ended
                days = sql.SQL(_ALL_DAYS if rebuild else _TOUCHED_DAYS).format(**_names(table))
                _compose(cursor, _ENDING, **_names(table), days=days)
        if changes >= BULK:
            beside = _BESIDE_OFFERINGS if table is published.offering else ()
            _analyze_grown(cursor, "published", [table.name, "change", *beside])
    datasets.note(cursor, publication.changed.keys() | publication.removed.keys(), rebuild=rebuild)
    _replace_lines(cursor, publication, rebuild=rebuild)
    cursor.execute("UPDATE published.state SET documents_hash = %s", (fingerprint(),))
    if publication.changed or publication.removed or publication.interchange:
        publication.sequence = _number(cursor, _NUMBER)
        cursor.execute(_RECORD)
        cursor.execute("SELECT pg_notify(%s, %s)", (published.CHANNEL, str(publication.sequence)))
    else:
        cursor.execute(_SETTLED, [publication.sequence])


def _replace_lines(cursor: Cursor[Any], publication: Publication, *, rebuild: bool) -> None:
    """Once sources are written: what CSV says of the observations that changed."""
    name = published.observation.name
    if name in publication.removed:
        cursor.execute(_REMOVE_LINES)
    if rebuild or name in publication.changed:
        of_all, of_some = (published.SCHEMA, name), (f"changed_{name}",)
        rows = sql.Identifier(*(of_all if rebuild else of_some))
        _compose(cursor, read("observation_lines"), rows=rows)


_REMOVE_LINES: LiteralString = (
    "DELETE FROM published.observation_line l USING removed_observation r WHERE l.id = r.id"
)

# Days begin in UTC, wherever the publisher sits. Sorting documents takes more than 4 MB.
_SETTINGS: LiteralString = """
SET LOCAL search_path = public, registry;
SET LOCAL timezone = 'UTC';
SET LOCAL jit = off;
SET LOCAL work_mem = '64MB';
"""

# By its pages, as the planner reckons; what reads it between publications is autovacuum's to serve.
_GROWN: LiteralString = """
SELECT relname FROM pg_class
WHERE oid = ANY (%s::regclass[])
  AND pg_relation_size(oid) > 1.2 * relpages * current_setting('block_size')::int
ORDER BY relname
"""

_FLAG_NOTATIONS: LiteralString = """
INSERT INTO flag_notation SELECT * FROM json_populate_recordset(NULL::flag_notation, %s)
"""

# Its time is taken under the lock, and never before that of the last one: whoever asks for what was
# updated since a publication misses nothing. Whole seconds, as documents and HTTP show it.
_BEGIN: LiteralString = """
CREATE TEMPORARY TABLE publication ON COMMIT DROP AS
    SELECT sequence + 1 AS sequence,
           moment.at,
           ',"updated_at":"' || to_char(moment.at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}' AS ending
    FROM published.state CROSS JOIN LATERAL (
        SELECT greatest(date_trunc('second', clock_timestamp()), published_at) AS at
    ) AS moment;
CREATE TEMPORARY TABLE new_text (text text) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_stem (stem text) ON COMMIT DROP;
CREATE TEMPORARY TABLE old_stem (stem text) ON COMMIT DROP;
"""

# What does not depend on the language stands in the row of the default language only.
_DOCUMENTS: LiteralString = """
WITH document AS ({documents})
SELECT d.*, md5(CASE WHEN is_default THEN d::text ELSE document END) AS hash
FROM (SELECT document.*, usual.is_default,
             CASE WHEN usual.is_default THEN registry.feature_members(geometry) END AS geojson,
             CASE WHEN usual.is_default THEN {search} END AS search
      FROM document
      CROSS JOIN LATERAL (
          SELECT document.lang = (SELECT code FROM lang WHERE is_default) AS is_default
      ) AS usual
      OFFSET 0) AS d
"""

# Compressing documents on the way would cost as much as building them.
_BUILD: LiteralString = """
CREATE TEMPORARY TABLE {built} WITH (toast_tuple_target = 8160) ON COMMIT DROP AS
    {rows} WITH NO DATA;
ALTER TABLE {built} ALTER document SET STORAGE EXTERNAL;
"""

_FILL: LiteralString = "INSERT INTO {built} {rows}"

_BUILT: LiteralString = """
CREATE INDEX ON {built} (id);
ANALYZE {built} (id, is_default);
"""

# In the order of their ids, as indexes have them.
_BATCHES: LiteralString = """
CREATE TEMPORARY TABLE batch (id uuid) ON COMMIT DROP;
CREATE TEMPORARY TABLE batches ON COMMIT DROP AS
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / 10000 AS number
    FROM pending WHERE resource = 'offering';
CREATE INDEX ON batches (number);
ANALYZE batches
"""

_BATCH: LiteralString = """
INSERT INTO batch SELECT id FROM batches WHERE number = %s
"""

# The rows that differ, without their documents: what follows from them reads these, not the table
# of all documents again.
_COMPARE: LiteralString = """
CREATE TEMPORARY TABLE {changed} ON COMMIT DROP AS
    SELECT {facts}, built.hash, old.id IS NULL AS is_new
    FROM (SELECT id, md5(string_agg(hash, '' ORDER BY lang)) AS hash
          FROM {built} GROUP BY id) AS built
    JOIN {built} b ON b.id = built.id AND b.is_default
    LEFT JOIN published.{name} old ON old.id = built.id
    WHERE old.hash IS DISTINCT FROM built.hash;
CREATE TEMPORARY TABLE {removed} ON COMMIT DROP AS
    SELECT {gone} FROM published.{name} old
    JOIN pending p ON p.id = old.id AND p.resource = {resource}
    WHERE NOT EXISTS (SELECT FROM {built} b WHERE b.id = old.id);
ANALYZE {changed} (id), {removed} (id);
"""

_FACTS: dict[str, LiteralString] = {
    "id": "b.id",
    "sort_name": "b.sort_name",
    "within": "b.within",
    "category": "b.category",
    "location": "b.location",
    "imprecise": "b.imprecise",
    "valid_to": "b.valid_to, old.valid_to AS valid_to_before",
    "opening": "b.opening, old.opening AS opening_before",
    "indicator_id": "b.indicator_id, old.indicator_id AS indicator_before",
    "period": "b.period, old.period AS period_before",
}

# What is said in the same words as before takes none from the suggestions and adds none.
_REWORDED: LiteralString = """
old.search IS DISTINCT FROM b.search AS reworded,
CASE WHEN old.search IS DISTINCT FROM b.search THEN b.texts END AS texts,
CASE WHEN old.search IS DISTINCT FROM b.search THEN b.search END AS search
"""

_SEARCHED: LiteralString = """
INSERT INTO new_text
    SELECT DISTINCT string_to_table(lower(array_to_string(texts, ' ')), ' ')
    FROM {changed} WHERE reworded;
INSERT INTO new_stem
    SELECT word FROM ts_stat('SELECT search FROM {changed} WHERE reworded');
INSERT INTO old_stem
    SELECT word FROM ts_stat(
        'SELECT search FROM published.{name}
         WHERE id IN (SELECT id FROM {changed} WHERE reworded UNION ALL SELECT id FROM {removed})');
"""

_INSERT: LiteralString = """
INSERT INTO published.{name} AS old ({yielded}, updated_at, hash, document)
SELECT {values}, publication.at, c.hash,
       b.document || publication.ending
FROM publication, {built} b
JOIN {changed} c ON c.id = b.id
WHERE b.is_default
ON CONFLICT (id) DO UPDATE SET {overwrite}
"""

_TRANSLATIONS: LiteralString = """
DELETE FROM published.translation t USING {removed} r WHERE t.resource = {resource} AND t.id = r.id;
INSERT INTO published.translation (resource, id, lang, document)
SELECT {resource}, b.id, b.lang,
       b.document || publication.ending
FROM publication, {built} b
JOIN {changed} c ON c.id = b.id
WHERE NOT b.is_default
ON CONFLICT (resource, id, lang) DO UPDATE SET document = excluded.document
"""

_OTHER_LANGUAGES: LiteralString = """
DELETE FROM published.translation
WHERE lang NOT IN (SELECT code FROM lang WHERE NOT is_default)
"""

# Most changes leave an entity where it is. What is new is inserted in the order of the index.
_MEMBERS: LiteralString = """
CREATE TEMPORARY TABLE member ON COMMIT DROP AS
    SELECT unnest({keys}) AS {key}, c.sort_name COLLATE published.de AS sort_name, c.id
    FROM {changed} c;
CREATE INDEX ON member (id);
ANALYZE member;
DELETE FROM {members} m
WHERE {owned}m.id IN (SELECT id FROM {changed} UNION ALL SELECT id FROM {removed})
  AND NOT EXISTS (SELECT FROM member n
                  WHERE n.id = m.id AND n.{key} = m.{key}
                    AND n.sort_name COLLATE "C" = m.sort_name COLLATE "C");
INSERT INTO {members} ({columns})
SELECT {values} FROM member n
WHERE NOT EXISTS (SELECT FROM {members} m WHERE {owned}m.id = n.id AND m.{key} = n.{key})
ORDER BY n.{key}, n.sort_name, n.id;
DROP TABLE member
"""

# A row a site: what has several would have a box around them all, and an index would find it
# wherever somebody asks in between.
_SITES: LiteralString = """
CREATE TEMPORARY TABLE site ON COMMIT DROP AS
    SELECT c.id, part.precise, site.path[1] AS n, ST_NumGeometries(part.places) = 1 AS alone,
           site.geom AS place
    FROM {changed} c
    CROSS JOIN LATERAL (VALUES (true, c.location), (false, c.imprecise)) AS part(precise, places)
    CROSS JOIN LATERAL ST_Dump(ST_Multi(part.places)) AS site
    WHERE part.places IS NOT NULL;
CREATE INDEX ON site (id);
ANALYZE site (id);
DELETE FROM published.offering_place p
WHERE p.id IN (SELECT id FROM {changed} UNION ALL SELECT id FROM {removed})
  AND NOT EXISTS (SELECT FROM site s
                  WHERE (s.id, s.precise, s.n, s.alone) = (p.id, p.precise, p.n, p.alone)
                    AND s.place::bytea = p.place::bytea);
INSERT INTO published.offering_place (id, precise, n, alone, place, spot)
SELECT s.id, s.precise, s.n, s.alone, s.place, CASE WHEN s.precise THEN geography(s.place) END
FROM site s
WHERE NOT EXISTS (SELECT FROM published.offering_place p
                  WHERE (p.id, p.precise, p.n) = (s.id, s.precise, s.n));
DROP TABLE site
"""

_REMOVE: LiteralString = """
DELETE FROM published.{name} p USING {removed} r WHERE p.id = r.id
"""

# Whoever follows the changes needs the last one of an entity only.
_LOG: LiteralString = """
UPDATE published.change AS earlier SET superseded = true
FROM (SELECT id FROM {changed} UNION ALL SELECT id FROM {removed}) AS again
WHERE earlier.resource = {resource} AND earlier.id = again.id AND NOT earlier.superseded;
INSERT INTO published.change (sequence, resource, id, slug, kind, reason, merged_into_id, at)
SELECT sequence, {resource}, p.id, p.slug, 'upsert', NULL, NULL, at
FROM publication, {changed} c JOIN published.{name} p ON p.id = c.id
UNION ALL
SELECT sequence, {resource}, r.id, r.slug, 'remove', ended.reason, ended.merged_into_id, at
FROM publication, {removed} r
CROSS JOIN LATERAL registry.removal({resource}, r.id) AS ended
"""

_BOUNDARIES_CHANGED: LiteralString = """
SELECT EXISTS (SELECT FROM changed_district c
               JOIN built_district b ON b.id = c.id AND b.is_default
               LEFT JOIN published.district old ON old.id = c.id
               WHERE b.boundary IS DISTINCT FROM old.boundary)
    OR EXISTS (SELECT FROM removed_district JOIN published.district USING (id)
               WHERE boundary IS NOT NULL)
"""

# What lies in a district depends on nothing else of it.
_TERRITORY_CHANGED: LiteralString = """
SELECT EXISTS (SELECT FROM changed_district c
               JOIN built_district b ON b.id = c.id AND b.is_default
               LEFT JOIN published.district old ON old.id = c.id
               WHERE b.boundary IS DISTINCT FROM old.boundary
                  OR b.parent_id IS DISTINCT FROM old.parent_id
                  OR (b.document || '}')::json #>> '{boundary_quality,code}'
                     IS DISTINCT FROM old.document::json #>> '{boundary_quality,code}')
    OR EXISTS (SELECT FROM removed_district)
"""

_SHAPES: LiteralString = """
UPDATE published.district d SET {column} = drawn.geojson
FROM (SELECT p.id, CASE WHEN s.wkb IS NOT NULL
                        THEN registry.feature_members(ST_GeomFromWKB(s.wkb, 4326)) END AS geojson
      FROM published.district p
      LEFT JOIN shape s ON s.id = p.id AND s.tolerance = {tolerance}) AS drawn
WHERE d.id = drawn.id AND d.{column} IS DISTINCT FROM drawn.geojson
"""

_COUNTED: LiteralString = "SELECT count(*) FROM published.{name}"

# Counting a hundred thousand rows costs more than publishing one.
_RECKONED: LiteralString = """
SELECT coalesce((SELECT total FROM published.resource WHERE name = {resource}), 0)
     + (SELECT count(*) FROM {changed} WHERE is_new) - (SELECT count(*) FROM {removed})
"""

_TOTAL: LiteralString = """
INSERT INTO published.resource (name, total, attribution, license)
SELECT {resource}, ({total}),
       coalesce(to_json(array_agg(DISTINCT s.attribution ORDER BY s.attribution))::text, '[]'),
       CASE count(DISTINCT s.license) WHEN 1 THEN min(s.license) END
FROM registry.sources_of({resource}) AS used
JOIN registry.public_source s ON s.id = used.source_id
ON CONFLICT (name) DO UPDATE
SET total = excluded.total, attribution = excluded.attribution, license = excluded.license
"""

_ALL_DAYS: LiteralString = """
SELECT valid_to FROM published.{name} UNION SELECT valid_to FROM published.ending
"""

# The days that anything left or came to; on the others as many end as did before.
_TOUCHED_DAYS: LiteralString = """
SELECT valid_to FROM {changed} UNION SELECT valid_to_before FROM {changed}
UNION SELECT valid_to FROM {removed}
"""

_ENDING: LiteralString = """
CREATE TEMPORARY TABLE day ON COMMIT DROP AS {days};
ANALYZE day;
DELETE FROM published.ending USING day
WHERE resource = {resource} AND ending.valid_to = day.valid_to;
INSERT INTO published.ending (resource, valid_to, total)
SELECT {resource}, valid_to, count(*) FROM published.{name} JOIN day USING (valid_to)
GROUP BY valid_to
"""

_NUMBER: LiteralString = """
UPDATE published.state SET sequence = publication.sequence, published_at = publication.at
FROM publication RETURNING state.sequence
"""

# What this publication saw, so that it can be reverted. Where the record so far is another server's
# (somebody restored a dump by hand), a new one begins: numbers of transactions start anew.
_RECORD: LiteralString = """
INSERT INTO registry.publication (sequence, at, snapshot, home, inherited)
SELECT sequence, at, pg_current_snapshot()::text, 'registry.publication'::regclass,
       CASE WHEN home IS DISTINCT FROM 'registry.publication'::regclass
            THEN (SELECT coalesce(max(id), 0) FROM registry.revision) END
FROM publication
LEFT JOIN LATERAL (SELECT home FROM registry.publication ORDER BY sequence DESC LIMIT 1) AS last
       ON true
"""

_SETTLED: LiteralString = """
UPDATE registry.publication SET settled = pg_current_snapshot()::text WHERE sequence = %s
"""

# Every language counts, but what the default language shows already is not listed again.
_DIFFERENCES: LiteralString = """
WITH document AS (
    SELECT c.id, b.slug, b.lang, b.is_default,
           CASE WHEN b.is_default THEN p.document ELSE t.document END::jsonb - 'updated_at'
               || CASE WHEN b.is_default AND p.id IS NOT NULL
                       THEN ('{{' || p.geojson || '}}')::jsonb ELSE '{{}}' END AS before,
           (b.document || '}}')::jsonb
               || CASE WHEN b.is_default THEN ('{{' || b.geojson || '}}')::jsonb
                       ELSE '{{}}' END AS after
    FROM {changed} c
    JOIN {built} b ON b.id = c.id
    LEFT JOIN published.{name} p ON p.id = c.id
    LEFT JOIN published.translation t
           ON t.resource = {resource} AND t.id = c.id AND t.lang = b.lang
    UNION ALL
    SELECT r.id, r.slug, lang.code, true,
           p.document::jsonb || ('{{' || p.geojson || '}}')::jsonb, '{{}}'
    FROM {removed} r
    JOIN published.{name} p ON p.id = r.id
    JOIN lang ON lang.is_default
), difference AS (
    SELECT DISTINCT ON (id, field, value.before, value.after)
           id, slug, lang, field, value.before, value.after
    FROM document
    CROSS JOIN LATERAL (
        SELECT jsonb_object_keys(document.before) UNION SELECT jsonb_object_keys(document.after)
    ) AS member(field)
    CROSS JOIN LATERAL (
        SELECT nullif(document.before -> field, 'null') AS before,
               nullif(document.after -> field, 'null') AS after
    ) AS value
    WHERE value.before IS DISTINCT FROM value.after
    ORDER BY id, field, value.before, value.after, is_default DESC, lang
)
SELECT id, slug, lang, field, before, after FROM difference ORDER BY slug, field, lang
"""
