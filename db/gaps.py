"""Need and supply by district: which offerings there are for the people who live there.

What is located in a district is in `published.district_member`: by its address, or by its
municipality where no more is known. What serves a district from elsewhere is counted apart.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from db.pool import Pool
from db.state import STATE_TEXT, State, parse_state


@dataclass(frozen=True, slots=True)
class Filter:
    """Which offerings: of these categories and so on, narrower ones included; None: of any."""

    category: Sequence[str] | None = None
    target_group: Sequence[str] | None = None
    theme: Sequence[str] | None = None

    def arguments(self) -> list[object]:
        chosen = (self.category, self.target_group, self.theme)
        return [None if codes is None else list(codes) for codes in chosen]


@dataclass(frozen=True, slots=True)
class Held:
    """What offerings state as their capacity in one unit, and how many of them do."""

    unit: str | None
    total: int
    offerings: int


@dataclass(frozen=True, slots=True)
class Supply:
    """What is in a district, and, by organisation mode, what serves it from elsewhere."""

    offerings: int
    capacity: Sequence[Held]
    serving: Mapping[str | None, int]


@dataclass(frozen=True, slots=True)
class Supplied:
    """As of one publication. `unplaced`: known to be in a larger area only; `nowhere`: in none."""

    state: State
    districts: Mapping[UUID, Supply]
    total: Supply
    unplaced: int
    nowhere: int
    sources: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The offering that is nearest to where people live, or else to a point in the district."""

    offering: dict[str, Any]
    metres: float
    from_residents: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """People of a district, and those within the distance; None: the grid knows of nobody there."""

    residents: float | None
    covered: float | None
    nearest: Nearest | None


@dataclass(frozen=True, slots=True)
class Reached:
    """As of one publication. `width`: metres of the widest cell.

    Without a point known precisely: `unplaced` offerings in a district, `nowhere` in none.
    """

    state: State
    districts: Mapping[UUID, Reach]
    total: Reach
    width: int | None
    unplaced: int
    nowhere: int
    sources: list[dict[str, Any]]


async def counting_people(pool: Pool) -> tuple[State, list[str], list[str]]:
    """Counts by slug: those of people's number by what they are called, and those of demography."""
    async with pool.query() as connection:
        cursor = await connection.execute(_COUNTING_PEOPLE, [list(CALLED)])
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    return parse_state(row[0]), json.loads(row[1]), json.loads(row[2])


CALLED = ("population", "bevoelkerung", "einwohner", "befolkning")
"""What the indicator of the number of all people is called, if it is not named."""


async def supply(
    pool: Pool,
    wanted: Filter,
    districts: Sequence[UUID],
    *,
    level: str | None,
    parent: str | None,
) -> Supplied:
    """Of these districts, all of one level; the total is that of `parent`, or of all of them."""
    arguments = [*wanted.arguments(), list(districts), level, parent]
    async with pool.query() as connection:
        cursor = await connection.execute(_SUPPLY, arguments)
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    found = {UUID(entry["id"]): _supply(entry) for entry in json.loads(row[1])}
    unplaced, nowhere = row[3:5]
    total = _supply(json.loads(row[2]))
    return Supplied(parse_state(row[0]), found, total, unplaced, nowhere, json.loads(row[5]))


async def usual_level(pool: Pool, parent: str | None) -> str | None:
    """The level with the most districts of today, below `parent` if it is given."""
    async with pool.query() as connection:
        cursor = await connection.execute(_USUAL_LEVEL, [parent])
        row = await cursor.fetchone()
    return row[0].decode() if row else None


async def reach(
    pool: Pool,
    wanted: Filter,
    districts: Sequence[UUID],
    *,
    distance: float | None,
    parent: str | None,
    lang: str,
) -> Reached:
    """Great-circle distances. The total is that of `parent`, or of all these districts."""
    arguments = [*wanted.arguments(), list(districts), distance, parent, lang]
    async with pool.query() as connection:
        cursor = await connection.execute(_REACH, arguments)
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    found = {UUID(entry["id"]): _reach(entry) for entry in json.loads(row[1])}
    width, unplaced, nowhere = row[3:6]
    total = _reach(json.loads(row[2]))
    sources = json.loads(row[6])
    return Reached(parse_state(row[0]), found, total, width, unplaced, nowhere, sources)


