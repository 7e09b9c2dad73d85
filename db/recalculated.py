"""Observations of the districts of a day: as they are where nothing changed, else recalculated.

SQL that stands in place of `published.observation`, with the same columns, so that every filter,
order and format works on it. Of districts that no reform touches it reads the table itself. What a
district is made of was written down when it was published (db/reforms.py); what is recalculated
follows from published values alone, so nothing that is hidden can follow from it.
"""

from functools import cache
from typing import LiteralString

from sqlalchemy import Date, FromClause, Text, bindparam, text

from db import published

BOUNDARY, LANG = "boundary", "boundary_lang"
"""The names of what it binds."""


@cache
def observations() -> FromClause:
    """The same as `published.observation`, of the day and in the language that are bound."""
    columns = published.observation.c
    binds = bindparam(BOUNDARY, type_=Date()), bindparam(LANG, type_=Text())
    statement = text(on_day(f":{BOUNDARY}", f":{LANG}")).bindparams(*binds)
    return statement.columns(*columns).subquery(published.observation.name)


def on_day(day: LiteralString, lang: LiteralString) -> LiteralString:
    """A query of the columns of an observation. `day` and `lang` are SQL; NULL: the default."""
    names = published.observation.c.keys()
    spoken = (
        f"coalesce(CAST({lang} AS text), (SELECT code FROM published.language WHERE is_default))"
    )
    made = _MADE | {"document": f"({_DOCUMENT.format(lang=spoken)})"}
    return _OBSERVATIONS.format(
        own=", ".join(f"o.{name}" for name in names),
        made=", ".join(f"{made[name]} AS {name}" for name in names),
        day=f"CAST({day} AS date)",
    )


_MADE: dict[str, LiteralString] = {
    "id": "valued.id",
    "slug": "valued.id::text",
    "sort_name": "concat_ws(' ', i.sort_name, d.sort_name, chosen.period)",
    "updated_at": "greatest(chosen.updated_at, d.updated_at)",
    "hash": "''",
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
}
"""How each column of a recalculated observation is made, but for its document."""

# Without a value, the reason stands in `recalculation`. Members that the schema will get some day
# are those of the first part.
_DOCUMENT: LiteralString = """
    SELECT published.altered(min(told.document) FILTER (WHERE told.n = 1), json_build_object(
        'id', valued.id,
        'district', published.pick(area.document,
                                   '{{id,slug,name,level,scheme,key}}')::json,
        'boundary_quality', area.document::json -> 'boundary_quality',
        'value', valued.value,
        'numerator', valued.numerator,
        'denominator', valued.denominator,
        'flags', (
            SELECT json_agg(json_build_object('code', f.code, 'label', coalesce(l.label, f.code))
                            ORDER BY f.n)
            FROM unnest(valued.flags) WITH ORDINALITY AS f(code, n)
            LEFT JOIN published.label l
              ON l.kind = 'observation_status' AND l.value = f.code AND l.lang = {lang}),
        'note', NULL,
        'source', CASE WHEN count(DISTINCT told.source::text) = 1 THEN min(told.source::text)::json
                  ELSE json_build_object(
                      'title', string_agg(DISTINCT told.source ->> 'title', '; '),
                      'publisher', string_agg(DISTINCT told.source ->> 'publisher', '; '),
                      'url', NULL,
                      'license', string_agg(DISTINCT told.source ->> 'license', '; '),
                      'license_url', NULL,
                      'attribution', string_agg(DISTINCT told.source ->> 'attribution', '; '),
                      'retrieved', max(told.source ->> 'retrieved')) END,
        'updated_at', to_char(greatest(chosen.updated_at, d.updated_at),
                              'YYYY-MM-DD"T"HH24":"MI":"SS"Z"'),
        'recalculation', json_build_object(
            'reason', valued.reason,
            'parts', json_agg(json_build_object(
                'district', told.document::json -> 'district', 'share', told.share,
                'value', told.value) ORDER BY told.n))))
    FROM (
        SELECT used.n, used.share, o.value, shown.document,
               shown.document::json -> 'source' AS source
        FROM unnest(chosen.ids, chosen.shares) WITH ORDINALITY AS used(id, share, n)
        JOIN published.observation o ON o.id = used.id
        LEFT JOIN published.translation t
          ON t.resource = 'observation' AND t.id = o.id AND t.lang = {lang}
        CROSS JOIN LATERAL (SELECT coalesce(t.document, o.document) AS document) AS shown
    ) AS told
    CROSS JOIN (
        SELECT coalesce((SELECT t.document FROM published.translation t
                         WHERE t.resource = 'district' AND t.id = d.id AND t.lang = {lang}),
                        d.document) AS document
    ) AS area
    GROUP BY area.document
"""

