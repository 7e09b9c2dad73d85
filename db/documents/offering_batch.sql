-- A batch of the pending offerings, and what hangs on each. Tables, because the planner knows how
-- many rows they have; batches, because their joins stay in memory.
DROP TABLE IF EXISTS wanted, placed, served, evaluation_list,
    site_list, service_area_list, offering_text, spoken;
CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
    SELECT o.*,
           registry.written(
               o.lang, 'name', o.name, 'description', o.description, 'cost', o.cost,
               'eligibility', o.eligibility, 'application', o.application,
               'accessibility', o.accessibility,
               'intended_mode_reason', o.intended_mode_reason, 'note', o.note) AS written
    FROM batch JOIN registry.public_offering o ON o.id = batch.id;
ANALYZE wanted (id, organisation_id, organisation_mode, intended_mode, source_id);

CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
    SELECT w.id,
           array_agg(DISTINCT s.postcode) FILTER (WHERE s.postcode IS NOT NULL) AS postcode,
           array_agg(DISTINCT s.wheelchair) FILTER (WHERE s.wheelchair IS NOT NULL) AS wheelchair,
           ST_Multi(ST_Collect(s.point ORDER BY x.position, s.id)) AS points,
           ST_Multi(ST_Collect(s.point ORDER BY x.position, s.id)
                    FILTER (WHERE s.precision <> 'municipality')) AS precise,
           ST_Collect(coalesce(ST_Envelope(m.boundary), s.point) ORDER BY x.position, s.id)
               FILTER (WHERE s.precision = 'municipality') AS imprecise,
           string_agg(site.address, ' ' ORDER BY x.position, s.id) AS addresses,
           published.joined(site.said ORDER BY x.position, s.id) AS said,
           array_agg(DISTINCT published.opening_id(x.opening_hours, coalesce(r.region, '')))
               FILTER (WHERE x.opening_hours IS NOT NULL) AS opening
    FROM wanted w
    JOIN registry.offering_site x ON x.offering_id = w.id
    JOIN registry.public_site s ON s.id = x.site_id
    JOIN site_said site ON site.id = s.id
    LEFT JOIN site_region r ON r.site_id = s.id
    LEFT JOIN registry.public_district m
           ON m.id = s.district_id AND s.precision = 'municipality'
    GROUP BY w.id;

CREATE TEMPORARY TABLE served ON COMMIT DROP AS
    SELECT w.id, array_agg(d.id ORDER BY d.id) AS serves
    FROM wanted w
    JOIN registry.offering_service_district x ON x.offering_id = w.id
    JOIN registry.public_district d ON d.id = x.district_id
    GROUP BY w.id;

CREATE TEMPORARY TABLE evaluation_list ON COMMIT DROP AS
    SELECT e.offering_id AS id, l.code AS lang, to_json(array_agg((
        SELECT row_to_json(d) FROM (
            SELECT registry.localized(e.finding, e.translations, l.code, 'finding') AS finding,
                   registry.edtf(e.period, e.period_earliest, e.period_latest) AS period,
                   s.ref AS source
        ) AS d) ORDER BY e.period_earliest, e.id)) AS evaluations
    FROM wanted w
    JOIN registry.public_evaluation e ON e.offering_id = w.id
    JOIN source_ref s ON s.id = e.source_id
    CROSS JOIN lang l
    GROUP BY e.offering_id, l.code;

CREATE TEMPORARY TABLE site_list ON COMMIT DROP AS
    SELECT x.offering_id AS id, l.code AS lang, to_json(array_agg((
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
        ) AS d) ORDER BY x.position, s.id)) AS sites
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
    GROUP BY x.offering_id, l.code;

CREATE TEMPORARY TABLE service_area_list ON COMMIT DROP AS
    SELECT w.id, l.code AS lang, (
        SELECT row_to_json(a) FROM (
            SELECT ARRAY(
                       SELECT r.ref FROM district_ref r
                       WHERE r.id = ANY (served.serves) AND r.lang = l.code
                       ORDER BY r.position, r.name
                   ) AS districts,
                   ST_AsGeoJSON(ST_ForcePolygonCCW(w.service_area), 6)::json AS polygon
        ) AS a) AS service_area
    FROM wanted w
    LEFT JOIN served ON served.id = w.id
    CROSS JOIN lang l
    WHERE served.id IS NOT NULL OR w.service_area IS NOT NULL;

-- The members of a document that hold texts or are the same in every language: once as written
-- (language ''), and once for every language it is translated to.
CREATE TEMPORARY TABLE offering_text ON COMMIT DROP AS
    SELECT w.id, t.lang,
           registry.members((SELECT row_to_json(d) FROM (
               SELECT w.id, w.slug,
                      registry.localized(w.name, w.translations, t.lang, 'name') AS name,
                      w.alternate_name,
                      registry.localized(w.description, w.translations, t.lang, 'description')
                          AS description
           ) AS d)) AS who,
           registry.members((SELECT row_to_json(d) FROM (
               SELECT w.age_min, w.age_max, w.free,
                      registry.localized(w.cost, w.translations, t.lang, 'cost') AS cost,
                      registry.localized(w.eligibility, w.translations, t.lang, 'eligibility')
                          AS eligibility,
                      registry.localized(w.application, w.translations, t.lang, 'application')
                          AS application,
                      registry.localized(w.accessibility, w.translations, t.lang, 'accessibility')
                          AS accessibility,
                      (SELECT row_to_json(c) FROM (
                           SELECT w.capacity AS value, w.capacity_unit AS unit,
                                  w.capacity_as_of AS as_of
                       ) AS c WHERE w.capacity IS NOT NULL) AS capacity,
                      w.phone, w.email, w.url
           ) AS d)) AS terms,
           registry.members((SELECT row_to_json(d) FROM (
               SELECT registry.edtf(w.as_of, w.as_of_earliest, w.as_of_latest) AS as_of,
                      w.valid_from, w.valid_to, w.confirmed_at,
                      registry.localized(w.note, w.translations, t.lang, 'note') AS note,
                      source.ref AS source
           ) AS d)) AS origin,
           CASE WHEN w.intended_mode IS NOT NULL
                THEN to_json(registry.localized(w.intended_mode_reason, w.translations, t.lang,
                                                'intended_mode_reason')) END AS reason,
           registry.fallback(w.written, NULL, w.translations, t.lang) AS fallback
    FROM wanted w
    JOIN source_ref source ON source.id = w.source_id
    CROSS JOIN LATERAL (
        SELECT '' AS lang
        UNION ALL
        SELECT l.code FROM lang l WHERE w.translations ? l.code
    ) AS t;

-- In which language each document finds its texts.
CREATE TEMPORARY TABLE spoken ON COMMIT DROP AS
    SELECT w.id, l.code AS lang, l.is_default,
           CASE WHEN w.translations ? l.code THEN l.code ELSE '' END AS text_lang
    FROM wanted w CROSS JOIN lang l;
ANALYZE spoken, placed (id), served (id), evaluation_list (id, lang), site_list (id, lang),
        service_area_list (id, lang), offering_text (id, lang);
