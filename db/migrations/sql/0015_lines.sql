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
