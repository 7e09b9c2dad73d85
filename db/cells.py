"""Cells of an indicator for analyses: a value of a district and a period, with what explains it.

Documents and geometries come as the bytes that are stored; the state comes with every answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString
from uuid import UUID

from db import recalculated
from db.pool import Pool
from db.state import STATE_TEXT, State, parse_state


@dataclass(frozen=True, slots=True)
class Overview:
    """An indicator in some languages, and where it has observations: levels and periods."""

    state: State
    id: UUID
    documents: list[bytes]
    slots: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Availability:
    """Of each level and period how many districts have a value, a hidden one, and none; every
    breakdown there is but for the totals; the days since which there are other districts."""

    state: State
    slots: list[dict[str, Any]]
    breakdowns: list[dict[str, str]]
    reforms: list[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cells: of all districts of some levels, of those below `parent`, or of `districts`.

    `above` names districts whose ancestors are wanted as well. `day`: districts that existed then
    are wanted without an observation, too; None: only those with one. `boundary`: values
    recalculated to the districts of that day.
    """

    indicator: UUID
    lang: str
    breakdowns: Mapping[str, str]
    periods: Sequence[str]
    levels: Sequence[str]
    parent: str | None = None
    districts: Sequence[str] | None = None
    above: Sequence[str] = ()
    day: date | None = None
    geometry: str | None = None
    parts: tuple[UUID | None, UUID | None] = (None, None)
    boundary: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A district and one of its observations, if it has any; both documents as stored.

    Document and geometry of a district come with its first row only. `numerator` and `denominator`
    are those that the indicators of these names have in the same cell.
    """

    district: UUID
    area: bytes | None
    geometry: bytes | None
    observation: bytes | None
    numerator: float | None
    denominator: float | None


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """An observation of a district or its parent; documents only of the latest of the district."""

    indicator: UUID
    is_own: bool
    period: str
    earliest: date | None
    latest: date | None
    value: float | None
    flags: list[str]
    headline: bool
    observation: bytes | None
    document: bytes | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A district with everything that is observed of it, and how much there is in it."""

    state: State
    area: bytes
    offerings: int
    measures: int
    rows: list[ProfileRow]


async def overview(
    pool: Pool, name: str, langs: Sequence[str], breakdowns: Mapping[str, str]
) -> Overview | None:
    """Where an indicator has observations of this breakdown; None if there is no indicator."""
    arguments = [name, list(langs), json.dumps(dict(breakdowns))]
    row = await _one(pool, _OVERVIEW, arguments, prepare=True)
    return Overview(parse_state(row[0]), row[1], row[2], json.loads(row[3])) if row else None


async def availability(pool: Pool, indicator: UUID, breakdowns: Mapping[str, str]) -> Availability:
    """Where an indicator has values of this breakdown, and what else can be asked of it."""
    row = await _one(pool, _AVAILABILITY, [indicator, json.dumps(dict(breakdowns))])
    return Availability(parse_state(row[0]), *map(json.loads, row[1:]))


async def known_breakdowns(pool: Pool, indicator: UUID) -> list[dict[str, str]]:
    """Every breakdown that an observation of the indicator has, but for the totals."""
    row = await _one(pool, _BREAKDOWNS, [indicator])
    found: list[dict[str, str]] = json.loads(row[0])
    return found


async def cells(pool: Pool, wanted: Wanted) -> tuple[State, list[Row]]:
    """The cells, by district in the order of their names, then by period: one statement."""
    arguments = [
        wanted.indicator,
        wanted.lang,
        json.dumps(dict(wanted.breakdowns)),
        list(wanted.periods),
        list(wanted.levels),
        wanted.parent,
        None if wanted.districts is None else list(wanted.districts),
        list(wanted.above),
        wanted.day,
        wanted.geometry,
        *wanted.parts,
    ]
    statement = _CELLS.format(source="published.observation")
    if wanted.boundary:
        statement = _CELLS.format(source=f"({recalculated.written_on_day('$13', '$2')})")
        arguments.append(wanted.boundary)
    async with pool.query() as connection:
        cursor = await connection.execute(statement, arguments)
        rows = await cursor.fetchall()
    return parse_state(rows[0][0]), [Row(*row[1:]) for row in rows if row[1] is not None]