def _reach(entry: Mapping[str, Any]) -> Reach:
    nearest = entry.get("nearest")
    found = (
        Nearest(nearest["offering"], nearest["metres"], entry["from_residents"])
        if nearest
        else None
    )
    return Reach(entry["residents"], entry["covered"], found)


def _supply(entry: Mapping[str, Any]) -> Supply:
    held = [Held(each["unit"], each["total"], each["offerings"]) for each in entry["capacity"]]
    serving = {each["mode"]: each["offerings"] for each in entry["serving"]}
    return Supply(entry["offerings"], held, serving)


_COUNTING_PEOPLE: LiteralString = f"""
SELECT {STATE_TEXT},
       coalesce((SELECT json_agg(i.slug ORDER BY i.slug) FROM published.indicator i
                 WHERE i.type = 'count' AND i.slug = ANY ($1::text[])), '[]')::text,
       coalesce((SELECT json_agg(i.slug ORDER BY i.slug) FROM published.indicator i
                 WHERE i.type = 'count' AND 'demography' = ANY (i.theme)), '[]')::text
"""

MATCHING: LiteralString = """
SELECT o.id, o.organisation_mode AS mode, o.serves, o.service_area, o.capacity, o.capacity_unit,
       o.source_id
FROM published.offering o
WHERE ($1::text[] IS NULL OR o.category && $1::text[])
  AND ($2::text[] IS NULL OR o.target_group && $2::text[])
  AND ($3::text[] IS NULL OR o.theme && $3::text[])
  AND (o.valid_to IS NULL OR o.valid_to >= current_date)
"""
"""The offerings that are counted: whoever asks binds the codes as $1 to $3."""

