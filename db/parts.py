"""What stated values are made of: published values of the districts below."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from db.queries import Source
from db.state import STATE_TEXT, State, parse_state


@dataclass(frozen=True, slots=True)
class Made:
    """A stated value (the `n`th of those asked for), the rule of its indicator, and its parts.

    `members` are all districts of the level below with the most values: each its value, numerator,
    denominator, whether it is hidden, and its people. `apart`: values of what is in none of them.
    """

    n: int
    value: float
    rule: Any
    factor: float | None
    decimals: int
    members: list[list[Any]]
    apart: list[float | None]


async def of_stated(source: Source, stated: Sequence[dict[str, Any]]) -> tuple[State, list[Made]]:
    """Of values by `indicator`, `district`, `period` and `breakdowns`, those that parts are there
    for; medians, indices and what must not be aggregated have none."""
    numbered = [{"n": n, **each} for n, each in enumerate(stated)]
    async with source.query() as connection:
        cursor = await connection.execute(_MADE, [json.dumps(numbered)])
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    return parse_state(row[0]), [Made(**each) for each in json.loads(row[1])]


_MADE: LiteralString = f"""
WITH stated AS MATERIALIZED (
    SELECT a.n, a.indicator, a.district, a.period, a.breakdowns::text AS breakdowns,
           (a.breakdowns || '{{"assignment": "spatially_unassignable"}}')::text AS apart,
           i.aggregation AS rule, i.factor, (i.document::json ->> 'decimals')::integer AS decimals,
           i.numerator_id, i.denominator_id, own.value,
           coalesce(own.period_latest, current_date) AS day, whole.level_position
    FROM jsonb_to_recordset($1::jsonb)
        AS a(n integer, indicator uuid, district uuid, period text, breakdowns jsonb)
    JOIN published.indicator i
      ON i.id = a.indicator AND i.aggregation <> 'none' AND i.type NOT IN ('median', 'index')
    JOIN published.district whole ON whole.id = a.district
    CROSS JOIN LATERAL (
        SELECT o.value, o.period_latest FROM published.observation o
        WHERE o.indicator_id = a.indicator AND o.district_id = a.district AND o.period = a.period
          AND o.breakdowns = a.breakdowns::text AND NOT 'suppressed' = ANY (o.flags)
          AND o.value IS NOT NULL
        ORDER BY o.id LIMIT 1
    ) AS own
), below AS MATERIALIZED (
    SELECT s.n, d.id, d.level_position, d.population, o.numerator, o.denominator,
           CASE WHEN NOT 'suppressed' = ANY (o.flags) THEN o.value END AS value,
           'suppressed' = ANY (o.flags) AS is_hidden
    FROM stated s
    JOIN published.district_ancestor a ON a.ancestor_id = s.district AND a.depth > 0
    JOIN published.district d
      ON d.id = a.district_id
     AND (d.valid_from IS NULL OR d.valid_from <= s.day)
     AND (d.valid_to IS NULL OR d.valid_to >= s.day)
    LEFT JOIN LATERAL (
        SELECT * FROM published.observation o
        WHERE o.indicator_id = s.indicator AND o.district_id = d.id AND o.period = s.period
          AND o.breakdowns = s.breakdowns
        ORDER BY o.value IS NULL, o.id LIMIT 1
    ) AS o ON true
), level AS MATERIALIZED (
    SELECT DISTINCT ON (n) n, level_position
    FROM below GROUP BY n, level_position HAVING count(is_hidden) > 0
    ORDER BY n, count(is_hidden) DESC, level_position
)
SELECT {STATE_TEXT}, coalesce(json_agg(json_build_object(
    'n', s.n, 'value', s.value, 'rule', s.rule, 'factor', s.factor, 'decimals', s.decimals,
    'members', (
        SELECT json_agg(json_build_array(
            b.value,
            CASE WHEN s.rule = 'ratio' THEN coalesce(b.numerator, (
                SELECT c.value FROM published.observation c
                WHERE c.indicator_id = s.numerator_id AND c.district_id = b.id
                  AND c.period = s.period AND c.breakdowns = s.breakdowns AND c.value IS NOT NULL
                ORDER BY c.id LIMIT 1)) END,
            CASE WHEN s.rule <> 'sum' THEN coalesce(b.denominator, (
                SELECT c.value FROM published.observation c
                WHERE c.indicator_id = s.denominator_id AND c.district_id = b.id
                  AND c.period = s.period AND c.breakdowns = s.breakdowns AND c.value IS NOT NULL
                ORDER BY c.id LIMIT 1)) END,
            coalesce(b.is_hidden, false), b.population))
        FROM below b WHERE b.n = s.n AND b.level_position = level.level_position),
    'apart', (
        SELECT coalesce(json_agg(CASE WHEN NOT 'suppressed' = ANY (o.flags) THEN o.value END), '[]')
        FROM published.observation o
        WHERE o.indicator_id = s.indicator AND o.period = s.period AND o.breakdowns = s.apart
          AND (o.district_id = s.district OR o.district_id IN (
              SELECT b.id FROM below b
              WHERE b.n = s.n AND b.level_position < level.level_position)))
    ) ORDER BY s.n), '[]')::text
FROM stated s JOIN level ON level.n = s.n
"""
