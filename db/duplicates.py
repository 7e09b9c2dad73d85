"""What two sources may both have: rows with alike names at the same place. Nothing is merged.

Comparing every new row with every other would take hours. So pairs are looked for where duplicates
are: within 250 metres, at the same address, under the same name in the same postcode, and by words
that few names have. Only those are compared.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, LiteralString, cast
from uuid import UUID

from psycopg import Cursor, sql
from psycopg.errors import QueryCanceled
from sqlalchemy import Connection, select

from db.models import Revision

NEAR = 250.0  # metres
ALIKE = 0.5  # similarity of names at one place
VERY_ALIKE = 0.8  # similarity of names where a place is not known
SELDOM = 50  # names that have a word (or are the same), for it to say anything
NAME_COUNTS = 0.6  # of the score; the rest is for the place
MOST = 20_000  # new rows of an import that are compared: seconds, not minutes
SHOWN = 10  # pairs of them
PATIENCE = 10  # seconds a statement may take after an import

Kind = Literal["offering", "organisation"]


@dataclass(frozen=True)
class Candidate:
    """Two rows of different sources that may be the same.

    `reasons`: `same_name` or `similar_name`; `same_address`, `near`, `same_postcode`, or
    `unknown_place` if one of them has none.
    """

    id: UUID
    other_id: UUID
    name: str
    other_name: str
    score: float
    distance_m: float | None
    reasons: list[str]


@dataclass(frozen=True)
class Doubles:
    """How many of the new rows that were compared may be there twice, and the likeliest pairs."""

    resource: Kind
    compared: int
    doubtful: int
    pairs: list[Candidate]


def duplicates_of_import(
    connection: Connection, resource: Kind, run: int, source_id: UUID
) -> Doubles | None:
    """What an import brought that another source has; None if that cannot be told in time."""
    new = (
        select(Revision.entity_id)
        .where(
            Revision.import_run_id == run,
            Revision.entity == resource,
            Revision.before.is_(None),
        )
        .limit(MOST)
    )
    ids = list(connection.scalars(new))
    if not ids:
        return Doubles(resource, 0, 0, [])
    cursor = _cursor(connection)
    try:
        with connection.begin_nested():
            cursor.execute(sql.SQL("SET LOCAL statement_timeout = '{}s'").format(PATIENCE))
            pairs, doubtful = _found(cursor, resource, ids, source_id, SHOWN)
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except QueryCanceled:
        return None
    return Doubles(resource, len(ids), doubtful, pairs)


def possible_duplicates(
    connection: Connection,
    resource: Kind,
    ids: Collection[UUID] | None,
    *,
    limit: int,
) -> list[Candidate]:
    """Pairs of one of the given rows (or any) with one of another source, likeliest first."""
    pairs, _ = _found(_cursor(connection), resource, ids, None, limit)
    return pairs


def _cursor(connection: Connection) -> Cursor[Any]:
    return cast("Cursor[Any]", connection.connection.cursor())


def _found(
    cursor: Cursor[Any],
    resource: Kind,
    ids: Collection[UUID] | None,
    source_id: UUID | None,
    limit: int,
) -> tuple[list[Candidate], int]:
    """The likeliest pairs, and how many rows there are in all that may be duplicates.

    `source_id` is that of all the ids, if they have one: its other rows are then no candidates.
    """
    names = {"table": sql.Identifier("registry", resource), "plain": sql.SQL(_PLAIN)}
    given = {"ids": None if ids is None else list(ids), "source": source_id}
    cursor.execute(sql.SQL(_THINGS).format(**names), given)
    cursor.execute(sql.SQL(_PLACES[resource]).format(street=sql.SQL(_STREET)))
    cursor.execute(_PREPARE)
    for search in _SEARCHES:
        cursor.execute(search, _LIMITS)
    cursor.execute("ANALYZE pair")
    cursor.execute(_CANDIDATES, _LIMITS | {"limit": limit})
    rows = cursor.fetchall()
    cursor.execute("DROP TABLE thing, place, word, pair")
    return [Candidate(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


_LIMITS = {
    "near": NEAR,
    "alike": ALIKE,
    "very_alike": VERY_ALIKE,
    "seldom": SELDOM,
    "name_counts": NAME_COUNTS,
}

# In the ASCII of a telephone directory, without punctuation and legal form; the commonest of all
# kinds of offerings has one short name and two long ones.
_PLAIN: LiteralString = r"""
regexp_replace(
    btrim(regexp_replace(
        replace(replace(published.fold(t.name), 'kindertagesstaette', 'kita'),
                'kindertageseinrichtung', 'kita'),
        '[^a-z0-9]+', ' ', 'g')),
    ' (e ?v|g?gmbh|e ?g|gug|ag|kg)$', '')
