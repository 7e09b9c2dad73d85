-- Observations of the districts of a day, with the columns of published.observation and `made`. `day`
-- and the columns are put in by db/recalculated.py.

-- Of districts that no reform touches: by any index, in the order of one.
SELECT {own}, NULL::jsonb AS made FROM published.observation o
WHERE o.district_id <> ALL (ARRAY(
    SELECT d.id FROM published.district d
    WHERE d.valid_from > {day} OR d.valid_to < {day}
       OR d.id IN (SELECT p.target_id FROM published.district_part p)))

UNION ALL
-- What was observed in the state that the others are in on that day. What has no date belongs to
-- nobody knows which state, and stays as it is.
SELECT {own}, NULL
FROM published.district_part p
JOIN published.district d ON d.id = p.target_id
JOIN published.observation o ON o.district_id = p.target_id
WHERE p.node = 0 AND p.span @> {day}
  AND (d.valid_from IS NULL OR d.valid_from <= {day})
  AND (d.valid_to IS NULL OR d.valid_to >= {day})
  AND (p.span @> o.period_latest OR o.period_latest IS NULL)

UNION ALL
(
-- What is left is made of parts: of those nearest to the district for which there is an observation
-- (nobody looks below a part that has one); of two sources for a part, the first one that shows a
-- value.
WITH part AS (
    SELECT p.target_id, p.span, p.direction, p.node, p.share, p.leaves, p.of_leaves, o.*,
           i.numerator_id, i.denominator_id
    FROM published.district_part p
    JOIN published.observation o
      ON o.district_id = p.district_id
     AND p.part_span @> o.period_latest
    JOIN published.indicator i ON i.id = o.indicator_id
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

-- All parts from one direction in time, added up in every way that a rule of aggregation may ask for.
), added AS (
    SELECT part.target_id, part.span, part.direction,
           part.indicator_id, part.period, part.breakdowns, part.breakdown,
           min(part.period_earliest) AS period_earliest, max(part.period_latest) AS period_latest,
           max(part.updated_at) AS updated_at,
           count(*) AS parts,
           sum(part.leaves) >= max(part.of_leaves) AS is_whole,
           bool_or('suppressed' = ANY (part.flags)) AS is_hidden,
           bool_or(part.value IS NULL) AS is_missing,
           bool_or(part.share IS NULL) AS is_unshared,
           bool_or(part.share < 1) AS is_estimated,
           bool_and('final' = ANY (part.flags)) AS is_final,
           array_remove(ARRAY[
               CASE WHEN bool_or('provisional' = ANY (part.flags)) THEN 'provisional' END,
               CASE WHEN bool_or('revised' = ANY (part.flags)) THEN 'revised' END,
               CASE WHEN bool_or(part.share < 1 OR 'estimated' = ANY (part.flags))
                    THEN 'estimated' END,
               CASE WHEN bool_or('forecast' = ANY (part.flags)) THEN 'forecast' END,
               CASE WHEN bool_or('low_reliability' = ANY (part.flags))
                    THEN 'low_reliability' END,
               CASE WHEN bool_or('break' = ANY (part.flags)) THEN 'break' END
           ], NULL) AS flags,
           min(part.value) AS only_value,
           sum(part.share * part.value) AS total,
           bool_and(counts.numerator IS NOT NULL AND counts.denominator IS NOT NULL)
               AS has_counts,
           bool_and(counts.denominator IS NOT NULL) AS has_weights,
           sum(part.share * counts.numerator) AS numerator,
           sum(part.share * counts.denominator) AS denominator,
           sum(part.share * counts.denominator * part.value) AS weighted,
           (array_agg(part.source_id ORDER BY part.node))[1] AS source_id,
           (array_agg(part.scenario ORDER BY part.node))[1] AS scenario,
           array_agg(DISTINCT part.source_id) AS source_ids,
           array_agg(part.id ORDER BY part.node) AS ids,
           array_agg(part.share ORDER BY part.node) AS shares
    FROM part
    -- stated, or those that the indicators it is made of have in the same cell
    CROSS JOIN LATERAL (
        SELECT coalesce(part.numerator, (
                   SELECT n.value FROM published.observation n
                   WHERE n.indicator_id = part.numerator_id AND n.district_id = part.district_id
                     AND n.breakdowns = part.breakdowns AND n.period_latest = part.period_latest
                     AND n.period = part.period
                     AND n.value IS NOT NULL ORDER BY n.id LIMIT 1)) AS numerator,
               coalesce(part.denominator, (
                   SELECT n.value FROM published.observation n
                   WHERE n.indicator_id = part.denominator_id AND n.district_id = part.district_id
                     AND n.breakdowns = part.breakdowns AND n.period_latest = part.period_latest
                     AND n.period = part.period
                     AND n.value IS NOT NULL ORDER BY n.id LIMIT 1)) AS denominator
    ) AS counts
    GROUP BY part.target_id, part.span, part.direction,
             part.indicator_id, part.period, part.breakdowns, part.breakdown

-- The direction in which nothing is missing; where that is both or none, the past.
), chosen AS (
    SELECT DISTINCT ON (target_id, indicator_id, period, breakdowns) *
    FROM added
    ORDER BY target_id, indicator_id, period, breakdowns, is_whole DESC, direction DESC
)
SELECT {made}, jsonb_build_object(
           'id', valued.id, 'district', d.id, 'reason', valued.reason, 'flags', valued.flags,
           'value', valued.value, 'numerator', valued.numerator,
           'denominator', valued.denominator, 'ids', chosen.ids, 'shares', chosen.shares,
           'source_ids', chosen.source_ids,
           'updated_at', greatest(chosen.updated_at, d.updated_at))
FROM chosen
JOIN published.district d
  ON d.id = chosen.target_id
 AND (d.valid_from IS NULL OR d.valid_from <= {day})
 AND (d.valid_to IS NULL OR d.valid_to >= {day})
JOIN published.indicator i ON i.id = chosen.indicator_id
-- why nothing can be said, if so
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
-- the value by the indicator's rule; one part that is no share of anything is the value itself
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
)
