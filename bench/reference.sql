-- The reference: a yardstick, not a server. Each statement composes its features on the fly, from the
-- columns of bench.offering and bench.district; pgbench sends it prepared, with `:i` at random.
-- In braces stands what bench/yardstick.py fills in: the columns to show, a page's length, and lists
-- of arguments, of which the statement takes number `:i`.

-- name: item
SELECT json_build_object('type', 'Feature', 'id', o.id,
                         'geometry', ST_AsGeoJSON(o.geom, 6)::json, 'properties', row_to_json(p))
FROM bench.offering AS o CROSS JOIN LATERAL (SELECT {offering}) AS p
WHERE o.id = (ARRAY[{ids}]::uuid[])[:i];

-- name: page
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT * FROM bench.offering ORDER BY name, id LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature;

-- name: box
-- In large boxes `&&` is ten times as fast as ST_Intersects, whose cost the planner fears.
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT * FROM bench.offering
            WHERE geom && ST_MakeEnvelope((ARRAY[{west}])[:i], (ARRAY[{south}])[:i],
                                          (ARRAY[{east}])[:i], (ARRAY[{north}])[:i], 4326)
            ORDER BY name, id LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature;

-- name: box_exactly
-- In small ones they are as fast; and only this tells where sites of one offering lie apart.
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT * FROM bench.offering
            WHERE ST_Intersects(geom, ST_MakeEnvelope((ARRAY[{west}])[:i], (ARRAY[{south}])[:i],
                                                      (ARRAY[{east}])[:i], (ARRAY[{north}])[:i],
                                                      4326))
            ORDER BY name, id LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature;

-- name: category
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT * FROM bench.offering WHERE category = (ARRAY[{categories}])[:i]
            ORDER BY name, id LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature;

-- name: near
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT * FROM bench.offering WHERE is_precise
            ORDER BY geography(geom) <-> geography(ST_SetSRID(ST_MakePoint(
                         (ARRAY[{lon}])[:i], (ARRAY[{lat}])[:i]), 4326))
            LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature;

-- name: search
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT offering.* FROM bench.offering, plainto_tsquery('german', (ARRAY[{words}])[:i]) q
            WHERE to_tsvector('german', name || ' ' || description) @@ q
            ORDER BY ts_rank(to_tsvector('german', name || ' ' || description), q) DESC, id
            LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature;

-- name: districts
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT * FROM bench.district WHERE level = 'quarter'
            ORDER BY name, id LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {district}) AS p) AS feature;

-- name: deep
SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(row_to_json(feature)))
FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry, p AS properties
      FROM (SELECT * FROM bench.offering
            WHERE (name, id) > (SELECT a.name, a.id FROM bench.offering AS a
                                WHERE a.number = {depth} + {limit} * (:i - 1))
            ORDER BY name, id LIMIT {limit}) AS o
      CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature;

-- name: export
COPY (SELECT row_to_json(feature)
      FROM (SELECT 'Feature' AS type, o.id, ST_AsGeoJSON(o.geom, 6)::json AS geometry,
                   p AS properties
            FROM bench.offering AS o CROSS JOIN LATERAL (SELECT {offering}) AS p) AS feature)
TO STDOUT;

-- name: cube
COPY bench.observation TO STDOUT (FORMAT csv);
