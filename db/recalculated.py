"""Observations of the districts of a day: as they are where nothing changed, else recalculated.

SQL that stands in place of `published.observation`, with the same columns, so that every filter,
order and format works on it. Of districts that no reform touches it reads the table itself. What a
district is made of was written down when it was published (db/reforms.py); what is recalculated
follows from published values alone, so nothing that is hidden can follow from it.
"""

from functools import cache
from typing import LiteralString

from sqlalchemy import Column, ColumnElement, Date, FromClause, Text, bindparam, func, text
from sqlalchemy.dialects.postgresql import JSONB

from db import published

BOUNDARY, LANG = "boundary", "boundary_lang"
"""The names of what is bound."""


@cache
def observations() -> FromClause:
    """The same as `published.observation`, of the day that is bound.

    A column more, `made`: what the document of a recalculated observation is written from.
    """
    statement = text(on_day(f":{BOUNDARY}")).bindparams(bindparam(BOUNDARY, type_=Date()))
    columns = published.observation.c
    return statement.columns(*columns, Column("made", JSONB)).subquery(published.observation.name)


def document(source: FromClause) -> ColumnElement[str]:
    """The document of an observation, where it was recalculated in the language that is bound."""
    lang = bindparam(LANG, type_=Text())
    return func.coalesce(func.published.remade(source.c.made, lang), source.c.document)


def on_day(day: LiteralString) -> LiteralString:
    """A query of the columns of an observation, and `made`; `day` is SQL."""
    names = published.observation.c.keys()
    return _OBSERVATIONS.format(
        own=", ".join(f"o.{name}" for name in names),
        made=", ".join(f"{_MADE[name]} AS {name}" for name in names),
        day=f"CAST({day} AS date)",
    )


def written_on_day(day: LiteralString, lang: LiteralString) -> LiteralString:
    """The same with all documents; `lang` is SQL."""
    names = [name for name in published.observation.c.keys() if name != "document"]
    return _WRITTEN.format(names=", ".join(names), lang=lang, observations=on_day(day))


_MADE: dict[str, LiteralString] = {
    "id": "valued.id",
    "slug": "valued.id::text",
    "sort_name": "concat_ws(' ', i.sort_name, d.sort_name, chosen.period)",
    "updated_at": "greatest(chosen.updated_at, d.updated_at)",
    "hash": "''",
    "document": "NULL",
    "geojson": "d.geojson",
    "indicator_id": "chosen.indicator_id",
    "district_id": "d.id",
    "level": "d.level",
    "period": "chosen.period",
    "period_earliest": "chosen.period_earliest",
    "period_latest": "chosen.period_latest",
    "breakdowns": "chosen.breakdowns",
    "value": "valued.value",
    "flags": "valued.flags",
    "breakdown": "chosen.breakdown",
    "district_name": "d.sort_name",
    "numerator": "valued.numerator",
    "denominator": "valued.denominator",
    "scenario": "chosen.scenario",
    "note": "NULL",
    "source_id": "chosen.source_id",
}
"""How each column of a recalculated observation is made; of its document more below."""

_WRITTEN: LiteralString = """
SELECT {names}, coalesce(published.remade(made, {lang}::text), document) AS document
FROM ({observations}) AS every
"""

