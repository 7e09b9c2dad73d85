-- An area of planning with its chain of ancestors, its history and how sure its boundary is.
WITH RECURSIVE wanted AS MATERIALIZED (
    SELECT d.*, coalesce(d.boundary, d.point) AS geometry
    FROM pending p JOIN registry.public_district d ON d.id = p.id
    WHERE p.resource = 'district'
), division(whole_id, part_id) AS (
    SELECT parent_id, id FROM registry.public_district
    UNION
    SELECT successor_id, predecessor_id FROM registry.public_district_succession
), part(whole_id, part_id, source_id) AS (
    -- A boundary that Quartier united from parts has their source: down to those that state one.
    SELECT w.id, w.id, w.boundary_source_id FROM wanted w
    WHERE w.boundary_source_id IS NOT NULL OR w.boundary_quality <> 'schematic'
    UNION
    SELECT part.whole_id, d.id, d.boundary_source_id
    FROM part
    JOIN division ON division.whole_id = part.part_id
    JOIN registry.public_district d ON d.id = division.part_id
    WHERE part.source_id IS NULL AND d.boundary_quality <> 'schematic'
), boundary_origin AS MATERIALIZED (
    SELECT whole_id AS id, min(source_id::text)::uuid AS source_id
    FROM part GROUP BY whole_id HAVING count(DISTINCT source_id) = 1
)
SELECT w.id, w.slug, w.name AS sort_name, l.code AS lang,
       w.geometry, w.boundary, w.level, level.position AS level_position,
       coalesce(w.population, -1) AS population,
       parent.id AS parent_id, w.valid_from, w.valid_to,
       ARRAY(SELECT DISTINCT unnest(t.path) FROM registry.public_designation x
             JOIN term t ON t.id = x.term_id WHERE x.district_id = w.id ORDER BY 1) AS designation,
       ARRAY[w.name, concat_ws(' ', w.key, w.kind), '',
             concat_ws(' ', w.description,
                       registry.translated(w.translations, 'name', 'description'))] AS texts,
       (SELECT left(row_to_json(d)::text, -1) FROM (
            SELECT w.id, w.slug,
                   registry.localized(w.name, w.translations, l.code, 'name') AS name,
                   registry.coded('level', w.level, l.code) AS level,
                   w.kind, w.scheme, w.key,
                   parent.ref AS parent,
                   to_json(ARRAY(
                       SELECT r.ref FROM ancestry a
                       JOIN district_ref r ON r.id = a.ancestor_id AND r.lang = l.code
                       WHERE a.district_id = w.id AND a.depth > 0 ORDER BY a.depth DESC
                   )) AS ancestors,
                   (SELECT count(*) FROM registry.public_district child
                    WHERE child.parent_id = w.id) AS children_count,
                   w.valid_from, w.valid_to,
                   to_json(ARRAY(
                       SELECT row_to_json(s) FROM (
                           SELECT r.ref AS district, s.valid_on, s.share
                           FROM registry.public_district_succession s
                           JOIN district_ref r ON r.id = s.predecessor_id AND r.lang = l.code
                           WHERE s.successor_id = w.id ORDER BY s.valid_on, r.name
                       ) AS s
                   )) AS predecessors,
                   to_json(ARRAY(
                       SELECT row_to_json(s) FROM (
                           SELECT r.ref AS district, s.valid_on, s.share
                           FROM registry.public_district_succession s
                           JOIN district_ref r ON r.id = s.successor_id AND r.lang = l.code
                           WHERE s.predecessor_id = w.id ORDER BY s.valid_on, r.name
                       ) AS s
                   )) AS successors,
                   w.population, w.population_as_of, w.area_km2,
                   to_json(ARRAY(
                       SELECT row_to_json(x) FROM (
                           SELECT t.ref AS designation, x.valid_from, x.valid_to, x.note
                           FROM registry.public_designation x
                           JOIN term_label t ON t.id = x.term_id AND t.lang = l.code
                           WHERE x.district_id = w.id ORDER BY x.valid_from, t.label
                       ) AS x
                   )) AS designations,
                   round(ST_X(w.point)::numeric, 6) AS longitude,
                   round(ST_Y(w.point)::numeric, 6) AS latitude,
                   registry.coded('boundary_quality', w.boundary_quality, l.code)
                       AS boundary_quality,
                   boundary_source.ref AS boundary_source,
                   registry.localized(w.description, w.translations, l.code, 'description')
                       AS description,
                   w.url,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(
                       registry.written(w.lang, 'name', w.name, 'description', w.description,
                                        'note', w.note),
                       w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
JOIN district_level level ON level.level = w.level
LEFT JOIN boundary_origin ON boundary_origin.id = w.id
LEFT JOIN source_ref boundary_source ON boundary_source.id = boundary_origin.source_id
LEFT JOIN district_ref parent ON parent.id = w.parent_id AND parent.lang = l.code
