-- What CSV says of an observation, in columns, and as the finished line: documents need not be read.
-- Filled by the next publication, which builds all documents anew.
ALTER TABLE published.observation
    ADD district_name text COLLATE published.de NOT NULL DEFAULT '',
    ADD numerator numeric,
    ADD denominator numeric,
    ADD scenario text,
    ADD note text,
    ADD source_id uuid;
ALTER TABLE published.observation ALTER district_name DROP DEFAULT;
CREATE INDEX observation_by_district ON published.observation (district_name, sort_name, id);
CREATE INDEX observation_of_indicator ON published.observation (indicator_id, sort_name, id);
CREATE INDEX observation_parts ON published.observation (breakdowns) WHERE breakdowns <> '{}';

CREATE TABLE published.observation_line (
    id uuid PRIMARY KEY,
    sort_name text COLLATE published.de NOT NULL,
    breakdowns text NOT NULL,
    line text NOT NULL
);
CREATE INDEX observation_line_sorted ON published.observation_line (sort_name, id);

-- A cell of CSV (RFC 4180).
CREATE FUNCTION published.csv_cell(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value ~ '[",\r\n]' THEN '"' || replace(value, '"', '""') || '"'
                ELSE coalesce(value, '') END
$$;

-- The counts of a value, stated or those that the indicator's numerator and denominator have in the
-- same cell, and what the value may be if they are a sample: the 95 % interval of a proportion (Wilson
-- 1927), as in api/analyses/ranking.py. NULL where the counts make another value.
CREATE FUNCTION published.counts_of(observation_id uuid)
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

-- A document of an observation with what is asked for of its numerator, denominator and interval.
CREATE FUNCTION published.including(document text, observation_id uuid, members text[])
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '{' || string_agg(to_json(key)::text || ':' || coalesce(CASE
               WHEN key = 'numerator' AND key = ANY (members) THEN
                   coalesce(counts.numerator::text, value::text)
               WHEN key = 'denominator' AND key = ANY (members) THEN
                   coalesce(counts.denominator::text, value::text)
               WHEN key = 'interval' THEN CASE WHEN counts.low IS NOT NULL THEN
                   json_build_object('low', counts.low, 'high', counts.high)::text END
               ELSE value::text END, 'null'), ',' ORDER BY position) || '}'
    FROM (SELECT * FROM json_each(document::json) WITH ORDINALITY
          UNION ALL SELECT 'interval', NULL, 1000 WHERE 'interval' = ANY (members))
             AS member(key, value, position)
    LEFT JOIN published.counts_of(observation_id) AS counts ON true
$$;