# First those of districts that no reform touches: by any index, in the order of one. Then what was
# observed in the state that the others are in on that day. What is left is made of parts: of those
# nearest to the district for which there is an observation (nobody looks below a part that has one)
# from one direction in time; of two sources for a part, the first one that shows a value. What has
# no date belongs to nobody knows which state, and stays as it is.
_OBSERVATIONS: LiteralString = """
SELECT {own}, NULL::jsonb AS made FROM published.observation o
WHERE o.district_id <> ALL (ARRAY(
    SELECT d.id FROM published.district d
    WHERE d.valid_from > {day} OR d.valid_to < {day}
       OR d.id IN (SELECT p.target_id FROM published.district_part p)))
UNION ALL
SELECT {own}, NULL
FROM published.district_part p
JOIN published.district d ON d.id = p.target_id
JOIN published.observation o ON o.district_id = p.target_id
WHERE p.node = 0 AND p.span @> {day}
  AND (d.valid_from IS NULL OR d.valid_from <= {day})
  AND (d.valid_to IS NULL OR d.valid_to >= {day})
  AND (p.span @> o.period_latest OR o.period_latest IS NULL)
UNION ALL
SELECT {made}, jsonb_build_object(
           'id', valued.id, 'district', d.id, 'reason', valued.reason, 'flags', valued.flags,
           'value', valued.value, 'numerator', valued.numerator,
           'denominator', valued.denominator, 'ids', chosen.ids, 'shares', chosen.shares,
           'updated_at', greatest(chosen.updated_at, d.updated_at))
FROM (
    SELECT DISTINCT ON (target_id, indicator_id, period, breakdowns) *
    FROM (
        SELECT p.target_id, p.span, p.direction,
               o.indicator_id, o.period, o.breakdowns, o.breakdown,
               min(o.period_earliest) AS period_earliest, max(o.period_latest) AS period_latest,
               max(o.updated_at) AS updated_at,
               count(*) AS parts,
               sum(p.leaves) >= max(p.of_leaves) AS is_whole,
               bool_or('suppressed' = ANY (o.flags)) AS is_hidden,
               bool_or(o.value IS NULL) AS is_missing,
               bool_or(p.share IS NULL) AS is_unshared,
               bool_or(p.share < 1) AS is_estimated,
               bool_and('final' = ANY (o.flags)) AS is_final,
               array_remove(ARRAY[
                   CASE WHEN bool_or('provisional' = ANY (o.flags)) THEN 'provisional' END,
                   CASE WHEN bool_or('revised' = ANY (o.flags)) THEN 'revised' END,
                   CASE WHEN bool_or(p.share < 1 OR 'estimated' = ANY (o.flags))
                        THEN 'estimated' END,
                   CASE WHEN bool_or('forecast' = ANY (o.flags)) THEN 'forecast' END,
                   CASE WHEN bool_or('low_reliability' = ANY (o.flags))
                        THEN 'low_reliability' END,
                   CASE WHEN bool_or('break' = ANY (o.flags)) THEN 'break' END
               ], NULL) AS flags,
               min(o.value) AS only_value,
               sum(p.share * o.value) AS total,
               bool_and(counts.numerator IS NOT NULL AND counts.denominator IS NOT NULL)
                   AS has_counts,
               bool_and(counts.denominator IS NOT NULL) AS has_weights,
               sum(p.share * counts.numerator) AS numerator,
               sum(p.share * counts.denominator) AS denominator,
               sum(p.share * counts.denominator * o.value) AS weighted,
               (array_agg(o.source_id ORDER BY p.node))[1] AS source_id,
               (array_agg(o.scenario ORDER BY p.node))[1] AS scenario,
               array_agg(o.id ORDER BY p.node) AS ids,
               array_agg(p.share ORDER BY p.node) AS shares
        FROM published.district_part p
        JOIN published.observation o
          ON o.district_id = p.district_id
         AND p.part_span @> o.period_latest
        JOIN published.indicator i ON i.id = o.indicator_id
        CROSS JOIN LATERAL (
            SELECT coalesce(o.numerator, (
                       SELECT n.value FROM published.observation n
                       WHERE n.indicator_id = i.numerator_id AND n.district_id = o.district_id
                         AND n.breakdowns = o.breakdowns AND n.period_latest = o.period_latest
                         AND n.period = o.period
                         AND n.value IS NOT NULL ORDER BY n.id LIMIT 1)) AS numerator,
                   coalesce(o.denominator, (
                       SELECT n.value FROM published.observation n
                       WHERE n.indicator_id = i.denominator_id AND n.district_id = o.district_id
                         AND n.breakdowns = o.breakdowns AND n.period_latest = o.period_latest
                         AND n.period = o.period
                         AND n.value IS NOT NULL ORDER BY n.id LIMIT 1)) AS denominator
        ) AS counts
        WHERE p.node > 0 AND p.span @> {day}
          AND NOT EXISTS (
              SELECT FROM published.observation other
              WHERE other.district_id = o.district_id AND other.indicator_id = o.indicator_id
                AND other.breakdowns = o.breakdowns AND other.period_latest = o.period_latest
                AND other.period = o.period
                AND (other.value IS NULL, other.id) < (o.value IS NULL, o.id))
          AND NOT EXISTS (
              SELECT FROM published.district_part up
              JOIN published.observation nearer
                ON nearer.district_id = up.district_id AND up.part_span @> nearer.period_latest
              WHERE up.target_id = p.target_id AND up.span = p.span
                AND (up.node = 0 OR up.node = ANY (p.above))
                AND nearer.indicator_id = o.indicator_id AND nearer.breakdowns = o.breakdowns
                AND nearer.period_latest = o.period_latest AND nearer.period = o.period)
        GROUP BY p.target_id, p.span, p.direction,
                 o.indicator_id, o.period, o.breakdowns, o.breakdown
    ) AS made
    ORDER BY target_id, indicator_id, period, breakdowns, is_whole DESC, direction DESC
) AS chosen
JOIN published.district d
  ON d.id = chosen.target_id
 AND (d.valid_from IS NULL OR d.valid_from <= {day})
 AND (d.valid_to IS NULL OR d.valid_to >= {day})
JOIN published.indicator i ON i.id = chosen.indicator_id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN is_hidden THEN 'part_suppressed'
        WHEN is_missing OR NOT is_whole THEN 'part_missing'
        WHEN is_unshared THEN 'share_unknown'
        WHEN parts = 1 AND NOT is_estimated THEN NULL
        WHEN i.type IN ('median', 'index') OR i.aggregation = 'none' THEN 'not_additive'
        WHEN parts = 1 OR i.aggregation = 'sum' THEN NULL
        WHEN i.aggregation = 'ratio' AND NOT has_counts THEN 'no_counts'
        WHEN i.aggregation = 'weighted_mean' AND NOT has_weights THEN 'no_weight'
        WHEN denominator = 0 THEN 'denominator_is_zero' END AS reason
) AS judged
CROSS JOIN LATERAL (
    SELECT md5(concat_ws('|', d.id, i.id, chosen.period, chosen.breakdowns, chosen.span))::uuid
               AS id,
           judged.reason,
           CASE WHEN judged.reason IS NULL THEN trim_scale(round(CASE
               WHEN parts = 1 AND NOT is_estimated THEN only_value
               WHEN i.aggregation = 'sum' THEN total
               WHEN parts = 1 THEN only_value
               WHEN i.aggregation = 'ratio' THEN numerator / nullif(denominator, 0) * i.factor
               ELSE weighted / nullif(denominator, 0) END, 6)) END AS value,
           CASE WHEN judged.reason IS NULL THEN trim_scale(round(numerator, 6)) END AS numerator,
           CASE WHEN judged.reason IS NULL THEN trim_scale(round(denominator, 6)) END
               AS denominator,
           CASE WHEN judged.reason = 'part_suppressed' THEN ARRAY['suppressed', 'recalculated']
                WHEN judged.reason IS NOT NULL THEN ARRAY['not_available', 'recalculated']
                WHEN is_final AND NOT is_estimated
                    THEN ARRAY['final'] || flags || ARRAY['recalculated']
                ELSE flags || ARRAY['recalculated'] END AS flags
) AS valued
"""
