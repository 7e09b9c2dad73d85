-- All entities, because documents are built differently since the last publication.
INSERT INTO pending
    SELECT 'codelist', id FROM registry.codelist UNION ALL
    SELECT 'district', id FROM registry.district UNION ALL
    SELECT 'organisation', id FROM registry.organisation UNION ALL
    SELECT 'offering', id FROM registry.offering UNION ALL
    SELECT 'indicator', id FROM registry.indicator UNION ALL
    SELECT 'observation', id FROM registry.observation UNION ALL
    SELECT 'strategy', id FROM registry.strategy UNION ALL
    SELECT 'measure', id FROM registry.measure UNION ALL
    SELECT 'decision', id FROM registry.decision
ON CONFLICT DO NOTHING;
