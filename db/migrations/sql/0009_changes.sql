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

-- None that begins with the sequence: the planner would take it where a resource changed seldom.
DROP INDEX published.change_entity, published.change_removed;
ALTER TABLE published.change
    DROP CONSTRAINT change_pkey, ADD PRIMARY KEY (resource, sequence, id);
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

-- As in 0002, but over any number of mergers that are published at once. Only what is archived is
-- merged into something, so at most one of the line is public.
CREATE OR REPLACE FUNCTION registry.removal(resource text, id uuid, OUT reason text, OUT merged_into_id uuid)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF resource IN ('codelist', 'observation') THEN
        EXECUTE format('SELECT ''unpublished'' FROM registry.%I WHERE id = $1', resource)
            INTO reason USING id;
    ELSE
        EXECUTE format(
            'WITH RECURSIVE heir(id) AS ('
            '    SELECT merged_into_id FROM registry.%1$I WHERE id = $1 '
            '    UNION '
            '    SELECT next.merged_into_id FROM heir JOIN registry.%1$I AS next USING (id)'
            ') SELECT coalesce(removal_reason, ''unpublished''), '
            '         (SELECT id FROM heir JOIN registry.public_%1$I USING (id)) '
            'FROM registry.%1$I WHERE id = $1', resource)
            INTO reason, merged_into_id USING id;
    END IF;
    reason := CASE
        WHEN reason IS NULL THEN 'deleted'
        WHEN reason = 'merged_into' AND merged_into_id IS NULL THEN 'unpublished'
        ELSE reason
    END;
END $$;
