-- What a rate may be if its counts are a sample: the 95 % interval of a proportion (Wilson 1927). No
-- row where the counts are no proportion, or make another value than the one that is stated.
CREATE FUNCTION published.interval_of(
    value numeric, numerator numeric, denominator numeric, factor numeric, decimals integer)
RETURNS TABLE (low numeric, high numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH counted AS MATERIALIZED (
        SELECT numerator / nullif(denominator, 0) AS share, denominator AS d, 1.959963984540054 AS z
        WHERE denominator > 0 AND numerator BETWEEN 0 AND denominator
    ), shared AS (
        SELECT (share + z * z / (2 * d)) / (1 + z * z / d) AS centre,
               z * sqrt(share * (1 - share) / d + z * z / (4 * d * d)) / (1 + z * z / d) AS half
        FROM counted
    ), bound AS (
        SELECT factor * greatest(0, centre - half) AS low,
               factor * least(1, centre + half) AS high
        FROM shared
    )
    SELECT bound.low, bound.high FROM bound
    WHERE value BETWEEN bound.low - 10.0 ^ -decimals AND bound.high + 10.0 ^ -decimals
$$;

-- The counts of a value, stated or those that the indicator's numerator and denominator have in the
-- same cell, and the interval that follows from them.
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
               (indicator ->> 'decimals')::integer AS decimals,
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
    )
    SELECT counted.n, counted.d, round(found.low, 6), round(found.high, 6)
    FROM counted
    LEFT JOIN LATERAL published.interval_of(value, n, d, factor, decimals) AS found ON true
$$;
