-- What a publication is measured with.

-- name: all
UPDATE registry.offering SET note = 'Angaben geprüft';

-- name: one
UPDATE registry.offering SET note = 'Angaben noch einmal geprüft: ' || clock_timestamp()
WHERE id = (SELECT id FROM registry.offering ORDER BY id LIMIT 1);
