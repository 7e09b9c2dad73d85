"""Need and supply by district: which offerings there are, and where people live.

What is located in a district is in `published.district_member`: by its address, or by its
municipality where no more is known. What serves a district from elsewhere is counted apart.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from db.pool import Pool
from db.quoted import SOURCES
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
class Kind:
    """What many cells have in common. `source`: its document."""

    districts: list[UUID]
    width: int | None
    source: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cells:
    """A population grid, a number a cell: big-endian doubles, and where in `kinds` it belongs."""

    state: State
    longitudes: bytes
    latitudes: bytes
    residents: bytes
    kind: bytes
    kinds: list[Kind]


@dataclass(frozen=True, slots=True)
class Spots:
    """Where offerings are, as far as a point is known precisely; several of one are several.

    `unplaced` are without such a point in a district, `nowhere` in none.
    """

    state: State
    ids: list[UUID]
    longitudes: bytes
    latitudes: bytes
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


async def cells(pool: Pool) -> Cells:
    """The whole population grid: some megabytes for a county."""
    async with pool.query() as connection:
        cursor = await connection.execute(_CELLS)
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    kinds = [
        Kind([UUID(id_) for id_ in kind["districts"]], kind["width"], kind["source"])
        for kind in json.loads(row[5])
    ]
    longitudes, latitudes, residents, kind = row[1:5]
    return Cells(parse_state(row[0]), longitudes, latitudes, residents, kind, kinds)


async def spots(pool: Pool, wanted: Filter) -> Spots:
    """In the order of ids."""
    async with pool.query() as connection:
        cursor = await connection.execute(_SPOTS, wanted.arguments())
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    ids, longitudes, latitudes, unplaced, nowhere = row[1:6]
    sources = json.loads(row[6])
    return Spots(parse_state(row[0]), ids, longitudes, latitudes, unplaced, nowhere, sources)


async def named(
    pool: Pool, offerings: Sequence[UUID], lang: str
) -> tuple[State, dict[UUID, dict[str, Any]]]:
    """References to offerings."""
    async with pool.query() as connection:
        cursor = await connection.execute(_NAMED, [list(offerings), lang])
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    found = {UUID(each["id"]): each for each in json.loads(row[1])}
    return parse_state(row[0]), found


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
       {SOURCES.format(ids="SELECT source_id FROM located UNION SELECT source_id FROM serving")}
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

_CELLS: LiteralString = f"""
WITH cell AS MATERIALIZED (
    SELECT ST_X(c.spot::geometry) AS x, ST_Y(c.spot::geometry) AS y, c.residents,
           dense_rank() OVER (ORDER BY c.districts, c.width, c.source_id) - 1 AS kind,
           c.districts, c.width, c.source_id
    FROM published.population_cell c
), kind AS (
    SELECT c.kind, c.districts, c.width, s.document::json AS source
    FROM (SELECT DISTINCT kind, districts, width, source_id FROM cell) AS c
    JOIN published.population_source s ON s.id = c.source_id
)
SELECT {STATE_TEXT}, g.x, g.y, g.residents, g.kind,
       coalesce((SELECT json_agg(k ORDER BY k.kind) FROM kind k), '[]')::text
FROM (
    SELECT coalesce(string_agg(float8send(c.x), '' ORDER BY c.kind, c.x, c.y), '') AS x,
           coalesce(string_agg(float8send(c.y), '' ORDER BY c.kind, c.x, c.y), '') AS y,
           coalesce(string_agg(float8send(c.residents), '' ORDER BY c.kind, c.x, c.y), '')
               AS residents,
           coalesce(string_agg(int4send(c.kind::integer), '' ORDER BY c.kind, c.x, c.y), '')
               AS kind
    FROM cell c
) AS g
"""

_SPOTS: LiteralString = f"""
WITH matching AS MATERIALIZED ({MATCHING}), spot AS MATERIALIZED (
    SELECT o.id, p.n, o.source_id, ST_X(p.place) AS x, ST_Y(p.place) AS y
    FROM published.offering_place p JOIN matching o ON o.id = p.id WHERE p.precise
), hidden AS MATERIALIZED (
    SELECT o.id, EXISTS (SELECT FROM published.district_member m
                         WHERE m.resource = 'offering' AND m.id = o.id) AS is_somewhere
    FROM matching o WHERE NOT EXISTS (SELECT FROM spot s WHERE s.id = o.id)
)
SELECT {STATE_TEXT},
       ARRAY(SELECT s.id FROM spot s ORDER BY s.id, s.n),
       coalesce((SELECT string_agg(float8send(s.x), '' ORDER BY s.id, s.n) FROM spot s), ''),
       coalesce((SELECT string_agg(float8send(s.y), '' ORDER BY s.id, s.n) FROM spot s), ''),
       (SELECT count(*) FROM hidden WHERE is_somewhere),
       (SELECT count(*) FROM hidden WHERE NOT is_somewhere),
       {SOURCES.format(ids="SELECT source_id FROM spot")}
"""

_NAMED: LiteralString = f"""
SELECT {STATE_TEXT}, coalesce((
    SELECT json_agg(named) FROM (
        SELECT o.id, o.slug, coalesce(t.document, o.document)::json ->> 'name' AS name
        FROM published.offering o
        LEFT JOIN published.translation t
          ON t.resource = 'offering' AND t.id = o.id AND t.lang = $2::text
        WHERE o.id = ANY ($1::uuid[])
    ) AS named), '[]')::text
"""
