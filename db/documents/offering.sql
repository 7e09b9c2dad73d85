-- What is provided, by whom, where, for whom. Columns are worked out once an offering, texts once a
-- language; lists of terms and districts, in offering_parts.sql, once for all that share them.
WITH wanted AS MATERIALIZED (
    SELECT o.*,
           registry.written(
               o.lang, 'name', o.name, 'description', o.description, 'cost', o.cost,
               'eligibility', o.eligibility, 'application', o.application,
               'accessibility', o.accessibility,
               'intended_mode_reason', o.intended_mode_reason, 'note', o.note) AS written
    FROM pending p JOIN registry.public_offering o ON o.id = p.id
    WHERE p.resource = 'offering'
), placed AS MATERIALIZED (
    SELECT w.id,
           array_agg(DISTINCT s.postcode) FILTER (WHERE s.postcode IS NOT NULL) AS postcode,
           array_agg(DISTINCT s.wheelchair) FILTER (WHERE s.wheelchair IS NOT NULL) AS wheelchair,
           ST_Multi(ST_Collect(s.point ORDER BY x.position, s.id)) AS points,
           ST_Multi(ST_Collect(s.point ORDER BY x.position, s.id)
                    FILTER (WHERE s.precision <> 'municipality')) AS precise,
           ST_Collect(coalesce(ST_Envelope(m.boundary), s.point) ORDER BY x.position, s.id)
               FILTER (WHERE s.precision = 'municipality') AS imprecise,
           string_agg(concat_ws(' ', s.name, s.street, s.postcode, s.town), ' '
                      ORDER BY x.position, s.id) AS addresses
    FROM wanted w
    JOIN registry.offering_site x ON x.offering_id = w.id
    JOIN registry.public_site s ON s.id = x.site_id
    LEFT JOIN registry.public_district m
           ON m.id = s.district_id AND s.precision = 'municipality'
    GROUP BY w.id
), site_list AS MATERIALIZED (
    SELECT x.offering_id AS id, l.code AS lang, array_agg((
        SELECT row_to_json(d) FROM (
            SELECT s.id,
                   registry.localized(s.name, s.translations, l.code, 'name') AS name,
                   s.street, s.postcode, s.town,
                   round(ST_X(s.point)::numeric, 6) AS longitude,
                   round(ST_Y(s.point)::numeric, 6) AS latitude,
                   precise.ref AS precision,
                   district.ref AS district,
                   home.assignment AS district_assignment,
                   wheelchair.ref AS wheelchair,
                   registry.localized(s.accessibility, s.translations, l.code, 'accessibility')
                       AS accessibility,
                   x.opening_hours, x.opening_note,
                   registry.localized(s.note, s.translations, l.code, 'note') AS note
        ) AS d) ORDER BY x.position, s.id) AS sites
    FROM wanted w
    JOIN registry.offering_site x ON x.offering_id = w.id
    JOIN registry.public_site s ON s.id = x.site_id
    CROSS JOIN lang l
    LEFT JOIN coded precise ON (precise.list, precise.code, precise.lang)
                             = ('precision', s.precision, l.code)
    LEFT JOIN coded wheelchair ON (wheelchair.list, wheelchair.code, wheelchair.lang)
                                = ('wheelchair', s.wheelchair, l.code)
    LEFT JOIN site_home home ON home.site_id = s.id
    LEFT JOIN district_ref district ON district.id = home.district_id AND district.lang = l.code
    GROUP BY x.offering_id, l.code
), served AS MATERIALIZED (
    SELECT w.id, array_agg(d.id ORDER BY d.id) AS serves
    FROM wanted w
    JOIN registry.offering_service_district x ON x.offering_id = w.id
    JOIN registry.public_district d ON d.id = x.district_id
    GROUP BY w.id
), evaluation_list AS MATERIALIZED (
    SELECT e.offering_id AS id, l.code AS lang, array_agg((
        SELECT row_to_json(d) FROM (
            SELECT registry.localized(e.finding, e.translations, l.code, 'finding') AS finding,
                   registry.edtf(e.period, e.period_earliest, e.period_latest) AS period,
                   s.ref AS source
        ) AS d) ORDER BY e.period_earliest, e.id) AS evaluations
    FROM wanted w
    JOIN registry.public_evaluation e ON e.offering_id = w.id
    JOIN source_ref s ON s.id = e.source_id
    CROSS JOIN lang l
    GROUP BY e.offering_id, l.code
), facts AS MATERIALIZED (
    SELECT w.id, tagged.terms, settled.here,
           coalesce(terms.category, '{}') AS category,
           coalesce(terms.theme, '{}') AS theme,
           coalesce(terms.target_group, '{}') AS target_group,
           coalesce(terms.language, '{}') AS language,
           coalesce(placed.postcode, '{}') AS postcode,
           coalesce(placed.wheelchair, '{}') AS wheelchair,
           CASE WHEN w.age_min IS NOT NULL OR w.age_max IS NOT NULL
                THEN int4range(w.age_min, w.age_max, '[]') END AS age,
           coalesce(area.within, '{}') AS within,
           coalesce(served.serves, '{}') AS serves,
           CASE WHEN ST_NumGeometries(placed.points) = 1
                THEN ST_GeometryN(placed.points, 1) ELSE placed.points END AS geometry,
           placed.precise AS location,
           placed.imprecise,
           ARRAY[concat_ws(' ', w.name, w.alternate_name),
                 concat_ws(' ', terms.category_words, organisation.name),
                 concat_ws(' ', placed.addresses, terms.other_words),
                 concat_ws(' ', w.description, w.eligibility, w.application,
                           registry.translated(w.translations, 'name', 'description',
                                               'eligibility', 'application'))] AS texts
    FROM wanted w
    LEFT JOIN tagged ON tagged.id = w.id
    LEFT JOIN term_facts terms ON terms.terms = tagged.terms
    LEFT JOIN settled ON settled.id = w.id
    LEFT JOIN area ON area.here = settled.here
    LEFT JOIN placed ON placed.id = w.id
    LEFT JOIN served ON served.id = w.id
    LEFT JOIN registry.public_organisation organisation ON organisation.id = w.organisation_id
)
SELECT w.id, w.slug, w.name AS sort_name, l.code AS lang,
       f.geometry, f.location, f.imprecise, w.service_area, f.within,
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
                   coalesce(terms.categories, '{}') AS categories,
                   coalesce(terms.themes, '{}') AS themes,
                   coalesce(terms.target_groups, '{}') AS target_groups,
                   coalesce(terms.languages, '{}') AS languages,
                   mode.ref AS organisation_mode,
                   (SELECT row_to_json(m) FROM (
                        SELECT intended.ref AS mode,
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
                   coalesce(sites.sites, '{}') AS sites,
                   coalesce(area.districts, '{}') AS districts,
                   (SELECT row_to_json(a) FROM (
                        SELECT ARRAY(
                                   SELECT r.ref FROM district_ref r
                                   WHERE r.id = ANY (f.serves) AND r.lang = l.code
                                   ORDER BY r.position, r.name
                               ) AS districts,
                               ST_AsGeoJSON(ST_ForcePolygonCCW(w.service_area), 6)::json AS polygon
                    ) AS a WHERE f.serves <> '{}' OR w.service_area IS NOT NULL) AS service_area,
                   coalesce(evaluations.evaluations, '{}') AS evaluations,
                   registry.edtf(w.as_of, w.as_of_earliest, w.as_of_latest) AS as_of,
                   w.valid_from, w.valid_to, w.confirmed_at,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(w.written, w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
JOIN facts f ON f.id = w.id
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
LEFT JOIN organisation_ref organisation
       ON organisation.id = w.organisation_id AND organisation.lang = l.code
LEFT JOIN term_list terms ON terms.terms = f.terms AND terms.lang = l.code
LEFT JOIN area_list area ON area.here = f.here AND area.lang = l.code
LEFT JOIN site_list sites ON sites.id = w.id AND sites.lang = l.code
LEFT JOIN evaluation_list evaluations ON evaluations.id = w.id AND evaluations.lang = l.code
LEFT JOIN coded mode ON (mode.list, mode.code, mode.lang)
                      = ('organisation_mode', w.organisation_mode, l.code)
LEFT JOIN coded intended ON (intended.list, intended.code, intended.lang)
                          = ('organisation_mode', w.intended_mode, l.code)
