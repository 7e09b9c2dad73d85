-- The same data once more, in columns, as one would lay it out for tipg, pygeoapi and the like: what
-- they and the reference read. Values are taken from the published documents, so that all servers
-- answer the same. Texts are stored as ours are: compressed they would be slower to read.
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;

CREATE FUNCTION bench.codes(list jsonb, member text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(item ->> member ORDER BY place), '{}')
    FROM jsonb_array_elements(list) WITH ORDINALITY AS listed(item, place)
$$;

CREATE TABLE bench.offering (
    id uuid PRIMARY KEY,
    number integer NOT NULL,
    slug text,
    name text COLLATE published.de,
    alternate_name text,
    description text,
    organisation_id uuid,
    organisation_slug text,
    organisation_name text,
    category text,
    category_label text,
    themes text[],
    theme_labels text[],
    target_groups text[],
    target_group_labels text[],
    languages text[],
    language_labels text[],
    organisation_mode text,
    organisation_mode_label text,
    age_min integer,
    age_max integer,
    free boolean,
    cost text,
    eligibility text,
    application text,
    accessibility text,
    capacity integer,
    capacity_unit text,
    phone text,
    email text,
    url text,
    sites json,
    districts json,
    service_area json,
    as_of text,
    valid_from date,
    valid_to date,
    confirmed_at date,
    note text,
    source_title text,
    source_publisher text,
    source_url text,
    source_license text,
    source_license_url text,
    source_attribution text,
    lang text,
    updated_at timestamptz,
    is_precise boolean,
    geom geometry(Geometry, 4326)
) WITH (toast_tuple_target = 8160);
ALTER TABLE bench.offering
    ALTER sites SET STORAGE EXTERNAL,
    ALTER districts SET STORAGE EXTERNAL,
    ALTER description SET STORAGE EXTERNAL;

INSERT INTO bench.offering
SELECT p.id, row_number() OVER (ORDER BY p.sort_name, p.id), p.slug, d ->> 'name',
       d ->> 'alternate_name', d ->> 'description',
       (d #>> '{organisation,id}')::uuid, d #>> '{organisation,slug}', d #>> '{organisation,name}',
       d #>> '{categories,0,code}', d #>> '{categories,0,label}',
       bench.codes(d -> 'themes', 'code'), bench.codes(d -> 'themes', 'label'),
       bench.codes(d -> 'target_groups', 'code'), bench.codes(d -> 'target_groups', 'label'),
       bench.codes(d -> 'languages', 'code'), bench.codes(d -> 'languages', 'label'),
       d #>> '{organisation_mode,code}', d #>> '{organisation_mode,label}',
       (d ->> 'age_min')::integer, (d ->> 'age_max')::integer, (d ->> 'free')::boolean,
       d ->> 'cost', d ->> 'eligibility', d ->> 'application', d ->> 'accessibility',
       (d #>> '{capacity,value}')::integer, d #>> '{capacity,unit}',
       d ->> 'phone', d ->> 'email', d ->> 'url',
       p.document::json -> 'sites', p.document::json -> 'districts',
       p.document::json -> 'service_area', d #>> '{as_of,edtf}',
       (d ->> 'valid_from')::date, (d ->> 'valid_to')::date, (d ->> 'confirmed_at')::date,
       d ->> 'note', d #>> '{source,title}', d #>> '{source,publisher}', d #>> '{source,url}',
       d #>> '{source,license}', d #>> '{source,license_url}', d #>> '{source,attribution}',
       d ->> 'lang', (d ->> 'updated_at')::timestamptz,
       NOT EXISTS (SELECT FROM published.offering_place x WHERE x.id = p.id AND NOT x.precise),
       p.geometry
FROM published.offering p CROSS JOIN LATERAL (SELECT p.document::jsonb AS d) AS parsed
ORDER BY p.id;

CREATE UNIQUE INDEX ON bench.offering (number);
CREATE INDEX ON bench.offering (name, id);
CREATE INDEX ON bench.offering (category, name, id);
CREATE INDEX ON bench.offering USING gist (geom);
CREATE INDEX ON bench.offering USING gist (geography(geom)) WHERE is_precise;
CREATE INDEX ON bench.offering USING gin (to_tsvector('german', name || ' ' || description));

CREATE TABLE bench.district (
    id uuid PRIMARY KEY,
    slug text,
    name text COLLATE published.de,
    level text,
    level_label text,
    kind text,
    scheme text,
    key text,
    parent json,
    ancestors json,
    children_count integer,
    valid_from date,
    valid_to date,
    predecessors json,
    successors json,
    population integer,
    population_as_of date,
    area_km2 numeric,
    designations json,
    longitude double precision,
    latitude double precision,
    boundary_quality text,
    boundary_quality_label text,
    boundary_source json,
    description text,
    url text,
    note text,
    source json,
    lang text,
    updated_at timestamptz,
    geom geometry(Geometry, 4326)
) WITH (toast_tuple_target = 8160);
ALTER TABLE bench.district ALTER geom SET STORAGE EXTERNAL;

INSERT INTO bench.district
SELECT p.id, p.slug, d ->> 'name', d #>> '{level,code}', d #>> '{level,label}', d ->> 'kind',
       d ->> 'scheme', d ->> 'key', p.document::json -> 'parent', p.document::json -> 'ancestors',
       (d ->> 'children_count')::integer, (d ->> 'valid_from')::date, (d ->> 'valid_to')::date,
       p.document::json -> 'predecessors', p.document::json -> 'successors',
       (d ->> 'population')::integer, (d ->> 'population_as_of')::date, (d ->> 'area_km2')::numeric,
       p.document::json -> 'designations', (d ->> 'longitude')::float, (d ->> 'latitude')::float,
       d #>> '{boundary_quality,code}', d #>> '{boundary_quality,label}',
       p.document::json -> 'boundary_source', d ->> 'description', d ->> 'url', d ->> 'note',
       p.document::json -> 'source', d ->> 'lang', (d ->> 'updated_at')::timestamptz, p.geometry
FROM published.district p CROSS JOIN LATERAL (SELECT p.document::jsonb AS d) AS parsed
ORDER BY p.id;

CREATE INDEX ON bench.district (level, name, id);
CREATE INDEX ON bench.district USING gist (geom);

-- What a line of CSV says of an observation, in the order of the lines.
CREATE TABLE bench.observation (
    id uuid,
    indicator text,
    district text,
    district_key text,
    district_name text,
    level text,
    period text,
    period_earliest date,
    period_latest date,
    breakdowns text,
    sex text,
    value numeric,
    unit text,
    numerator numeric,
    denominator numeric,
    flags text[],
    scenario text,
    note text,
    source text,
    license text,
    attribution text,
    updated_at timestamptz
);

INSERT INTO bench.observation
SELECT p.id, d #>> '{indicator,slug}', d #>> '{district,slug}', d #>> '{district,key}',
       d #>> '{district,name}', d #>> '{district,level,code}', p.period, p.period_earliest,
       p.period_latest, p.breakdowns, p.breakdowns::jsonb ->> 'sex', p.value, d ->> 'unit',
       (d ->> 'numerator')::numeric, (d ->> 'denominator')::numeric, p.flags, d ->> 'scenario',
       d ->> 'note', d #>> '{source,title}', d #>> '{source,license}',
       d #>> '{source,attribution}', p.updated_at
FROM published.observation p CROSS JOIN LATERAL (SELECT p.document::json AS d) AS parsed
ORDER BY p.sort_name, p.id;

VACUUM (ANALYZE) bench.observation;
VACUUM (ANALYZE) bench.offering;
VACUUM (ANALYZE) bench.district;
