-- A measure on its four separate axes, with what was said about it and what it is linked to.
WITH wanted AS MATERIALIZED (
    SELECT m.* FROM pending p JOIN registry.public_measure m ON m.id = p.id
    WHERE p.resource = 'measure'
)
SELECT w.id, w.slug, w.title AS sort_name, l.code AS lang,
       (SELECT CASE count(d.point) WHEN 0 THEN NULL WHEN 1 THEN ST_GeometryN(ST_Collect(d.point), 1)
                    ELSE ST_Multi(ST_Collect(d.point)) END
        FROM registry.measure_district x JOIN registry.public_district d ON d.id = x.district_id
        WHERE x.measure_id = w.id) AS geometry,
       ARRAY(SELECT DISTINCT a.ancestor_id FROM registry.measure_district x
             JOIN ancestry a ON a.district_id = x.district_id
             WHERE x.measure_id = w.id ORDER BY 1) AS within,
       w.strategy_id, lead.id AS lead_id, w.decision, w.feasibility, w.implementation,
       w.start_earliest AS starts, w.end_latest AS ends,
       ARRAY(SELECT DISTINCT unnest(t.path) FROM registry.measure_term x
             JOIN term t ON t.id = x.term_id
             WHERE x.measure_id = w.id AND t.codelist = 'theme' ORDER BY 1) AS theme,
       ARRAY(SELECT DISTINCT unnest(t.path) FROM registry.measure_term x
             JOIN term t ON t.id = x.term_id
             WHERE x.measure_id = w.id AND t.codelist = 'target_group' ORDER BY 1)
           AS target_group,
       ARRAY[w.title, strategy.title,
             concat_ws(' ', lead.name, (SELECT string_agg(t.label, ' ' ORDER BY x.term_id, t.lang)
                FROM registry.measure_term x JOIN term_label t ON t.id = x.term_id
                WHERE x.measure_id = w.id)),
             concat_ws(' ', w.description,
                       registry.translated(w.translations, 'title', 'description'))] AS texts,
       (SELECT left(row_to_json(d)::text, -1) FROM (
            SELECT w.id, w.slug, w.number,
                   registry.localized(w.title, w.translations, l.code, 'title') AS title,
                   registry.localized(w.description, w.translations, l.code, 'description')
                       AS description,
                   (SELECT row_to_json(s) FROM (
                        SELECT strategy.id, strategy.slug,
                               registry.localized(strategy.title, strategy.translations, l.code,
                                                  'title') AS title
                    ) AS s) AS strategy,
                   to_json(ARRAY(
                       SELECT row_to_json(g) FROM (
                           SELECT t.id, t.kind,
                                  registry.localized(t.title, t.translations, l.code, 'title')
                                      AS title
                           FROM registry.measure_topic x
                           JOIN registry.strategy_topic t ON t.id = x.topic_id
                           WHERE x.measure_id = w.id AND t.strategy_id = w.strategy_id
                           ORDER BY t.kind DESC, t.position, t.id
                       ) AS g
                   )) AS topics,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.measure_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.measure_id = w.id AND t.codelist = 'theme' ORDER BY t.label
                   )) AS themes,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.measure_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.measure_id = w.id AND t.codelist = 'target_group' ORDER BY t.label
                   )) AS target_groups,
                   lead.ref AS lead,
                   registry.coded('decision', w.decision, l.code) AS decision,
                   registry.coded('feasibility', w.feasibility, l.code) AS feasibility,
                   registry.coded('implementation', w.implementation, l.code) AS implementation,
                   (SELECT row_to_json(x) FROM (
                        SELECT registry.coded('disposition', w.disposition, l.code) AS status,
                               registry.localized(w.disposition_into, w.translations, l.code,
                                                  'disposition_into') AS into,
                               (SELECT row_to_json(r) FROM (
                                    SELECT o.id, o.slug,
                                           registry.localized(o.title, o.translations, l.code,
                                                              'title') AS title
                                    FROM registry.public_measure o
                                    WHERE o.id = w.disposition_measure_id
                                ) AS r) AS measure
                    ) AS x) AS disposition,
                   registry.edtf(w.start, w.start_earliest, w.start_latest) AS start,
                   registry.edtf(w."end", w.end_earliest, w.end_latest) AS "end",
                   to_json(ARRAY(
                       SELECT r.ref FROM registry.measure_district x
                       JOIN district_ref r ON r.id = x.district_id AND r.lang = l.code
                       WHERE x.measure_id = w.id ORDER BY r.position, r.name
                   )) AS districts,
                   to_json(ARRAY(
                       SELECT row_to_json(r) FROM (
                           SELECT o.id, o.slug,
                                  registry.localized(o.name, o.translations, l.code, 'name') AS name
                           FROM registry.measure_offering x
                           JOIN registry.public_offering o ON o.id = x.offering_id
                           WHERE x.measure_id = w.id ORDER BY o.name, o.id
                       ) AS r
                   )) AS offerings,
                   to_json(ARRAY(
                       SELECT row_to_json(r) FROM (
                           SELECT i.id, i.slug,
                                  registry.localized(i.title, i.translations, l.code, 'title')
                                      AS title
                           FROM registry.measure_indicator x
                           JOIN registry.public_indicator i ON i.id = x.indicator_id
                           WHERE x.measure_id = w.id ORDER BY i.title, i.id
                       ) AS r
                   )) AS indicators,
                   to_json(ARRAY(
                       SELECT row_to_json(r) FROM (
                           SELECT s.kind,
                                  registry.localized(s.text, s.translations, l.code, 'text')
                                      AS text,
                                  o.ref AS organisation,
                                  registry.edtf(s.date, s.date_earliest, s.date_latest) AS date,
                                  c.ref AS source
                           FROM registry.public_statement s
                           JOIN source_ref c ON c.id = s.source_id
                           LEFT JOIN organisation_ref o
                                  ON o.id = s.organisation_id AND o.lang = l.code
                           WHERE s.measure_id = w.id ORDER BY s.position, s.date_earliest, s.id
                       ) AS r
                   )) AS statements,
                   to_json(ARRAY(
                       SELECT row_to_json(r) FROM (
                           SELECT registry.localized(m.title, m.translations, l.code, 'title')
                                      AS title,
                                  registry.coded('milestone_state', m.state, l.code) AS state,
                                  registry.edtf(m.date, m.date_earliest, m.date_latest) AS date,
                                  c.ref AS source
                           FROM registry.public_milestone m
                           JOIN source_ref c ON c.id = m.source_id
                           WHERE m.measure_id = w.id AND m.strategy_id = w.strategy_id
                           ORDER BY m.position, m.date_earliest, m.id
                       ) AS r
                   )) AS milestones,
                   w.url,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(
                       registry.written(w.lang, 'title', w.title, 'description', w.description,
                                        'disposition_into', w.disposition_into, 'note', w.note),
                       w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
JOIN registry.public_strategy strategy ON strategy.id = w.strategy_id
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
LEFT JOIN organisation_ref lead ON lead.id = w.lead_id AND lead.lang = l.code
