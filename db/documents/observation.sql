-- A value of an indicator in a district and period. Null is always explained by a flag.
WITH wanted AS MATERIALIZED (
    SELECT o.* FROM pending p JOIN registry.public_observation o ON o.id = p.id
    WHERE p.resource = 'observation'
), described AS MATERIALIZED (
    SELECT i.id, l.code AS lang, i.title, i.decimals,
           registry.localized(i.unit, i.translations, l.code, 'unit') AS unit,
           json_build_object(
               'id', i.id, 'slug', i.slug,
               'title', registry.localized(i.title, i.translations, l.code, 'title')) AS ref
    FROM registry.public_indicator i CROSS JOIN lang l
    WHERE i.id IN (SELECT indicator_id FROM wanted)
), place AS MATERIALIZED (
    SELECT d.id, r.lang, d.name, d.level, r.ref, quality.ref AS quality
    FROM registry.public_district d
    JOIN district_ref r ON r.id = d.id
    LEFT JOIN coded quality ON (quality.list, quality.code, quality.lang)
                             = ('boundary_quality', d.boundary_quality, r.lang)
    WHERE d.id IN (SELECT district_id FROM wanted)
), flag_list AS MATERIALIZED (
    SELECT s.flags, l.code AS lang,
           array_agg(registry.coded('observation_status', flag, l.code) ORDER BY n) AS refs
    FROM (SELECT DISTINCT flags FROM wanted) AS s
    CROSS JOIN lang l
    CROSS JOIN unnest(s.flags) WITH ORDINALITY AS f(flag, n)
    GROUP BY s.flags, l.code
), broken_down AS MATERIALIZED (
    SELECT s.breakdowns, l.code AS lang,
           concat('{', string_agg(to_json(part.dimension)::text || ':' || labelled.ref::text, ','
                                  ORDER BY part.dimension), '}')::json AS refs,
           array_remove(array_agg(part.dimension ORDER BY part.dimension)
                        || array_agg(part.dimension || ':' || part.code ORDER BY part.dimension),
                        NULL) AS terms
    FROM (SELECT DISTINCT breakdowns FROM wanted) AS s
    CROSS JOIN lang l
    LEFT JOIN LATERAL jsonb_each_text(s.breakdowns) AS part(dimension, code) ON true
    LEFT JOIN (term_label t JOIN term USING (id))
           ON (t.codelist, term.code, t.lang) = (part.dimension, part.code, l.code)
    LEFT JOIN LATERAL (
        SELECT row_to_json(r) AS ref
        FROM (SELECT part.code, coalesce(t.label, part.code) AS label) AS r
    ) AS labelled ON part.code IS NOT NULL
    GROUP BY s.breakdowns, l.code
)
SELECT o.id, o.id::text AS slug, concat_ws(' ', indicator.title, place.name, o.period) AS sort_name,
       l.code AS lang,
       NULL::geometry AS geometry,
       o.indicator_id, o.district_id, place.level, o.period, o.period_earliest, o.period_latest,
       o.breakdowns::text AS breakdowns, o.value, o.flags, parts.terms AS breakdown,
       place.name AS district_name, o.numerator, o.denominator, o.scenario, o.note, o.source_id,
       (SELECT left(row_to_json(r)::text, -1) FROM (
            SELECT o.id,
                   indicator.ref AS indicator,
                   place.ref AS district,
                   place.quality AS boundary_quality,
                   registry.edtf(o.period, o.period_earliest, o.period_latest) AS period,
                   parts.refs AS breakdowns,
                   o.value,
                   indicator.unit,
                   indicator.decimals, o.numerator, o.denominator,
                   flags.refs AS flags,
                   o.scenario,
                   o.note,
                   source.ref AS source,
                   l.code AS lang
       ) AS r) AS document
FROM wanted o
CROSS JOIN lang l
JOIN described indicator ON indicator.id = o.indicator_id AND indicator.lang = l.code
JOIN place ON place.id = o.district_id AND place.lang = l.code
JOIN source_ref source ON source.id = o.source_id
JOIN flag_list flags ON flags.flags = o.flags AND flags.lang = l.code
JOIN broken_down parts ON parts.breakdowns = o.breakdowns AND parts.lang = l.code
