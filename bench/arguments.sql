-- What the requests of a measurement ask for, taken from the data, so that every answer has a body.

-- name: count
SELECT count(*) FROM bench.offering;

-- name: observations
SELECT count(*) FROM published.observation;

-- name: columns
SELECT string_agg('o.' || quote_ident(column_name), ', ' ORDER BY ordinal_position)
FROM information_schema.columns
WHERE table_schema = 'bench' AND table_name = %s
  AND column_name NOT IN ('id', 'geom', 'number', 'is_precise');

-- name: ids
SELECT id::text FROM bench.offering WHERE number = ANY (%s) ORDER BY number;

-- name: points
SELECT ST_X(geom), ST_Y(geom) FROM bench.offering
WHERE number = ANY (%s) AND is_precise AND GeometryType(geom) = 'POINT' ORDER BY number;

-- name: extent
SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
FROM (SELECT ST_Extent(geom) AS e FROM bench.offering) AS whole;

-- name: reach
-- How far a box around a point must reach, in degrees of latitude, to hold about so many.
SELECT distance FROM (
    SELECT greatest(abs(ST_X(c) - %(lon)s) * 0.63, abs(ST_Y(c) - %(lat)s)) AS distance
    FROM (SELECT ST_GeometryN(ST_Multi(geom), 1) AS c FROM bench.offering
          WHERE geom IS NOT NULL
          ORDER BY geom <-> ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)
          LIMIT 2 * %(number)s) AS closest
) AS far ORDER BY distance OFFSET %(number)s - 1 LIMIT 1;

-- name: inside
-- How many, and whether all are known by their address: where ours and others mean the same by a box.
SELECT count(*), coalesce(bool_and(is_precise), false) FROM bench.offering
WHERE ST_Intersects(geom, ST_MakeEnvelope(%s, %s, %s, %s, 4326));

-- name: categories
SELECT category FROM bench.offering GROUP BY category
HAVING count(*) >= %s ORDER BY category LIMIT 24;

-- name: versions
SELECT current_setting('server_version'), postgis_lib_version();
