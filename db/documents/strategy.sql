-- A strategy with its goals, focus themes, milestones, consultations and reports. Totals that a
-- source states and counts of the measures registered here stand apart.
WITH wanted AS MATERIALIZED (
    SELECT s.* FROM pending p JOIN registry.public_strategy s ON s.id = p.id
    WHERE p.resource = 'strategy'
)
SELECT w.id, w.slug, w.title AS sort_name, l.code AS lang,
       NULL::geometry AS geometry,
       ARRAY(SELECT DISTINCT unnest(t.path) FROM registry.strategy_term x
             JOIN term t ON t.id = x.term_id
             WHERE x.strategy_id = w.id AND t.codelist = 'theme' ORDER BY 1) AS theme,
       ARRAY(SELECT DISTINCT unnest(t.path) FROM registry.strategy_term x
             JOIN term t ON t.id = x.term_id
             WHERE x.strategy_id = w.id AND t.codelist = 'target_group' ORDER BY 1)
           AS target_group,
       term.code AS kind,
       ARRAY[w.title,
             (SELECT string_agg(t.title, ' ' ORDER BY t.position, t.id) FROM registry.strategy_topic t
              WHERE t.strategy_id = w.id),
             concat_ws(' ', lead.name, district.name),
             concat_ws(' ', w.description,
                       registry.translated(w.translations, 'title', 'description'))] AS texts,
       (SELECT left(row_to_json(d)::text, -1) FROM (
            SELECT w.id, w.slug,
                   registry.localized(w.title, w.translations, l.code, 'title') AS title,
                   registry.localized(w.description, w.translations, l.code, 'description')
                       AS description,
                   kind.ref AS kind, district.ref AS district, lead.ref AS lead,
                   registry.edtf(w.period, w.period_earliest, w.period_latest) AS period,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.strategy_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.strategy_id = w.id AND t.codelist = 'theme' ORDER BY t.label
                   )) AS themes,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.strategy_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.strategy_id = w.id AND t.codelist = 'target_group' ORDER BY t.label
                   )) AS target_groups,
                   to_json(ARRAY(
                       SELECT row_to_json(g) FROM (
                           SELECT t.id, t.kind,
                                  registry.localized(t.title, t.translations, l.code, 'title')
                                      AS title,
                                  registry.localized(t.description, t.translations, l.code,
                                                     'description') AS description,
                                  to_json(ARRAY(
                                      SELECT label.ref FROM registry.topic_term x
                                      JOIN term_label label
                                        ON label.id = x.term_id AND label.lang = l.code
                                      WHERE x.topic_id = t.id ORDER BY label.label
                                  )) AS themes
                           FROM registry.strategy_topic t
                           WHERE t.strategy_id = w.id ORDER BY t.kind DESC, t.position, t.id
                       ) AS g
                   )) AS topics,
                   to_json(ARRAY(
                       SELECT row_to_json(t) FROM (
                           SELECT t.axis, registry.coded(t.axis, t.code, l.code) AS status, t.value,
                                  registry.localized(t.statement, t.translations, l.code,
                                                     'statement') AS statement,
                                  registry.edtf(t.as_of, t.as_of_earliest, t.as_of_latest) AS as_of,
                                  s.ref AS source
                           FROM registry.public_stated_total t
                           JOIN source_ref s ON s.id = t.source_id
                           WHERE t.strategy_id = w.id ORDER BY t.position, t.id
                       ) AS t
                   )) AS stated_totals,
                   (SELECT row_to_json(c) FROM (
                        SELECT (SELECT count(*) FROM registry.public_measure m
                                WHERE m.strategy_id = w.id) AS total,
                               to_json(ARRAY(
                                   SELECT row_to_json(i) FROM (
                                       SELECT registry.coded('implementation', m.implementation,
                                                             l.code) AS status,
                                              count(*) AS value
                                       FROM registry.public_measure m WHERE m.strategy_id = w.id
                                       GROUP BY m.implementation ORDER BY m.implementation
                                   ) AS i
                               )) AS by_implementation
                    ) AS c) AS registered_measures,
                   to_json(ARRAY(
                       SELECT row_to_json(m) FROM (
                           SELECT registry.localized(m.title, m.translations, l.code, 'title')
                                      AS title,
                                  registry.coded('milestone_state', m.state, l.code) AS state,
                                  registry.edtf(m.date, m.date_earliest, m.date_latest) AS date,
                                  s.ref AS source
                           FROM registry.public_milestone m
                           JOIN source_ref s ON s.id = m.source_id
                           WHERE m.strategy_id = w.id AND m.measure_id IS NULL
                           ORDER BY m.position, m.date_earliest, m.id
                       ) AS m
                   )) AS milestones,
                   to_json(ARRAY(
                       SELECT row_to_json(c) FROM (
                           SELECT registry.localized(c.title, c.translations, l.code, 'title')
                                      AS title,
                                  registry.localized(c.description, c.translations, l.code,
                                                     'description') AS description,
                                  registry.localized(c.audience, c.translations, l.code,
                                                     'audience') AS audience,
                                  c.opens, c.closes, c.url, s.ref AS source
                           FROM registry.public_consultation c
                           JOIN source_ref s ON s.id = c.source_id
                           WHERE c.strategy_id = w.id ORDER BY c.opens, c.id
                       ) AS c
                   )) AS consultations,
                   to_json(ARRAY(
                       SELECT row_to_json(r) FROM (
                           SELECT registry.localized(r.title, r.translations, l.code, 'title')
                                      AS title,
                                  registry.localized(r.description, r.translations, l.code,
                                                     'description') AS description,
                                  registry.coded('report_state', r.state, l.code) AS state,
                                  registry.edtf(r.date, r.date_earliest, r.date_latest) AS date,
                                  registry.edtf(r.covers, r.covers_earliest, r.covers_latest)
                                      AS covers,
                                  r.url, s.ref AS source
                           FROM registry.public_report r
                           JOIN source_ref s ON s.id = r.source_id
                           WHERE r.strategy_id = w.id ORDER BY r.date_earliest, r.id
                       ) AS r
                   )) AS reports,
                   to_json(ARRAY(
                       SELECT row_to_json(r) FROM (
                           SELECT d.id, d.slug,
                                  registry.localized(d.title, d.translations, l.code, 'title')
                                      AS title,
                                  registry.coded('result', d.result, l.code) AS result,
                                  registry.edtf(d.date, d.date_earliest, d.date_latest) AS date
                           FROM registry.public_decision d
                           WHERE d.strategy_id = w.id ORDER BY d.date_earliest, d.id
                       ) AS r
                   )) AS decisions,
                   w.url,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(
                       registry.written(w.lang, 'title', w.title, 'description', w.description,
                                        'note', w.note),
                       w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
LEFT JOIN term ON term.id = w.kind_id
LEFT JOIN term_label kind ON kind.id = w.kind_id AND kind.lang = l.code
LEFT JOIN district_ref district ON district.id = w.district_id AND district.lang = l.code
LEFT JOIN organisation_ref lead ON lead.id = w.lead_id AND lead.lang = l.code
