-- What is provided, by whom, where, for whom. Columns are worked out once an offering, texts once a
-- language.
WITH wanted AS MATERIALIZED (
    SELECT o.* FROM pending p JOIN registry.public_offering o ON o.id = p.id
    WHERE p.resource = 'offering'
), step AS MATERIALIZED (
    SELECT w.id, t.codelist, step.code
    FROM wanted w
    JOIN registry.offering_term x ON x.offering_id = w.id
    JOIN term t ON t.id = x.term_id
    CROSS JOIN unnest(t.path) AS step(code)
), coded AS MATERIALIZED (
    SELECT id,
           array_agg(DISTINCT code ORDER BY code) FILTER (WHERE codelist = 'category') AS category,
           array_agg(DISTINCT code ORDER BY code) FILTER (WHERE codelist = 'theme') AS theme,
           array_agg(DISTINCT code ORDER BY code) FILTER (WHERE codelist = 'target_group')
               AS target_group,
           array_agg(DISTINCT code ORDER BY code) FILTER (WHERE codelist = 'language') AS language
    FROM step GROUP BY id
), labelled AS MATERIALIZED (
    SELECT w.id, string_agg(t.label, ' ') FILTER (WHERE t.codelist = 'category') AS categories,
           string_agg(t.label, ' ') FILTER (WHERE t.codelist <> 'category') AS others
    FROM wanted w
    JOIN registry.offering_term x ON x.offering_id = w.id
    JOIN term_label t ON t.id = x.term_id
    GROUP BY w.id
), placed AS MATERIALIZED (
    SELECT w.id,
           array_agg(DISTINCT s.postcode) FILTER (WHERE s.postcode IS NOT NULL) AS postcode,
           array_agg(DISTINCT s.wheelchair) FILTER (WHERE s.wheelchair IS NOT NULL) AS wheelchair,
           ST_Multi(ST_Collect(s.point)) AS points,
           ST_Multi(ST_Collect(s.point) FILTER (WHERE s.precision <> 'municipality')) AS precise,
           ST_Collect(coalesce(ST_Envelope(m.boundary), s.point))
               FILTER (WHERE s.precision = 'municipality') AS imprecise,
           string_agg(concat_ws(' ', s.name, s.street, s.postcode, s.town), ' ') AS addresses
    FROM wanted w
    JOIN registry.offering_site x ON x.offering_id = w.id
    JOIN registry.public_site s ON s.id = x.site_id
    LEFT JOIN registry.public_district m ON m.id = s.district_id
    GROUP BY w.id
), facts AS MATERIALIZED (
    SELECT w.id,
           coalesce(coded.category, '{}') AS category,
           coalesce(coded.theme, '{}') AS theme,
           coalesce(coded.target_group, '{}') AS target_group,
           coalesce(coded.language, '{}') AS language,
           coalesce(placed.postcode, '{}') AS postcode,
           coalesce(placed.wheelchair, '{}') AS wheelchair,
           CASE WHEN w.age_min IS NOT NULL OR w.age_max IS NOT NULL
                THEN int4range(w.age_min, w.age_max, '[]') END AS age,
           ARRAY(SELECT x.district_id FROM registry.offering_service_district x
                 JOIN registry.public_district d ON d.id = x.district_id
                 WHERE x.offering_id = w.id ORDER BY 1) AS serves,
           CASE WHEN ST_NumGeometries(placed.points) = 1
                THEN ST_GeometryN(placed.points, 1) ELSE placed.points END AS geometry,
           placed.precise AS location,
           placed.imprecise,
           ARRAY[concat_ws(' ', w.name, w.alternate_name),
                 concat_ws(' ', labelled.categories,
                           (SELECT name FROM registry.public_organisation o
                            WHERE o.id = w.organisation_id)),
                 concat_ws(' ', placed.addresses, labelled.others),
                 concat_ws(' ', w.description, w.eligibility, w.application,
                           (SELECT string_agg(value, ' ')
                            FROM jsonb_each(w.translations) AS t(lang, texts)
                            CROSS JOIN jsonb_each_text(texts)))] AS texts
    FROM wanted w
    LEFT JOIN coded ON coded.id = w.id
    LEFT JOIN placed ON placed.id = w.id
    LEFT JOIN labelled ON labelled.id = w.id
)
SELECT w.id, w.slug, w.name AS sort_name, l.code AS lang,
       f.geometry, f.location, f.imprecise, w.service_area,
       f.category, f.theme, f.target_group, f.language, f.postcode, f.wheelchair,
       organisation.id AS organisation_id, w.organisation_mode, f.age, w.free, w.confirmed_at,
       w.valid_to, f.serves, f.texts,
       (SELECT row_to_json(d)::text FROM (
            SELECT w.id, w.slug,
                   registry.localized(w.name, w.translations, l.code, 'name') AS name,
                   w.alternate_name,
                   registry.localized(w.description, w.translations, l.code, 'description')
                       AS description,
                   organisation.ref AS organisation,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.offering_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.offering_id = w.id AND t.codelist = 'category' ORDER BY t.label
                   )) AS categories,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.offering_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.offering_id = w.id AND t.codelist = 'theme' ORDER BY t.label
                   )) AS themes,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.offering_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.offering_id = w.id AND t.codelist = 'target_group' ORDER BY t.label
                   )) AS target_groups,
                   to_json(ARRAY(
                       SELECT t.ref FROM registry.offering_term x
                       JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                       WHERE x.offering_id = w.id AND t.codelist = 'language' ORDER BY t.label
                   )) AS languages,
                   registry.coded('organisation_mode', w.organisation_mode, l.code)
                       AS organisation_mode,
                   (SELECT row_to_json(m) FROM (
                        SELECT registry.coded('organisation_mode', w.intended_mode, l.code) AS mode,
                               registry.localized(w.intended_mode_reason, w.translations, l.code,
                                                  'intended_mode_reason') AS reason,
                               w.intended_mode_on AS on
                    ) AS m WHERE w.intended_mode IS NOT NULL) AS intended_mode,
                   w.age_min, w.age_max, w.free,
                   registry.localized(w.cost, w.translations, l.code, 'cost') AS cost,
                   registry.localized(w.eligibility, w.translations, l.code, 'eligibility')
                       AS eligibility,
                   registry.localized(w.application, w.translations, l.code, 'application')
                       AS application,
                   registry.localized(w.accessibility, w.translations, l.code, 'accessibility')
                       AS accessibility,
                   (SELECT row_to_json(c) FROM (
                        SELECT w.capacity AS value, w.capacity_unit AS unit,
                               w.capacity_as_of AS as_of
                    ) AS c WHERE w.capacity IS NOT NULL) AS capacity,
                   w.phone, w.email, w.url,
                   to_json(ARRAY(
                       SELECT row_to_json(s) FROM (
                           SELECT s.id,
                                  registry.localized(s.name, s.translations, l.code, 'name')
                                      AS name,
                                  s.street, s.postcode, s.town,
                                  round(ST_X(s.point)::numeric, 6) AS longitude,
                                  round(ST_Y(s.point)::numeric, 6) AS latitude,
                                  registry.coded('precision', s.precision, l.code) AS precision,
                                  here.ref AS district,
                                  here.assignment AS district_assignment,
                                  registry.coded('wheelchair', s.wheelchair, l.code) AS wheelchair,
                                  registry.localized(s.accessibility, s.translations, l.code,
                                                     'accessibility') AS accessibility,
                                  x.opening_hours, x.opening_note,
                                  registry.localized(s.note, s.translations, l.code, 'note') AS note
                           FROM registry.offering_site x
                           JOIN registry.public_site s ON s.id = x.site_id
                           LEFT JOIN LATERAL (
                               SELECT r.ref, a.assignment FROM site_district a
                               JOIN district_ref r ON r.id = a.district_id AND r.lang = l.code
                               WHERE a.site_id = s.id ORDER BY r.position DESC, r.name LIMIT 1
                           ) AS here ON true
                           WHERE x.offering_id = w.id ORDER BY x.position, s.id
                       ) AS s
                   )) AS sites,
                   to_json(ARRAY(
                       SELECT r.ref FROM district_ref r WHERE r.lang = l.code AND r.id IN (
                           SELECT a.ancestor_id FROM registry.offering_site x
                           JOIN site_district d ON d.site_id = x.site_id
                           JOIN ancestry a ON a.district_id = d.district_id
                           WHERE x.offering_id = w.id
                       ) ORDER BY r.position, r.name
                   )) AS districts,
                   (SELECT row_to_json(a) FROM (
                        SELECT to_json(ARRAY(
                                   SELECT r.ref FROM district_ref r
                                   WHERE r.id = ANY (f.serves) AND r.lang = l.code
                                   ORDER BY r.position, r.name
                               )) AS districts,
                               ST_AsGeoJSON(ST_ForcePolygonCCW(w.service_area), 6)::json AS polygon
                    ) AS a WHERE f.serves <> '{}' OR w.service_area IS NOT NULL) AS service_area,
                   to_json(ARRAY(
                       SELECT row_to_json(e) FROM (
                           SELECT registry.localized(e.finding, e.translations, l.code, 'finding')
                                      AS finding,
                                  registry.edtf(e.period, e.period_earliest, e.period_latest)
                                      AS period,
                                  s.ref AS source
                           FROM registry.public_evaluation e
                           JOIN source_ref s ON s.id = e.source_id
                           WHERE e.offering_id = w.id ORDER BY e.period_earliest, e.id
                       ) AS e
                   )) AS evaluations,
                   registry.edtf(w.as_of, w.as_of_earliest, w.as_of_latest) AS as_of,
                   w.valid_from, w.valid_to, w.confirmed_at,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(
                       jsonb_build_object(
                           'name', w.name, 'description', w.description, 'cost', w.cost,
                           'eligibility', w.eligibility, 'application', w.application,
                           'accessibility', w.accessibility,
                           'intended_mode_reason', w.intended_mode_reason, 'note', w.note),
                       w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
JOIN facts f ON f.id = w.id
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
LEFT JOIN organisation_ref organisation
       ON organisation.id = w.organisation_id AND organisation.lang = l.code
