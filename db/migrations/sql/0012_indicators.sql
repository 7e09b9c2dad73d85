-- Indicators in depth: which breakdowns there are, labelled, and what is said of an indicator.

ALTER TABLE registry.indicator
    ADD COLUMN headline BOOLEAN DEFAULT 'false' NOT NULL,
    ADD COLUMN classification_method TEXT,
    ADD COLUMN classification_classes INTEGER,
    ADD COLUMN classification_scheme TEXT,
    ADD CONSTRAINT indicator_classification_method_check
        CHECK (classification_method IN ('quantile', 'equal', 'jenks', 'stddev')),
    ADD CONSTRAINT indicator_classification_scheme_check
        CHECK (classification_scheme IN (
            'Blues', 'BuGn', 'BuPu', 'GnBu', 'Greens', 'Greys', 'OrRd',
            'Oranges', 'PuBu', 'PuBuGn', 'PuRd', 'Purples', 'RdPu', 'Reds',
            'YlGn', 'YlGnBu', 'YlOrBr', 'YlOrRd', 'BrBG', 'PiYG', 'PRGn',
            'PuOr', 'RdBu', 'RdGy', 'RdYlBu', 'RdYlGn')),
    ADD CONSTRAINT indicator_classification_classes_check
        CHECK (classification_classes BETWEEN 1 AND 9);

CREATE OR REPLACE VIEW registry.public_indicator AS
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
    e.disclosure_threshold,
    e.headline,
    e.classification_method,
    e.classification_classes,
    e.classification_scheme
FROM registry.indicator e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

-- Who took out values that are not public, when, and how many.
CREATE TABLE registry.export_run (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    resource TEXT NOT NULL,
    file TEXT NOT NULL,
    actor TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    rows INTEGER,
    CONSTRAINT export_run_pkey PRIMARY KEY (id)
);

-- Of each dimension its name and its term: `sex` and `sex:f`. Filled by the next publication, which
-- builds all documents anew.
ALTER TABLE published.observation ADD breakdown text[] NOT NULL DEFAULT '{}';
ALTER TABLE published.observation ALTER breakdown DROP DEFAULT;
CREATE INDEX observation_breakdown ON published.observation USING gin (breakdown);

-- Those of all its observations.
ALTER TABLE published.indicator ADD breakdown text[] NOT NULL DEFAULT '{}';
ALTER TABLE published.indicator ALTER breakdown DROP DEFAULT;
ALTER TABLE published.indicator ADD headline boolean NOT NULL DEFAULT false;
ALTER TABLE published.indicator ALTER headline DROP DEFAULT;

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
