-- HSDS 3.1 (Open Referral): what /hsds and the tabular package read. Compared with db/published.py.

-- The id of a part that has none of its own, from its owner's and its name there: always the same.
-- A UUID of version 3 (RFC 9562, section 5.3), for PostgreSQL has MD5 built in.
CREATE FUNCTION registry.derived_id(owner uuid, name text) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT overlay(overlay(
        md5(uuid_send(owner) || convert_to(name, 'UTF8'))
        PLACING '3' FROM 13)
        PLACING translate(substr(md5(uuid_send(owner) || convert_to(name, 'UTF8')), 17, 1),
                          '0123456789abcdef', '89ab89ab89ab89ab') FROM 17)::uuid
$$;

-- A text, or none where there is nothing in it: HSDS knows neither null nor the empty string.
CREATE FUNCTION registry.said(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN value ~ '[^\s\u001c-\u001f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'
          THEN value END $$;

-- An address as RFC 3986 has it: what holds blanks or umlauts is none (JSON Schema, "uri").
CREATE FUNCTION registry.uri(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value ~ '^[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._~:@-]+([/?#]([A-Za-z0-9._~:/?@!$&''()*+,;=#-]|%[0-9A-Fa-f]{2})*)?$'
                     AND value !~ '#.*#'
                THEN value END
$$;

CREATE FUNCTION registry.mailbox(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN value ~ '^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$' THEN value END $$;

-- An address needs a line, a town, a postcode and a state; of less there is none. What has no state
-- that we know of names its town instead: the member must be there, and must not be empty.
CREATE FUNCTION registry.hsds_address(owner uuid, line text, postcode text, town text, state text,
                                      country text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN registry.said(postcode) IS NOT NULL AND registry.said(town) IS NOT NULL THEN
        concat('{"id":"', registry.derived_id(owner, 'address'),
               '","address_1":', to_json(coalesce(registry.said(line), town)),
               ',"city":', to_json(town),
               ',"state_province":', to_json(coalesce(registry.said(state), town)),
               ',"postal_code":', to_json(postcode),
               ',"country":"', coalesce(country, 'DE'), '","address_type":"physical"}') END
$$;

-- Documents in two parts, each without the brace that closes it: `document` is what a list shows, and
-- `nested` what a full answer adds. A service is put together with its places only when it is read:
-- stored once more in every place of it, and the places in it, they would be three times as much.
--
-- `number` is the place in the list. It is kept as long as the row is there; what is new takes one
-- that became vacant, or the next. So nothing moves from one page to another (ADR 0031).

CREATE TABLE published.hsds_organization (
    id uuid PRIMARY KEY,
    number integer NOT NULL,
    updated_at timestamptz NOT NULL,
    hash text NOT NULL,
    document text NOT NULL,
    nested text NOT NULL
);

CREATE TABLE published.hsds_service (
    id uuid PRIMARY KEY,
    number integer NOT NULL,
    updated_at timestamptz NOT NULL,
    valid_to date,
    hash text NOT NULL,
    document text NOT NULL,
    nested text NOT NULL
);
-- For counting what has not ended, without reading documents.
CREATE INDEX hsds_service_ending ON published.hsds_service (id) INCLUDE (valid_to);
CREATE INDEX hsds_service_updated ON published.hsds_service (updated_at);

CREATE TABLE published.hsds_location (
    id uuid PRIMARY KEY,
    hash text NOT NULL,
    document text NOT NULL,
    nested text NOT NULL,
    postcode text,
    spot geography(Geometry, 4326)
);
CREATE INDEX hsds_location_spot ON published.hsds_location USING gist (spot);
CREATE INDEX hsds_location_postcode ON published.hsds_location (postcode);

CREATE TABLE published.hsds_service_at_location (
    id uuid PRIMARY KEY,
    number integer NOT NULL,
    service_id uuid NOT NULL,
    location_id uuid NOT NULL,
    position integer NOT NULL,
    opening_id uuid,
    hash text NOT NULL,
    document text NOT NULL,
    nested text NOT NULL
);
CREATE INDEX hsds_service_at_location_opening ON published.hsds_service_at_location (opening_id);
CREATE INDEX hsds_service_at_location_service
    ON published.hsds_service_at_location (service_id, position, id);
CREATE INDEX hsds_service_at_location_location ON published.hsds_service_at_location (location_id);

CREATE TABLE published.hsds_taxonomy (
    id uuid PRIMARY KEY,
    number integer NOT NULL,
    name text NOT NULL,
    sort_name text COLLATE published.de NOT NULL,
    updated_at timestamptz NOT NULL,
    hash text NOT NULL,
    document text NOT NULL,
    search tsvector NOT NULL
);

CREATE TABLE published.hsds_taxonomy_term (
    id uuid PRIMARY KEY,
    number integer NOT NULL,
    taxonomy_id uuid NOT NULL,
    taxonomy text NOT NULL,
    code text NOT NULL,
    parent_id uuid,
    sort_name text COLLATE published.de NOT NULL,
    updated_at timestamptz NOT NULL,
    hash text NOT NULL,
    document text NOT NULL,
    search tsvector NOT NULL
);

-- The numbers below the highest that nothing has.
CREATE TABLE published.hsds_vacancy (
    list text,
    number integer,
    PRIMARY KEY (list, number)
);

DO $$
DECLARE
    list text;
BEGIN
    FOREACH list IN ARRAY ARRAY['organization', 'service', 'location', 'service_at_location',
                                'taxonomy', 'taxonomy_term'] LOOP
        IF list <> 'location' THEN
            EXECUTE format('CREATE INDEX %I ON published.%I (number, id)',
                           'hsds_' || list || '_number', 'hsds_' || list);
        END IF;
        EXECUTE format('ALTER TABLE published.%I SET (toast_tuple_target = 8160)', 'hsds_' || list);
        EXECUTE format('ALTER TABLE published.%I ALTER document SET STORAGE EXTERNAL',
                       'hsds_' || list);
        IF list NOT LIKE 'taxonomy%' THEN
            EXECUTE format('ALTER TABLE published.%I ALTER nested SET STORAGE EXTERNAL',
                           'hsds_' || list);
        END IF;
    END LOOP;
END $$;

-- Whether one of the schedules opens and closes within these times of day, on this day of the week;
-- what is not asked for is empty. What closes after midnight closes later than any time of its day.
CREATE FUNCTION published.has_schedule(schedules text, opens text, closes text, day text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM json_to_recordset(schedules::json)
            AS schedule(opens_at text, closes_at text, byday text)
        WHERE (opens = '' OR opens_at >= opens)
          AND (closes = '' OR closes_at <= closes AND closes_at > opens_at)
          AND (day = '' OR byday ~ ('(^|[,0-9])' || day || '(,|$)'))
    )
$$;

-- When it was changed, which HSDS wants to the millisecond; and what has ended is not active any more,
-- also without a publication. In a text of ours no quotation mark stands unescaped, so what is replaced
-- is the member.
CREATE FUNCTION published.hsds_dated(document text, valid_to date, updated_at timestamptz)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN valid_to < current_date
                THEN replace(document, '"status":"active"', '"status":"inactive"')
                ELSE document END
        || ',"last_modified":"'
        || to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"'
$$;

-- What only filters ask for comes by a left join with a unique key: a page without filters is read
-- without it.
CREATE VIEW published.hsds_services AS
SELECT h.id, h.number, o.sort_name, h.updated_at,
       o.category, o.theme, o.target_group, o.organisation_id, o.organisation_mode, o.age,
       h.valid_to, o.search, o.serves, o.service_area, o.postcode, o.opening,
       published.hsds_dated(h.document, h.valid_to, h.updated_at) || '}' AS document,
       '{"id":"' || h.id || '","last_modified":"'
           || to_char(h.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"}'
           AS minimal,
       published.hsds_dated(h.document, h.valid_to, h.updated_at) || h.nested
           || coalesce((
               SELECT ',"service_at_locations":[' || string_agg(
                   s.document || s.nested || ',"location":' || l.document || l.nested || '}}',
                   ',' ORDER BY s.position, s.id) || ']'
               FROM published.hsds_service_at_location s
               JOIN published.hsds_location l ON l.id = s.location_id
               WHERE s.service_id = h.id
           ), '') || '}' AS whole
FROM published.hsds_service h
LEFT JOIN published.offering o ON o.id = h.id;

CREATE VIEW published.hsds_service_at_locations AS
SELECT s.id, s.number, s.service_id, s.location_id, o.sort_name, h.updated_at,
       o.category, o.theme, o.target_group, o.organisation_id, o.organisation_mode, o.age,
       h.valid_to, o.search, o.serves, o.service_area, l.postcode, l.spot, s.opening_id,
       array_remove(ARRAY[s.opening_id], NULL) AS opening,
       s.document || ',"location":' || l.document || '},"service":'
           || published.hsds_dated(h.document, h.valid_to, h.updated_at) || '}}' AS document,
       s.document || s.nested || ',"location":' || l.document || l.nested || '},"service":'
           || published.hsds_dated(h.document, h.valid_to, h.updated_at) || h.nested || '}}' AS whole
FROM published.hsds_service_at_location s
JOIN published.hsds_service h ON h.id = s.service_id
JOIN published.hsds_location l ON l.id = s.location_id
LEFT JOIN published.offering o ON o.id = s.service_id;

CREATE VIEW published.hsds_organizations AS
SELECT h.id, h.number, o.sort_name, h.updated_at, o.kind, o.search,
       h.document || '}' AS document,
       h.document || h.nested || coalesce((
           SELECT ',"services":[' || string_agg(
               '{"id":"' || s.id || '","name":' || ((p.document || '}')::json -> 'name')
                   || ',"status":"active"}',
               ',' ORDER BY s.sort_name, s.id) || ']'
           FROM published.offering s
           JOIN published.hsds_service p ON p.id = s.id
           WHERE s.organisation_id = h.id AND (s.valid_to IS NULL OR s.valid_to >= current_date)
       ), '') || '}' AS whole,
       h.document || h.nested || coalesce((
           SELECT ',"services":[' || string_agg(s.whole, ',' ORDER BY s.sort_name, s.id) || ']'
           FROM published.hsds_services s
           WHERE s.organisation_id = h.id AND (s.valid_to IS NULL OR s.valid_to >= current_date)
       ), '') || '}' AS whole_with_services
FROM published.hsds_organization h
LEFT JOIN published.organisation o ON o.id = h.id;
