-- Whose documents quote a pending entity: repeated until nothing new turns up. A document that
-- comes out as it was is not written, so a generous rule costs time but never a false change.
-- A "summary" is a document that counts its parts: it is rebuilt, but its other parts are not.
WITH dependant(resource, id) AS (
    SELECT 'offering', o.id FROM pending p
    JOIN registry.offering o ON o.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'district', d.id FROM pending p
    JOIN registry.district d ON p.id IN (d.source_id, d.boundary_source_id)
    WHERE p.resource = 'source'
    UNION ALL
    SELECT 'organisation', o.id FROM pending p
    JOIN registry.organisation o ON o.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'indicator', i.id FROM pending p
    JOIN registry.indicator i ON i.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'observation', o.id FROM pending p
    JOIN registry.observation o ON o.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'strategy', s.id FROM pending p
    JOIN registry.strategy s ON s.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'measure', m.id FROM pending p
    JOIN registry.measure m ON m.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'decision', d.id FROM pending p
    JOIN registry.decision d ON d.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'site', s.id FROM pending p
    JOIN registry.site s ON s.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'holiday', h.id FROM pending p
    JOIN registry.holiday h ON h.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    -- parts with a source of their own
    SELECT 'offering', e.offering_id FROM pending p
    JOIN registry.evaluation e ON e.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'district', x.district_id FROM pending p
    JOIN registry.designation x ON x.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'district', unnest(ARRAY[x.predecessor_id, x.successor_id]) FROM pending p
    JOIN registry.district_succession x ON x.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'measure', x.measure_id FROM pending p
    JOIN registry.statement x ON x.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'strategy', x.strategy_id FROM pending p
    JOIN registry.milestone x ON x.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'strategy', x.strategy_id FROM pending p
    JOIN registry.consultation x ON x.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'strategy', x.strategy_id FROM pending p
    JOIN registry.report x ON x.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    SELECT 'strategy', x.strategy_id FROM pending p
    JOIN registry.stated_total x ON x.source_id = p.id WHERE p.resource = 'source'
    UNION ALL
    -- a codelist: everything that quotes one of its terms, by reference or as a status
    SELECT 'offering', x.offering_id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.offering_term x ON x.term_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'indicator', x.indicator_id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.indicator_term x ON x.term_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'measure', x.measure_id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.measure_term x ON x.term_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'strategy', x.strategy_id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.strategy_term x ON x.term_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'strategy_topic', x.topic_id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.topic_term x ON x.term_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'strategy', s.id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.strategy s ON s.kind_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'organisation', o.id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.organisation o ON o.kind_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'district', x.district_id FROM pending p
    JOIN registry.codelist_term t ON t.codelist_id = p.id
    JOIN registry.designation x ON x.term_id = t.id WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'offering', o.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.offering o
    WHERE p.resource = 'codelist'
      AND c.name IN ('organisation_mode', 'precision', 'wheelchair', 'level')
    UNION ALL
    SELECT 'district', d.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.district d
    WHERE p.resource = 'codelist' AND c.name IN ('level', 'boundary_quality')
    UNION ALL
    SELECT 'organisation', o.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.organisation o
    WHERE p.resource = 'codelist' AND c.name = 'level'
    UNION ALL
    SELECT 'indicator', i.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.indicator i
    WHERE p.resource = 'codelist'
      AND c.name IN ('indicator_type', 'aggregation', 'polarity', 'update_cycle', 'level',
                     'classification_method')
    UNION ALL
    SELECT 'observation', o.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.observation o
    WHERE p.resource = 'codelist' AND c.name IN ('observation_status', 'level', 'boundary_quality')
    UNION ALL
    -- a dimension that observations are broken down by
    SELECT 'observation', o.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id
    JOIN published.observation o ON o.breakdown @> ARRAY[c.name] WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'indicator', i.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id
    JOIN published.indicator i ON i.breakdown @> ARRAY[c.name] WHERE p.resource = 'codelist'
    UNION ALL
    SELECT 'measure', m.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.measure m
    WHERE p.resource = 'codelist'
      AND c.name IN ('decision', 'feasibility', 'implementation', 'disposition', 'level',
                     'milestone_state')
    UNION ALL
    SELECT 'strategy', s.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.strategy s
    WHERE p.resource = 'codelist'
      AND c.name IN ('decision', 'feasibility', 'implementation', 'milestone_state',
                     'report_state', 'result', 'level')
    UNION ALL
    SELECT 'decision', d.id FROM pending p
    JOIN registry.codelist c ON c.id = p.id CROSS JOIN registry.decision d
    WHERE p.resource = 'codelist' AND c.name IN ('result', 'level')
    UNION ALL
    SELECT 'offering', o.id FROM pending p
    JOIN registry.offering o ON o.organisation_id = p.id WHERE p.resource = 'organisation'
    UNION ALL
    SELECT 'organisation', o.id FROM pending p
    JOIN registry.organisation o ON o.parent_id = p.id WHERE p.resource = 'organisation'
    UNION ALL
    SELECT 'measure', m.id FROM pending p
    JOIN registry.measure m ON m.lead_id = p.id WHERE p.resource = 'organisation'
    UNION ALL
    SELECT 'measure', s.measure_id FROM pending p
    JOIN registry.statement s ON s.organisation_id = p.id WHERE p.resource = 'organisation'
    UNION ALL
    SELECT 'strategy', s.id FROM pending p
    JOIN registry.strategy s ON s.lead_id = p.id WHERE p.resource = 'organisation'
    UNION ALL
    SELECT 'decision', d.id FROM pending p
    JOIN registry.decision d ON d.body_id = p.id WHERE p.resource = 'organisation'
    UNION ALL
    SELECT 'offering', x.offering_id FROM pending p
    JOIN registry.offering_site x ON x.site_id = p.id WHERE p.resource = 'site'
    UNION ALL
    -- where a part of a state has holidays of its own
    SELECT 'offering', x.offering_id FROM pending p
    LEFT JOIN registry.holiday h ON h.id = p.id
    LEFT JOIN published.holiday old ON old.id = p.id
    CROSS JOIN registry.offering_site x
    WHERE p.resource = 'holiday' AND x.opening_hours IS NOT NULL
      AND concat(h.region, old.region) LIKE '%/%'
    UNION ALL
    SELECT 'measure', x.measure_id FROM pending p
    JOIN registry.measure_offering x ON x.offering_id = p.id WHERE p.resource = 'offering'
    UNION ALL
    -- a district: what lies below it, what lay or now lies in it, what serves or concerns it
    SELECT 'district', d.id FROM pending p
    JOIN registry.district d ON d.parent_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT 'district', unnest(ARRAY[x.predecessor_id, x.successor_id]) FROM pending p
    JOIN registry.district_succession x ON p.id IN (x.predecessor_id, x.successor_id)
    WHERE p.resource = 'district'
    UNION ALL
    -- and what lies above it: the number of its children, the source of a boundary united from them
    SELECT 'district summary', d.parent_id FROM pending p
    JOIN registry.district d ON d.id = p.id
    WHERE p.resource IN ('district', 'district summary')
    UNION ALL
    SELECT 'district summary', d.parent_id FROM pending p
    JOIN published.district d ON d.id = p.id
    WHERE p.resource IN ('district', 'district summary')
    UNION ALL
    SELECT 'district summary', x.successor_id FROM pending p
    JOIN registry.district_succession x ON x.predecessor_id = p.id
    WHERE p.resource = 'district summary'
    UNION ALL
    SELECT 'organisation', o.id FROM pending p
    JOIN registry.organisation o ON o.district_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT m.resource, m.id FROM pending p
    JOIN published.district_member m ON m.district_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT 'site', s.id FROM pending p
    JOIN registry.site s ON s.district_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT 'site', s.id FROM pending p
    JOIN registry.district d ON d.id = p.id
    JOIN registry.site s ON s.point && d.boundary WHERE p.resource = 'district'
    UNION ALL
    SELECT 'offering', x.offering_id FROM pending p
    JOIN registry.offering_service_district x ON x.district_id = p.id
    WHERE p.resource = 'district'
    UNION ALL
    SELECT 'measure', x.measure_id FROM pending p
    JOIN registry.measure_district x ON x.district_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT 'strategy', s.id FROM pending p
    JOIN registry.strategy s ON s.district_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT 'decision', d.id FROM pending p
    JOIN registry.decision d ON d.district_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT 'observation', o.id FROM pending p
    JOIN registry.observation o ON o.district_id = p.id WHERE p.resource = 'district'
    UNION ALL
    SELECT 'observation', o.id FROM pending p
    JOIN registry.observation o ON o.indicator_id = p.id WHERE p.resource = 'indicator'
    UNION ALL
    SELECT 'indicator summary', o.indicator_id FROM pending p
    JOIN registry.observation o ON o.id = p.id WHERE p.resource = 'observation'
    UNION ALL
    SELECT 'indicator summary', o.indicator_id FROM pending p
    JOIN published.observation o ON o.id = p.id WHERE p.resource = 'observation'
    UNION ALL
    SELECT 'indicator', i.id FROM pending p
    JOIN registry.indicator i ON p.id IN (i.numerator_id, i.denominator_id)
    WHERE p.resource = 'indicator'
    UNION ALL
    SELECT 'measure', x.measure_id FROM pending p
    JOIN registry.measure_indicator x ON x.indicator_id = p.id WHERE p.resource = 'indicator'
    UNION ALL
    SELECT 'measure', m.id FROM pending p
    JOIN registry.measure m ON m.strategy_id = p.id WHERE p.resource = 'strategy'
    UNION ALL
    SELECT 'decision', d.id FROM pending p
    JOIN registry.decision d ON d.strategy_id = p.id WHERE p.resource = 'strategy'
    UNION ALL
    SELECT 'strategy', t.strategy_id FROM pending p
    JOIN registry.strategy_topic t ON t.id = p.id WHERE p.resource = 'strategy_topic'
    UNION ALL
    SELECT 'strategy summary', m.strategy_id FROM pending p
    JOIN registry.measure m ON m.id = p.id WHERE p.resource = 'measure'
    UNION ALL
    SELECT 'strategy summary', m.strategy_id FROM pending p
    JOIN published.measure m ON m.id = p.id WHERE p.resource = 'measure'
    UNION ALL
    SELECT 'measure', m.id FROM pending p
    JOIN registry.measure m ON m.disposition_measure_id = p.id WHERE p.resource = 'measure'
    UNION ALL
    SELECT 'decision', d.id FROM pending p
    JOIN registry.decision d ON d.measure_id = p.id WHERE p.resource = 'measure'
    UNION ALL
    SELECT 'strategy summary', d.strategy_id FROM pending p
    JOIN registry.decision d ON d.id = p.id WHERE p.resource = 'decision'
    UNION ALL
    SELECT 'strategy summary', d.strategy_id FROM pending p
    JOIN published.decision d ON d.id = p.id WHERE p.resource = 'decision'
)
INSERT INTO pending
SELECT DISTINCT resource, id FROM dependant WHERE id IS NOT NULL
ON CONFLICT DO NOTHING;
