DROP FUNCTION published.including(text, uuid, jsonb, text[]);
DROP FUNCTION published.remade_counts(jsonb);
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
