-- What a search box completes: districts, and the postcodes of published sites.
INSERT INTO affected_postcode
    SELECT unnest(o.postcode)
    FROM pending p JOIN published.offering o ON o.id = p.id WHERE p.resource = 'offering'
ON CONFLICT DO NOTHING;
ANALYZE affected_postcode;

-- Whether any district, or the name of a level, is among what changed.
CREATE TEMPORARY TABLE atlas ON COMMIT DROP AS
    SELECT EXISTS (SELECT FROM pending WHERE resource IN ('district', 'codelist')) AS redrawn;

CREATE TEMPORARY TABLE known_place ON COMMIT DROP AS
    WITH postcode AS (
        SELECT s.postcode, mode() WITHIN GROUP (ORDER BY s.town) AS town,
               ST_Collect(DISTINCT s.point) AS area, count(*) AS size
        FROM affected_postcode affected
        JOIN registry.public_site s ON s.postcode = affected.postcode
        WHERE EXISTS (SELECT FROM registry.offering_site x
                      JOIN published.offering o ON o.id = x.offering_id WHERE x.site_id = s.id)
        GROUP BY s.postcode
    ), place AS (
        SELECT d.id, 'district' AS kind, d.key, d.slug, d.name, coded.label AS description,
               d.boundary_quality,
               coalesce(d.point, ST_PointOnSurface(d.boundary)) AS centre,
               coalesce(d.boundary, d.point) AS area,
               1 + ln(1 + coalesce(d.population, 0)) AS rank
        FROM registry.public_district d
        LEFT JOIN term ON term.codelist = 'level' AND term.code = d.level
        LEFT JOIN term_label coded ON coded.id = term.id
             AND coded.lang = (SELECT code FROM lang WHERE is_default)
        WHERE coalesce(d.valid_to, 'infinity') >= current_date
          AND (SELECT redrawn FROM atlas)
        UNION ALL
        SELECT md5('postcode:' || postcode)::uuid, 'postcode', postcode, NULL,
               concat_ws(' ', postcode, town), town, NULL, ST_Centroid(area), area, ln(1 + size)
        FROM postcode
    )
    SELECT id, kind, published.fold(name) AS folded, rank,
           (SELECT row_to_json(d)::text FROM (
                SELECT kind, key, slug, name, description,
                       CASE WHEN centre IS NOT NULL THEN to_json(ARRAY[
                           round(ST_X(centre)::numeric, 6), round(ST_Y(centre)::numeric, 6)])
                       END AS centre,
                       CASE WHEN area IS NOT NULL THEN to_json(ARRAY[
                           round(ST_XMin(area)::numeric, 6), round(ST_YMin(area)::numeric, 6),
                           round(ST_XMax(area)::numeric, 6), round(ST_YMax(area)::numeric, 6)])
                       END AS bbox,
                       registry.coded('boundary_quality', boundary_quality,
                                      (SELECT code FROM lang WHERE is_default))
                           AS boundary_quality
           ) AS d) AS document
    FROM place;

DELETE FROM published.place p
WHERE NOT EXISTS (SELECT FROM known_place k WHERE k.id = p.id)
  AND (kind = 'district' AND (SELECT redrawn FROM atlas)
       OR p.id IN (SELECT md5('postcode:' || postcode)::uuid FROM affected_postcode));
INSERT INTO published.place AS p (id, kind, folded, rank, document)
    SELECT id, kind, folded, rank, document FROM known_place
ON CONFLICT (id) DO UPDATE
    SET folded = excluded.folded, rank = excluded.rank, document = excluded.document
    WHERE (p.folded, p.rank, p.document) IS DISTINCT FROM
          (excluded.folded, excluded.rank, excluded.document);
