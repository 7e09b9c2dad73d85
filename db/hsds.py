"""Writing what /hsds shows (HSDS 3.1), within a publication: from the same rows, when they change.

Services, organizations, places and vocabularies are built from what is pending and written where
they differ from what is published. Each list numbers its rows; what is new takes a number that is
vacant, or the next, so that no row ever moves to another page.
"""

from typing import Any, LiteralString

from psycopg import Cursor, sql
from sqlalchemy import Table

from db import published
from db.documents import read

TOUCHING = frozenset(("codelist", "district", "organisation", "offering"))
"""The resources that HSDS documents are made of."""


def replace(cursor: Cursor[Any], touched: set[str], *, rebuild: bool) -> bool:
    """Bring the HSDS documents up to date. Returns whether any changed."""
    if not touched & TOUCHING:
        return False
    named = rebuild or "codelist" in touched
    cursor.execute(_SPOKEN)
    cursor.execute(read("hsds_taxonomies") if named else _KNOWN_TERMS)
    cursor.execute(read("hsds_parts"))
    if "offering" in touched:
        _build_services(cursor)
    cursor.execute(_BUILT)
    lists = [name for name in published.HSDS if named or name not in VOCABULARY]
    return sum(_replace(cursor, name, published.HSDS[name]) for name in lists) > 0


def _build_services(cursor: Cursor[Any]) -> None:
    """In the batches that offerings were built in (db/publication.py)."""
    cursor.execute("SELECT DISTINCT number FROM batches ORDER BY number")
    for (number,) in cursor.fetchall():
        cursor.execute("TRUNCATE batch")
        cursor.execute("INSERT INTO batch SELECT id FROM batches WHERE number = %s", [number])
        cursor.execute("ANALYZE batch")
        cursor.execute(read("hsds_service"))


def _replace(cursor: Cursor[Any], name: str, table: Table) -> int:
    """Write the rows of a list that differ, remove those that ended. Returns how many."""
    names: dict[str, sql.Composable] = {
        "list": sql.Literal(name),
        "table": sql.Identifier("published", table.name),
        "built": sql.Identifier(f"built_{table.name}"),
        **_columns(table),
    }
    removed = cursor.execute(sql.SQL(_REMOVE[name]).format(**names)).rowcount
    cursor.execute("DELETE FROM changed")
    changed = cursor.execute(sql.SQL(_CHANGED).format(**names)).rowcount
    if changed:
        _write(cursor, table, names, is_bulk=changed > BULK)
    return removed + changed


def _write(
    cursor: Cursor[Any], table: Table, names: dict[str, sql.Composable], *, is_bulk: bool
) -> None:
    cursor.execute("DELETE FROM fresh")
    if "number" in table.columns:
        cursor.execute(sql.SQL(_NUMBER).format(**names))
    if is_bulk:
        cursor.execute("ANALYZE changed, fresh")
    cursor.execute(sql.SQL(_WRITE).format(**names))
    if is_bulk:
        cursor.execute(sql.SQL("ANALYZE {table}").format(**names))


BULK = 1_000
VOCABULARY = frozenset(("taxonomy", "taxonomy_term"))

_MADE_HERE: dict[str, LiteralString] = {
    "number": "coalesce(fresh.number, 0)",
    "updated_at": "publication.at",
    "search": "published.search_vector(b.texts[1], b.texts[2], b.texts[3], b.texts[4])",
}


def _columns(table: Table) -> dict[str, sql.Composable]:
    """What is written to each column; a number is given once and for all."""
    columns = table.columns.keys()
    values = [
        sql.SQL(_MADE_HERE[column]) if column in _MADE_HERE else sql.Identifier("b", column)
        for column in columns
    ]
    overwritten = [column for column in columns if column not in ("id", "number")]
    return {
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        "values": sql.SQL(", ").join(values),
        "overwrite": sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in overwritten
        ),
    }


_SPOKEN: LiteralString = """
CREATE TEMPORARY TABLE spoken_here ON COMMIT DROP AS SELECT code FROM lang WHERE is_default
"""

# As they are published: no codelist is pending. What is quoted of a document ends where this member
# begins; within a text its quotation marks would be escaped.
_KNOWN_TERMS: LiteralString = """
CREATE TEMPORARY TABLE built_hsds_taxonomy_term ON COMMIT DROP AS
    SELECT id, taxonomy, code, sort_name,
           split_part(document, ',"taxonomy_detail":', 1) || '}' AS quoted
    FROM published.hsds_taxonomy_term
"""

