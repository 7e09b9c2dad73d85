-- What is provided, by whom, where, for whom. Columns are worked out once an offering, for the row of
-- the default language. A document is put together from members that offering_parts.sql has made:
-- texts once for all languages without a translation of their own, lists of terms and districts once
-- for all offerings that share them.
WITH facts AS (
    SELECT w.id,
           w.service_area, w.organisation_mode, w.free, w.confirmed_at, w.valid_to,
           w.capacity, w.capacity_unit, w.source_id,
           organisation.id AS organisation_id,
           coalesce(terms.category, '{}') AS category,
           coalesce(terms.theme, '{}') AS theme,
           coalesce(terms.target_group, '{}') AS target_group,
           coalesce(terms.language, '{}') AS language,
           coalesce(placed.postcode, '{}') AS postcode,
           coalesce(placed.wheelchair, '{}') AS wheelchair,
           coalesce(placed.opening, '{}') AS opening,
           CASE WHEN w.age_min IS NOT NULL OR w.age_max IS NOT NULL
                THEN int4range(w.age_min, w.age_max, '[]') END AS age,
           coalesce(area.within, '{}') AS within,
           coalesce(served.serves, '{}') AS serves,
           CASE WHEN ST_NumGeometries(placed.points) = 1
                THEN ST_GeometryN(placed.points, 1) ELSE placed.points END AS geometry,
           placed.precise AS location,
           placed.imprecise,
           ST_Envelope(ST_Collect(placed.precise, placed.imprecise)) AS extent,
           ARRAY[concat_ws(' ', w.name, w.alternate_name),
                 concat_ws(' ', terms.category_words, organisation.name),
                 concat_ws(' ', placed.addresses, terms.other_words),
                 concat_ws(' ', w.description, w.eligibility, w.application,
                           registry.translated(w.translations, 'name', 'description',
                                               'eligibility', 'application'))] AS texts,
           coalesce(term_said.said, '') || coalesce(organisation.said, '')
               || coalesce(placed.said, '') AS said
    FROM wanted w
    LEFT JOIN tagged ON tagged.id = w.id
    LEFT JOIN term_facts terms ON terms.terms = tagged.terms
    LEFT JOIN settled ON settled.id = w.id
    LEFT JOIN area ON area.here = settled.here
    LEFT JOIN placed ON placed.id = w.id
    LEFT JOIN served ON served.id = w.id
    LEFT JOIN term_said ON term_said.terms = tagged.terms
    LEFT JOIN organisation_said organisation ON organisation.id = w.organisation_id
)
SELECT w.id, w.slug, w.name AS sort_name, l.lang AS lang,
       f.geometry, f.extent, f.location, f.imprecise, f.service_area, f.within,
       f.category, f.theme, f.target_group, f.language, f.postcode, f.wheelchair,
       f.organisation_id, f.organisation_mode, f.age, f.free, f.confirmed_at,
       f.valid_to, f.serves, f.opening, f.capacity, f.capacity_unit, f.source_id, f.texts, f.said,
       concat('{', text.who,
              ',"organisation":', coalesce(organisation.ref::text, 'null'),
              ',', coalesce(terms.members,
                            '"categories":[],"themes":[],"target_groups":[],"languages":[]'),
              ',"organisation_mode":', coalesce(mode.ref::text, 'null'),
              ',"intended_mode":', CASE WHEN w.intended_mode IS NULL THEN 'null' ELSE (
                  SELECT row_to_json(m)::text FROM (
                      SELECT intended.ref AS mode, text.reason, w.intended_mode_on AS on
                  ) AS m) END,
              ',', text.terms,
              ',"sites":', coalesce(sites.sites::text, '[]'),
              ',"districts":', coalesce(area.districts::text, '[]'),
              ',"service_area":', coalesce(service.service_area::text, 'null'),
              ',"evaluations":', coalesce(evaluations.evaluations::text, '[]'),
              ',', text.origin,
              ',"lang":', to_json(l.lang),
              ',"fallback":', CASE WHEN l.lang = w.lang THEN 'null'
                                   ELSE coalesce(text.fallback::text, 'null') END) AS document
FROM spoken l
JOIN wanted w ON w.id = l.id
JOIN offering_text text ON text.id = l.id AND text.lang = l.text_lang
LEFT JOIN facts f ON f.id = w.id AND l.is_default
LEFT JOIN tagged ON tagged.id = w.id
LEFT JOIN settled ON settled.id = w.id
LEFT JOIN organisation_ref organisation
       ON organisation.id = w.organisation_id AND organisation.lang = l.lang
LEFT JOIN term_list terms ON terms.terms = tagged.terms AND terms.lang = l.lang
LEFT JOIN area_list area ON area.here = settled.here AND area.lang = l.lang
LEFT JOIN site_list sites ON sites.id = w.id AND sites.lang = l.lang
LEFT JOIN service_area_list service ON service.id = w.id AND service.lang = l.lang
LEFT JOIN evaluation_list evaluations ON evaluations.id = w.id AND evaluations.lang = l.lang
LEFT JOIN coded mode ON (mode.list, mode.code, mode.lang)
                      = ('organisation_mode', w.organisation_mode, l.lang)
LEFT JOIN coded intended ON (intended.list, intended.code, intended.lang)
                          = ('organisation_mode', w.intended_mode, l.lang)
