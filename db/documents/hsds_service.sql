-- A batch of services, and where each is provided.
WITH place AS MATERIALIZED (
    SELECT registry.derived_id(o.id, x.site_id::text) AS id, o.id AS service_id, x.site_id,
           x.position, o.name, registry.said(x.opening_note) AS note,
           published.opening_id(x.opening_hours, coalesce(r.region, '')) AS opening_id
    FROM batch
    JOIN registry.public_offering o ON o.id = batch.id
    JOIN registry.offering_site x ON x.offering_id = o.id
    JOIN registry.public_site s ON s.id = x.site_id
    LEFT JOIN site_region r ON r.site_id = s.id
), schedule AS (
    SELECT h.id, entry.n, substr(entry.schedule::text, 2) AS members
    FROM published.opening_hours h
    CROSS JOIN json_array_elements(h.schedules::json) WITH ORDINALITY AS entry(schedule, n)
    WHERE h.id IN (SELECT opening_id FROM place) AND registry.said(h.hours) IS NOT NULL
), scheduled AS (
    SELECT p.id, string_agg(concat(
               '{"id":"', registry.derived_id(p.id, 'schedule ' || coalesce(s.n, 1)), '"',
               ',"notes":' || to_json(p.note), coalesce(',' || s.members, '}')),
               ',' ORDER BY s.n) AS schedules
    FROM place p
    LEFT JOIN schedule s ON s.id = p.opening_id
    WHERE s.id IS NOT NULL OR p.note IS NOT NULL
    GROUP BY p.id
)
INSERT INTO built_hsds_service_at_location
    (id, service_id, location_id, position, opening_id, sort_name, document, nested)
SELECT p.id, p.service_id, p.site_id, p.position, p.opening_id, p.name,
       concat('{"id":"', p.id, '","service_id":"', p.service_id, '","location_id":"', p.site_id,
              '"'),
       coalesce(',"schedules":[' || scheduled.schedules || ']', '')
FROM place p
LEFT JOIN scheduled ON scheduled.id = p.id;

