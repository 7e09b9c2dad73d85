-- All entities, because documents are built differently since the last publication. Those that only
-- the published schema still holds are among them, to be removed.
INSERT INTO pending
    SELECT 'codelist', id FROM registry.codelist UNION ALL
    SELECT 'codelist', id FROM published.codelist UNION ALL
    SELECT 'district', id FROM registry.district UNION ALL
    SELECT 'district', id FROM published.district UNION ALL
    SELECT 'holiday', id FROM registry.holiday UNION ALL
    SELECT 'holiday', id FROM published.holiday UNION ALL
    SELECT 'organisation', id FROM registry.organisation UNION ALL
    SELECT 'organisation', id FROM published.organisation UNION ALL
    SELECT 'offering', id FROM registry.offering UNION ALL
    SELECT 'offering', id FROM published.offering UNION ALL
    SELECT 'indicator', id FROM registry.indicator UNION ALL
    SELECT 'indicator', id FROM published.indicator UNION ALL
    SELECT 'observation', id FROM registry.observation UNION ALL
    SELECT 'observation', id FROM published.observation UNION ALL
    SELECT 'strategy', id FROM registry.strategy UNION ALL
    SELECT 'strategy', id FROM published.strategy UNION ALL
    SELECT 'measure', id FROM registry.measure UNION ALL
    SELECT 'measure', id FROM published.measure UNION ALL
    SELECT 'decision', id FROM registry.decision UNION ALL
    SELECT 'decision', id FROM published.decision
ON CONFLICT DO NOTHING;