# First those of districts that no reform touches: by any index, in the order of one. Then what was
# observed in the state that the others are in on that day. What is left is made of parts: of those
# nearest to the district for which there is an observation (nobody looks below a part that has one)
# from one direction in time; of two sources for a part, the first one that shows a value.
_OBSERVATIONS: LiteralString = """
SELECT {own} FROM published.observation o
WHERE o.district_id <> ALL (ARRAY(
    SELECT d.id FROM published.district d
    WHERE d.valid_from > {day} OR d.valid_to < {day}
       OR d.id IN (SELECT p.target_id FROM published.district_part p)))
UNION ALL
SELECT {own}
FROM published.district_part p
JOIN published.district d ON d.id = p.target_id
JOIN published.observation o ON o.district_id = p.target_id
WHERE p.node = 0 AND p.span @> {day}
  AND (d.valid_from IS NULL OR d.valid_from <= {day})
  AND (d.valid_to IS NULL OR d.valid_to >= {day})
  AND (p.span @> o.period_latest OR o.period_latest IS NULL)
UNION ALL
SELECT {made}
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
               array_agg(o.id ORDER BY p.node) AS ids,
               array_agg(p.share ORDER BY p.node) AS shares
        FROM published.district_part p
        JOIN published.observation o
          ON o.district_id = p.district_id
         AND (p.part_span @> o.period_latest
              OR o.period_latest IS NULL AND p.part_span = daterange(NULL, NULL))
        JOIN published.indicator i ON i.id = o.indicator_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN i.aggregation <> 'sum' THEN o.document::json END AS document
        ) AS told
        CROSS JOIN LATERAL (
            SELECT coalesce((told.document ->> 'numerator')::numeric, (
                       SELECT n.value FROM published.observation n
                       WHERE n.indicator_id = i.numerator_id AND n.district_id = o.district_id
                         AND n.period = o.period AND n.breakdowns = o.breakdowns
                         AND n.value IS NOT NULL ORDER BY n.id LIMIT 1)) AS numerator,
                   coalesce((told.document ->> 'denominator')::numeric, (
                       SELECT n.value FROM published.observation n
                       WHERE n.indicator_id = i.denominator_id AND n.district_id = o.district_id
                         AND n.period = o.period AND n.breakdowns = o.breakdowns
                         AND n.value IS NOT NULL ORDER BY n.id LIMIT 1)) AS denominator
        ) AS counts
        WHERE p.node > 0 AND p.span @> {day}
          AND NOT EXISTS (
              SELECT FROM published.observation other
              WHERE other.district_id = o.district_id AND other.indicator_id = o.indicator_id
                AND other.period = o.period AND other.breakdowns = o.breakdowns
                AND (other.value IS NULL, other.id) < (o.value IS NULL, o.id))
          AND NOT EXISTS (
              SELECT FROM published.district_part up
              JOIN published.observation nearer
                ON nearer.district_id = up.district_id
               AND (up.part_span @> nearer.period_latest
                    OR nearer.period_latest IS NULL
                       AND (up.node = 0 OR up.part_span = daterange(NULL, NULL)))
              WHERE up.target_id = p.target_id AND up.span = p.span
                AND (up.node = 0 OR up.node = ANY (p.above))
                AND nearer.indicator_id = o.indicator_id AND nearer.period = o.period
                AND nearer.breakdowns = o.breakdowns)
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
