DROP TABLE registry.publication, registry.correction, registry.import_run;
ALTER TABLE registry.revision DROP import_run_id, DROP undone_run_id, DROP transaction;
ALTER TABLE registry.source DROP rhythm;

-- As 0002 has it.
CREATE OR REPLACE FUNCTION registry.record_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor text := coalesce(nullif(current_setting('quartier.actor', true), ''), session_user);
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT NULL::jsonb AS before, to_jsonb(a) AS after FROM after_rows a'
        WHEN 'DELETE' THEN 'SELECT to_jsonb(b) AS before, NULL::jsonb AS after FROM before_rows b'
        ELSE 'SELECT to_jsonb(b) AS before, to_jsonb(a) AS after '
             'FROM before_rows b FULL JOIN after_rows a USING (id) WHERE b IS DISTINCT FROM a'
    END;
    owners text := (
        SELECT string_agg(format('(before ->> %1$L), (after ->> %1$L)', owner), ', ')
        FROM unnest(TG_ARGV[1:]) AS owner
    );
BEGIN
    EXECUTE format(
        'WITH changed AS MATERIALIZED (%s), revised AS ('
        '    INSERT INTO registry.revision (entity, entity_id, before, after, actor)'
        '    SELECT %L, (coalesce(after, before) ->> ''id'')::uuid, before, after, %L FROM changed'
        ') INSERT INTO registry.dirty (resource, entity_id)'
        '  SELECT DISTINCT %L, owner::uuid FROM changed, unnest(ARRAY[%s]) AS owner'
        '  WHERE owner IS NOT NULL',
        changed, TG_TABLE_NAME, actor, TG_ARGV[0], owners);
    RETURN NULL;
END $$;
