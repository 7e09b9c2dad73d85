-- What a publication of one year reads of all the others, found by an index: which sources an
-- indicator has, and the observations of one of its periods.

CREATE INDEX observation_source ON registry.observation (indicator_id, source_id);
CREATE INDEX observation_period ON published.observation (indicator_id, period);

-- As in 0010, but from one source of an indicator to the next, as sources_of() does.
CREATE OR REPLACE FUNCTION registry.sources_of_dataset(kind text, key text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF kind = 'resource' THEN
        RETURN QUERY SELECT DISTINCT used.source_id FROM registry.sources_of(key) AS used
                     WHERE used.source_id IS NOT NULL;
    ELSIF kind = 'indicator' THEN
        RETURN QUERY
            SELECT i.source_id FROM registry.public_indicator i WHERE i.id = key::uuid
            UNION
            (WITH RECURSIVE used(id) AS (
                (SELECT o.source_id FROM registry.observation o WHERE o.indicator_id = key::uuid
                 ORDER BY o.source_id LIMIT 1)
                UNION ALL
                SELECT (SELECT o.source_id FROM registry.observation o
                        WHERE o.indicator_id = key::uuid AND o.source_id > used.id
                        ORDER BY o.source_id LIMIT 1)
                FROM used WHERE used.id IS NOT NULL
            ) SELECT used.id FROM used CROSS JOIN LATERAL (
                SELECT FROM registry.public_observation o
                WHERE o.indicator_id = key::uuid AND o.source_id = used.id LIMIT 1) AS one);
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
