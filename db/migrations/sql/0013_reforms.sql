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
