"""Population grids: where they may lie, what a new one replaces, and how they are published."""

from collections.abc import Collection
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor
from sqlalchemy import Connection, text

CELLS = "population_cell"
"""What marks of changed cells call them. Each names a source: grids are published as a whole."""


NEIGHBOURS = 0.02
"""Degrees, some two kilometres: within it, two grids speak of the same people."""


def replaced_cells(connection: Connection, source: UUID, kept: Collection[UUID]) -> frozenset[UUID]:
    """Cells that this source no longer has, and those of others beside the ones that it has."""
    given = {"source": source, "kept": list(kept), "neighbours": NEIGHBOURS}
    return frozenset(id_ for (id_,) in connection.execute(_REPLACED, given))


_REPLACED = text("""
SELECT id FROM registry.population_cell
WHERE source_id = :source AND NOT id = ANY (:kept)
UNION ALL
SELECT other.id FROM registry.population_cell other
WHERE other.source_id <> :source
  AND EXISTS (SELECT FROM registry.population_cell own
              WHERE own.source_id = :source AND own.id = ANY (:kept)
                AND ST_DWithin(own.point, other.point, :neighbours))
""")


def replace_population(
    cursor: Cursor[Any], changed: dict[str, int], removed: dict[str, int]
) -> None:
    """Within the transaction of a publication, once its districts are replaced."""
    cursor.execute(_WITHIN)
    for counts, statement in ((removed, _GONE), (changed, _HERE)):
        count = cursor.execute(statement).rowcount
        if count:
            counts[CELLS] = count
    cursor.execute(_SOURCES)
    if CELLS in changed:
        cursor.execute("ANALYZE published.population_cell")


# The district is on the outside, so that PostGIS prepares each polygon once. What is known of a
# district holds for those above it, which may have no boundary.
_WITHIN: LiteralString = """
CREATE TEMPORARY TABLE population ON COMMIT DROP AS
WITH inside AS (
    SELECT there.id, d.id AS district_id
    FROM registry.public_district d
    CROSS JOIN LATERAL (
        SELECT c.id FROM registry.public_population_cell c
        WHERE ST_Covers(d.boundary, c.point) OFFSET 0
    ) AS there
    WHERE d.boundary_quality <> 'schematic'
), around AS (
    SELECT i.id, array_agg(DISTINCT a.ancestor_id ORDER BY a.ancestor_id) AS districts
    FROM inside i JOIN ancestry a ON a.district_id = i.district_id
    GROUP BY i.id
)
SELECT c.id, geography(c.point) AS spot, c.residents::float8 AS residents, c.width, c.source_id,
       around.districts
FROM registry.public_population_cell c
JOIN around ON around.id = c.id;
CREATE INDEX ON population (id);
ANALYZE population
"""

_GONE: LiteralString = """
DELETE FROM published.population_cell p
WHERE NOT EXISTS (SELECT FROM population n WHERE n.id = p.id)
"""

_HERE: LiteralString = """
INSERT INTO published.population_cell AS old
       (id, spot, residents, width, source_id, districts)
SELECT id, spot, residents, width, source_id, districts FROM population
ON CONFLICT (id) DO UPDATE
SET spot = excluded.spot, residents = excluded.residents, width = excluded.width,
    source_id = excluded.source_id, districts = excluded.districts
WHERE (old.spot::bytea, old.residents, old.width, old.source_id, old.districts)
      IS DISTINCT FROM (excluded.spot::bytea, excluded.residents, excluded.width,
                        excluded.source_id, excluded.districts)
"""

_SOURCES: LiteralString = """
DELETE FROM published.population_source;
INSERT INTO published.population_source (id, document)
SELECT s.id, s.ref::text FROM source_ref s
WHERE s.id IN (SELECT source_id FROM published.population_cell)
"""