async def levels_of(pool: Pool, names: Sequence[str]) -> dict[UUID, str]:
    """Districts by id, slug or key, each with its level."""
    async with pool.query() as connection:
        cursor = await connection.execute(_LEVELS, [list(names)])
        return {row[0]: row[1].decode() for row in await cursor.fetchall()}


async def intervals(
    pool: Pool,
    counts: Sequence[tuple[float | None, float | None, float | None]],
    factor: float | None,
    decimals: int,
) -> list[tuple[float, float] | None]:
    """What rates may be (value, numerator, denominator); None where the counts do not say."""
    async with pool.query() as connection:
        cursor = await connection.execute(_INTERVALS, [json.dumps(counts), factor, decimals])
        rows = await cursor.fetchall()
    return [None if low is None else (low, high) for low, high in rows]


async def profile(pool: Pool, name: str, lang: str) -> Profile | None:
    """A district and its totals in every indicator, with those of its parent."""
    async with pool.query() as connection:
        cursor = await connection.execute(_PROFILE, [name, lang])
        rows = await cursor.fetchall()
    if not rows:
        return None
    state, area, offerings, measures = rows[0][:4]
    found = [_profile_row(row[4:]) for row in rows if row[4] is not None]
    return Profile(parse_state(state), area, offerings, measures, found)


def _profile_row(row: Sequence[Any]) -> ProfileRow:
    indicator, is_own, period, earliest, latest, value, flags, headline, *documents = row
    codes = [flag.decode() for flag in flags]
    return ProfileRow(
        indicator,
        is_own,
        period.decode(),
        earliest,
        latest,
        value,
        codes,
        headline,
        *documents,
    )


async def _one(
    pool: Pool, statement: LiteralString, arguments: Sequence[Any], *, prepare: bool = False
) -> Any:
    """`prepare` what is found by keys alone: to plan it costs three times as much as to run it."""
    async with pool.query() as connection:
        cursor = await connection.execute(statement, arguments, prepare=prepare)
        return await cursor.fetchone()


_OVERVIEW: LiteralString = f"""
SELECT {STATE_TEXT}, i.id,
       ARRAY(SELECT coalesce(t.document, i.document)
             FROM unnest($2::text[]) WITH ORDINALITY AS l(code, n)
             LEFT JOIN published.translation t
               ON t.resource = 'indicator' AND t.id = i.id AND t.lang = l.code
             ORDER BY l.n),
       coalesce((
           SELECT json_agg(s) FROM (
               SELECT level, period, period_earliest AS earliest, period_latest AS latest,
                      observations, is_forecast
               FROM published.observation_slot
               WHERE indicator_id = i.id AND breakdowns = $3::jsonb::text
           ) AS s), '[]')::text
FROM published.alias a
JOIN published.indicator i ON i.id = a.id
WHERE a.resource = 'indicator' AND a.alias = $1::text
"""

_BREAKDOWNS: LiteralString = """
SELECT coalesce(json_agg(b.breakdowns::json ORDER BY b.breakdowns), '[]')::text
FROM (SELECT DISTINCT o.breakdowns FROM published.observation_slot o
      WHERE o.indicator_id = $1::uuid AND o.breakdowns <> '{}') AS b
"""

