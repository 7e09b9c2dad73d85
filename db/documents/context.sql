-- What every document refers to, once a publication: languages, terms, districts, sources.

CREATE TEMPORARY TABLE lang ON COMMIT DROP AS TABLE registry.public_language;

CREATE TEMPORARY TABLE term ON COMMIT DROP AS
    WITH RECURSIVE tree AS (
        SELECT t.id, c.name AS codelist, t.code, t.position, ARRAY[t.code] AS path
        FROM registry.codelist_term t
        JOIN registry.codelist c ON c.id = t.codelist_id
        WHERE t.parent_id IS NULL
        UNION ALL
        SELECT t.id, tree.codelist, t.code, t.position, t.code || tree.path
        FROM registry.codelist_term t
        JOIN tree ON tree.id = t.parent_id
    )
    SELECT * FROM tree;
CREATE UNIQUE INDEX ON term (id) INCLUDE (codelist);

CREATE TEMPORARY TABLE term_label ON COMMIT DROP AS
    SELECT t.id, l.code AS lang, term.codelist, named.label,
           (SELECT row_to_json(r) FROM (SELECT t.code, named.label) AS r) AS ref
    FROM registry.codelist_term t
    JOIN term ON term.id = t.id
    CROSS JOIN lang l
    CROSS JOIN LATERAL (
        SELECT registry.localized(t.label, t.translations, l.code, 'label') AS label
    ) AS named;
CREATE UNIQUE INDEX ON term_label (id, lang);

-- The codes that offerings and observations have by the thousand, labelled once.
CREATE TEMPORARY TABLE coded ON COMMIT DROP AS
    SELECT c.list, one.code, l.code AS lang,
           registry.coded(c.list, one.code, l.code) AS ref
    FROM (VALUES
        ('organisation_mode',
         ARRAY['district', 'central', 'central_with_outreach', 'mobile', 'online']),
        ('boundary_quality', ARRAY['official', 'generalised', 'schematic']),
        ('precision', ARRAY['exact', 'street', 'municipality']),
        ('wheelchair', ARRAY['yes', 'limited', 'no'])
    ) AS c(list, codes)
    CROSS JOIN unnest(c.codes) AS one(code)
    CROSS JOIN lang l;

CREATE TEMPORARY TABLE ancestry ON COMMIT DROP AS
    WITH RECURSIVE chain AS (
        SELECT id AS district_id, id AS ancestor_id, 0 AS depth FROM registry.public_district
        UNION ALL
        SELECT chain.district_id, up.id, chain.depth + 1
        FROM chain
        JOIN registry.public_district here ON here.id = chain.ancestor_id
        JOIN registry.public_district up ON up.id = here.parent_id
    )
    SELECT * FROM chain;
CREATE UNIQUE INDEX ON ancestry (district_id, ancestor_id);
CREATE INDEX ON ancestry (ancestor_id);

CREATE TEMPORARY TABLE district_level ON COMMIT DROP AS
    SELECT level, position::integer FROM unnest(ARRAY[
        'country', 'state', 'county', 'social_region', 'municipal_association', 'municipality',
        'city_district', 'quarter'
    ]) WITH ORDINALITY AS t(level, position);

CREATE TEMPORARY TABLE district_ref ON COMMIT DROP AS
    SELECT d.id, l.code AS lang, level.position, named.name,
           (SELECT row_to_json(r) FROM (
                SELECT d.id, d.slug, named.name,
                       registry.coded('level', d.level, l.code) AS level, d.scheme, d.key
           ) AS r) AS ref
    FROM registry.public_district d
    JOIN district_level level ON level.level = d.level
    CROSS JOIN lang l
    CROSS JOIN LATERAL (
        SELECT registry.localized(d.name, d.translations, l.code, 'name') AS name
    ) AS named;
CREATE UNIQUE INDEX ON district_ref (id, lang);

CREATE TEMPORARY TABLE organisation_ref ON COMMIT DROP AS
    SELECT o.id, l.code AS lang, named.name,
           (SELECT row_to_json(r) FROM (SELECT o.id, o.slug, named.name) AS r) AS ref
    FROM registry.public_organisation o
    CROSS JOIN lang l
    CROSS JOIN LATERAL (
        SELECT registry.localized(o.name, o.translations, l.code, 'name') AS name
    ) AS named;
CREATE UNIQUE INDEX ON organisation_ref (id, lang);

CREATE TEMPORARY TABLE source_ref ON COMMIT DROP AS
    SELECT s.id, (SELECT row_to_json(r) FROM (
        SELECT s.title, s.publisher, s.url, s.license, s.license_url, s.attribution, s.retrieved
    ) AS r) AS ref
    FROM registry.public_source s;
CREATE UNIQUE INDEX ON source_ref (id);

-- What a flag is in the languages of statistics (db/flags.py).
CREATE TEMPORARY TABLE flag_notation (
    code text PRIMARY KEY,
    obs_status text,
    conf_status text,
    sign text,
    mark text
) ON COMMIT DROP;

ANALYZE lang, term, term_label, coded, ancestry, district_ref, organisation_ref, source_ref;
