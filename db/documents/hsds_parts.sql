-- HSDS 3.1: what all documents of a publication share, in the default language. No member is null or
-- empty: concat() leaves out what `||` with a NULL has made NULL.

-- States by the first digits of the official keys of districts, where no district is the state.
CREATE TEMPORARY TABLE known_state (scheme text, prefix text, country text, name text)
    ON COMMIT DROP;
INSERT INTO known_state VALUES
    ('ags', '01', 'DE', 'Schleswig-Holstein'), ('ags', '02', 'DE', 'Hamburg'),
    ('ags', '03', 'DE', 'Niedersachsen'), ('ags', '04', 'DE', 'Bremen'),
    ('ags', '05', 'DE', 'Nordrhein-Westfalen'), ('ags', '06', 'DE', 'Hessen'),
    ('ags', '07', 'DE', 'Rheinland-Pfalz'), ('ags', '08', 'DE', 'Baden-Württemberg'),
    ('ags', '09', 'DE', 'Bayern'), ('ags', '10', 'DE', 'Saarland'), ('ags', '11', 'DE', 'Berlin'),
    ('ags', '12', 'DE', 'Brandenburg'), ('ags', '13', 'DE', 'Mecklenburg-Vorpommern'),
    ('ags', '14', 'DE', 'Sachsen'), ('ags', '15', 'DE', 'Sachsen-Anhalt'),
    ('ags', '16', 'DE', 'Thüringen'),
    ('kommunkod', '01', 'SE', 'Stockholms län'), ('kommunkod', '03', 'SE', 'Uppsala län'),
    ('kommunkod', '04', 'SE', 'Södermanlands län'), ('kommunkod', '05', 'SE', 'Östergötlands län'),
    ('kommunkod', '06', 'SE', 'Jönköpings län'), ('kommunkod', '07', 'SE', 'Kronobergs län'),
    ('kommunkod', '08', 'SE', 'Kalmar län'), ('kommunkod', '09', 'SE', 'Gotlands län'),
    ('kommunkod', '10', 'SE', 'Blekinge län'), ('kommunkod', '12', 'SE', 'Skåne län'),
    ('kommunkod', '13', 'SE', 'Hallands län'), ('kommunkod', '14', 'SE', 'Västra Götalands län'),
    ('kommunkod', '17', 'SE', 'Värmlands län'), ('kommunkod', '18', 'SE', 'Örebro län'),
    ('kommunkod', '19', 'SE', 'Västmanlands län'), ('kommunkod', '20', 'SE', 'Dalarnas län'),
    ('kommunkod', '21', 'SE', 'Gävleborgs län'), ('kommunkod', '22', 'SE', 'Västernorrlands län'),
    ('kommunkod', '23', 'SE', 'Jämtlands län'), ('kommunkod', '24', 'SE', 'Västerbottens län'),
    ('kommunkod', '25', 'SE', 'Norrbottens län');

-- What an address says of where its district lies: the state by name, else the largest area known.
CREATE TEMPORARY TABLE region ON COMMIT DROP AS
    SELECT a.district_id,
           coalesce(min(r.name) FILTER (WHERE up.level = 'state'), min(state.name),
                    (array_agg(r.name ORDER BY r.position, a.depth DESC)
                         FILTER (WHERE up.level <> 'country'))[1],
                    min(r.name)) AS state,
           coalesce(min(state.country), 'DE') AS country,
           min(r.name) FILTER (WHERE up.level = 'municipality') AS municipality
    FROM ancestry a
    JOIN registry.public_district up ON up.id = a.ancestor_id
    JOIN district_ref r ON r.id = up.id AND r.lang = (SELECT code FROM spoken_here)
    LEFT JOIN known_state state ON state.scheme = up.scheme AND state.prefix = left(up.key, 2)
    WHERE a.district_id IN (SELECT district_id FROM site_home
                            UNION SELECT district_id FROM registry.organisation)
    GROUP BY a.district_id;
CREATE UNIQUE INDEX ON region (district_id);

-- Organizations that changed, and those that changed services are provided by.
CREATE TEMPORARY TABLE asked_organization ON COMMIT DROP AS
    SELECT id FROM pending WHERE resource = 'organisation'
    UNION
    SELECT r.organisation_id FROM pending p JOIN registry.offering r ON r.id = p.id
    WHERE p.resource = 'offering';
ANALYZE asked_organization;

