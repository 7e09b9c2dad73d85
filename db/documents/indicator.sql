-- What is observed: definition, unit, rule of aggregation, and where observations exist.
WITH wanted AS MATERIALIZED (
    SELECT i.* FROM pending p JOIN registry.public_indicator i ON i.id = p.id
    WHERE p.resource = 'indicator'
), slot AS MATERIALIZED (
    SELECT * FROM published.observation_slot WHERE indicator_id IN (SELECT id FROM wanted)
), available AS MATERIALIZED (
    SELECT indicator_id AS id, array_agg(DISTINCT level) AS levels,
           array_agg(DISTINCT period ORDER BY period) AS periods, sum(observations) AS observations
    FROM slot GROUP BY indicator_id
), part AS MATERIALIZED (
    SELECT DISTINCT slot.indicator_id AS id, part.dimension, part.code
    FROM slot CROSS JOIN LATERAL jsonb_each_text(slot.breakdowns::jsonb) AS part(dimension, code)
), named AS MATERIALIZED (
    SELECT n.id, l.code AS lang, named.title,
           (SELECT row_to_json(r) FROM (SELECT n.id, n.slug, named.title) AS r) AS ref
    FROM registry.public_indicator n
    CROSS JOIN lang l
    CROSS JOIN LATERAL (
        SELECT registry.localized(n.title, n.translations, l.code, 'title') AS title
    ) AS named
    WHERE n.id IN (SELECT unnest(ARRAY[numerator_id, denominator_id]) FROM wanted)
), dimension AS MATERIALIZED (
    SELECT part.id, l.code AS lang, part.dimension AS code,
           coalesce(registry.localized(c.title, c.translations, l.code, 'title'), part.dimension)
               AS label,
           json_agg(labelled.ref ORDER BY term.position, part.code) AS terms
    FROM part
    CROSS JOIN lang l
    LEFT JOIN registry.codelist c ON c.name = part.dimension
    LEFT JOIN (term_label t JOIN term USING (id))
           ON (t.codelist, term.code, t.lang) = (part.dimension, part.code, l.code)
    CROSS JOIN LATERAL (
        SELECT row_to_json(r) AS ref
        FROM (SELECT part.code, coalesce(t.label, part.code) AS label) AS r
    ) AS labelled
    GROUP BY part.id, l.code, part.dimension, c.id
)
SELECT w.id, w.slug, w.title AS sort_name, l.code AS lang,
       NULL::geometry AS geometry,
       ARRAY(SELECT DISTINCT unnest(t.path) FROM registry.indicator_term x
             JOIN term t ON t.id = x.term_id
             WHERE x.indicator_id = w.id AND t.codelist = 'theme' ORDER BY 1) AS theme,
       coalesce(available.levels, '{}') AS level,
       ARRAY(SELECT p.dimension FROM part p WHERE p.id = w.id
             UNION SELECT p.dimension || ':' || p.code FROM part p WHERE p.id = w.id
             ORDER BY 1) AS breakdown,
       w.type, w.headline, w.aggregation, w.numerator_id, w.denominator_id, w.factor,
       ARRAY[concat_ws(' ', w.title, w.abbreviation),
             (SELECT string_agg(t.label, ' ' ORDER BY x.term_id, t.lang) FROM registry.indicator_term x
              JOIN term_label t ON t.id = x.term_id WHERE x.indicator_id = w.id),
             concat_ws(' ', w.unit, w.unit_long),
             concat_ws(' ', w.description, w.interpretation,
                       registry.translated(w.translations, 'title', 'description',
                                           'interpretation'))] AS texts,
       (SELECT left(row_to_json(d)::text, -1) FROM (
            SELECT w.id, w.slug,
                   registry.localized(w.title, w.translations, l.code, 'title') AS title,
                   w.abbreviation,
                   registry.localized(w.description, w.translations, l.code, 'description')
                       AS description,
                   registry.localized(w.unit, w.translations, l.code, 'unit') AS unit,
                   registry.localized(w.unit_long, w.translations, l.code, 'unit_long')
                       AS unit_long,
                   w.decimals,
                   registry.coded('indicator_type', w.type, l.code) AS type,
                   registry.coded('aggregation', w.aggregation, l.code) AS aggregation,
                   numerator.ref AS numerator,
                   denominator.ref AS denominator,
                   w.factor,
                   numerator.title || coalesce(' / ' || denominator.title, '')
                       || CASE WHEN w.factor <> 1 THEN ' × ' || trim_scale(w.factor) ELSE '' END
                       AS formula,
                   registry.localized(w.interpretation, w.translations, l.code, 'interpretation')
                       AS interpretation,
                   registry.coded('polarity', w.polarity, l.code) AS polarity,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.indicator_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.indicator_id = w.id AND t.codelist = 'theme' ORDER BY t.label
                   )) AS themes,
                   registry.coded('update_cycle', w.update_cycle, l.code) AS update_cycle,
                   w.reference_date,
                   registry.localized(w.method, w.translations, l.code, 'method') AS method,
                   coalesce(w.citation, concat_ws(', ', cited.publisher || ': ' || cited.title,
                                                  cited.retrieved, cited.license)) AS citation,
                   (SELECT row_to_json(c) FROM (
                        SELECT registry.coded('classification_method', w.classification_method,
                                              l.code) AS method,
                               w.classification_classes AS classes,
                               w.classification_scheme AS scheme
                   ) AS c) AS classification,
                   w.headline,
                   w.disclosure_threshold,
                   to_json(ARRAY(
                       SELECT registry.coded('level', v.level, l.code) FROM district_level v
                       WHERE v.level = ANY (available.levels) ORDER BY v.position
                   )) AS levels,
                   to_json(coalesce(available.periods, '{}')) AS periods,
                   to_json(ARRAY(
                       SELECT row_to_json(b) FROM (
                           SELECT m.code, m.label, m.terms FROM dimension m
                           WHERE m.id = w.id AND m.lang = l.code ORDER BY m.code
                       ) AS b
                   )) AS dimensions,
                   coalesce(available.observations, 0) AS observations_count,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(
                       registry.written(
                           w.lang, 'title', w.title, 'description', w.description, 'unit', w.unit,
                           'unit_long', w.unit_long, 'interpretation', w.interpretation,
                           'method', w.method, 'note', w.note),
                       w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
JOIN registry.public_source cited ON cited.id = w.source_id
LEFT JOIN named numerator ON (numerator.id, numerator.lang) = (w.numerator_id, l.code)
LEFT JOIN named denominator ON (denominator.id, denominator.lang) = (w.denominator_id, l.code)
LEFT JOIN available ON available.id = w.id
