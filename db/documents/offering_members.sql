-- The districts an offering is in, with all their ancestors.
SELECT DISTINCT p.id, a.ancestor_id AS district_id
FROM pending p
JOIN registry.offering_site x ON x.offering_id = p.id
JOIN site_district d ON d.site_id = x.site_id
JOIN ancestry a ON a.district_id = d.district_id
WHERE p.resource = 'offering'
