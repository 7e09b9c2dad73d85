"""Boundaries: drawn schematically, taken from official data, and united upwards.

Who made a boundary is told by its source: `boundary_source_id` names the data set a boundary was
taken from, and is NULL where Quartier made it (a schematic cell, or the union of a district's
parts). Only what Quartier made is made again when its parts change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter
from uuid import UUID

from sqlalchemy import Connection, text

# A district that began with a reform to which all its predecessors went wholly: it is their union.
# One that merely absorbed others is older than that reform.
MERGED = text("""
SELECT successor.id
FROM registry.district AS successor
JOIN registry.district_succession AS reform ON reform.successor_id = successor.id
GROUP BY successor.id
HAVING every(reform.share = 1)
   AND every(reform.valid_on IS NOT DISTINCT FROM successor.valid_from)
""")

# Cells are drawn for the municipalities of a county that stand on ground of their own: those of
# today, and those that ended in a merger (the merged one is their union). Nobody else is drawn, so
# that no two districts valid at the same date share ground. Lengths are metres of the UTM zone.
DRAW_CELLS = text("""
WITH RECURSIVE lineage AS (
    SELECT id AS district_id, parent_id AS ancestor_id
    FROM registry.district WHERE level = 'municipality'
  UNION ALL
    SELECT lineage.district_id, above.parent_id
    FROM lineage JOIN registry.district AS above ON above.id = lineage.ancestor_id
    WHERE above.level <> 'county'
), grounded AS (
    SELECT district.*, county.id AS county_id,
           boundary_source_id IS NOT NULL OR boundary_quality <> 'schematic' AS has_own
    FROM registry.district
    JOIN lineage ON lineage.district_id = district.id
    JOIN (SELECT id FROM registry.district WHERE level = 'county') AS county
      ON county.id = lineage.ancestor_id
    WHERE district.status <> 'archived' AND district.id <> ALL (:merged)
      AND (CURRENT_DATE BETWEEN COALESCE(valid_from, '-infinity') AND COALESCE(valid_to, 'infinity')
           OR (SELECT every(successor_id = ANY (:merged))
               FROM registry.district_succession WHERE predecessor_id = district.id))
), county AS (
    SELECT county_id, COALESCE(percentile_cont(0.5) WITHIN GROUP (ORDER BY area_km2), 30) AS area,
           CASE WHEN avg(ST_Y(point)) < 0 THEN 32700 ELSE 32600 END
           + LEAST(60, 1 + floor((avg(ST_X(point)) + 180) / 6)::int) AS srid
    FROM grounded GROUP BY county_id
), unit AS (
    SELECT id, county_id, ST_Transform(point, srid) AS point,
           1000 * sqrt(COALESCE(area_km2, area) / pi()) AS radius
    FROM grounded JOIN county USING (county_id)
    WHERE has_own IS NOT TRUE AND point IS NOT NULL AND (boundary IS NOT NULL OR :missing)
), hull AS (
    -- Discs of the municipalities' areas, the gaps between them closed. Against the official
    -- boundaries this outline fits better than a convex or concave hull of the points.
    SELECT county_id, ST_Collect(point ORDER BY id) AS points,
           ST_Buffer(ST_Buffer(ST_Union(ST_Buffer(point, radius) ORDER BY id), 2 * avg(radius)),
                     -2 * avg(radius)) AS outline
    FROM unit GROUP BY county_id
), taken AS (
    SELECT county_id, ST_Union(ST_Transform(boundary, srid)) AS ground
    FROM grounded JOIN county USING (county_id) WHERE has_own GROUP BY county_id
), face AS (
    -- Faces are made of noded lines, so that neighbours share every vertex.
    SELECT county_id, outline, ground, (ST_Dump(ST_Polygonize(ARRAY[ST_UnaryUnion(
        ST_Collect(ARRAY[
            ST_VoronoiLines(points, 0, outline), ST_Boundary(outline), ST_Boundary(ground)
        ]), 0.1)]))).geom
    FROM hull LEFT JOIN taken USING (county_id)
), nearest AS (
    SELECT unit.id, face.geom
    FROM (SELECT *, ST_PointOnSurface(geom) AS inside FROM face) AS face
    CROSS JOIN LATERAL (
        SELECT id FROM unit WHERE unit.county_id = face.county_id
        ORDER BY ST_Distance(unit.point, face.inside), id LIMIT 1
    ) AS unit
    WHERE ST_Intersects(inside, outline) AND ST_Intersects(inside, ground) IS NOT TRUE
), cell AS (
    SELECT id, ST_Multi(ST_Normalize(ST_SnapToGrid(ST_Transform(ST_Union(geom), 4326), 1e-6)))
           AS boundary
    FROM nearest GROUP BY id
)
UPDATE registry.district AS drawn
SET boundary = cell.boundary, boundary_quality = 'schematic'
FROM cell
WHERE drawn.id = cell.id AND drawn.boundary IS DISTINCT FROM cell.boundary
""")

# The parts of a district: its children at the same date or, for a merged one without any, its
# predecessors. The date is today, or the district's last (first) day if it ended (is to come).
# Children of several levels are several divisions; the one with the most members counts.
PARTS = text("""
WITH child AS (
    SELECT whole.id AS whole, part.id AS part, part.level
    FROM registry.district AS whole
    JOIN registry.district AS part ON part.parent_id = whole.id AND part.status <> 'archived'
    CROSS JOIN LATERAL (SELECT LEAST(GREATEST(CURRENT_DATE, whole.valid_from), whole.valid_to)
                        AS date) AS at
    WHERE at.date BETWEEN COALESCE(part.valid_from, '-infinity')
                      AND COALESCE(part.valid_to, 'infinity')
), division AS (
    SELECT whole, mode() WITHIN GROUP (ORDER BY level) AS level FROM child GROUP BY whole
)
SELECT whole, part FROM child JOIN division USING (whole, level)
UNION ALL
SELECT successor_id, predecessor_id
FROM registry.district_succession
WHERE successor_id = ANY (:merged) AND successor_id NOT IN (SELECT whole FROM child)
""")

# Borders that do not quite meet leave slivers: a hole less than a metre wide is a flaw of the data,
# not ground. A union is as good as the worst of its parts, and gives way to a better boundary, or
# one as good that was taken from a source.
UNITE = text("""
WITH part AS (
    SELECT whole AS id, part FROM unnest(CAST(:wholes AS uuid[]), CAST(:parts AS uuid[]))
    AS pair (whole, part)
), collected AS (
    SELECT part.id, ST_UnaryUnion(ST_Collect(boundary ORDER BY part)) AS boundary,
           max(array_position(CAST(:qualities AS text[]), boundary_quality)) AS rank
    FROM part JOIN registry.district ON district.id = part.part
    GROUP BY part.id HAVING every(boundary IS NOT NULL)
), united AS (
    SELECT id, ST_Multi(ST_Normalize(ST_Union(ST_MakePolygon(ST_ExteriorRing(polygon.geom), ARRAY(
               SELECT ST_ExteriorRing(hole.geom) FROM ST_DumpRings(polygon.geom) AS hole
               WHERE hole.path[1] > 0
                 AND 2 * ST_Area(geography(hole.geom)) > ST_Perimeter(geography(hole.geom))
           ))))) AS boundary, rank
    FROM collected CROSS JOIN ST_Dump(boundary) AS polygon
    GROUP BY id, rank
)
UPDATE registry.district AS whole
SET boundary = united.boundary, boundary_source_id = NULL,
    boundary_quality = (CAST(:qualities AS text[]))[united.rank]
