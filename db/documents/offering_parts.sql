-- What offerings are built from, for all that are pending at once.

-- The postcodes of pending offerings: here the old ones, which may cover less from now on.
CREATE TEMPORARY TABLE affected_postcode (postcode text PRIMARY KEY) ON COMMIT DROP;
INSERT INTO affected_postcode
    SELECT DISTINCT unnest(o.postcode)
    FROM pending p JOIN published.offering o ON o.id = p.id WHERE p.resource = 'offering';

-- Which boundaries each pending precise site lies in. The district is on the outside, so that
-- PostGIS prepares each polygon once however many sites there are.
CREATE TEMPORARY TABLE pending_site ON COMMIT DROP AS
    SELECT DISTINCT s.id, s.point
    FROM pending p
    JOIN registry.offering_site x ON x.offering_id = p.id
    JOIN registry.public_site s ON s.id = x.site_id
    WHERE p.resource = 'offering' AND s.point IS NOT NULL AND s.precision <> 'municipality';
CREATE INDEX ON pending_site USING gist (point);
ANALYZE pending_site;

CREATE TEMPORARY TABLE located ON COMMIT DROP AS
    SELECT inside.id AS site_id, d.id AS district_id, d.boundary_quality = 'schematic' AS schematic
    FROM registry.public_district d
    CROSS JOIN LATERAL (
        SELECT s.id FROM pending_site s WHERE ST_Covers(d.boundary, s.point) OFFSET 0
    ) AS inside
    WHERE d.boundary IS NOT NULL
      AND current_date BETWEEN coalesce(d.valid_from, '-infinity')
                           AND coalesce(d.valid_to, 'infinity');
CREATE INDEX ON located (site_id);

-- The districts of each site: by its point in a real boundary, else as stated, else by a schematic
-- boundary. A site known only by municipality stays where it is stated, and nowhere smaller.
CREATE TEMPORARY TABLE site_district ON COMMIT DROP AS
    WITH site AS (
        SELECT DISTINCT s.id, s.district_id
        FROM pending p
        JOIN registry.offering_site x ON x.offering_id = p.id
        JOIN registry.public_site s ON s.id = x.site_id
        WHERE p.resource = 'offering'
    ), official AS (
        SELECT site_id, district_id, 'point' AS assignment FROM located WHERE NOT schematic
    ), stated AS (
        SELECT site.id AS site_id, site.district_id, 'stated' AS assignment
        FROM site JOIN registry.public_district d ON d.id = site.district_id
        WHERE NOT EXISTS (SELECT FROM official WHERE official.site_id = site.id)
    )
    SELECT * FROM official
    UNION ALL
    SELECT * FROM stated
    UNION ALL
    SELECT site_id, district_id, 'schematic' FROM located
    WHERE schematic AND NOT EXISTS (SELECT FROM official o WHERE o.site_id = located.site_id)
      AND NOT EXISTS (SELECT FROM stated s WHERE s.site_id = located.site_id);
CREATE INDEX ON site_district (site_id);

-- The smallest of them, which an address is shown with.
CREATE TEMPORARY TABLE site_home ON COMMIT DROP AS
    SELECT DISTINCT ON (s.site_id) s.site_id, s.district_id, s.assignment
    FROM site_district s
    JOIN district_ref r ON r.id = s.district_id
    JOIN lang ON lang.code = r.lang AND lang.is_default
    ORDER BY s.site_id, r.position DESC, r.name, r.id;
CREATE UNIQUE INDEX ON site_home (site_id);
ANALYZE located, site_district, site_home;

-- Offerings that have the same terms, or lie in the same districts, share the lists of them.
CREATE TEMPORARY TABLE tagged ON COMMIT DROP AS
    SELECT p.id, array_agg(x.term_id ORDER BY x.term_id) AS terms
    FROM pending p JOIN registry.offering_term x ON x.offering_id = p.id
    WHERE p.resource = 'offering'
    GROUP BY p.id;

CREATE TEMPORARY TABLE term_set ON COMMIT DROP AS
    SELECT s.terms, member.id
    FROM (SELECT DISTINCT terms FROM tagged) AS s CROSS JOIN unnest(s.terms) AS member(id);

