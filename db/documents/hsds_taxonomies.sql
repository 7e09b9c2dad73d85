-- HSDS 3.1: vocabularies whose terms say something of services and organizations.
CREATE TEMPORARY TABLE built_hsds_taxonomy ON COMMIT DROP AS
    SELECT built.*, md5(built::text) AS hash
    FROM (
        SELECT c.id, c.name, titled.title AS sort_name,
               concat('{"id":"', c.id, '","name":', to_json(titled.title),
                      ',"description":', to_json(coalesce(registry.said(registry.localized(
                          c.description, c.translations, here.code, 'description')),
                          titled.title)), '}') AS document,
               ARRAY[titled.title, c.name, '', registry.localized(
                   c.description, c.translations, here.code, 'description')] AS texts
        FROM registry.codelist c
        CROSS JOIN spoken_here here
        CROSS JOIN LATERAL (SELECT coalesce(registry.said(registry.localized(
            c.title, c.translations, here.code, 'title')), c.name) AS title) AS titled
        WHERE c.name IN ('category', 'theme', 'target_group', 'organisation_kind',
                         'organisation_mode')
    ) AS built;

CREATE TEMPORARY TABLE built_hsds_taxonomy_term ON COMMIT DROP AS
    SELECT built.*, md5(built::text) AS hash
    FROM (
        SELECT t.id, x.id AS taxonomy_id, x.name AS taxonomy, t.code, t.parent_id,
               x.sort_name || ' ' || lpad(t.position::text, 9, '0') AS sort_name,
               named.members || '}' AS quoted,
               concat(named.members, ',"taxonomy_detail":', x.document, '}') AS document,
               ARRAY[named.label, t.code, '', named.definition] AS texts
        FROM registry.codelist_term t
        JOIN built_hsds_taxonomy x ON x.id = t.codelist_id
        CROSS JOIN spoken_here here
        CROSS JOIN LATERAL (
            SELECT label, definition, concat(
                       '{"id":"', t.id, '","code":', to_json(t.code), ',"name":', to_json(label),
                       ',"description":', to_json(coalesce(definition, label)),
                       ',"parent_id":"' || t.parent_id || '"',
                       ',"taxonomy":', to_json(x.sort_name),
                       ',"language":"', split_part(here.code, '-', 1),
                       '","taxonomy_id":"', x.id, '"',
                       ',"term_uri":' || to_json(registry.uri(t.exact_match[1]))) AS members
            FROM (SELECT coalesce(registry.said(registry.localized(
                             t.label, t.translations, here.code, 'label')), t.code) AS label,
                         registry.said(registry.localized(
                             t.definition, t.translations, here.code, 'definition')) AS definition
            ) AS texts
        ) AS named
    ) AS built;
CREATE UNIQUE INDEX ON built_hsds_taxonomy_term (id);
ANALYZE built_hsds_taxonomy_term;
