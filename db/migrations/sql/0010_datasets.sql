-- What data catalogues say of datasets and no document does: since when each is published, when a row
-- of its own last changed, and which sources it is from. A dataset is a resource, a strategy with its
-- measures and decisions, an indicator with its observations, or a theme of indicators ('' those
-- without one). How many of these a catalogue lists is a setting, so all are kept.

CREATE TABLE published.dataset (
    kind text,
    key text,
    issued timestamptz NOT NULL,
    modified timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);

-- The sources that are used, as far as they may be published.
CREATE TABLE published.source (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    publisher text NOT NULL,
    url text,
    license text NOT NULL,
    license_url text,
    attribution text NOT NULL,
    retrieved date,
    rhythm text
);

-- Of resources, strategies and indicators; those of a theme are those of its indicators.
CREATE TABLE published.dataset_source (
    kind text,
    key text,
    source_id uuid,
    PRIMARY KEY (kind, key, source_id)
);

CREATE FUNCTION registry.sources_of_dataset(kind text, key text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF kind = 'resource' THEN
        RETURN QUERY SELECT DISTINCT used.source_id FROM registry.sources_of(key) AS used
                     WHERE used.source_id IS NOT NULL;
    ELSIF kind = 'indicator' THEN
        RETURN QUERY
            SELECT i.source_id FROM registry.public_indicator i WHERE i.id = key::uuid
            UNION
            SELECT o.source_id FROM registry.public_observation o WHERE o.indicator_id = key::uuid;
    ELSIF kind = 'strategy' THEN
        RETURN QUERY
            SELECT s.source_id FROM registry.public_strategy s WHERE s.id = key::uuid
            UNION SELECT m.source_id FROM registry.public_measure m WHERE m.strategy_id = key::uuid
            UNION SELECT d.source_id FROM registry.public_decision d WHERE d.strategy_id = key::uuid
            UNION SELECT t.source_id FROM registry.public_stated_total t
                  WHERE t.strategy_id = key::uuid
            UNION SELECT c.source_id FROM registry.public_consultation c
                  WHERE c.strategy_id = key::uuid
            UNION SELECT r.source_id FROM registry.public_report r WHERE r.strategy_id = key::uuid
            UNION SELECT n.source_id FROM registry.public_milestone n
                  WHERE n.strategy_id = key::uuid
            UNION SELECT n.source_id FROM registry.public_milestone n
                  JOIN registry.public_measure m ON m.id = n.measure_id
                  WHERE m.strategy_id = key::uuid
            UNION SELECT st.source_id FROM registry.public_statement st
                  JOIN registry.public_measure m ON m.id = st.measure_id
                  WHERE m.strategy_id = key::uuid;
    END IF;
END $$;

-- What a registry that was published before can tell of the past.
INSERT INTO published.dataset
SELECT 'resource', resource, min(at), max(at) FROM published.change GROUP BY resource;

INSERT INTO published.dataset
SELECT 'strategy', s.id::text, coalesce(first.at, s.updated_at),
       greatest(s.updated_at, own.measures, own.decisions)
FROM published.strategy s
LEFT JOIN LATERAL (SELECT min(at) AS at FROM published.change c
                   WHERE c.resource = 'strategy' AND c.id = s.id) AS first ON true
CROSS JOIN LATERAL (
    SELECT (SELECT max(updated_at) FROM published.measure m WHERE m.strategy_id = s.id) AS measures,
           (SELECT max(updated_at) FROM published.decision d WHERE d.strategy_id = s.id)
               AS decisions
) AS own;

INSERT INTO published.dataset
SELECT 'indicator', i.id::text, coalesce(first.at, i.updated_at),
       greatest(i.updated_at, (SELECT max(updated_at) FROM published.observation o
                               WHERE o.indicator_id = i.id))
FROM published.indicator i
LEFT JOIN LATERAL (SELECT min(at) AS at FROM published.change c
                   WHERE c.resource = 'indicator' AND c.id = i.id) AS first ON true;

INSERT INTO published.dataset
SELECT 'theme', found.theme, min(d.issued), max(d.modified)
FROM published.indicator i
JOIN published.dataset d ON d.kind = 'indicator' AND d.key = i.id::text
CROSS JOIN LATERAL (
    SELECT t.code AS theme
    FROM registry.codelist_term t JOIN registry.codelist c ON c.id = t.codelist_id
    WHERE c.name = 'theme' AND t.parent_id IS NULL AND t.code = ANY (i.theme)
    UNION ALL
    SELECT '' WHERE i.theme = '{}'
) AS found
GROUP BY found.theme;

INSERT INTO published.dataset_source
SELECT d.kind, d.key, s FROM published.dataset d
CROSS JOIN LATERAL registry.sources_of_dataset(d.kind, d.key) AS s
WHERE s IN (SELECT id FROM registry.public_source);

INSERT INTO published.source
SELECT s.id, s.title, s.publisher, s.url, s.license, s.license_url, s.attribution, s.retrieved,
       r.rhythm
FROM registry.public_source s JOIN registry.source r ON r.id = s.id
WHERE s.id IN (SELECT source_id FROM published.dataset_source);
