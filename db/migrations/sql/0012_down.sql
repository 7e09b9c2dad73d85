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

ALTER TABLE published.indicator DROP breakdown, DROP headline;
ALTER TABLE published.observation DROP breakdown;

DROP TABLE registry.export_run;

DROP VIEW registry.public_observation;
DROP VIEW registry.public_indicator;
ALTER TABLE registry.indicator
    DROP COLUMN headline,
    DROP COLUMN classification_method,
    DROP COLUMN classification_classes,
    DROP COLUMN classification_scheme;

CREATE VIEW registry.public_indicator AS
SELECT
    e.title,
    e.abbreviation,
    e.description,
    e.unit,
    e.unit_long,
    e.decimals,
    e.type,
    e.aggregation,
    e.numerator_id,
    e.denominator_id,
    e.factor,
    e.interpretation,
    e.polarity,
    e.update_cycle,
    e.reference_date,
    e.method,
    e.citation,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id,
    e.disclosure_threshold
FROM registry.indicator e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

CREATE VIEW registry.public_observation AS
SELECT
    e.id,
    e.indicator_id,
    e.district_id,
    e.period,
    e.period_earliest,
    e.period_latest,
    e.breakdowns,
    CASE WHEN d.kind IS NULL THEN e.value END AS value,
    CASE WHEN d.kind IS NULL THEN e.numerator END AS numerator,
    CASE WHEN d.kind IS NULL THEN e.denominator END AS denominator,
    CASE
        WHEN d.kind IS NULL THEN e.flags
        ELSE array_remove(array_remove(e.flags, 'final'), 'suppressed')
            || ARRAY['suppressed', 'suppressed_' || d.kind]
    END AS flags,
    e.scenario,
    CASE WHEN d.kind IS NULL THEN e.note END AS note,
    e.source_id
FROM registry.observation e
JOIN registry.public_source s ON s.id = e.source_id
JOIN registry.public_indicator i ON i.id = e.indicator_id
JOIN registry.public_district p ON p.id = e.district_id
LEFT JOIN registry.disclosure d ON e.raw AND d.observation_id = e.id
WHERE e.status = 'published' AND (NOT e.raw OR d.observation_id IS NOT NULL);
