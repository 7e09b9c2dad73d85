-- The counts of a value, stated or those that the indicator's numerator and denominator have in the
-- same cell, and what the value may be if they are a sample: the 95 % interval of a proportion (Wilson
-- 1927), as in api/analyses/ranking.py. NULL where the counts make another value.
CREATE OR REPLACE FUNCTION published.counts_of(observation_id uuid)
RETURNS TABLE (numerator numeric, denominator numeric, low numeric, high numeric)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH cell AS MATERIALIZED (
        SELECT o.*, i.document::jsonb AS indicator
        FROM published.observation o
        JOIN published.indicator i ON i.id = o.indicator_id
        WHERE o.id = observation_id
    ), counted AS MATERIALIZED (
        SELECT cell.value, (indicator ->> 'factor')::numeric AS factor,
               10.0 ^ -(indicator ->> 'decimals')::integer AS rounded,
               coalesce(cell.numerator, (
                   SELECT p.value FROM published.observation p
                   WHERE p.indicator_id = (indicator #>> '{numerator,id}')::uuid
                     AND p.district_id = cell.district_id AND p.period = cell.period
                     AND p.breakdowns = cell.breakdowns AND p.value IS NOT NULL
                   ORDER BY p.id LIMIT 1)) AS n,
               coalesce(cell.denominator, (
                   SELECT p.value FROM published.observation p
                   WHERE p.indicator_id = (indicator #>> '{denominator,id}')::uuid
                     AND p.district_id = cell.district_id AND p.period = cell.period
                     AND p.breakdowns = cell.breakdowns AND p.value IS NOT NULL
                   ORDER BY p.id LIMIT 1)) AS d
        FROM cell
    ), wilson AS (
        SELECT n / d AS share, 3.8414589 / d AS square, n, d, factor, value, rounded
        FROM counted WHERE d > 0 AND n BETWEEN 0 AND d
    ), bound AS (
        SELECT value, rounded, factor * greatest(0, centre - half) AS low,
               factor * least(1, centre + half) AS high
        FROM wilson
        CROSS JOIN LATERAL (
            SELECT (share + square / 2) / (1 + square) AS centre,
                   1.959964 * sqrt(share * (1 - share) / d + square / (4 * d)) / (1 + square)
                       AS half
        ) AS interval
    )
    SELECT counted.n, counted.d, round(bound.low, 6), round(bound.high, 6)
    FROM counted
    LEFT JOIN bound ON bound.value BETWEEN low - bound.rounded AND high + bound.rounded
$$;

DROP FUNCTION published.interval_of(numeric, numeric, numeric, numeric, integer);
