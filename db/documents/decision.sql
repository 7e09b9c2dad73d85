-- What a body decided. Votes the source leaves blank are null.
WITH wanted AS MATERIALIZED (
    SELECT d.* FROM pending p JOIN registry.public_decision d ON d.id = p.id
    WHERE p.resource = 'decision'
)
SELECT w.id, w.slug, w.title AS sort_name, l.code AS lang,
       NULL::geometry AS geometry,
       body.id AS body_id, strategy.id AS strategy_id, w.result,
       coalesce(w.date_earliest::text, '') AS date,
       ARRAY[w.title, concat_ws(' ', w.reference, body.name), concat_ws(' ', w.meeting),
             concat_ws(' ', w.text,
                       registry.translated(w.translations, 'title', 'text'))] AS texts,
       (SELECT left(row_to_json(d)::text, -1) FROM (
            SELECT w.id, w.slug, w.reference,
                   registry.localized(w.title, w.translations, l.code, 'title') AS title,
                   registry.localized(w.text, w.translations, l.code, 'text') AS text,
                   body.ref AS body,
                   registry.coded('result', w.result, l.code) AS result,
                   (SELECT row_to_json(v) FROM (
                        SELECT w.votes_yes AS yes, w.votes_no AS no,
                               w.votes_abstentions AS abstentions
                    ) AS v) AS votes,
                   registry.edtf(w.date, w.date_earliest, w.date_latest) AS date,
                   w.meeting, w.agenda_item,
                   (SELECT row_to_json(s) FROM (
                        SELECT strategy.id, strategy.slug,
                               registry.localized(strategy.title, strategy.translations, l.code,
                                                  'title') AS title
                    ) AS s WHERE strategy.id IS NOT NULL) AS strategy,
                   (SELECT row_to_json(r) FROM (
                        SELECT m.id, m.slug,
                               registry.localized(m.title, m.translations, l.code, 'title') AS title
                        FROM registry.public_measure m WHERE m.id = w.measure_id
                    ) AS r) AS measure,
                   district.ref AS district,
                   w.url,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(
                       registry.written(w.lang, 'title', w.title, 'text', w.text, 'note', w.note),
                       w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
LEFT JOIN organisation_ref body ON body.id = w.body_id AND body.lang = l.code
LEFT JOIN registry.public_strategy strategy ON strategy.id = w.strategy_id
LEFT JOIN district_ref district ON district.id = w.district_id AND district.lang = l.code