CREATE TEMPORARY TABLE built_hsds_organization ON COMMIT DROP AS
    SELECT built.*, md5(document || nested) AS hash
    FROM (
        SELECT o.id, o.name AS sort_name,
               concat('{"id":"', o.id, '","name":', to_json(named.name),
                      ',"alternate_name":' || to_json(registry.said(o.alternate_name)),
                      ',"description":', to_json(coalesce(registry.said(registry.localized(
                          o.description, o.translations, here.code, 'description')), named.name)),
                      ',"email":' || to_json(registry.mailbox(o.email)),
                      ',"website":' || to_json(registry.uri(o.url)),
                      ',"parent_organization_id":"' || parent.id || '"') AS document,
               concat(',"phones":[{"id":"' || registry.derived_id(o.id, 'phone')
                          || '","number":' || to_json(registry.said(o.phone))
                          || ',"type":"voice"}]',
                      ',"locations":[{"id":"' || registry.derived_id(o.id, 'location')
                          || '","location_type":"physical","name":' || to_json(named.name)
                          || ',"addresses":[' || address.address || ']}]',
                      ',"attributes":[{"id":"' || registry.derived_id(o.id, o.kind_id::text)
                          || '","taxonomy_term_id":"' || kind.id
                          || '","link_type":"organisation_kind","link_entity":"organization"'
                          || ',"taxonomy_term":' || kind.quoted || '}]') AS nested
        FROM asked_organization asked
        JOIN registry.public_organisation o ON o.id = asked.id
        CROSS JOIN spoken_here here
        CROSS JOIN LATERAL (SELECT coalesce(registry.said(registry.localized(
            o.name, o.translations, here.code, 'name')), o.slug) AS name) AS named
        LEFT JOIN registry.public_organisation parent ON parent.id = o.parent_id
        LEFT JOIN built_hsds_taxonomy_term kind ON kind.id = o.kind_id
        LEFT JOIN region ON region.district_id = o.district_id
        CROSS JOIN LATERAL registry.hsds_address(
            registry.derived_id(o.id, 'location'), o.street,
            o.postcode, coalesce(registry.said(o.town), region.municipality),
            region.state, region.country
        ) AS address(address)
    ) AS built;
CREATE UNIQUE INDEX ON built_hsds_organization (id);

-- Every site of a pending offering that is public is a location. One known only by municipality has no coordinates:
-- those would be somewhere in it.
CREATE TEMPORARY TABLE asked_location ON COMMIT DROP AS
    SELECT DISTINCT x.site_id AS id
    FROM pending p
    JOIN registry.public_offering o ON o.id = p.id
    JOIN registry.offering_site x ON x.offering_id = o.id
    WHERE p.resource = 'offering';
ANALYZE asked_location;

CREATE TEMPORARY TABLE built_hsds_location ON COMMIT DROP AS
    SELECT built.*, md5(concat(document, nested, postcode, spot::text)) AS hash
    FROM (
        SELECT s.id,
               concat('{"id":"', s.id, '","location_type":"physical"',
                      ',"name":' || to_json(coalesce(
                          named.name, CASE WHEN address.address IS NULL
                                           THEN registry.said(s.town) END)),
                      ',"description":' || to_json(registry.said(registry.localized(
                          s.note, s.translations, here.code, 'note'))),
                      CASE WHEN s.point IS NOT NULL AND s.precision <> 'municipality' THEN
                           concat(',"latitude":', round(ST_Y(s.point)::numeric, 6),
                                  ',"longitude":', round(ST_X(s.point)::numeric, 6)) END)
                   AS document,
               concat(',"addresses":[' || address.address || ']',
                      CASE WHEN wheelchair.label IS NOT NULL OR access.text IS NOT NULL THEN
                           concat(',"accessibility":[{"id":"',
                                  registry.derived_id(s.id, 'accessibility'), '","description":',
                                  to_json(coalesce(wheelchair.label, access.text)),
                                  CASE WHEN wheelchair.label IS NOT NULL THEN
                                       ',"details":' || to_json(access.text) END, '}]') END)
                   AS nested,
               s.postcode,
               CASE WHEN s.precision <> 'municipality' THEN geography(s.point) END AS spot
        FROM asked_location asked
        JOIN registry.public_site s ON s.id = asked.id
        CROSS JOIN spoken_here here
        CROSS JOIN LATERAL (
            SELECT registry.said(registry.localized(s.name, s.translations, here.code, 'name'))
                       AS name
        ) AS named
        CROSS JOIN LATERAL (
            SELECT registry.said(registry.localized(
                       s.accessibility, s.translations, here.code, 'accessibility')) AS text
        ) AS access
        LEFT JOIN LATERAL (
            SELECT concat_ws(': ', c.title, coded.ref ->> 'label') AS label
            FROM coded
            JOIN (SELECT registry.localized(title, translations, here.code, 'title') AS title
                  FROM registry.codelist WHERE name = 'wheelchair') AS c ON true
            WHERE (coded.list, coded.code, coded.lang) = ('wheelchair', s.wheelchair, here.code)
        ) AS wheelchair ON true
        LEFT JOIN site_home home ON home.site_id = s.id
        LEFT JOIN region ON region.district_id = home.district_id
        CROSS JOIN LATERAL registry.hsds_address(
            s.id, coalesce(registry.said(s.street), named.name), s.postcode,
            coalesce(registry.said(s.town), region.municipality), region.state, region.country
        ) AS address(address)
    ) AS built;
CREATE UNIQUE INDEX ON built_hsds_location (id);
ANALYZE region, built_hsds_organization, built_hsds_location;

CREATE TEMPORARY TABLE built_hsds_service (
    id uuid, sort_name text, valid_to date, document text, nested text, hash text
) WITH (toast_tuple_target = 8160) ON COMMIT DROP;
ALTER TABLE built_hsds_service ALTER document SET STORAGE EXTERNAL,
                               ALTER nested SET STORAGE EXTERNAL;

CREATE TEMPORARY TABLE built_hsds_service_at_location (
    id uuid, service_id uuid, location_id uuid, position integer, opening_id uuid, sort_name text,
    document text, nested text, hash text
) ON COMMIT DROP;
