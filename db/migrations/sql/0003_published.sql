-- The read model. Compared with db/published.py by a test.

CREATE SCHEMA published;

-- Names sort as in a German telephone directory's index; digits by their value ("9. Schule" first).
CREATE COLLATION published.de (provider = icu, locale = 'de-u-kn');

-- Two spellings of every German word: ä as "ae" and, stripped, as "a". Both are indexed, so
-- "Döbeln", "Doebeln" and "Dobeln" find each other.
CREATE FUNCTION published.fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT public.unaccent('public.unaccent',
        replace(replace(replace(replace(replace(lower(value),
            'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'), 'å', 'a'))
$$;

CREATE FUNCTION published.strip(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
$$ SELECT public.unaccent('public.unaccent', replace(lower(value), 'ß', 'ss')) $$;

CREATE FUNCTION published.weighted(value text, weight "char") RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('german', published.fold(coalesce(value, '')) || ' '
                                        || published.strip(coalesce(value, ''))), weight)
$$;

CREATE FUNCTION published.search_vector(a text, b text, c text, d text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT published.weighted(a, 'A') || published.weighted(b, 'B')
        || published.weighted(c, 'C') || published.weighted(d, 'D')
$$;

-- Several texts that were parsed each by itself.
CREATE AGGREGATE published.joined(tsvector) (SFUNC = tsvector_concat, STYPE = tsvector);

CREATE TABLE published.state (
    sequence bigint NOT NULL,
    published_at timestamptz NOT NULL,
    documents_hash text NOT NULL
);
CREATE UNIQUE INDEX state_single_row ON published.state ((true));
INSERT INTO published.state VALUES (0, date_trunc('second', now()), '');

CREATE TABLE published.resource (
    name text PRIMARY KEY,
    total bigint NOT NULL,
    attribution text NOT NULL,
    license text
);

-- How many entities end on which day: the ones that have not ended yet are the total of their
-- resource less the ones of earlier days, on any day, without a publication and without counting.
CREATE TABLE published.ending (
    resource text,
    valid_to date,
    total bigint NOT NULL,
    PRIMARY KEY (resource, valid_to)
);

CREATE TABLE published.language (
    code text PRIMARY KEY,
    position integer NOT NULL,
    is_default boolean NOT NULL
);

CREATE TABLE published.change (
    sequence bigint,
    resource text,
    id uuid,
    slug text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('upsert', 'remove')),
    reason text,
    merged_into_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (sequence, resource, id)
);
CREATE INDEX change_entity ON published.change (resource, id, sequence DESC);
CREATE INDEX change_removed ON published.change (resource, slug) WHERE kind = 'remove';

-- The numbers between `saved` and `sequence` belong to a history that a restore ended.
CREATE TABLE published.restoration (
    sequence bigint PRIMARY KEY,
    saved bigint NOT NULL,
    at timestamptz NOT NULL
);

CREATE TABLE published.alias (
    resource text,
    alias text,
    id uuid NOT NULL,
    PRIMARY KEY (resource, alias)
);
CREATE INDEX alias_id ON published.alias (resource, id);

CREATE TABLE published.label (
    kind text,
    value text,
    lang text,
    id uuid NOT NULL,
    label text NOT NULL,
    PRIMARY KEY (kind, value, lang)
);
CREATE INDEX label_id ON published.label (kind, id, lang);

CREATE TABLE published.translation (
    resource text,
    id uuid,
    lang text,
    document text NOT NULL,
    PRIMARY KEY (resource, id, lang)
);
-- The most documents by far, and seldom asked for beside those of the default language: compressed,
-- they are written in two thirds of the time and read as fast. pglz would cost twice as much.
ALTER TABLE published.translation ALTER document SET STORAGE MAIN;
ALTER TABLE published.translation SET (toast_tuple_target = 512);
DO $$ BEGIN
    ALTER TABLE published.translation ALTER document SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;  -- a PostgreSQL built without it
END $$;

CREATE TABLE published.district_ancestor (
    district_id uuid,
    ancestor_id uuid,
    depth integer NOT NULL,
    PRIMARY KEY (district_id, ancestor_id)
);
CREATE INDEX district_ancestor_reverse ON published.district_ancestor (ancestor_id, depth);

CREATE TABLE published.district_member (
    resource text,
    district_id uuid,
    sort_name text COLLATE published.de,
    id uuid,
    PRIMARY KEY (resource, district_id, sort_name, id)
);
CREATE INDEX district_member_id ON published.district_member (resource, id);

-- Every word of a published text, as it is typed; it leaves with the last text that has its stem.
CREATE TABLE published.word (
    word text PRIMARY KEY,
    stem text NOT NULL
);
CREATE INDEX word_stem ON published.word (stem);
CREATE INDEX word_trigrams ON published.word USING gin (word public.gin_trgm_ops);

CREATE TABLE published.place (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    folded text NOT NULL,
    rank double precision NOT NULL,
    document text NOT NULL
);
CREATE INDEX place_prefix ON published.place (folded text_pattern_ops);
CREATE INDEX place_trigrams ON published.place USING gin (folded public.gin_trgm_ops);

CREATE TABLE published.template (
    id uuid PRIMARY KEY,
    slug text NOT NULL,
    sort_name text COLLATE published.de NOT NULL,
    updated_at timestamptz NOT NULL,
    hash text NOT NULL,
    document text NOT NULL,
    geojson text NOT NULL
);

CREATE TABLE published.codelist (LIKE published.template INCLUDING ALL);

CREATE TABLE published.district (
    LIKE published.template INCLUDING ALL,
    level text NOT NULL,
    level_position integer NOT NULL,
    population integer NOT NULL,
    parent_id uuid,
    valid_from date,
    valid_to date,
    designation text[] NOT NULL,
    search tsvector NOT NULL,
    geojson_50 text,
    geojson_200 text,
    geojson_1000 text,
    boundary geometry(Geometry, 4326),
    geometry geometry(Geometry, 4326)
);
CREATE INDEX district_boundary ON published.district USING gist (boundary);
CREATE INDEX district_geometry ON published.district USING gist (geometry);
CREATE INDEX district_parent ON published.district (parent_id);
CREATE INDEX district_search ON published.district USING gin (search);

CREATE TABLE published.organisation (
    LIKE published.template INCLUDING ALL,
    kind text,
    postcode text,
    search tsvector NOT NULL
);
CREATE INDEX organisation_search ON published.organisation USING gin (search);

CREATE TABLE published.offering (
    LIKE published.template INCLUDING ALL,
    category text[] NOT NULL,
    theme text[] NOT NULL,
    target_group text[] NOT NULL,
    language text[] NOT NULL,
    postcode text[] NOT NULL,
    wheelchair text[] NOT NULL,
    organisation_id uuid,
    organisation_mode text,
    age int4range,
    free boolean,
    confirmed_at date,
    valid_to date,
    search tsvector NOT NULL,
    serves uuid[] NOT NULL,
    service_area geometry(Geometry, 4326),
    geometry geometry(Geometry, 4326),
    extent geometry(Geometry, 4326) -- the box around all its places
);
CREATE INDEX offering_category ON published.offering USING gin (category);
CREATE INDEX offering_theme ON published.offering USING gin (theme);
CREATE INDEX offering_target_group ON published.offering USING gin (target_group);
CREATE INDEX offering_postcode ON published.offering USING gin (postcode);
CREATE INDEX offering_serves ON published.offering USING gin (serves);
CREATE INDEX offering_organisation ON published.offering (organisation_id, sort_name, id);
CREATE INDEX offering_ending ON published.offering (valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX offering_updated ON published.offering (updated_at, id);
CREATE INDEX offering_search ON published.offering USING gin (search);
CREATE INDEX offering_service_area ON published.offering USING gist (service_area)
    WHERE service_area IS NOT NULL;

-- The offerings of a category in the order of their names: those of a category often have names that
-- begin alike, and then lie together anywhere in the order of all.
CREATE TABLE published.category_member (
    category text,
    sort_name text COLLATE published.de,
    id uuid,
    PRIMARY KEY (category, sort_name, id)
);
CREATE INDEX category_member_id ON published.category_member (id);

-- Where offerings are, a row a site (db/published.py).
CREATE TABLE published.offering_place (
    id uuid,
    precise boolean,
    n integer,
    alone boolean NOT NULL,
    place geometry(Geometry, 4326) NOT NULL,
    spot geography(Geometry, 4326),
    PRIMARY KEY (id, precise, n)
);
CREATE INDEX offering_place_place ON published.offering_place USING gist (place);
CREATE INDEX offering_place_spot ON published.offering_place USING gist (spot);

CREATE TABLE published.indicator (
    LIKE published.template INCLUDING ALL,
    theme text[] NOT NULL,
    level text[] NOT NULL,
    type text NOT NULL,
    search tsvector NOT NULL
);
CREATE INDEX indicator_search ON published.indicator USING gin (search);

CREATE TABLE published.observation (
    LIKE published.template INCLUDING ALL,
    indicator_id uuid NOT NULL,
    district_id uuid NOT NULL,
    level text NOT NULL,
    period text NOT NULL,
    period_earliest date,
    period_latest date,
    breakdowns text NOT NULL,
    value numeric,
    flags text[] NOT NULL
);
CREATE INDEX observation_series
    ON published.observation (indicator_id, district_id, breakdowns, period_latest);
CREATE INDEX observation_district ON published.observation (district_id, indicator_id);

CREATE TABLE published.strategy (
    LIKE published.template INCLUDING ALL,
    theme text[] NOT NULL,
    target_group text[] NOT NULL,
    kind text,
    search tsvector NOT NULL
);

CREATE TABLE published.measure (
    LIKE published.template INCLUDING ALL,
    theme text[] NOT NULL,
    target_group text[] NOT NULL,
    strategy_id uuid NOT NULL,
    lead_id uuid,
    decision text NOT NULL,
    feasibility text NOT NULL,
    implementation text NOT NULL,
    starts date,
    ends date,
    search tsvector NOT NULL,
    geometry geometry(Geometry, 4326)
);
CREATE INDEX measure_strategy ON published.measure (strategy_id);
CREATE INDEX measure_search ON published.measure USING gin (search);

CREATE TABLE published.decision (
    LIKE published.template INCLUDING ALL,
    body_id uuid,
    strategy_id uuid,
    result text NOT NULL,
    date text NOT NULL,
    search tsvector NOT NULL
);

DROP TABLE published.template;

-- Every resource: one ordered index, documents stored out of line and uncompressed, because
-- decompressing costs more than reading (design, section 4). Planner statistics at once.
DO $$
DECLARE
    resource text;
    wide text;
BEGIN
    FOREACH resource IN ARRAY ARRAY['codelist', 'district', 'organisation', 'offering', 'indicator',
                                    'observation', 'strategy', 'measure', 'decision'] LOOP
        EXECUTE format('CREATE INDEX %I ON published.%I (sort_name, id)',
                       resource || '_sorted', resource);
        EXECUTE format('CREATE INDEX %I ON published.%I (slug)', resource || '_slug', resource);
        EXECUTE format('ALTER TABLE published.%I SET (toast_tuple_target = 8160)', resource);
        FOR wide IN SELECT attname FROM pg_attribute
                    WHERE attrelid = format('published.%I', resource)::regclass
                      AND (attname = 'document' OR attname LIKE 'geojson%') LOOP
            EXECUTE format('ALTER TABLE published.%I ALTER %I SET STORAGE EXTERNAL',
                           resource, wide);
        END LOOP;
    END LOOP;
END $$;

-- What a reader types, as a query: every word, with its German stem, its compounds ("Beratung" finds
-- "Schuldnerberatung") and what was probably meant ("Dölbeln").
CREATE FUNCTION published.exact_query(typed text) RETURNS tsquery
LANGUAGE sql STABLE PARALLEL SAFE STRICT AS $$
    SELECT plainto_tsquery('german', published.fold(typed))
        || plainto_tsquery('german', published.strip(typed))
$$;

CREATE FUNCTION published.search_query(typed text) RETURNS tsquery
LANGUAGE plpgsql STABLE STRICT SET client_min_messages = warning AS $$
DECLARE
    whole tsquery;
    alternatives tsquery;
    typed_word text;
BEGIN
    FOR typed_word IN
        SELECT word FROM regexp_split_to_table(typed, '[^[:alnum:]]+') WITH ORDINALITY AS t(word, n)
        WHERE length(word) BETWEEN 1 AND 60 ORDER BY n LIMIT 12
    LOOP
        alternatives := published.exact_query(typed_word) || coalesce((
            SELECT to_tsquery('german', string_agg(quote_literal(word), ' | '))
            FROM (
                SELECT word FROM published.word
                WHERE length(typed_word) >= 4
                  AND (word LIKE '%' || published.fold(typed_word) || '%'
                       OR word LIKE '%' || published.strip(typed_word) || '%'
                       OR (word % published.fold(typed_word)
                           AND similarity(word, published.fold(typed_word)) >= 0.45))
                ORDER BY similarity(word, published.fold(typed_word)) DESC, word LIMIT 40
            ) AS known
        ), ''::tsquery);
        CONTINUE WHEN numnode(alternatives) = 0;
        whole := CASE WHEN whole IS NULL THEN alternatives ELSE whole && alternatives END;
    END LOOP;
    RETURN coalesce(whole, ''::tsquery);
END $$;

-- Some members of a document, in its own order.
CREATE FUNCTION published.pick(document text, members text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{' || string_agg(to_json(key)::text || ':' || value, ',' ORDER BY position) || '}'
    FROM json_each(document::json) WITH ORDINALITY AS member(key, value, position)
    WHERE key = ANY (members)
$$;

-- A line of CSV (RFC 4180) from a document: one column a path, several values parted by "; ".
CREATE FUNCTION published.csv_line(document text, paths text[]) RETURNS text
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
