-- Opening times: public and school holidays, and each opening_hours string of a region once.

-- A region is a country or state (ISO 3166: DE, DE-SN), or within a state what begins with an
-- official key (SE-O/1495): school holidays may be the affair of a municipality.
CREATE TABLE registry.holiday (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    source_id UUID NOT NULL,
    CONSTRAINT holiday_pkey PRIMARY KEY (id),
    CONSTRAINT holiday_region_kind_first_day_name_key UNIQUE (region, kind, first_day, name),
    CONSTRAINT holiday_region_check CHECK (region ~ '^[A-Z]{2}(-[A-Z0-9]{1,3}(/[0-9]{2,12})?)?$'),
    CONSTRAINT holiday_kind_check CHECK (kind IN ('public', 'school')),
    CONSTRAINT holiday_period_check CHECK (first_day <= last_day),
    CONSTRAINT holiday_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX holiday_source_id_idx ON registry.holiday (source_id);

CREATE TRIGGER record_insert AFTER INSERT ON registry.holiday
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('holiday', 'id');
CREATE TRIGGER record_update AFTER UPDATE ON registry.holiday
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('holiday', 'id');
CREATE TRIGGER record_delete AFTER DELETE ON registry.holiday
    REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('holiday', 'id');

CREATE VIEW registry.public_holiday AS
SELECT e.id, e.region, e.kind, e.name, e.first_day, e.last_day, s.attribution, e.source_id
FROM registry.holiday e
JOIN registry.public_source s ON s.id = e.source_id;

-- The state (ISO 3166-2) that an official key lies in: the first two digits of a German key, of a
-- Swedish one the län. Keys of other schemes say nothing.
CREATE FUNCTION registry.state_of(scheme text, key text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN scheme = 'ags' AND key ~ '^(0[1-9]|1[0-6])' THEN
            'DE-' || (ARRAY['SH', 'HH', 'NI', 'HB', 'NW', 'HE', 'RP', 'BW', 'BY', 'SL', 'BE', 'BB',
                            'MV', 'SN', 'ST', 'TH'])[left(key, 2)::integer]
        WHEN scheme = 'kommunkod' AND key ~ '^[0-2][0-9]' THEN
            'SE-' || (ARRAY['AB', NULL, 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'K', NULL, 'M', 'N', 'O',
                            NULL, NULL, 'S', 'T', 'U', 'W', 'X', 'Y', 'Z', 'AC', 'BD']
                     )[left(key, 2)::integer]
    END
$$;

CREATE TABLE published.holiday (
    id uuid PRIMARY KEY,
    region text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    attribution text NOT NULL
);

-- A row for each opening_hours string and region in use. The id follows from both.
CREATE FUNCTION published.opening_id(hours text, region text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT md5(region || ' ' || hours)::uuid $$;

CREATE TABLE published.opening_hours (
    id uuid PRIMARY KEY,
    hours text NOT NULL,
    region text NOT NULL,
    schedules text NOT NULL
);

ALTER TABLE published.offering ADD opening uuid[] DEFAULT '{}' NOT NULL;
ALTER TABLE published.offering ALTER opening DROP DEFAULT;
CREATE INDEX offering_opening ON published.offering USING gin (opening);