"""

# "Dr.-Külz-Str. 5 a" and "Dr. Külz Straße 5a"; "5-7" is not "57".
_STREET: LiteralString = r"""
nullif(regexp_replace(
    regexp_replace(replace(published.fold(s.street), 'strasse', 'str'),
                   '([0-9]) *[-–/+] *([0-9])', '\1_\2', 'g'),
    '[^a-z0-9_]+', '', 'g'), '')
"""

_THINGS: LiteralString = """
CREATE TEMPORARY TABLE thing ON COMMIT DROP AS
    SELECT t.id, t.source_id, t.name, {plain} AS plain,
           %(ids)s::uuid[] IS NULL OR asked.id IS NOT NULL AS asked
    FROM {table} t
    LEFT JOIN (SELECT DISTINCT unnest(%(ids)s::uuid[]) AS id) AS asked ON asked.id = t.id
    WHERE t.status <> 'archived'
      AND (asked.id IS NOT NULL OR t.source_id IS DISTINCT FROM %(source)s::uuid)
"""

_PLACES: dict[str, LiteralString] = {
    "offering": """
        CREATE TEMPORARY TABLE place ON COMMIT DROP AS
            SELECT t.id, s.id AS site_id, nullif(s.postcode, '') AS postcode, {street} AS street,
                   CASE WHEN s.precision <> 'municipality' THEN s.point END AS point
            FROM thing t
            JOIN registry.offering_site o ON o.offering_id = t.id
            JOIN registry.site s ON s.id = o.site_id
    """,
    "organisation": """
        CREATE TEMPORARY TABLE place ON COMMIT DROP AS
            SELECT t.id, NULL::uuid AS site_id, nullif(s.postcode, '') AS postcode,
                   {street} AS street, NULL::geometry AS point
            FROM thing t JOIN registry.organisation s ON s.id = t.id
            WHERE s.postcode IS NOT NULL
    """,
}

# `word`: those of the rows that are asked for, of more than three letters, wherever they are.
_PREPARE: LiteralString = """
CREATE INDEX ON thing (id);
CREATE INDEX ON place (id);
CREATE INDEX ON place (site_id);
ANALYZE thing, place;
CREATE TEMPORARY TABLE word ON COMMIT DROP AS
    WITH asked AS MATERIALIZED (
        SELECT DISTINCT word FROM thing CROSS JOIN LATERAL string_to_table(plain, ' ') AS word
        WHERE asked AND length(word) > 3
    )
    SELECT t.id, t.source_id, t.asked, word
    FROM thing t CROSS JOIN LATERAL string_to_table(plain, ' ') AS word
    JOIN asked USING (word);
CREATE TEMPORARY TABLE pair (id uuid, other_id uuid) ON COMMIT DROP;
"""

# On so short a way the earth is flat, and flat distances cost a twentieth.
_BY_DISTANCE: LiteralString = """
WITH here AS MATERIALIZED (
    SELECT DISTINCT p.site_id, p.point, ST_X(p.point) AS x, ST_Y(p.point) AS y,
           greatest(cos(radians(ST_Y(p.point))), 0.01) AS narrower, %(near)s / 111195.0 AS reach
    FROM place p JOIN thing t ON t.id = p.id
    WHERE t.asked AND p.point IS NOT NULL
), near AS MATERIALIZED (
    SELECT here.site_id, s.id AS other_id FROM here
    JOIN registry.site s ON s.point && ST_Expand(here.point, reach / narrower, reach)
    WHERE s.precision <> 'municipality'
      AND ((ST_X(s.point) - x) * narrower) ^ 2 + (ST_Y(s.point) - y) ^ 2 < reach ^ 2
)
INSERT INTO pair
SELECT a.id, b.id FROM near
JOIN place p ON p.site_id = near.site_id
JOIN place q ON q.site_id = near.other_id
JOIN thing a ON a.id = p.id AND a.asked
JOIN thing b ON b.id = q.id AND b.source_id <> a.source_id AND (NOT b.asked OR a.id < b.id)
WHERE similarity(a.plain, b.plain) >= %(alike)s
"""

_BY_ADDRESS: LiteralString = """
INSERT INTO pair
SELECT a.id, b.id FROM place p
JOIN place q ON (q.postcode, q.street) = (p.postcode, p.street)
JOIN thing a ON a.id = p.id AND a.asked
JOIN thing b ON b.id = q.id AND b.source_id <> a.source_id AND (NOT b.asked OR a.id < b.id)
WHERE similarity(a.plain, b.plain) >= %(alike)s
"""

_BY_NAME: LiteralString = """
INSERT INTO pair
SELECT a.id, b.id FROM thing a
JOIN place p ON p.id = a.id
JOIN thing b ON b.plain = a.plain AND b.source_id <> a.source_id
            AND (NOT b.asked OR a.id < b.id)
