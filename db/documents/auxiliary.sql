-- What stands beside the documents and follows from them: languages, ancestors, aliases, labels.

DELETE FROM published.language;
INSERT INTO published.language (code, position, is_default)
    SELECT code, position, is_default FROM lang;

DELETE FROM published.district_ancestor p WHERE NOT EXISTS (
    SELECT FROM ancestry a
    WHERE (a.district_id, a.ancestor_id, a.depth) = (p.district_id, p.ancestor_id, p.depth));
INSERT INTO published.district_ancestor (district_id, ancestor_id, depth)
    SELECT district_id, ancestor_id, depth FROM ancestry
ON CONFLICT DO NOTHING;

-- How an entity may be named in a filter: by id, slug, scheme:key, or a key that only one has.
CREATE TEMPORARY TABLE known_alias ON COMMIT DROP AS
    WITH candidate(resource, alias, id, rank) AS (
        SELECT 'district', id::text, id, 1 FROM published.district UNION ALL
        SELECT 'district', slug, id, 2 FROM published.district UNION ALL
        SELECT 'district', d.scheme || ':' || d.key, d.id, 3
        FROM registry.public_district d WHERE d.key IS NOT NULL UNION ALL
        SELECT 'district', min(d.key), (array_agg(d.id))[1], 4
        FROM registry.public_district d WHERE d.key IS NOT NULL
        GROUP BY d.key HAVING count(*) = 1 UNION ALL
        SELECT 'organisation', id::text, id, 1 FROM published.organisation UNION ALL
        SELECT 'organisation', slug, id, 2 FROM published.organisation UNION ALL
        SELECT 'strategy', id::text, id, 1 FROM published.strategy UNION ALL
        SELECT 'strategy', slug, id, 2 FROM published.strategy UNION ALL
        SELECT 'indicator', id::text, id, 1 FROM published.indicator UNION ALL
        SELECT 'indicator', slug, id, 2 FROM published.indicator UNION ALL
        SELECT term.codelist, term.code, term.id, 1 FROM term
    )
    SELECT DISTINCT ON (resource, alias) resource, alias, id
    FROM candidate ORDER BY resource, alias, rank;

DELETE FROM published.alias p WHERE NOT EXISTS (
    SELECT FROM known_alias k WHERE (k.resource, k.alias, k.id) = (p.resource, p.alias, p.id));
INSERT INTO published.alias (resource, alias, id) SELECT resource, alias, id FROM known_alias
ON CONFLICT DO NOTHING;

CREATE TEMPORARY TABLE broken_down_by ON COMMIT DROP AS
    SELECT DISTINCT unnest(breakdown) AS name FROM published.indicator;

CREATE TEMPORARY TABLE known_label ON COMMIT DROP AS
    SELECT t.codelist AS kind, term.code AS value, t.lang, t.id, t.label
    FROM term_label t JOIN term ON term.id = t.id
    UNION ALL
    SELECT 'district', d.slug, r.lang, d.id, r.name
    FROM district_ref r JOIN published.district d ON d.id = r.id
    UNION ALL
    SELECT 'organisation', o.slug, r.lang, o.id, r.name
    FROM organisation_ref r JOIN published.organisation o ON o.id = r.id
    UNION ALL
    SELECT 'strategy', s.slug, l.code, s.id,
           registry.localized(s.title, s.translations, l.code, 'title')
    FROM registry.public_strategy s CROSS JOIN lang l
    UNION ALL
    SELECT 'breakdown', c.name, l.code, c.id,
           registry.localized(c.title, c.translations, l.code, 'title')
    FROM registry.codelist c
    JOIN broken_down_by b ON b.name = c.name
    CROSS JOIN lang l
    UNION ALL
    SELECT 'breakdown', b.name, t.lang, t.id, t.label
    FROM broken_down_by b
    JOIN term ON (term.codelist, term.code) = (split_part(b.name, ':', 1), split_part(b.name, ':', 2))
    JOIN term_label t ON t.id = term.id;

DELETE FROM published.label p WHERE NOT EXISTS (
    SELECT FROM known_label k
    WHERE (k.kind, k.value, k.lang, k.id, k.label) = (p.kind, p.value, p.lang, p.id, p.label));
INSERT INTO published.label (kind, value, lang, id, label)
    SELECT kind, value, lang, id, label FROM known_label
ON CONFLICT DO NOTHING;