# A district with two sources for a cell, of which one hides the value, has a value.
_AVAILABILITY: LiteralString = f"""
WITH cell AS MATERIALIZED (
    SELECT o.level, o.period, o.district_id, min(o.period_earliest) AS earliest,
           max(o.period_latest) AS latest,
           bool_or(o.value IS NOT NULL AND NOT 'suppressed' = ANY (o.flags)) AS is_shown,
           bool_or('suppressed' = ANY (o.flags)) AS is_hidden
    FROM published.observation o
    WHERE o.indicator_id = $1::uuid AND o.breakdowns = $2::jsonb::text
    GROUP BY o.level, o.period, o.district_id
), slot AS MATERIALIZED (
    SELECT level, period, min(earliest) AS earliest, max(latest) AS latest,
           count(*) FILTER (WHERE is_shown) AS published,
           count(*) FILTER (WHERE is_hidden AND NOT is_shown) AS suppressed,
           count(*) FILTER (WHERE NOT is_hidden AND NOT is_shown) AS unstated
    FROM cell GROUP BY level, period
)
SELECT {STATE_TEXT}, coalesce((
    SELECT json_agg(s) FROM (
        SELECT slot.level, slot.period, slot.earliest, slot.latest, published, suppressed,
               unstated + (
                   SELECT count(*) FROM published.district d
                   WHERE d.level = slot.level
                     AND (d.valid_from IS NULL
                          OR d.valid_from <= coalesce(slot.latest, current_date))
                     AND (d.valid_to IS NULL
                          OR d.valid_to >= coalesce(slot.latest, current_date))
                     AND NOT EXISTS (
                         SELECT FROM cell
                         WHERE cell.district_id = d.id AND cell.period = slot.period)
               ) AS missing
        FROM slot
    ) AS s), '[]')::text,
    ({_BREAKDOWNS}),
    (SELECT coalesce(json_agg(DISTINCT s ->> 'valid_on' ORDER BY s ->> 'valid_on'), '[]')::text
     FROM published.district d CROSS JOIN json_array_elements(d.document::json -> 'successors') AS s
     WHERE d.id IN (SELECT p.target_id FROM published.district_part p))
"""

_LEVELS: LiteralString = """
SELECT d.id, d.level FROM published.alias a JOIN published.district d ON d.id = a.id
WHERE a.resource = 'district' AND a.alias = ANY ($1::text[])
"""

_INTERVALS: LiteralString = """
SELECT found.low::float8, found.high::float8
FROM json_array_elements($1::json) WITH ORDINALITY AS c(counts, n)
LEFT JOIN LATERAL published.interval_of(
    (counts ->> 0)::numeric, (counts ->> 1)::numeric, (counts ->> 2)::numeric,
    $2::float8::numeric, $3::integer
) AS found ON true
ORDER BY c.n
"""

_CELLS: LiteralString = f"""
WITH scope AS MATERIALIZED (
    SELECT d.id FROM published.district d
    WHERE d.level = ANY ($5::text[])
      AND ($6::text IS NULL OR d.id IN (
          SELECT below.district_id FROM published.alias a
          JOIN published.district_ancestor below ON below.ancestor_id = a.id AND below.depth > 0
          WHERE a.resource = 'district' AND a.alias = $6::text))
      AND ($7::text[] IS NULL OR d.id IN (
          SELECT a.id FROM published.alias a
          WHERE a.resource = 'district' AND a.alias = ANY ($7::text[])))
    UNION
    SELECT up.ancestor_id FROM published.alias a
    JOIN published.district_ancestor up ON up.district_id = a.id
    WHERE a.resource = 'district' AND a.alias = ANY ($8::text[])
), cell AS (
    SELECT d.id AS district_id, d.sort_name, d.document AS area, o.id, o.document, o.period,
           o.period_latest, o.breakdowns,
           row_number() OVER (PARTITION BY d.id ORDER BY o.period_latest, o.period, o.id) AS n
    FROM scope
    JOIN published.district d ON d.id = scope.id
    LEFT JOIN {{source}} o
      ON o.district_id = d.id AND o.indicator_id = $1::uuid
     AND o.breakdowns = $3::jsonb::text AND o.period = ANY ($4::text[])
    WHERE o.id IS NOT NULL
       OR (d.valid_from IS NULL OR d.valid_from <= $9::date)
      AND (d.valid_to IS NULL OR d.valid_to >= $9::date) AND $9::date IS NOT NULL
), part AS (
    SELECT * FROM (VALUES ($11::uuid, $12::uuid)) AS p(numerator, denominator)
)
SELECT always.state, cell.district_id,
       CASE WHEN cell.n = 1 THEN coalesce((
           SELECT t.document FROM published.translation t
           WHERE t.resource = 'district' AND t.id = cell.district_id AND t.lang = $2::text
       ), cell.area) END,
       CASE WHEN cell.n = 1 AND $10::text IS NOT NULL THEN (
           SELECT coalesce(CASE $10::text WHEN 'geojson_50' THEN d.geojson_50
                                          WHEN 'geojson_200' THEN d.geojson_200
                                          WHEN 'geojson_1000' THEN d.geojson_1000 END, d.geojson)
           FROM published.district d WHERE d.id = cell.district_id) END,
       coalesce((
           SELECT t.document FROM published.translation t
           WHERE t.resource = 'observation' AND t.id = cell.id AND t.lang = $2::text
       ), cell.document),
       (SELECT o.value::float8 FROM published.observation o
        WHERE o.indicator_id = part.numerator AND o.district_id = cell.district_id
          AND o.period = cell.period AND o.breakdowns = cell.breakdowns AND o.value IS NOT NULL
        ORDER BY o.id LIMIT 1),
       (SELECT o.value::float8 FROM published.observation o
        WHERE o.indicator_id = part.denominator AND o.district_id = cell.district_id
          AND o.period = cell.period AND o.breakdowns = cell.breakdowns AND o.value IS NOT NULL
        ORDER BY o.id LIMIT 1)
FROM (SELECT {STATE_TEXT} AS state) AS always
LEFT JOIN (cell CROSS JOIN part) ON true
ORDER BY cell.sort_name, cell.district_id, cell.n
"""

