-- Indicators in depth: which breakdowns there are, labelled, and what is said of an indicator.

-- Of each dimension its name and its term: `sex` and `sex:f`. Filled by the next publication, which
-- builds all documents anew.
ALTER TABLE published.observation ADD breakdown text[] NOT NULL DEFAULT '{}';
ALTER TABLE published.observation ALTER breakdown DROP DEFAULT;
CREATE INDEX observation_breakdown ON published.observation USING gin (breakdown);

-- Those of all its observations.
ALTER TABLE published.indicator ADD breakdown text[] NOT NULL DEFAULT '{}';
ALTER TABLE published.indicator ALTER breakdown DROP DEFAULT;

-- As in 0003, but breakdowns are written as filters name them: `age_group:0-4; sex:f`.
CREATE OR REPLACE FUNCTION published.csv_line(document text, paths text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(
        CASE WHEN value ~ '[",\r\n]' THEN '"' || replace(value, '"', '""') || '"'
             ELSE coalesce(value, '') END, ',' ORDER BY position)
    FROM (SELECT document::jsonb AS json OFFSET 0) AS parsed
    CROSS JOIN unnest(paths) WITH ORDINALITY AS field(path, position)
    CROSS JOIN LATERAL (
        SELECT string_agg(
            CASE WHEN jsonb_typeof(found) = 'object' THEN (
                SELECT string_agg(part.name || ':' || (part.term ->> 'code'), '; '
                                  ORDER BY part.name)
                FROM jsonb_each(found) AS part(name, term)
            ) ELSE found #>> '{}' END, '; ') AS value
        FROM jsonb_path_query(parsed.json, path::jsonpath) AS found
    ) AS cell
$$;