CREATE TEMPORARY TABLE term_facts ON COMMIT DROP AS
    SELECT s.terms,
           array_agg(DISTINCT step.code) FILTER (WHERE t.codelist = 'category') AS category,
           array_agg(DISTINCT step.code) FILTER (WHERE t.codelist = 'theme') AS theme,
           array_agg(DISTINCT step.code) FILTER (WHERE t.codelist = 'target_group')
               AS target_group,
           array_agg(DISTINCT step.code) FILTER (WHERE t.codelist = 'language') AS language,
           string_agg(DISTINCT label.label, ' ') FILTER (WHERE t.codelist = 'category')
               AS category_words,
           string_agg(DISTINCT label.label, ' ') FILTER (WHERE t.codelist <> 'category')
               AS other_words
    FROM term_set s
    JOIN term t ON t.id = s.id
    JOIN term_label label ON label.id = t.id
    CROSS JOIN unnest(t.path) AS step(code)
    GROUP BY s.terms;

CREATE TEMPORARY TABLE term_list ON COMMIT DROP AS
    SELECT list.terms, list.lang,
           registry.members((SELECT row_to_json(d) FROM (
               SELECT coalesce(list.categories, '{}') AS categories,
                      coalesce(list.themes, '{}') AS themes,
                      coalesce(list.target_groups, '{}') AS target_groups,
                      coalesce(list.languages, '{}') AS languages
           ) AS d)) AS members
    FROM (
        SELECT s.terms, t.lang,
               array_agg(t.ref ORDER BY t.label) FILTER (WHERE t.codelist = 'category')
                   AS categories,
               array_agg(t.ref ORDER BY t.label) FILTER (WHERE t.codelist = 'theme') AS themes,
               array_agg(t.ref ORDER BY t.label) FILTER (WHERE t.codelist = 'target_group')
                   AS target_groups,
               array_agg(t.ref ORDER BY t.label) FILTER (WHERE t.codelist = 'language')
                   AS languages
        FROM term_set s JOIN term_label t ON t.id = s.id
        GROUP BY s.terms, t.lang
    ) AS list;

CREATE TEMPORARY TABLE settled ON COMMIT DROP AS
    SELECT p.id, array_agg(DISTINCT d.district_id) AS here
    FROM pending p
    JOIN registry.offering_site x ON x.offering_id = p.id
    JOIN site_district d ON d.site_id = x.site_id
    WHERE p.resource = 'offering'
    GROUP BY p.id;

CREATE TEMPORARY TABLE area ON COMMIT DROP AS
    SELECT s.here, array_agg(DISTINCT a.ancestor_id) AS within
    FROM (SELECT DISTINCT here FROM settled) AS s
    CROSS JOIN unnest(s.here) AS member(id)
    JOIN ancestry a ON a.district_id = member.id
    GROUP BY s.here;

CREATE TEMPORARY TABLE area_list ON COMMIT DROP AS
    SELECT area.here, r.lang, to_json(array_agg(r.ref ORDER BY r.position, r.name)) AS districts
    FROM area
    CROSS JOIN unnest(area.within) AS member(id)
    JOIN district_ref r ON r.id = member.id
    GROUP BY area.here, r.lang;
ANALYZE tagged, term_facts, term_list, settled, area, area_list;

-- The pending offerings, and what hangs on each. Tables, because the planner knows how many rows
-- they have.
CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
    SELECT o.*,
           registry.written(
               o.lang, 'name', o.name, 'description', o.description, 'cost', o.cost,
               'eligibility', o.eligibility, 'application', o.application,
               'accessibility', o.accessibility,
               'intended_mode_reason', o.intended_mode_reason, 'note', o.note) AS written
    FROM pending p JOIN registry.public_offering o ON o.id = p.id
    WHERE p.resource = 'offering';
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
           string_agg(concat_ws(' ', s.name, s.street, s.postcode, s.town), ' '
                      ORDER BY x.position, s.id) AS addresses
    FROM wanted w
    JOIN registry.offering_site x ON x.offering_id = w.id
    JOIN registry.public_site s ON s.id = x.site_id
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
ANALYZE placed (id), served (id), evaluation_list (id, lang), site_list (id, lang),
        service_area_list (id, lang), offering_text (id, lang);
