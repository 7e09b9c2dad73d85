-- The counts of a recalculated value (`made`: db/recalculated.py), and the interval that follows from
-- them where they are those of its parts together. What was shared out is estimated, and so are its
-- counts: how sure a rate of them is, nobody knows.
CREATE FUNCTION published.remade_counts(made jsonb)
RETURNS TABLE (numerator numeric, denominator numeric, low numeric, high numeric)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT counts.n, counts.d, round(found.low, 6), round(found.high, 6)
    FROM (SELECT (made ->> 'value')::numeric AS value, (made ->> 'numerator')::numeric AS n,
                 (made ->> 'denominator')::numeric AS d, made -> 'ids' AS parts) AS counts
    JOIN published.observation part ON part.id = (counts.parts ->> 0)::uuid
    JOIN published.indicator i ON i.id = part.indicator_id
    LEFT JOIN LATERAL published.interval_of(
        counts.value, counts.n, counts.d, i.factor, (i.document::json ->> 'decimals')::integer
    ) AS found
      ON NOT made -> 'flags' ? 'estimated'
     AND (i.aggregation = 'ratio' OR jsonb_array_length(counts.parts) = 1)
$$;

-- As in 0014, of recalculated observations as well.
DROP FUNCTION published.including(text, uuid, text[]);
CREATE FUNCTION published.including(
    document text, observation_id uuid, made jsonb, members text[])
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
    LEFT JOIN (SELECT * FROM published.counts_of(observation_id) WHERE made IS NULL
               UNION ALL SELECT * FROM published.remade_counts(made) WHERE made IS NOT NULL)
             AS counts ON true
$$;