# A service area covers a district that it has within as a whole, or that lies within one it names.
# A schematic boundary decides nothing (ADR 0004).
_SUPPLY: LiteralString = f"""
WITH matching AS MATERIALIZED ({MATCHING}), whole AS MATERIALIZED (
    SELECT a.id FROM published.alias a WHERE a.resource = 'district' AND a.alias = $6::text
), located AS MATERIALIZED (
    SELECT m.district_id, o.id, o.capacity, o.capacity_unit, o.source_id
    FROM published.district_member m JOIN matching o ON o.id = m.id
    WHERE m.resource = 'offering'
      AND (m.district_id = ANY ($4::uuid[]) OR m.district_id IN (SELECT id FROM whole))
), served AS (
    SELECT above.district_id, o.id, o.mode, o.source_id
    FROM matching o
    CROSS JOIN unnest(o.serves) AS area(id)
    JOIN published.district_ancestor above ON above.ancestor_id = area.id
    WHERE above.district_id = ANY ($4::uuid[])
    UNION
    SELECT d.id, o.id, o.mode, o.source_id
    FROM published.district d JOIN matching o ON ST_Covers(o.service_area, d.boundary)
    WHERE d.id = ANY ($4::uuid[])
      AND d.document::json -> 'boundary_quality' ->> 'code' IS DISTINCT FROM 'schematic'
), serving AS MATERIALIZED (
    SELECT * FROM served s
    WHERE NOT EXISTS (SELECT FROM located l WHERE (l.district_id, l.id) = (s.district_id, s.id))
), counted AS MATERIALIZED (
    SELECT district_id, id, capacity, capacity_unit FROM located
    WHERE district_id = ANY ($4::uuid[])
    UNION ALL
    SELECT DISTINCT NULL::uuid, id, capacity, capacity_unit FROM located
    WHERE $6::text IS NULL OR district_id IN (SELECT id FROM whole)
), mode AS (
    SELECT district_id, mode, count(*) AS offerings FROM serving GROUP BY district_id, mode
    UNION ALL
    SELECT NULL, mode, count(DISTINCT id) FROM serving s
    WHERE NOT EXISTS (SELECT FROM counted c WHERE c.district_id IS NULL AND c.id = s.id)
    GROUP BY mode
), supply AS (
    SELECT area.id,
           (SELECT count(*) FROM counted c WHERE c.district_id IS NOT DISTINCT FROM area.id)
               AS offerings,
           coalesce((
               SELECT json_agg(h) FROM (
                   SELECT c.capacity_unit AS unit, sum(c.capacity) AS total, count(*) AS offerings
                   FROM counted c
                   WHERE c.district_id IS NOT DISTINCT FROM area.id AND c.capacity IS NOT NULL
                   GROUP BY c.capacity_unit ORDER BY c.capacity_unit
               ) AS h), '[]') AS capacity,
           coalesce((
               SELECT json_agg(row_to_json(m)) FROM mode m
               WHERE m.district_id IS NOT DISTINCT FROM area.id), '[]') AS serving
    FROM unnest($4::uuid[] || NULL::uuid) AS area(id)
)
SELECT {STATE_TEXT},
       coalesce((SELECT json_agg(s) FROM supply s WHERE s.id IS NOT NULL), '[]')::text,
       (SELECT row_to_json(s) FROM supply s WHERE s.id IS NULL)::text,
       (SELECT count(*) FROM matching o
        WHERE ($6::text IS NULL OR o.id IN (
                   SELECT l.id FROM located l WHERE l.district_id IN (SELECT id FROM whole)))
          AND EXISTS (SELECT FROM published.district_member m
                      WHERE m.resource = 'offering' AND m.id = o.id)
          AND NOT EXISTS (SELECT FROM published.district_member m
                          JOIN published.district d ON d.id = m.district_id
                          WHERE m.resource = 'offering' AND m.id = o.id AND d.level = $5::text)),
       (SELECT count(*) FROM matching o
        WHERE NOT EXISTS (SELECT FROM published.district_member m
                          WHERE m.resource = 'offering' AND m.id = o.id)),
       coalesce((
           SELECT json_agg(s ORDER BY s.title) FROM (
               SELECT s.title, s.publisher, s.url, s.license, s.license_url, s.attribution,
                      s.retrieved
               FROM published.source s
               WHERE s.id IN (SELECT source_id FROM located UNION SELECT source_id FROM serving)
           ) AS s), '[]')::text
"""

_USUAL_LEVEL: LiteralString = """
SELECT d.level FROM published.district d
WHERE (d.valid_from IS NULL OR d.valid_from <= current_date)
  AND (d.valid_to IS NULL OR d.valid_to >= current_date)
  AND ($1::text IS NULL OR d.id IN (
      SELECT below.district_id FROM published.alias a
      JOIN published.district_ancestor below ON below.ancestor_id = a.id AND below.depth > 0
      WHERE a.resource = 'district' AND a.alias = $1::text))
GROUP BY d.level ORDER BY count(*) DESC, min(d.level_position) LIMIT 1
"""