# A service has changed when any place of it has: whoever asks what was modified gets it again.
_BUILT: LiteralString = """
UPDATE built_hsds_service_at_location
SET hash = md5(concat(document, nested, position, opening_id));
ANALYZE built_hsds_service (id), built_hsds_service_at_location (id, service_id);
CREATE TEMPORARY TABLE hashed ON COMMIT DROP AS
    SELECT b.id, md5(concat(b.document, b.nested, b.valid_to, places.hash)) AS hash
    FROM built_hsds_service b
    LEFT JOIN (
        SELECT s.service_id, string_agg(concat(s.hash, l.hash), ' ' ORDER BY s.position, s.id)
                   AS hash
        FROM built_hsds_service_at_location s
        JOIN built_hsds_location l ON l.id = s.location_id
        GROUP BY s.service_id
    ) AS places ON places.service_id = b.id;
UPDATE built_hsds_service b SET hash = hashed.hash FROM hashed WHERE hashed.id = b.id;
CREATE INDEX ON built_hsds_service (id);
CREATE INDEX ON built_hsds_service_at_location (id);
ANALYZE built_hsds_service (id), built_hsds_service_at_location (id, service_id);
CREATE TEMPORARY TABLE changed (id uuid, is_new boolean) ON COMMIT DROP;
CREATE TEMPORARY TABLE fresh (id uuid, number integer) ON COMMIT DROP;
"""

_GONE: LiteralString = """
WITH gone AS (
    DELETE FROM {table} old
    WHERE old.%s AND NOT EXISTS (SELECT FROM {built} b WHERE b.id = old.id)
    RETURNING number
), vacated AS (
    INSERT INTO published.hsds_vacancy (list, number) SELECT {list}, number FROM gone
)
SELECT FROM gone
"""

_REMOVE: dict[str, LiteralString] = {
    "taxonomy": _GONE.replace("%s", "id IS NOT NULL"),
    "taxonomy_term": _GONE.replace("%s", "id IS NOT NULL"),
    "organization": _GONE.replace(
        "%s", "id IN (SELECT id FROM pending WHERE resource = 'organisation')"
    ),
    "service": _GONE.replace("%s", "id IN (SELECT id FROM pending WHERE resource = 'offering')"),
    "service_at_location": _GONE.replace(
        "%s", "service_id IN (SELECT id FROM pending WHERE resource = 'offering')"
    ),
    # Places are shared: those of pending services that nothing else is provided at.
    "location": """
        DELETE FROM {table} old
        WHERE old.id IN (SELECT s.location_id FROM published.hsds_service_at_location s
                         JOIN pending p ON p.id = s.service_id AND p.resource = 'offering')
          AND NOT EXISTS (SELECT FROM {built} b WHERE b.id = old.id)
          AND NOT EXISTS (SELECT FROM published.hsds_service_at_location s
                          WHERE s.location_id = old.id
                            AND s.service_id NOT IN (SELECT id FROM pending
                                                     WHERE resource = 'offering'))
    """,
}

_CHANGED: LiteralString = """
INSERT INTO changed
    SELECT b.id, old.id IS NULL
    FROM {built} b LEFT JOIN {table} old ON old.id = b.id
    WHERE old.hash IS DISTINCT FROM b.hash
"""

# Vacant numbers first, the lowest before the others, then those after the highest ever given.
_NUMBER: LiteralString = """
INSERT INTO fresh
    SELECT entry.id, coalesce(vacant.number, highest.number + entry.n - highest.vacant)
    FROM (SELECT c.id, row_number() OVER (ORDER BY b.sort_name COLLATE published.de, c.id) AS n
          FROM changed c JOIN {built} b ON b.id = c.id WHERE c.is_new) AS entry
    CROSS JOIN (SELECT greatest((SELECT max(number) FROM {table}), max(number), 0) AS number,
                       count(*) AS vacant
                FROM published.hsds_vacancy WHERE list = {list}) AS highest
    LEFT JOIN (SELECT number, row_number() OVER (ORDER BY number) AS n
               FROM published.hsds_vacancy WHERE list = {list}) AS vacant ON vacant.n = entry.n;
DELETE FROM published.hsds_vacancy USING fresh
WHERE hsds_vacancy.list = {list} AND hsds_vacancy.number = fresh.number
"""

_WRITE: LiteralString = """
INSERT INTO {table} ({columns})
SELECT {values}
FROM publication, changed
JOIN {built} b ON b.id = changed.id
LEFT JOIN fresh ON fresh.id = b.id
ORDER BY b.id
ON CONFLICT (id) DO UPDATE SET {overwrite}
"""
