-- The districts a measure is for, with all their ancestors.
SELECT DISTINCT p.id, a.ancestor_id AS district_id
FROM pending p
JOIN registry.measure_district x ON x.measure_id = p.id
JOIN ancestry a ON a.district_id = x.district_id
WHERE p.resource = 'measure'
