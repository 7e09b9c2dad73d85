-- What a line of CSV says of an observation, in columns: documents need not be read for it.
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
