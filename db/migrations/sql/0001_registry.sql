-- The registry: normalised working tables. Compared with db/models by a test.

-- `{"en": {"name": "…"}}`: texts by language and field. Anything else would stop a publication.
CREATE FUNCTION registry.are_translations(translations jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_typeof(translations) = 'object'
       AND NOT jsonb_path_exists(translations, '$.* ? (@.type() != "object")')
       AND NOT jsonb_path_exists(translations, '$.*.* ? (@.type() != "string")')
$$;

CREATE TABLE registry.codelist (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT codelist_pkey PRIMARY KEY (id),
    CONSTRAINT codelist_name_key UNIQUE (name),
    CONSTRAINT codelist_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT codelist_name_check CHECK (name ~ '^[a-z]+(_[a-z]+)*$')
);

CREATE TABLE registry.dirty (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    resource TEXT NOT NULL,
    entity_id UUID NOT NULL,
    CONSTRAINT dirty_pkey PRIMARY KEY (id)
);

CREATE TABLE registry.language (
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    is_default BOOLEAN DEFAULT 'false' NOT NULL,
    CONSTRAINT language_pkey PRIMARY KEY (code)
);

CREATE UNIQUE INDEX language_default ON registry.language (is_default) WHERE is_default;

CREATE TABLE registry.revision (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    entity TEXT NOT NULL,
    entity_id UUID NOT NULL,
    before JSONB,
    after JSONB,
    actor TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT revision_pkey PRIMARY KEY (id)
);

CREATE INDEX revision_entity ON registry.revision (entity, entity_id);

CREATE TABLE registry.source (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    publisher TEXT NOT NULL,
    url TEXT,
    license TEXT NOT NULL,
    license_url TEXT,
    attribution TEXT NOT NULL,
    retrieved DATE,
    internal_note TEXT,
    CONSTRAINT source_pkey PRIMARY KEY (id),
    CONSTRAINT source_slug_key UNIQUE (slug),
    CONSTRAINT source_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);

CREATE TABLE registry.codelist_term (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    codelist_id UUID NOT NULL,
    code TEXT NOT NULL,
    parent_id UUID,
    position INTEGER DEFAULT '0' NOT NULL,
    label TEXT NOT NULL,
    definition TEXT,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    exact_match TEXT[] DEFAULT '{}' NOT NULL,
    CONSTRAINT codelist_term_pkey PRIMARY KEY (id),
    CONSTRAINT codelist_term_codelist_id_code_key UNIQUE (codelist_id, code),
    CONSTRAINT codelist_term_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT codelist_term_code_check CHECK (code ~ '^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$'),
    CONSTRAINT codelist_term_codelist_id_fkey FOREIGN KEY(codelist_id) REFERENCES registry.codelist (id) ON DELETE CASCADE,
    CONSTRAINT codelist_term_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT
);

CREATE INDEX codelist_term_codelist_id_idx ON registry.codelist_term (codelist_id);
CREATE INDEX codelist_term_parent_id_idx ON registry.codelist_term (parent_id);

CREATE TABLE registry.district (
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    kind TEXT,
    scheme TEXT,
    key TEXT,
    parent_id UUID,
    valid_from DATE,
    valid_to DATE,
    population INTEGER,
    population_as_of DATE,
    area_km2 NUMERIC,
    description TEXT,
    url TEXT,
    point geometry(POINT,4326),
    boundary geometry(MULTIPOLYGON,4326),
    boundary_quality TEXT,
    boundary_source_id UUID,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    external_key TEXT,
    removal_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    merged_into_id UUID,
    CONSTRAINT district_pkey PRIMARY KEY (id),
    CONSTRAINT district_slug_key UNIQUE (slug),
    CONSTRAINT district_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT district_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT district_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT district_removal_reason_check CHECK (removal_reason IN ('deleted', 'unpublished', 'merged_into')),
    CONSTRAINT district_merged_into_check CHECK ((removal_reason IS NOT DISTINCT FROM 'merged_into') = (merged_into_id IS NOT NULL)),
    CONSTRAINT district_merged_into_self_check CHECK (merged_into_id <> id),
    CONSTRAINT district_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT district_scheme_key_key UNIQUE (scheme, key),
    CONSTRAINT district_level_check CHECK (level IN ('country', 'state', 'county', 'social_region', 'municipal_association', 'municipality', 'city_district', 'quarter')),
    CONSTRAINT district_boundary_quality_check CHECK (boundary_quality IN ('official', 'generalised', 'schematic')),
    CONSTRAINT district_scheme_key_check CHECK ((scheme IS NULL) = (key IS NULL)),
    CONSTRAINT district_scheme_check CHECK (scheme ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT district_validity_check CHECK (valid_from <= valid_to),
    CONSTRAINT district_population_check CHECK (population >= 0),
    CONSTRAINT district_area_check CHECK (area_km2 > 0),
    CONSTRAINT district_parent_check CHECK (parent_id <> id),
    CONSTRAINT district_point_on_earth_check CHECK (ST_IsValid(point) AND NOT ST_IsEmpty(point) AND ST_XMin(point) >= -180 AND ST_XMax(point) <= 180 AND ST_YMin(point) >= -90 AND ST_YMax(point) <= 90),
    CONSTRAINT district_boundary_on_earth_check CHECK (ST_IsValid(boundary) AND NOT ST_IsEmpty(boundary) AND ST_XMin(boundary) >= -180 AND ST_XMax(boundary) <= 180 AND ST_YMin(boundary) >= -90 AND ST_YMax(boundary) <= 90),
    CONSTRAINT district_boundary_stated_check CHECK ((boundary IS NULL) = (boundary_quality IS NULL)),
    CONSTRAINT district_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES registry.district (id) ON DELETE RESTRICT,
    CONSTRAINT district_boundary_source_id_fkey FOREIGN KEY(boundary_source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT district_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT district_merged_into_id_fkey FOREIGN KEY(merged_into_id) REFERENCES registry.district (id) ON DELETE RESTRICT
);

CREATE INDEX district_boundary_idx ON registry.district USING gist (boundary);
CREATE INDEX district_boundary_source_id_idx ON registry.district (boundary_source_id);
CREATE INDEX district_merged_into_id_idx ON registry.district (merged_into_id);
CREATE INDEX district_parent_id_idx ON registry.district (parent_id);
CREATE INDEX district_source_id_idx ON registry.district (source_id);

CREATE TABLE registry.indicator (
    title TEXT NOT NULL,
    abbreviation TEXT,
    description TEXT,
    unit TEXT NOT NULL,
    unit_long TEXT,
    decimals INTEGER DEFAULT '0' NOT NULL,
    type TEXT NOT NULL,
    aggregation TEXT NOT NULL,
    numerator_id UUID,
    denominator_id UUID,
    factor NUMERIC,
    interpretation TEXT,
    polarity TEXT,
    update_cycle TEXT,
    reference_date TEXT,
    method TEXT,
    citation TEXT,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    external_key TEXT,
    removal_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    merged_into_id UUID,
    CONSTRAINT indicator_pkey PRIMARY KEY (id),
    CONSTRAINT indicator_slug_key UNIQUE (slug),
    CONSTRAINT indicator_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT indicator_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT indicator_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT indicator_removal_reason_check CHECK (removal_reason IN ('deleted', 'unpublished', 'merged_into')),
    CONSTRAINT indicator_merged_into_check CHECK ((removal_reason IS NOT DISTINCT FROM 'merged_into') = (merged_into_id IS NOT NULL)),
    CONSTRAINT indicator_merged_into_self_check CHECK (merged_into_id <> id),
    CONSTRAINT indicator_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT indicator_type_check CHECK (type IN ('count', 'rate', 'index', 'median')),
    CONSTRAINT indicator_aggregation_check CHECK (aggregation IN ('sum', 'ratio', 'weighted_mean', 'none')),
    CONSTRAINT indicator_polarity_check CHECK (polarity IN ('higher_is_better', 'lower_is_better', 'neutral')),
    CONSTRAINT indicator_decimals_check CHECK (decimals BETWEEN 0 AND 6),
    CONSTRAINT indicator_factor_check CHECK (factor > 0),
    CONSTRAINT indicator_numerator_id_fkey FOREIGN KEY(numerator_id) REFERENCES registry.indicator (id) ON DELETE RESTRICT,
    CONSTRAINT indicator_denominator_id_fkey FOREIGN KEY(denominator_id) REFERENCES registry.indicator (id) ON DELETE RESTRICT,
    CONSTRAINT indicator_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT indicator_merged_into_id_fkey FOREIGN KEY(merged_into_id) REFERENCES registry.indicator (id) ON DELETE RESTRICT
);

CREATE INDEX indicator_denominator_id_idx ON registry.indicator (denominator_id);
CREATE INDEX indicator_merged_into_id_idx ON registry.indicator (merged_into_id);
CREATE INDEX indicator_numerator_id_idx ON registry.indicator (numerator_id);
CREATE INDEX indicator_source_id_idx ON registry.indicator (source_id);

CREATE TABLE registry.designation (
    district_id UUID NOT NULL,
    term_id UUID NOT NULL,
    valid_from DATE,
    valid_to DATE,
    note TEXT,
    source_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT designation_pkey PRIMARY KEY (id),
    CONSTRAINT designation_district_id_term_id_valid_from_key UNIQUE (district_id, term_id, valid_from),
    CONSTRAINT designation_validity_check CHECK (valid_from <= valid_to),
    CONSTRAINT designation_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE CASCADE,
    CONSTRAINT designation_term_id_fkey FOREIGN KEY(term_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT,
    CONSTRAINT designation_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX designation_district_id_idx ON registry.designation (district_id);
CREATE INDEX designation_source_id_idx ON registry.designation (source_id);
CREATE INDEX designation_term_id_idx ON registry.designation (term_id);

CREATE TABLE registry.district_succession (
    predecessor_id UUID NOT NULL,
    successor_id UUID NOT NULL,
    valid_on DATE NOT NULL,
    share NUMERIC DEFAULT '1' NOT NULL,
    source_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT district_succession_pkey PRIMARY KEY (id),
    CONSTRAINT district_succession_predecessor_id_successor_id_key UNIQUE (predecessor_id, successor_id),
    CONSTRAINT district_succession_distinct_check CHECK (predecessor_id <> successor_id),
    CONSTRAINT district_succession_share_check CHECK (share > 0 AND share <= 1),
    CONSTRAINT district_succession_predecessor_id_fkey FOREIGN KEY(predecessor_id) REFERENCES registry.district (id) ON DELETE CASCADE,
    CONSTRAINT district_succession_successor_id_fkey FOREIGN KEY(successor_id) REFERENCES registry.district (id) ON DELETE CASCADE,
    CONSTRAINT district_succession_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX district_succession_predecessor_id_idx ON registry.district_succession (predecessor_id);
CREATE INDEX district_succession_source_id_idx ON registry.district_succession (source_id);
CREATE INDEX district_succession_successor_id_idx ON registry.district_succession (successor_id);

CREATE TABLE registry.indicator_term (
    indicator_id UUID NOT NULL,
    term_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT indicator_term_pkey PRIMARY KEY (id),
    CONSTRAINT indicator_term_indicator_id_term_id_key UNIQUE (indicator_id, term_id),
    CONSTRAINT indicator_term_indicator_id_fkey FOREIGN KEY(indicator_id) REFERENCES registry.indicator (id) ON DELETE CASCADE,
    CONSTRAINT indicator_term_term_id_fkey FOREIGN KEY(term_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT
);

CREATE INDEX indicator_term_indicator_id_idx ON registry.indicator_term (indicator_id);
CREATE INDEX indicator_term_term_id_idx ON registry.indicator_term (term_id);

CREATE TABLE registry.observation (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    indicator_id UUID NOT NULL,
    district_id UUID NOT NULL,
    period TEXT NOT NULL,
    period_earliest DATE,
    period_latest DATE,
    breakdowns JSONB DEFAULT '{}'::jsonb NOT NULL,
    value NUMERIC,
    numerator NUMERIC,
    denominator NUMERIC,
    flags TEXT[] DEFAULT '{final}' NOT NULL,
    scenario TEXT,
    raw BOOLEAN DEFAULT 'false' NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    CONSTRAINT observation_pkey PRIMARY KEY (id),
    CONSTRAINT observation_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT observation_period_order_check CHECK (period_earliest <= period_latest),
    CONSTRAINT observation_flags_stated_check CHECK (cardinality(flags) > 0),
    CONSTRAINT observation_flags_check CHECK (flags <@ '{final,provisional,revised,estimated,forecast,suppressed,not_available,not_applicable,rounded_to_zero,low_reliability,break}'::text[]),
    CONSTRAINT observation_value_or_reason_check CHECK (value IS NOT NULL OR flags && ARRAY['suppressed', 'not_available', 'not_applicable']::text[]),
    CONSTRAINT observation_value_check CHECK (value <> 'NaN' AND abs(value) < 1e15),
    CONSTRAINT observation_scenario_check CHECK ((scenario IS NOT NULL) = ('forecast' = ANY (flags))),
    CONSTRAINT observation_indicator_id_fkey FOREIGN KEY(indicator_id) REFERENCES registry.indicator (id) ON DELETE CASCADE,
    CONSTRAINT observation_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE RESTRICT,
    CONSTRAINT observation_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX observation_cell ON registry.observation (indicator_id, district_id, period, breakdowns, source_id);
CREATE INDEX observation_district_id_idx ON registry.observation (district_id);
CREATE INDEX observation_indicator_id_idx ON registry.observation (indicator_id);
CREATE INDEX observation_source_id_idx ON registry.observation (source_id);

CREATE TABLE registry.organisation (
    name TEXT NOT NULL,
    alternate_name TEXT,
    kind_id UUID,
    description TEXT,
    parent_id UUID,
    district_id UUID,
    street TEXT,
    postcode TEXT,
    town TEXT,
    phone TEXT,
    email TEXT,
    url TEXT,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    external_key TEXT,
    removal_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    merged_into_id UUID,
    CONSTRAINT organisation_pkey PRIMARY KEY (id),
    CONSTRAINT organisation_slug_key UNIQUE (slug),
    CONSTRAINT organisation_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT organisation_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT organisation_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT organisation_removal_reason_check CHECK (removal_reason IN ('deleted', 'unpublished', 'merged_into')),
    CONSTRAINT organisation_merged_into_check CHECK ((removal_reason IS NOT DISTINCT FROM 'merged_into') = (merged_into_id IS NOT NULL)),
    CONSTRAINT organisation_merged_into_self_check CHECK (merged_into_id <> id),
    CONSTRAINT organisation_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT organisation_kind_id_fkey FOREIGN KEY(kind_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT,
    CONSTRAINT organisation_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES registry.organisation (id) ON DELETE RESTRICT,
    CONSTRAINT organisation_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE RESTRICT,
    CONSTRAINT organisation_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT organisation_merged_into_id_fkey FOREIGN KEY(merged_into_id) REFERENCES registry.organisation (id) ON DELETE RESTRICT
);

CREATE INDEX organisation_district_id_idx ON registry.organisation (district_id);
CREATE INDEX organisation_kind_id_idx ON registry.organisation (kind_id);
CREATE INDEX organisation_merged_into_id_idx ON registry.organisation (merged_into_id);
CREATE INDEX organisation_parent_id_idx ON registry.organisation (parent_id);
CREATE INDEX organisation_source_id_idx ON registry.organisation (source_id);

CREATE TABLE registry.site (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    source_id UUID NOT NULL,
    external_key TEXT,
    name TEXT,
    street TEXT,
    postcode TEXT,
    town TEXT,
    district_id UUID,
    point geometry(POINT,4326),
    precision TEXT,
    wheelchair TEXT,
    accessibility TEXT,
    note TEXT,
    internal_note TEXT,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT site_pkey PRIMARY KEY (id),
    CONSTRAINT site_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT site_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT site_precision_check CHECK (precision IN ('exact', 'street', 'municipality')),
    CONSTRAINT site_wheelchair_check CHECK (wheelchair IN ('yes', 'limited', 'no')),
    CONSTRAINT site_point_on_earth_check CHECK (ST_IsValid(point) AND NOT ST_IsEmpty(point) AND ST_XMin(point) >= -180 AND ST_XMax(point) <= 180 AND ST_YMin(point) >= -90 AND ST_YMax(point) <= 90),
    CONSTRAINT site_point_precision_check CHECK (point IS NULL OR precision IS NOT NULL),
    CONSTRAINT site_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT site_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE RESTRICT
);

CREATE INDEX site_district_id_idx ON registry.site (district_id);
CREATE INDEX site_point_idx ON registry.site USING gist (point);
CREATE INDEX site_postcode_idx ON registry.site (postcode);
CREATE INDEX site_source_id_idx ON registry.site (source_id);

CREATE TABLE registry.offering (
    name TEXT NOT NULL,
    alternate_name TEXT,
    description TEXT,
    organisation_id UUID,
    organisation_mode TEXT,
    intended_mode TEXT,
    intended_mode_reason TEXT,
    intended_mode_on DATE,
    age_min INTEGER,
    age_max INTEGER,
    free BOOLEAN,
    cost TEXT,
    eligibility TEXT,
    application TEXT,
    accessibility TEXT,
    capacity INTEGER,
    capacity_unit TEXT,
    capacity_as_of DATE,
    valid_from DATE,
    valid_to DATE,
    confirmed_at DATE,
    as_of TEXT,
    as_of_earliest DATE,
    as_of_latest DATE,
    phone TEXT,
    email TEXT,
    url TEXT,
    service_area geometry(MULTIPOLYGON,4326),
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    external_key TEXT,
    removal_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    merged_into_id UUID,
    CONSTRAINT offering_pkey PRIMARY KEY (id),
    CONSTRAINT offering_slug_key UNIQUE (slug),
    CONSTRAINT offering_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT offering_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT offering_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT offering_removal_reason_check CHECK (removal_reason IN ('deleted', 'unpublished', 'merged_into')),
    CONSTRAINT offering_merged_into_check CHECK ((removal_reason IS NOT DISTINCT FROM 'merged_into') = (merged_into_id IS NOT NULL)),
    CONSTRAINT offering_merged_into_self_check CHECK (merged_into_id <> id),
    CONSTRAINT offering_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT offering_organisation_mode_check CHECK (organisation_mode IN ('district', 'central', 'central_with_outreach', 'mobile', 'online')),
    CONSTRAINT offering_intended_mode_check CHECK (intended_mode IN ('district', 'central', 'central_with_outreach', 'mobile', 'online')),
    CONSTRAINT offering_age_min_check CHECK (age_min BETWEEN 0 AND 150),
    CONSTRAINT offering_age_max_check CHECK (age_max BETWEEN 0 AND 150 AND age_min <= age_max),
    CONSTRAINT offering_capacity_check CHECK (capacity >= 0),
    CONSTRAINT offering_validity_check CHECK (valid_from <= valid_to),
    CONSTRAINT offering_service_area_on_earth_check CHECK (ST_IsValid(service_area) AND NOT ST_IsEmpty(service_area) AND ST_XMin(service_area) >= -180 AND ST_XMax(service_area) <= 180 AND ST_YMin(service_area) >= -90 AND ST_YMax(service_area) <= 90),
    CONSTRAINT offering_as_of_order_check CHECK (as_of_earliest <= as_of_latest),
    CONSTRAINT offering_organisation_id_fkey FOREIGN KEY(organisation_id) REFERENCES registry.organisation (id) ON DELETE RESTRICT,
    CONSTRAINT offering_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT offering_merged_into_id_fkey FOREIGN KEY(merged_into_id) REFERENCES registry.offering (id) ON DELETE RESTRICT
);

CREATE INDEX offering_merged_into_id_idx ON registry.offering (merged_into_id);
CREATE INDEX offering_organisation_id_idx ON registry.offering (organisation_id);
CREATE INDEX offering_source_id_idx ON registry.offering (source_id);

CREATE TABLE registry.strategy (
    title TEXT NOT NULL,
    description TEXT,
    kind_id UUID,
    district_id UUID,
    lead_id UUID,
    period TEXT,
    period_earliest DATE,
    period_latest DATE,
    url TEXT,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    external_key TEXT,
    removal_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    merged_into_id UUID,
    CONSTRAINT strategy_pkey PRIMARY KEY (id),
    CONSTRAINT strategy_slug_key UNIQUE (slug),
    CONSTRAINT strategy_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT strategy_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT strategy_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT strategy_removal_reason_check CHECK (removal_reason IN ('deleted', 'unpublished', 'merged_into')),
    CONSTRAINT strategy_merged_into_check CHECK ((removal_reason IS NOT DISTINCT FROM 'merged_into') = (merged_into_id IS NOT NULL)),
    CONSTRAINT strategy_merged_into_self_check CHECK (merged_into_id <> id),
    CONSTRAINT strategy_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT strategy_period_order_check CHECK (period_earliest <= period_latest),
    CONSTRAINT strategy_kind_id_fkey FOREIGN KEY(kind_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT,
    CONSTRAINT strategy_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE RESTRICT,
    CONSTRAINT strategy_lead_id_fkey FOREIGN KEY(lead_id) REFERENCES registry.organisation (id) ON DELETE RESTRICT,
    CONSTRAINT strategy_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT strategy_merged_into_id_fkey FOREIGN KEY(merged_into_id) REFERENCES registry.strategy (id) ON DELETE RESTRICT
);

CREATE INDEX strategy_district_id_idx ON registry.strategy (district_id);
CREATE INDEX strategy_kind_id_idx ON registry.strategy (kind_id);
CREATE INDEX strategy_lead_id_idx ON registry.strategy (lead_id);
CREATE INDEX strategy_merged_into_id_idx ON registry.strategy (merged_into_id);
CREATE INDEX strategy_source_id_idx ON registry.strategy (source_id);

CREATE TABLE registry.consultation (
    strategy_id UUID NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    audience TEXT,
    opens DATE,
    closes DATE,
    url TEXT,
    source_id UUID NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT consultation_pkey PRIMARY KEY (id),
    CONSTRAINT consultation_period_check CHECK (opens <= closes),
    CONSTRAINT consultation_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT consultation_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE CASCADE,
    CONSTRAINT consultation_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX consultation_source_id_idx ON registry.consultation (source_id);
CREATE INDEX consultation_strategy_id_idx ON registry.consultation (strategy_id);

CREATE TABLE registry.evaluation (
    offering_id UUID NOT NULL,
    finding TEXT NOT NULL,
    period TEXT,
    period_earliest DATE,
    period_latest DATE,
    source_id UUID NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT evaluation_pkey PRIMARY KEY (id),
    CONSTRAINT evaluation_period_order_check CHECK (period_earliest <= period_latest),
    CONSTRAINT evaluation_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT evaluation_offering_id_fkey FOREIGN KEY(offering_id) REFERENCES registry.offering (id) ON DELETE CASCADE,
    CONSTRAINT evaluation_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX evaluation_offering_id_idx ON registry.evaluation (offering_id);
CREATE INDEX evaluation_source_id_idx ON registry.evaluation (source_id);

CREATE TABLE registry.measure (
    strategy_id UUID NOT NULL,
    number TEXT,
    title TEXT NOT NULL,
    description TEXT,
    lead_id UUID,
    decision TEXT NOT NULL,
    feasibility TEXT DEFAULT 'not_assessed' NOT NULL,
    implementation TEXT DEFAULT 'unknown' NOT NULL,
    disposition TEXT DEFAULT 'standalone' NOT NULL,
    disposition_into TEXT,
    disposition_measure_id UUID,
    start TEXT,
    start_earliest DATE,
    start_latest DATE,
    "end" TEXT,
    end_earliest DATE,
    end_latest DATE,
    url TEXT,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    external_key TEXT,
    removal_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    merged_into_id UUID,
    CONSTRAINT measure_pkey PRIMARY KEY (id),
    CONSTRAINT measure_slug_key UNIQUE (slug),
    CONSTRAINT measure_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT measure_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT measure_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT measure_removal_reason_check CHECK (removal_reason IN ('deleted', 'unpublished', 'merged_into')),
    CONSTRAINT measure_merged_into_check CHECK ((removal_reason IS NOT DISTINCT FROM 'merged_into') = (merged_into_id IS NOT NULL)),
    CONSTRAINT measure_merged_into_self_check CHECK (merged_into_id <> id),
    CONSTRAINT measure_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT measure_decision_check CHECK (decision IN ('proposed', 'under_review', 'recommended', 'adopted', 'rejected', 'deferred', 'withdrawn')),
    CONSTRAINT measure_feasibility_check CHECK (feasibility IN ('not_assessed', 'feasible', 'feasible_with_conditions', 'not_feasible')),
    CONSTRAINT measure_implementation_check CHECK (implementation IN ('not_started', 'planned', 'already_practice', 'in_progress', 'completed', 'delayed', 'stopped', 'unknown')),
    CONSTRAINT measure_disposition_check CHECK (disposition IN ('standalone', 'bundled_into', 'superseded_by')),
    CONSTRAINT measure_disposition_self_check CHECK (disposition_measure_id <> id),
    CONSTRAINT measure_start_order_check CHECK (start_earliest <= start_latest),
    CONSTRAINT measure_end_order_check CHECK (end_earliest <= end_latest),
    CONSTRAINT measure_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE RESTRICT,
    CONSTRAINT measure_lead_id_fkey FOREIGN KEY(lead_id) REFERENCES registry.organisation (id) ON DELETE RESTRICT,
    CONSTRAINT measure_disposition_measure_id_fkey FOREIGN KEY(disposition_measure_id) REFERENCES registry.measure (id) ON DELETE RESTRICT,
    CONSTRAINT measure_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT measure_merged_into_id_fkey FOREIGN KEY(merged_into_id) REFERENCES registry.measure (id) ON DELETE RESTRICT
);

CREATE INDEX measure_disposition_measure_id_idx ON registry.measure (disposition_measure_id);
CREATE INDEX measure_lead_id_idx ON registry.measure (lead_id);
CREATE INDEX measure_merged_into_id_idx ON registry.measure (merged_into_id);
CREATE INDEX measure_source_id_idx ON registry.measure (source_id);
CREATE INDEX measure_strategy_id_idx ON registry.measure (strategy_id);

CREATE TABLE registry.offering_service_district (
    offering_id UUID NOT NULL,
    district_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT offering_service_district_pkey PRIMARY KEY (id),
    CONSTRAINT offering_service_district_offering_id_district_id_key UNIQUE (offering_id, district_id),
    CONSTRAINT offering_service_district_offering_id_fkey FOREIGN KEY(offering_id) REFERENCES registry.offering (id) ON DELETE CASCADE,
    CONSTRAINT offering_service_district_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE RESTRICT
);

CREATE INDEX offering_service_district_district_id_idx ON registry.offering_service_district (district_id);
CREATE INDEX offering_service_district_offering_id_idx ON registry.offering_service_district (offering_id);

CREATE TABLE registry.offering_site (
    offering_id UUID NOT NULL,
    site_id UUID NOT NULL,
    position INTEGER DEFAULT '0' NOT NULL,
    opening_hours TEXT,
    opening_note TEXT,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT offering_site_pkey PRIMARY KEY (id),
    CONSTRAINT offering_site_offering_id_site_id_key UNIQUE (offering_id, site_id),
    CONSTRAINT offering_site_offering_id_fkey FOREIGN KEY(offering_id) REFERENCES registry.offering (id) ON DELETE CASCADE,
    CONSTRAINT offering_site_site_id_fkey FOREIGN KEY(site_id) REFERENCES registry.site (id) ON DELETE RESTRICT
);

CREATE INDEX offering_site_offering_id_idx ON registry.offering_site (offering_id);
CREATE INDEX offering_site_site_id_idx ON registry.offering_site (site_id);

CREATE TABLE registry.offering_term (
    offering_id UUID NOT NULL,
    term_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT offering_term_pkey PRIMARY KEY (id),
    CONSTRAINT offering_term_offering_id_term_id_key UNIQUE (offering_id, term_id),
    CONSTRAINT offering_term_offering_id_fkey FOREIGN KEY(offering_id) REFERENCES registry.offering (id) ON DELETE CASCADE,
    CONSTRAINT offering_term_term_id_fkey FOREIGN KEY(term_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT
);

CREATE INDEX offering_term_offering_id_idx ON registry.offering_term (offering_id);
CREATE INDEX offering_term_term_id_idx ON registry.offering_term (term_id);

CREATE TABLE registry.report (
    strategy_id UUID NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    state TEXT NOT NULL,
    date TEXT,
    date_earliest DATE,
    date_latest DATE,
    covers TEXT,
    covers_earliest DATE,
    covers_latest DATE,
    url TEXT,
    source_id UUID NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT report_pkey PRIMARY KEY (id),
    CONSTRAINT report_state_check CHECK (state IN ('announced', 'in_preparation', 'published')),
    CONSTRAINT report_date_order_check CHECK (date_earliest <= date_latest),
    CONSTRAINT report_covers_order_check CHECK (covers_earliest <= covers_latest),
    CONSTRAINT report_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT report_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE CASCADE,
    CONSTRAINT report_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX report_source_id_idx ON registry.report (source_id);
CREATE INDEX report_strategy_id_idx ON registry.report (strategy_id);

CREATE TABLE registry.stated_total (
    strategy_id UUID NOT NULL,
    position INTEGER DEFAULT '0' NOT NULL,
    axis TEXT,
    code TEXT,
    value INTEGER NOT NULL,
    statement TEXT NOT NULL,
    as_of TEXT,
    as_of_earliest DATE,
    as_of_latest DATE,
    source_id UUID NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT stated_total_pkey PRIMARY KEY (id),
    CONSTRAINT stated_total_axis_check CHECK (axis IN ('decision', 'feasibility', 'implementation')),
    CONSTRAINT stated_total_axis_code_check CHECK ((axis IS NULL) = (code IS NULL)),
    CONSTRAINT stated_total_value_check CHECK (value >= 0),
    CONSTRAINT stated_total_as_of_order_check CHECK (as_of_earliest <= as_of_latest),
    CONSTRAINT stated_total_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT stated_total_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE CASCADE,
    CONSTRAINT stated_total_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX stated_total_source_id_idx ON registry.stated_total (source_id);
CREATE INDEX stated_total_strategy_id_idx ON registry.stated_total (strategy_id);

CREATE TABLE registry.strategy_term (
    strategy_id UUID NOT NULL,
    term_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT strategy_term_pkey PRIMARY KEY (id),
    CONSTRAINT strategy_term_strategy_id_term_id_key UNIQUE (strategy_id, term_id),
    CONSTRAINT strategy_term_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE CASCADE,
    CONSTRAINT strategy_term_term_id_fkey FOREIGN KEY(term_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT
);

CREATE INDEX strategy_term_strategy_id_idx ON registry.strategy_term (strategy_id);
CREATE INDEX strategy_term_term_id_idx ON registry.strategy_term (term_id);

CREATE TABLE registry.strategy_topic (
    strategy_id UUID NOT NULL,
    kind TEXT NOT NULL,
    position INTEGER DEFAULT '0' NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT strategy_topic_pkey PRIMARY KEY (id),
    CONSTRAINT strategy_topic_kind_check CHECK (kind IN ('goal', 'focus_theme')),
    CONSTRAINT strategy_topic_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT strategy_topic_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE CASCADE
);

CREATE INDEX strategy_topic_strategy_id_idx ON registry.strategy_topic (strategy_id);

CREATE TABLE registry.decision (
    title TEXT NOT NULL,
    text TEXT,
    reference TEXT,
    body_id UUID,
    strategy_id UUID,
    measure_id UUID,
    district_id UUID,
    result TEXT NOT NULL,
    date TEXT,
    date_earliest DATE,
    date_latest DATE,
    meeting TEXT,
    agenda_item TEXT,
    votes_yes INTEGER,
    votes_no INTEGER,
    votes_abstentions INTEGER,
    url TEXT,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    slug TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    note TEXT,
    internal_note TEXT,
    source_id UUID NOT NULL,
    external_key TEXT,
    removal_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    merged_into_id UUID,
    CONSTRAINT decision_pkey PRIMARY KEY (id),
    CONSTRAINT decision_slug_key UNIQUE (slug),
    CONSTRAINT decision_source_id_external_key_key UNIQUE (source_id, external_key),
    CONSTRAINT decision_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT decision_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT decision_removal_reason_check CHECK (removal_reason IN ('deleted', 'unpublished', 'merged_into')),
    CONSTRAINT decision_merged_into_check CHECK ((removal_reason IS NOT DISTINCT FROM 'merged_into') = (merged_into_id IS NOT NULL)),
    CONSTRAINT decision_merged_into_self_check CHECK (merged_into_id <> id),
    CONSTRAINT decision_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT decision_result_check CHECK (result IN ('adopted', 'rejected', 'deferred', 'referred', 'noted', 'withdrawn', 'no_vote')),
    CONSTRAINT decision_votes_check CHECK (votes_yes >= 0 AND votes_no >= 0 AND votes_abstentions >= 0),
    CONSTRAINT decision_date_order_check CHECK (date_earliest <= date_latest),
    CONSTRAINT decision_body_id_fkey FOREIGN KEY(body_id) REFERENCES registry.organisation (id) ON DELETE RESTRICT,
    CONSTRAINT decision_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE RESTRICT,
    CONSTRAINT decision_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE RESTRICT,
    CONSTRAINT decision_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE RESTRICT,
    CONSTRAINT decision_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT,
    CONSTRAINT decision_merged_into_id_fkey FOREIGN KEY(merged_into_id) REFERENCES registry.decision (id) ON DELETE RESTRICT
);

CREATE INDEX decision_body_id_idx ON registry.decision (body_id);
CREATE INDEX decision_district_id_idx ON registry.decision (district_id);
CREATE INDEX decision_measure_id_idx ON registry.decision (measure_id);
CREATE INDEX decision_merged_into_id_idx ON registry.decision (merged_into_id);
CREATE INDEX decision_source_id_idx ON registry.decision (source_id);
CREATE INDEX decision_strategy_id_idx ON registry.decision (strategy_id);

CREATE TABLE registry.measure_district (
    measure_id UUID NOT NULL,
    district_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT measure_district_pkey PRIMARY KEY (id),
    CONSTRAINT measure_district_measure_id_district_id_key UNIQUE (measure_id, district_id),
    CONSTRAINT measure_district_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE CASCADE,
    CONSTRAINT measure_district_district_id_fkey FOREIGN KEY(district_id) REFERENCES registry.district (id) ON DELETE RESTRICT
);

CREATE INDEX measure_district_district_id_idx ON registry.measure_district (district_id);
CREATE INDEX measure_district_measure_id_idx ON registry.measure_district (measure_id);

CREATE TABLE registry.measure_indicator (
    measure_id UUID NOT NULL,
    indicator_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT measure_indicator_pkey PRIMARY KEY (id),
    CONSTRAINT measure_indicator_measure_id_indicator_id_key UNIQUE (measure_id, indicator_id),
    CONSTRAINT measure_indicator_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE CASCADE,
    CONSTRAINT measure_indicator_indicator_id_fkey FOREIGN KEY(indicator_id) REFERENCES registry.indicator (id) ON DELETE CASCADE
);

CREATE INDEX measure_indicator_indicator_id_idx ON registry.measure_indicator (indicator_id);
CREATE INDEX measure_indicator_measure_id_idx ON registry.measure_indicator (measure_id);

CREATE TABLE registry.measure_offering (
    measure_id UUID NOT NULL,
    offering_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT measure_offering_pkey PRIMARY KEY (id),
    CONSTRAINT measure_offering_measure_id_offering_id_key UNIQUE (measure_id, offering_id),
    CONSTRAINT measure_offering_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE CASCADE,
    CONSTRAINT measure_offering_offering_id_fkey FOREIGN KEY(offering_id) REFERENCES registry.offering (id) ON DELETE CASCADE
);

CREATE INDEX measure_offering_measure_id_idx ON registry.measure_offering (measure_id);
CREATE INDEX measure_offering_offering_id_idx ON registry.measure_offering (offering_id);

CREATE TABLE registry.measure_term (
    measure_id UUID NOT NULL,
    term_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT measure_term_pkey PRIMARY KEY (id),
    CONSTRAINT measure_term_measure_id_term_id_key UNIQUE (measure_id, term_id),
    CONSTRAINT measure_term_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE CASCADE,
    CONSTRAINT measure_term_term_id_fkey FOREIGN KEY(term_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT
);

CREATE INDEX measure_term_measure_id_idx ON registry.measure_term (measure_id);
CREATE INDEX measure_term_term_id_idx ON registry.measure_term (term_id);

CREATE TABLE registry.measure_topic (
    measure_id UUID NOT NULL,
    topic_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT measure_topic_pkey PRIMARY KEY (id),
    CONSTRAINT measure_topic_measure_id_topic_id_key UNIQUE (measure_id, topic_id),
    CONSTRAINT measure_topic_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE CASCADE,
    CONSTRAINT measure_topic_topic_id_fkey FOREIGN KEY(topic_id) REFERENCES registry.strategy_topic (id) ON DELETE CASCADE
);

CREATE INDEX measure_topic_measure_id_idx ON registry.measure_topic (measure_id);
CREATE INDEX measure_topic_topic_id_idx ON registry.measure_topic (topic_id);

CREATE TABLE registry.milestone (
    strategy_id UUID NOT NULL,
    measure_id UUID,
    position INTEGER DEFAULT '0' NOT NULL,
    title TEXT NOT NULL,
    state TEXT DEFAULT 'unknown' NOT NULL,
    date TEXT,
    date_earliest DATE,
    date_latest DATE,
    source_id UUID NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT milestone_pkey PRIMARY KEY (id),
    CONSTRAINT milestone_state_check CHECK (state IN ('planned', 'reached', 'missed', 'unknown')),
    CONSTRAINT milestone_date_order_check CHECK (date_earliest <= date_latest),
    CONSTRAINT milestone_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT milestone_strategy_id_fkey FOREIGN KEY(strategy_id) REFERENCES registry.strategy (id) ON DELETE CASCADE,
    CONSTRAINT milestone_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE CASCADE,
    CONSTRAINT milestone_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX milestone_measure_id_idx ON registry.milestone (measure_id);
CREATE INDEX milestone_source_id_idx ON registry.milestone (source_id);
CREATE INDEX milestone_strategy_id_idx ON registry.milestone (strategy_id);

CREATE TABLE registry.statement (
    measure_id UUID NOT NULL,
    kind TEXT NOT NULL,
    position INTEGER DEFAULT '0' NOT NULL,
    organisation_id UUID,
    text TEXT NOT NULL,
    date TEXT,
    date_earliest DATE,
    date_latest DATE,
    source_id UUID NOT NULL,
    lang TEXT DEFAULT 'de' NOT NULL,
    translations JSONB DEFAULT '{}'::jsonb NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT statement_pkey PRIMARY KEY (id),
    CONSTRAINT statement_kind_check CHECK (kind IN ('statement', 'recommendation', 'report')),
    CONSTRAINT statement_date_order_check CHECK (date_earliest <= date_latest),
    CONSTRAINT statement_translations_check CHECK (registry.are_translations(translations)),
    CONSTRAINT statement_measure_id_fkey FOREIGN KEY(measure_id) REFERENCES registry.measure (id) ON DELETE CASCADE,
    CONSTRAINT statement_organisation_id_fkey FOREIGN KEY(organisation_id) REFERENCES registry.organisation (id) ON DELETE RESTRICT,
    CONSTRAINT statement_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX statement_measure_id_idx ON registry.statement (measure_id);
CREATE INDEX statement_organisation_id_idx ON registry.statement (organisation_id);
CREATE INDEX statement_source_id_idx ON registry.statement (source_id);

CREATE TABLE registry.topic_term (
    topic_id UUID NOT NULL,
    term_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT topic_term_pkey PRIMARY KEY (id),
    CONSTRAINT topic_term_topic_id_term_id_key UNIQUE (topic_id, term_id),
    CONSTRAINT topic_term_topic_id_fkey FOREIGN KEY(topic_id) REFERENCES registry.strategy_topic (id) ON DELETE CASCADE,
    CONSTRAINT topic_term_term_id_fkey FOREIGN KEY(term_id) REFERENCES registry.codelist_term (id) ON DELETE RESTRICT
);

CREATE INDEX topic_term_term_id_idx ON registry.topic_term (term_id);
CREATE INDEX topic_term_topic_id_idx ON registry.topic_term (topic_id);