JOIN place q ON q.id = b.id AND q.postcode = p.postcode
WHERE a.asked
"""

_BY_WORDS: LiteralString = """
WITH telling AS MATERIALIZED (
    SELECT word FROM word GROUP BY word HAVING count(*) BETWEEN 2 AND %(seldom)s
)
INSERT INTO pair
SELECT a.id, b.id FROM telling
JOIN word a ON a.word = telling.word AND a.asked
JOIN word b ON b.word = telling.word AND b.source_id <> a.source_id
             AND (NOT b.asked OR a.id < b.id)
"""

_BY_SELDOM_NAME: LiteralString = """
WITH telling AS MATERIALIZED (
    SELECT plain FROM thing GROUP BY plain
    HAVING count(*) BETWEEN 2 AND %(seldom)s AND bool_or(asked)
)
INSERT INTO pair
SELECT a.id, b.id FROM telling
JOIN thing a ON a.plain = telling.plain AND a.asked
JOIN thing b ON b.plain = telling.plain AND b.source_id <> a.source_id
            AND (NOT b.asked OR a.id < b.id)
"""

_SEARCHES = (_BY_DISTANCE, _BY_ADDRESS, _BY_NAME, _BY_WORDS, _BY_SELDOM_NAME)

# Of several sites of either, the pair that fits best.
_CANDIDATES: LiteralString = """
WITH compared AS (
    SELECT a.id, b.id AS other_id, a.name, b.name AS other_name, a.plain = b.plain AS same,
           similarity(a.plain, b.plain) AS alike
    FROM (SELECT DISTINCT id, other_id FROM pair) AS pair
    JOIN thing a ON a.id = pair.id
    JOIN thing b ON b.id = pair.other_id
    WHERE a.plain = b.plain OR similarity(a.plain, b.plain) >= %(alike)s
), placed AS (
    SELECT c.*,
           coalesce(bool_or((p.postcode, p.street) = (q.postcode, q.street)), false) AS address,
           coalesce(bool_or(p.postcode = q.postcode), false) AS postcode,
           min(ST_DistanceSphere(p.point, q.point)) AS distance,
           count(coalesce(p.postcode, p.point::text)) = 0
               OR count(coalesce(q.postcode, q.point::text)) = 0 AS unknown
    FROM compared c
    LEFT JOIN place p ON p.id = c.id
    LEFT JOIN place q ON q.id = c.other_id
    GROUP BY c.id, c.other_id, c.name, c.other_name, c.same, c.alike
), judged AS (
    SELECT *, CASE
        WHEN address THEN 1
        WHEN distance < %(near)s THEN 1 - distance / %(near)s / 2
        WHEN postcode THEN 0.4
        WHEN unknown AND (same OR alike >= %(very_alike)s) THEN 0.3
    END AS place
    FROM placed
)
SELECT id, other_id, name, other_name,
       round((%(name_counts)s * alike + (1 - %(name_counts)s) * place)::numeric, 3)::float8
           AS score,
       round(distance)::float8,
       array_remove(ARRAY[
           CASE WHEN same THEN 'same_name' ELSE 'similar_name' END,
           CASE WHEN address THEN 'same_address' END,
           CASE WHEN distance < %(near)s THEN 'near' END,
           CASE WHEN postcode AND NOT address THEN 'same_postcode' END,
           CASE WHEN unknown THEN 'unknown_place' END
       ], NULL),
       (SELECT count(DISTINCT id) FROM judged WHERE place IS NOT NULL)
FROM judged
WHERE place IS NOT NULL
ORDER BY score DESC, distance NULLS LAST, id, other_id
LIMIT %(limit)s
"""
