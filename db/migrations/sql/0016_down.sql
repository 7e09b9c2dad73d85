DROP INDEX registry.observation_source;
DROP INDEX published.observation_period;

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
