-- What changed since the last publication: the dirty marks that this snapshot shows.
CREATE TEMPORARY TABLE pending (
    resource text,
    id uuid,
    PRIMARY KEY (resource, id)
) ON COMMIT DROP;

WITH taken AS (DELETE FROM registry.dirty RETURNING resource, entity_id)
INSERT INTO pending SELECT DISTINCT resource, entity_id FROM taken;

-- Districts that ended or began since: offerings in them now lie in others.
INSERT INTO pending
SELECT 'district', d.id FROM registry.district d CROSS JOIN published.state last
WHERE d.valid_to BETWEEN last.published_at::date AND current_date - 1
   OR d.valid_from BETWEEN last.published_at::date + 1 AND current_date
ON CONFLICT DO NOTHING;