_PROFILE: LiteralString = f"""
WITH here AS MATERIALIZED (
    SELECT d.id, d.parent_id, d.document
    FROM published.alias a JOIN published.district d ON d.id = a.id
    WHERE a.resource = 'district' AND a.alias = $1::text
), cell AS (
    SELECT o.*, o.district_id = here.id AS is_own,
           row_number() OVER (PARTITION BY o.indicator_id, o.district_id
                              ORDER BY 'forecast' = ANY (o.flags), o.period_latest DESC NULLS LAST,
                                       o.period DESC,
                                       o.value IS NULL, o.id) AS n
    FROM here
    JOIN published.observation o
      ON o.district_id IN (here.id, here.parent_id) AND o.breakdowns = '{{}}'
)
SELECT {STATE_TEXT},
       coalesce((SELECT t.document FROM published.translation t
                 WHERE t.resource = 'district' AND t.id = here.id AND t.lang = $2::text),
                here.document),
       (SELECT count(*) FROM published.district_member m
        JOIN published.offering o ON o.id = m.id
        WHERE m.resource = 'offering' AND m.district_id = here.id
          AND (o.valid_to IS NULL OR o.valid_to >= current_date)),
       (SELECT count(*) FROM published.district_member m
        WHERE m.resource = 'measure' AND m.district_id = here.id),
       cell.indicator_id, cell.is_own, cell.period, cell.period_earliest, cell.period_latest,
       cell.value::float8, cell.flags, named.headline,
       CASE WHEN cell.is_own AND cell.n = 1 THEN coalesce((
           SELECT t.document FROM published.translation t
           WHERE t.resource = 'observation' AND t.id = cell.id AND t.lang = $2::text
       ), cell.document) END,
       CASE WHEN cell.is_own AND cell.n = 1 THEN (
           SELECT coalesce(t.document, i.document) FROM published.indicator i
           LEFT JOIN published.translation t
             ON t.resource = 'indicator' AND t.id = i.id AND t.lang = $2::text
           WHERE i.id = cell.indicator_id) END
FROM here
LEFT JOIN cell ON true
LEFT JOIN published.indicator named ON named.id = cell.indicator_id
ORDER BY named.headline DESC, named.sort_name, cell.indicator_id, cell.is_own DESC,
         cell.period_latest, cell.period, cell.value IS NULL, cell.id
"""