# From the offerings to the cells around each, by index: there are fewer offerings than cells.
_REACH: LiteralString = f"""
WITH matching AS MATERIALIZED ({MATCHING}), whole AS MATERIALIZED (
    SELECT a.id FROM published.alias a WHERE a.resource = 'district' AND a.alias = $6::text
), area AS MATERIALIZED (
    SELECT unnest($4::uuid[]) AS id UNION SELECT id FROM whole
), spot AS MATERIALIZED (
    SELECT o.id, p.spot, o.source_id
    FROM published.offering_place p JOIN matching o ON o.id = p.id WHERE p.precise
), near AS MATERIALIZED (
    SELECT DISTINCT c.id
    FROM spot s JOIN published.population_cell c ON ST_DWithin(c.spot, s.spot, $5::float8, false)
    WHERE $5::float8 IS NOT NULL
), cell AS MATERIALIZED (
    SELECT c.id, c.residents, ST_X(c.spot::geometry) AS x, ST_Y(c.spot::geometry) AS y, c.width,
           c.source_id, c.districts, near.id IS NOT NULL AS is_near
    FROM published.population_cell c LEFT JOIN near ON near.id = c.id
    WHERE c.districts && ARRAY(SELECT id FROM area)
), lived AS MATERIALIZED (
    SELECT area.id, sum(c.residents) AS residents,
           CASE WHEN $5::float8 IS NOT NULL
                THEN coalesce(sum(c.residents) FILTER (WHERE c.is_near), 0) END AS covered,
           ST_SetSRID(ST_MakePoint(sum(c.x * c.residents) / sum(c.residents),
                                   sum(c.y * c.residents) / sum(c.residents)), 4326) AS middle
    FROM cell c CROSS JOIN unnest(c.districts) AS area(id)
    WHERE area.id IN (SELECT id FROM area)
    GROUP BY area.id
), reach AS MATERIALIZED (
    SELECT d.id, lived.residents, lived.covered, lived.middle IS NOT NULL AS from_residents,
           nearest.id AS nearest, nearest.metres
    FROM published.district d
    LEFT JOIN lived ON lived.id = d.id
    CROSS JOIN LATERAL (
        SELECT (d.document::json ->> 'longitude')::float8 AS x,
               (d.document::json ->> 'latitude')::float8 AS y
    ) AS own
    LEFT JOIN LATERAL (
        SELECT s.id, s.spot <-> place.point AS metres
        FROM (SELECT geography(coalesce(
                  lived.middle, ST_SetSRID(ST_MakePoint(own.x, own.y), 4326))) AS point) AS place
        CROSS JOIN spot s
        WHERE place.point IS NOT NULL
        ORDER BY metres, s.id LIMIT 1
    ) AS nearest ON true
    WHERE d.id = ANY ($4::uuid[])
)
SELECT {STATE_TEXT},
       coalesce((
           SELECT json_agg(r) FROM (
               SELECT r.id, r.residents, r.covered, r.from_residents,
                      (SELECT row_to_json(n) FROM (
                          SELECT r.metres, (SELECT row_to_json(o) FROM (
                              SELECT o.id, o.slug,
                                     coalesce(t.document, o.document)::json ->> 'name' AS name
                          ) AS o) AS offering
                          FROM published.offering o
                          LEFT JOIN published.translation t
                            ON t.resource = 'offering' AND t.id = o.id AND t.lang = $7::text
                          WHERE o.id = r.nearest
                      ) AS n) AS nearest
               FROM reach r
           ) AS r), '[]')::text,
       (SELECT row_to_json(t) FROM (
            SELECT sum(c.residents) AS residents,
                   CASE WHEN $5::float8 IS NOT NULL AND count(*) > 0
                        THEN coalesce(sum(c.residents) FILTER (WHERE c.is_near), 0) END AS covered
            FROM cell c
            WHERE $6::text IS NULL OR c.districts && ARRAY(SELECT id FROM whole)
        ) AS t)::text,
       (SELECT max(width) FROM cell),
       (SELECT count(*) FROM matching o
        WHERE o.id NOT IN (SELECT id FROM spot)
          AND EXISTS (SELECT FROM published.district_member m
                      WHERE m.resource = 'offering' AND m.id = o.id)),
       (SELECT count(*) FROM matching o
        WHERE o.id NOT IN (SELECT id FROM spot)
          AND NOT EXISTS (SELECT FROM published.district_member m
                          WHERE m.resource = 'offering' AND m.id = o.id)),
       (SELECT coalesce(json_agg(s.document), '[]') FROM (
            SELECT p.document::json FROM published.population_source p
            WHERE p.id IN (SELECT source_id FROM cell)
            UNION ALL
            SELECT row_to_json(s) FROM (
                SELECT s.title, s.publisher, s.url, s.license, s.license_url, s.attribution,
                       s.retrieved
                FROM published.source s WHERE s.id IN (SELECT source_id FROM spot)
                ORDER BY s.title
            ) AS s
        ) AS s(document))::text
"""