WITH asked AS MATERIALIZED (
    SELECT o.*, here.code AS spoken,
           coalesce(registry.said(registry.localized(
               o.name, o.translations, here.code, 'name')), o.slug) AS named
    FROM batch JOIN registry.public_offering o ON o.id = batch.id CROSS JOIN spoken_here here
), termed AS (
    SELECT t.id, string_agg(concat(
               '{"id":"', registry.derived_id(t.id, h.id::text), '","taxonomy_term_id":"', h.id,
               '","link_type":"', h.taxonomy, '","link_entity":"service","taxonomy_term":',
               h.quoted, '}'), ',' ORDER BY h.taxonomy, h.sort_name, h.id) AS attributes
    FROM batch
    JOIN tagged t ON t.id = batch.id
    CROSS JOIN unnest(t.terms) AS one(id)
    JOIN built_hsds_taxonomy_term h ON h.id = one.id
    GROUP BY t.id
), tongue AS (
    SELECT t.id, string_agg(concat(
               '{"id":"', registry.derived_id(t.id, term.id::text),
               '","name":', to_json(coalesce(registry.said(label.label), term.code)),
               ',"code":"', split_part(term.code, '-', 1), '"',
               CASE WHEN term.code LIKE '%-%' THEN ',"note":' || to_json(term.code) END, '}'),
               ',' ORDER BY term.position, term.code) AS languages
    FROM batch
    JOIN tagged t ON t.id = batch.id
    CROSS JOIN unnest(t.terms) AS one(id)
    JOIN term ON term.id = one.id AND term.codelist = 'language'
    JOIN term_label label ON label.id = term.id AND label.lang = (SELECT code FROM spoken_here)
    GROUP BY t.id
), served_area AS (
    SELECT x.offering_id AS id, string_agg(concat(
               '{"id":"', registry.derived_id(x.offering_id, d.id::text),
               '"', ',"name":' || to_json(registry.said(r.name)),
               ',"uri":"http://dcat-ap.de/def/politicalGeocoding/' || CASE
                   WHEN d.scheme <> 'ags' THEN NULL
                   WHEN d.level = 'state' AND length(d.key) = 2 THEN 'stateKey/'
                   WHEN d.level = 'county' AND length(d.key) = 5 THEN 'districtKey/'
                   WHEN d.level = 'municipality' AND length(d.key) = 8 THEN 'municipalityKey/'
               END || d.key || '"', '}'), ',' ORDER BY r.position, r.name, d.id) AS areas
    FROM batch
    JOIN registry.offering_service_district x ON x.offering_id = batch.id
    JOIN registry.public_district d ON d.id = x.district_id
    JOIN district_ref r ON r.id = d.id AND r.lang = (SELECT code FROM spoken_here)
    GROUP BY x.offering_id
), drawn_area AS (
    SELECT o.id, concat('{"id":"', registry.derived_id(o.id, 'service_area'),
                        '","extent":', to_json(ST_AsGeoJSON(ST_ForcePolygonCCW(o.service_area), 6)),
                        ',"extent_type":"geojson"}') AS area
    FROM asked o WHERE o.service_area IS NOT NULL
), stated AS (
    SELECT o.id, string_agg(concat(
               '{"id":"', registry.derived_id(o.id, fact.label), '","link_entity":"service"',
               ',"label":"', fact.label, '","value":', to_json(fact.value),
               ',"taxonomy_term_id":"' || fact.term || '"',
               ',"taxonomy_term":' || fact.quoted, '}'), ',' ORDER BY fact.n) AS attributes
    FROM asked o
    JOIN registry.public_source source ON source.id = o.source_id
    LEFT JOIN built_hsds_taxonomy_term mode
           ON (mode.taxonomy, mode.code) = ('organisation_mode', o.organisation_mode)
    CROSS JOIN LATERAL (VALUES
        (1, 'organisation_mode', o.organisation_mode, mode.id, mode.quoted),
        (2, 'accessibility', registry.said(registry.localized(
            o.accessibility, o.translations, o.spoken, 'accessibility')), NULL, NULL),
        (3, 'capacity', concat_ws(' ', o.capacity, CASE WHEN o.capacity IS NOT NULL
                                                        THEN o.capacity_unit END), NULL, NULL),
        (4, 'note', registry.said(registry.localized(o.note, o.translations, o.spoken, 'note')),
            NULL, NULL),
        (5, 'attribution', registry.said(source.attribution), NULL, NULL),
        (6, 'license', coalesce(registry.said(source.license_url), registry.said(source.license)),
            NULL, NULL)
    ) AS fact(n, label, value, term, quoted)
    WHERE fact.value <> ''
    GROUP BY o.id
)
INSERT INTO built_hsds_service (id, sort_name, valid_to, document, nested)
SELECT o.id, o.name, o.valid_to,
       concat('{"id":"', o.id, '"', ',"organization_id":"' || org.id || '"',
              ',"name":', to_json(o.named),
              ',"alternate_name":' || to_json(registry.said(o.alternate_name)),
              ',"description":' || to_json(registry.said(registry.localized(
                  o.description, o.translations, o.spoken, 'description'))),
              ',"url":' || to_json(registry.uri(o.url)),
              ',"email":' || to_json(registry.mailbox(o.email)),
              ',"status":"active"',
              ',"application_process":' || to_json(registry.said(registry.localized(
                  o.application, o.translations, o.spoken, 'application'))),
              ',"fees_description":' || to_json(registry.said(registry.localized(
                  o.cost, o.translations, o.spoken, 'cost'))),
              ',"eligibility_description":' || to_json(registry.said(registry.localized(
                  o.eligibility, o.translations, o.spoken, 'eligibility'))),
              ',"minimum_age":' || o.age_min, ',"maximum_age":' || o.age_max,
              ',"assured_date":"' || o.confirmed_at || '"',
              ',"organization":' || org.document || '}'),
       concat(',"phones":[{"id":"' || registry.derived_id(o.id, 'phone') || '","number":'
                  || to_json(registry.said(o.phone)) || ',"type":"voice"}]',
              ',"service_areas":[' || nullif(concat_ws(',', served_area.areas, drawn_area.area), '')
                  || ']',
              ',"languages":[' || tongue.languages || ']',
              CASE WHEN o.free THEN ',"cost_options":[{"id":"'
                  || registry.derived_id(o.id, 'cost') || '","amount":0}]' END,
              ',"attributes":[' || nullif(concat_ws(',', termed.attributes, stated.attributes), '')
                  || ']')
FROM asked o
LEFT JOIN built_hsds_organization org ON org.id = o.organisation_id
LEFT JOIN termed ON termed.id = o.id
LEFT JOIN tongue ON tongue.id = o.id
LEFT JOIN served_area ON served_area.id = o.id
LEFT JOIN drawn_area ON drawn_area.id = o.id
LEFT JOIN stated ON stated.id = o.id
