"""What a publication notes of datasets: when a row of their own last changed, and their sources.

`published.change` could tell the first, but it is pruned. Everything else about a dataset is in the
documents.
"""

from collections.abc import Iterable
from typing import Any, LiteralString

from psycopg import Cursor, sql

from db import published

OWNERS = {
    "strategy": ("strategy", "id"),
    "measure": ("strategy", "strategy_id"),
    "decision": ("strategy", "strategy_id"),
    "indicator": ("indicator", "id"),
    "observation": ("indicator", "indicator_id"),
}
"""Of which dataset a row of these is, and the column that says so."""


def begin(cursor: Cursor[Any]) -> None:
    cursor.execute(_BEGIN)


def touch(cursor: Cursor[Any], resource: str) -> None:
    """Note whose rows change, those leaving included, while what is published is still there."""
    if resource not in OWNERS:
        return
    kind, column = OWNERS[resource]
    names = {
        "kind": sql.Literal(kind),
        "owner": sql.Identifier(column),
        "table": sql.Identifier(published.SCHEMA, resource),
        "built": sql.Identifier(f"built_{resource}"),
        "changed": sql.Identifier(f"changed_{resource}"),
        "removed": sql.Identifier(f"removed_{resource}"),
    }
    cursor.execute(sql.SQL(_TOUCH).format(**names))
    if resource == published.indicator.name:
        cursor.execute(sql.SQL(_LEAVE_THEMES).format(**names))


def note(cursor: Cursor[Any], changed: Iterable[str], *, rebuild: bool) -> None:
    """Date what was touched, and say anew which sources it is from."""
    resources = published.RESOURCES.keys() & changed  # holidays belong to no dataset
    cursor.execute(_TOUCH_RESOURCES, [list(resources)])
    cursor.execute(_TOUCH_THEMES)
    cursor.execute(_DATE)
    if rebuild:
        cursor.execute(_TOUCH_ALL)
    cursor.execute(_SOURCES)


_BEGIN: LiteralString = """
CREATE TEMPORARY TABLE touched (kind text, key text, PRIMARY KEY (kind, key)) ON COMMIT DROP
"""

_TOUCH: LiteralString = """
INSERT INTO touched (kind, key)
SELECT {kind}, owner::text
FROM (
    SELECT b.{owner} AS owner FROM {built} b JOIN {changed} c ON c.id = b.id WHERE b.is_default
    UNION
    SELECT old.{owner} FROM {table} old
    WHERE old.id IN (SELECT id FROM {changed} UNION ALL SELECT id FROM {removed})
) AS owners
WHERE owner IS NOT NULL
ON CONFLICT DO NOTHING
"""

# An indicator's own themes and all above them are in one array; datasets are of the topmost.
_LEAVE_THEMES: LiteralString = """
INSERT INTO touched (kind, key)
SELECT DISTINCT 'theme', coalesce(t.code, '')
FROM {table} old
LEFT JOIN term t ON t.codelist = 'theme' AND t.path = ARRAY[t.code] AND t.code = ANY (old.theme)
WHERE old.id IN (SELECT id FROM {changed} UNION ALL SELECT id FROM {removed})
ON CONFLICT DO NOTHING
"""

_TOUCH_THEMES: LiteralString = """
INSERT INTO touched (kind, key)
SELECT DISTINCT 'theme', coalesce(t.code, '')
FROM touched
JOIN published.indicator i ON touched.kind = 'indicator' AND touched.key = i.id::text
LEFT JOIN term t ON t.codelist = 'theme' AND t.path = ARRAY[t.code] AND t.code = ANY (i.theme)
ON CONFLICT DO NOTHING
"""

_TOUCH_RESOURCES: LiteralString = """
INSERT INTO touched (kind, key) SELECT 'resource', unnest(%s::text[])
"""

_DATE: LiteralString = """
INSERT INTO published.dataset (kind, key, issued, modified)
SELECT kind, key, at, at FROM touched, publication
ON CONFLICT (kind, key) DO UPDATE SET modified = excluded.modified
"""

_TOUCH_ALL: LiteralString = """
INSERT INTO touched (kind, key) SELECT kind, key FROM published.dataset ON CONFLICT DO NOTHING
"""

# How often a source is renewed is in no document: that may change without any of them.
_SOURCES: LiteralString = """
DELETE FROM published.dataset_source d USING touched t WHERE (d.kind, d.key) = (t.kind, t.key);
INSERT INTO published.dataset_source (kind, key, source_id)
SELECT t.kind, t.key, s.id
FROM touched t
CROSS JOIN LATERAL registry.sources_of_dataset(t.kind, t.key) AS used(id)
JOIN registry.public_source s ON s.id = used.id;
DELETE FROM published.source
WHERE id NOT IN (SELECT source_id FROM published.dataset_source);
INSERT INTO published.source AS old
       (id, title, publisher, url, license, license_url, attribution, retrieved, rhythm)
SELECT s.id, s.title, s.publisher, s.url, s.license, s.license_url, s.attribution, s.retrieved,
       r.rhythm
FROM registry.public_source s
JOIN registry.source r ON r.id = s.id
WHERE s.id IN (SELECT source_id FROM published.dataset_source)
ON CONFLICT (id) DO UPDATE
SET title = excluded.title, publisher = excluded.publisher, url = excluded.url,
    license = excluded.license, license_url = excluded.license_url,
    attribution = excluded.attribution, retrieved = excluded.retrieved, rhythm = excluded.rhythm
WHERE old IS DISTINCT FROM excluded
"""
