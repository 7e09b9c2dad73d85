CREATE OR REPLACE FUNCTION published.csv_line(document text, paths text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(
        CASE WHEN value ~ '[",\r\n]' THEN '"' || replace(value, '"', '""') || '"'
             ELSE coalesce(value, '') END, ',' ORDER BY position)
    FROM (SELECT document::jsonb AS json OFFSET 0) AS parsed
    CROSS JOIN unnest(paths) WITH ORDINALITY AS field(path, position)
    CROSS JOIN LATERAL (
        SELECT string_agg(found #>> '{}', '; ') AS value
        FROM jsonb_path_query(parsed.json, path::jsonpath) AS found
    ) AS cell
$$;

ALTER TABLE published.indicator DROP breakdown;
ALTER TABLE published.observation DROP breakdown;
