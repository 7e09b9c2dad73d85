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

-- Whose holidays a site keeps: those of the state that all its districts lie in (of the country, if
-- they lie in several), or of the smallest region in it that has holidays of its own. A key of few
-- digits does not tell which of these it is in, and stays.
CREATE TEMPORARY TABLE site_region ON COMMIT DROP AS
    WITH keyed AS (
        SELECT DISTINCT s.site_id, registry.state_of(d.scheme, d.key) AS state, d.key
        FROM site_district s
        JOIN ancestry a ON a.district_id = s.district_id
        JOIN registry.public_district d ON d.id = a.ancestor_id
        WHERE registry.state_of(d.scheme, d.key) IS NOT NULL
    ), local AS (
        SELECT region FROM registry.public_holiday WHERE region LIKE '%/%'
        UNION
        -- where some municipalities keep Corpus Christi (db/opening/calendars.py)
        VALUES ('DE-SN/14625'), ('DE-TH/16061'), ('DE-TH/16063'), ('DE-TH/16064')
    )
    SELECT k.site_id,
           CASE WHEN count(DISTINCT left(k.state, 2)) > 1 THEN ''
                WHEN count(DISTINCT k.state) > 1 THEN min(left(k.state, 2))
                WHEN max(length(k.key)) < 4 THEN min(k.state) || '/' || max(k.key)
                ELSE coalesce((array_agg(local.region ORDER BY length(local.region) DESC)
                               FILTER (WHERE local.region IS NOT NULL))[1], min(k.state))
           END AS region
    FROM keyed k
    LEFT JOIN local ON split_part(local.region, '/', 1) = k.state
                   AND starts_with(k.key, split_part(local.region, '/', 2))
    GROUP BY k.site_id;
CREATE UNIQUE INDEX ON site_region (site_id);
ANALYZE site_region;

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
-- What they are found by, besides their own words: parsing a text is the dearest step of all, so
-- labels, names of organisations and addresses are parsed once, not once an offering.
CREATE TEMPORARY TABLE term_said ON COMMIT DROP AS
    SELECT s.terms, published.joined(parsed.said ORDER BY s.id) AS said
    FROM term_set s
    JOIN (
        SELECT t.id, published.weighted(
                   string_agg(DISTINCT t.label, ' '),
                   (CASE WHEN t.codelist = 'category' THEN 'B' ELSE 'C' END)::"char") AS said
        FROM term_label t
        WHERE t.id IN (SELECT id FROM term_set)
        GROUP BY t.id, t.codelist
    ) AS parsed ON parsed.id = s.id
    GROUP BY s.terms;

CREATE TEMPORARY TABLE organisation_said ON COMMIT DROP AS
    SELECT o.id, o.name, published.weighted(o.name, 'B') AS said
    FROM registry.public_organisation o
    WHERE o.id IN (SELECT r.organisation_id FROM pending p JOIN registry.offering r ON r.id = p.id
                   WHERE p.resource = 'offering');

CREATE TEMPORARY TABLE site_said ON COMMIT DROP AS
    SELECT s.id, address, published.weighted(address, 'C') AS said
    FROM registry.public_site s
    CROSS JOIN concat_ws(' ', s.name, s.street, s.postcode, s.town) AS address
    WHERE s.id IN (SELECT x.site_id FROM pending p
                   JOIN registry.offering_site x ON x.offering_id = p.id
                   WHERE p.resource = 'offering');
ANALYZE tagged, term_facts, term_list, settled, area, area_list,
        term_said, organisation_said, site_said;
