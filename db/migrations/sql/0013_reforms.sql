-- What districts are made of across reforms, and by which rule values are made into others.

CREATE TABLE published.district_part (
    target_id uuid,
    span daterange,
    node integer,
    direction text NOT NULL,
    above integer[] NOT NULL,
    district_id uuid NOT NULL,
    part_span daterange NOT NULL,
    share numeric,
    leaves integer NOT NULL,
    of_leaves integer NOT NULL,
    PRIMARY KEY (target_id, span, node)
);
CREATE INDEX district_part_district ON published.district_part (district_id);

-- Filled by the next publication, which builds all documents anew.
ALTER TABLE published.indicator
    ADD aggregation text NOT NULL DEFAULT 'none',
    ADD numerator_id uuid,
    ADD denominator_id uuid,
    ADD factor numeric;
ALTER TABLE published.indicator ALTER aggregation DROP DEFAULT;

-- A document with some members replaced, or added at its end.
CREATE FUNCTION published.altered(document text, members json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{' || string_agg(to_json(key)::text || ':' || coalesce(new.value, old.value), ','
                             ORDER BY old.position, new.position) || '}'
    FROM json_each(document::json) WITH ORDINALITY AS old(key, value, position)
    FULL JOIN json_each(members) WITH ORDINALITY AS new(key, value, position) USING (key)
$$;

-- The document of an observation that was recalculated (db/recalculated.py), from the documents of its
-- parts. Without a value, the reason stands in `recalculation`. Members that are not named here are
-- those of the first part.
CREATE FUNCTION published.remade(made jsonb, lang text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 AS $$
    WITH language AS MATERIALIZED (
        SELECT coalesce(nullif(lang, ''), (SELECT code FROM published.language WHERE is_default))
                   AS code
    ), area AS MATERIALIZED (
        SELECT coalesce(t.document, d.document) AS document
        FROM language
        JOIN published.district d ON d.id = (made ->> 'district')::uuid
        LEFT JOIN published.translation t
          ON t.resource = 'district' AND t.id = d.id AND t.lang = language.code
    ), part AS MATERIALIZED (
        SELECT used.n, made -> 'shares' -> (used.n - 1)::int AS share, o.value, shown.document,
               shown.document::json -> 'source' AS source
        FROM language
        CROSS JOIN jsonb_array_elements_text(made -> 'ids') WITH ORDINALITY AS used(id, n)
        JOIN published.observation o ON o.id = used.id::uuid
        LEFT JOIN published.translation t
          ON t.resource = 'observation' AND t.id = o.id AND t.lang = language.code
        CROSS JOIN LATERAL (SELECT coalesce(t.document, o.document) AS document) AS shown
    ), together AS MATERIALIZED (
        SELECT min(document) FILTER (WHERE n = 1) AS document,
               CASE WHEN count(DISTINCT source::text) = 1 THEN min(source::text)::json
                    ELSE json_build_object(
                        'title', string_agg(DISTINCT source ->> 'title', '; '),
                        'publisher', string_agg(DISTINCT source ->> 'publisher', '; '),
                        'url', NULL,
                        'license', string_agg(DISTINCT source ->> 'license', '; '),
                        'license_url', NULL,
                        'attribution', string_agg(DISTINCT source ->> 'attribution', '; '),
                        'retrieved', max(source ->> 'retrieved')) END AS source,
               json_agg(json_build_object('district', document::json -> 'district',
                                          'share', share, 'value', value) ORDER BY n) AS parts
        FROM part
    )
    SELECT published.altered(together.document, json_build_object(
        'id', made -> 'id',
        'district', published.pick(area.document, '{id,slug,name,level,scheme,key}')::json,
        'boundary_quality', area.document::json -> 'boundary_quality',
        'value', made -> 'value',
        'numerator', made -> 'numerator',
        'denominator', made -> 'denominator',
        'flags', (
            SELECT json_agg(json_build_object('code', f.code, 'label', coalesce(l.label, f.code))
                            ORDER BY f.n)
            FROM jsonb_array_elements_text(made -> 'flags') WITH ORDINALITY AS f(code, n)
            LEFT JOIN published.label l
              ON l.kind = 'observation_status' AND l.value = f.code AND l.lang = language.code),
        'note', NULL,
        'source', together.source,
        'updated_at', to_char((made ->> 'updated_at')::timestamptz AT TIME ZONE 'UTC',
                              'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'recalculation', json_build_object('reason', made -> 'reason', 'parts', together.parts)))
    FROM language, area, together
$$;
