-- A codelist with its terms in order. The address is the list's name.
SELECT c.id, c.name AS slug, c.name AS sort_name, l.code AS lang,
       NULL::geometry AS geometry,
       (SELECT left(row_to_json(d)::text, -1) FROM (
            SELECT c.id, c.name AS slug,
                   registry.localized(c.title, c.translations, l.code, 'title') AS title,
                   registry.localized(c.description, c.translations, l.code, 'description')
                       AS description,
                   c.additive,
                   to_json(ARRAY(
                       SELECT row_to_json(t) FROM (
                           SELECT t.code,
                                  registry.localized(t.label, t.translations, l.code, 'label')
                                      AS label,
                                  registry.localized(t.definition, t.translations, l.code,
                                                     'definition') AS definition,
                                  broader.code AS parent,
                                  t.exact_match,
                                  CASE WHEN c.name = 'observation_status' THEN (
                                      SELECT row_to_json(n) FROM (
                                          SELECT obs_status, conf_status, sign, mark
                                          FROM flag_notation WHERE code = t.code
                                      ) AS n
                                  ) END AS notations,
                                  registry.fallback(
                                      registry.written(t.lang, 'label', t.label,
                                                       'definition', t.definition),
                                      t.lang, t.translations, l.code) AS fallback
                           FROM registry.codelist_term t
                           LEFT JOIN registry.codelist_term broader ON broader.id = t.parent_id
                           WHERE t.codelist_id = c.id
                           ORDER BY t.position, t.code
                       ) AS t
                   )) AS terms,
                   l.code AS lang,
                   registry.fallback(
                       registry.written(c.lang, 'title', c.title, 'description', c.description),
                       c.lang, c.translations, l.code) AS fallback
       ) AS d) AS document
FROM pending p
JOIN registry.codelist c ON c.id = p.id
CROSS JOIN lang l
WHERE p.resource = 'codelist'
