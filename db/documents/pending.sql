-- What changed since the last publication: the dirty marks that this snapshot shows.
CREATE TEMPORARY TABLE pending (
    resource text,
    id uuid,
    PRIMARY KEY (resource, id)
) ON COMMIT DROP;

WITH taken AS (DELETE FROM registry.dirty RETURNING resource, entity_id)
INSERT INTO pending SELECT DISTINCT resource, entity_id FROM taken;