FROM united
WHERE whole.id = united.id
  AND (whole.boundary_source_id IS NULL
       OR array_position(CAST(:qualities AS text[]), whole.boundary_quality) > united.rank)
  AND (whole.boundary IS DISTINCT FROM united.boundary
       OR whole.boundary_quality <> (CAST(:qualities AS text[]))[united.rank])
""")

KEYED = text("""
SELECT district.id, scheme || ':' || key AS key, name, level, kind, parent_id, valid_to,
       status = 'archived' AS archived, ST_X(point) AS lon, ST_Y(point) AS lat,
       district.id = ANY (:merged) AS merged,
       ARRAY(SELECT successor.name FROM registry.district_succession AS reform
             JOIN registry.district AS successor ON successor.id = reform.successor_id
             WHERE reform.predecessor_id = district.id ORDER BY successor.name) AS successors
FROM registry.district WHERE scheme = ANY (:schemes)
""")

BEST_FIRST = ["official", "generalised", "schematic"]


@dataclass(frozen=True)
class KeyedDistrict:
    """What an import must know about a district. A merged one is the union of its predecessors."""

    id: UUID
    key: str
    name: str
    level: str
    kind: str | None
    parent_id: UUID | None
    valid_to: date | None
    archived: bool
    lon: float | None
    lat: float | None
    merged: bool
    successors: list[str]


def keyed_districts(connection: Connection, schemes: Collection[str]) -> dict[str, KeyedDistrict]:
    """Every district that has a key of these schemes, by `scheme:key`."""
    given = {"merged": _merged(connection), "schemes": list(schemes)}
    found = connection.execute(KEYED, given).mappings()
    return {row["key"]: KeyedDistrict(**row) for row in found}


def lock_boundaries(connection: Connection) -> None:
    """Let those who change boundaries take turns: a union must see all of its parts."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('registry.boundaries'))"))


def draw_schematic_cells(connection: Connection, *, missing: bool = True) -> int:
    """Draw cells around the municipalities that have no boundary, or only such a cell.

    Without `missing`, cells that exist are drawn again (around boundaries that became known) and
    none is added. Returns how many changed.
    """
    given = {"merged": _merged(connection), "missing": missing}
    return connection.execute(DRAW_CELLS, given).rowcount


def union_parents(connection: Connection) -> int:
    """Unite the boundaries of parts, level by level upwards. Returns how many changed."""
    parts = _parts(connection)
    order = TopologicalSorter(parts)
    order.prepare()
    changed = 0
    while order.is_active():
        ready = order.get_ready()
        changed += _unite(connection, {whole: parts[whole] for whole in ready if whole in parts})
        order.done(*ready)
    return changed


def _merged(connection: Connection) -> list[UUID]:
    return list(connection.scalars(MERGED))


def _parts(connection: Connection) -> dict[UUID, list[UUID]]:
    parts: dict[UUID, list[UUID]] = {}
    for whole, part in connection.execute(PARTS, {"merged": _merged(connection)}):
        parts.setdefault(whole, []).append(part)
    return parts


def _unite(connection: Connection, parts: Mapping[UUID, Collection[UUID]]) -> int:
    pairs = [(whole, part) for whole in parts for part in parts[whole]]
    given = {
        "wholes": [whole for whole, _ in pairs],
        "parts": [part for _, part in pairs],
        "qualities": BEST_FIRST,
    }
    return connection.execute(UNITE, given).rowcount if pairs else 0
