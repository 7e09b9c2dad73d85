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
    WHERE d.boundary IS NOT NULL AND coalesce(d.valid_to, 'infinity') >= current_date;
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
ANALYZE located, site_district;
