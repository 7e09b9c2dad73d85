-- A value of an indicator in a district and period. Null is always explained by a flag.
SELECT o.id, o.id::text AS slug, concat_ws(' ', i.title, d.name, o.period) AS sort_name,
       l.code AS lang,
       NULL::geometry AS geometry,
       o.indicator_id, o.district_id, d.level, o.period, o.period_earliest, o.period_latest,
       o.breakdowns::text AS breakdowns, o.value, o.flags,
       (SELECT row_to_json(r)::text FROM (
            SELECT o.id,
                   (SELECT row_to_json(x) FROM (
                        SELECT i.id, i.slug,
                               registry.localized(i.title, i.translations, l.code, 'title') AS title
                    ) AS x) AS indicator,
                   district.ref AS district,
                   registry.edtf(o.period, o.period_earliest, o.period_latest) AS period,
                   o.breakdowns,
                   o.value,
                   registry.localized(i.unit, i.translations, l.code, 'unit') AS unit,
                   i.decimals, o.numerator, o.denominator,
                   to_json(ARRAY(
                       SELECT registry.coded('observation_status', flag, l.code)
                       FROM unnest(o.flags) WITH ORDINALITY AS f(flag, n) ORDER BY n
                   )) AS flags,
                   o.scenario,
                   o.note,
                   source.ref AS source,
                   l.code AS lang
       ) AS r) AS document
FROM pending p
JOIN registry.public_observation o ON o.id = p.id
JOIN registry.public_indicator i ON i.id = o.indicator_id
JOIN registry.public_district d ON d.id = o.district_id
JOIN source_ref source ON source.id = o.source_id
CROSS JOIN lang l
JOIN district_ref district ON district.id = o.district_id AND district.lang = l.code
WHERE p.resource = 'observation'
