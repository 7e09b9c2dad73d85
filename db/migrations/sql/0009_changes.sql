-- What a copy that follows the changes needs: who we are, the last change of every entity, and a
-- mark up to which removals are forgotten (ADR 0028).

ALTER TABLE published.state
    ADD registry uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD forgotten bigint NOT NULL DEFAULT 0;

-- Set when the entity changes again.
ALTER TABLE published.change ADD superseded boolean NOT NULL DEFAULT false;
UPDATE published.change AS earlier SET superseded = true
WHERE EXISTS (SELECT FROM published.change AS later
              WHERE (later.resource, later.id) = (earlier.resource, earlier.id)
                AND later.sequence > earlier.sequence);

DROP INDEX published.change_entity, published.change_removed;
CREATE INDEX change_last ON published.change (resource, id) WHERE NOT superseded;
CREATE INDEX change_slug ON published.change (resource, slug);
CREATE INDEX change_feed ON published.change (resource, sequence, id) WHERE NOT superseded;
ANALYZE published.change;

-- For `updated_since` and for the newest first, as offerings have it already.
DO $$
DECLARE
    resource text;
BEGIN
    FOREACH resource IN ARRAY ARRAY['codelist', 'district', 'organisation', 'indicator',
                                    'observation', 'strategy', 'measure', 'decision'] LOOP
        EXECUTE format('CREATE INDEX %I ON published.%I (updated_at, id)',
                       resource || '_updated', resource);
    END LOOP;
END $$;
