CREATE OR REPLACE FUNCTION registry.removal(resource text, id uuid, OUT reason text, OUT merged_into_id uuid)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF resource IN ('codelist', 'observation') THEN
        EXECUTE format('SELECT ''unpublished'' FROM registry.%I WHERE id = $1', resource)
            INTO reason USING id;
    ELSE
        EXECUTE format(
            'SELECT coalesce(removal_reason, ''unpublished''), other.id '
            'FROM registry.%1$I AS gone '
            'LEFT JOIN registry.public_%1$I AS other ON other.id = gone.merged_into_id '
            'WHERE gone.id = $1', resource)
            INTO reason, merged_into_id USING id;
    END IF;
    reason := CASE
        WHEN reason IS NULL THEN 'deleted'
        WHEN reason = 'merged_into' AND merged_into_id IS NULL THEN 'unpublished'
        ELSE reason
    END;
END $$;

DROP INDEX published.codelist_updated, published.district_updated, published.organisation_updated,
    published.indicator_updated, published.observation_updated, published.strategy_updated,
    published.measure_updated, published.decision_updated;
DROP INDEX published.change_last, published.change_slug, published.change_feed;
CREATE INDEX change_entity ON published.change (resource, id, sequence DESC);
CREATE INDEX change_removed ON published.change (resource, slug) WHERE kind = 'remove';
ALTER TABLE published.change
    DROP CONSTRAINT change_pkey, ADD PRIMARY KEY (sequence, resource, id);
ALTER TABLE published.change DROP superseded;
ALTER TABLE published.state DROP registry, DROP forgotten;
