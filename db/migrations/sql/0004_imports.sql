-- Imports that can be taken back, corrections that outlive them, publications that can be reverted,
-- and how often a source is expected to deliver.

ALTER TABLE registry.source ADD rhythm TEXT;
ALTER TABLE registry.source ADD CONSTRAINT source_rhythm_check CHECK (rhythm ~ '^P(?=[1-9])([1-9][0-9]{0,3}Y)?([1-9][0-9]{0,3}M)?([1-9][0-9]{0,3}W)?([1-9][0-9]{0,3}D)?$');

-- The source may be a row that the import itself brings.
CREATE TABLE registry.import_run (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    resource TEXT NOT NULL,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    mapping TEXT NOT NULL,
    source_id UUID,
    actor TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    counts JSONB,
    report JSONB,
    undone_at TIMESTAMP WITH TIME ZONE,
    undone_by TEXT,
    CONSTRAINT import_run_pkey PRIMARY KEY (id),
    CONSTRAINT import_run_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT import_run_undone_check CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    CONSTRAINT import_run_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX import_run_source_id_idx ON registry.import_run (source_id);

CREATE TABLE registry.correction (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    entity TEXT NOT NULL,
    entity_id UUID NOT NULL,
    field TEXT NOT NULL,
    value JSONB,
    source TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT correction_pkey PRIMARY KEY (id),
    CONSTRAINT correction_entity_id_field_entity_key UNIQUE (entity_id, field, entity)
);

CREATE TABLE registry.publication (
    sequence BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    snapshot TEXT,
    inherited BIGINT,
    home OID NOT NULL,
    CONSTRAINT publication_pkey PRIMARY KEY (sequence)
);

-- Revisions so far have no transaction: they are older than any publication that can be reverted.
-- Filled by the trigger alone, so `import_run_id` needs no foreign key, which would look up every
-- row of an import. They are appended in the order of both columns: BRIN costs next to nothing.
ALTER TABLE registry.revision
    ADD import_run_id BIGINT,
    ADD undone_run_id BIGINT,
    ADD transaction BIGINT;
CREATE INDEX revision_import_run_id ON registry.revision USING brin (import_run_id);
CREATE INDEX revision_transaction ON registry.revision USING brin (transaction);

-- As before, and more exactly: a revision must bring a row back as it was. A geometry is its EWKB,
-- since GeoJSON has fifteen decimals, too few for a longitude below eight degrees. Times are in UTC,
-- so that two revisions of the same state are the same wherever they were made.
CREATE OR REPLACE FUNCTION registry.record_changes() RETURNS trigger LANGUAGE plpgsql
SET timezone = 'UTC' AS $$
DECLARE
    actor text := coalesce(nullif(current_setting('quartier.actor', true), ''), session_user);
    import_run text := nullif(current_setting('quartier.import_run', true), '');
    undone_run text := nullif(current_setting('quartier.undone_run', true), '');
    shown text := (
        SELECT string_agg(
            format(CASE typname WHEN 'geometry' THEN '%1$I::text AS %1$I' ELSE '%1$I' END, attname),
            ', ' ORDER BY attnum)
        FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
        WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped
    );
    a text := format('(SELECT %s FROM after_rows) AS a', shown);
    b text := format('(SELECT %s FROM before_rows) AS b', shown);
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT NULL::jsonb AS before, to_jsonb(a) AS after FROM ' || a
        WHEN 'DELETE' THEN 'SELECT to_jsonb(b) AS before, NULL::jsonb AS after FROM ' || b
        ELSE 'SELECT to_jsonb(b) AS before, to_jsonb(a) AS after '
             'FROM ' || b || ' FULL JOIN ' || a || ' USING (id) WHERE b IS DISTINCT FROM a'
    END;
    owners text := (
        SELECT string_agg(format('(before ->> %1$L), (after ->> %1$L)', owner), ', ')
        FROM unnest(TG_ARGV[1:]) AS owner
    );
BEGIN
    EXECUTE format(
        'WITH changed AS MATERIALIZED (%s), revised AS ('
        '    INSERT INTO registry.revision (entity, entity_id, before, after, actor,'
        '                                   import_run_id, undone_run_id, transaction)'
        '    SELECT %L, (coalesce(after, before) ->> ''id'')::uuid, before, after, %L,'
        '           %L::bigint, %L::bigint, pg_current_xact_id()::text::bigint FROM changed'
        ') INSERT INTO registry.dirty (resource, entity_id)'
        '  SELECT DISTINCT %L, owner::uuid FROM changed, unnest(ARRAY[%s]) AS owner'
        '  WHERE owner IS NOT NULL',
        changed, TG_TABLE_NAME, actor, import_run, undone_run, TG_ARGV[0],
        coalesce(owners, 'NULL::text'));
    RETURN NULL;
END $$;

-- A correction is recorded like any row, and marks nothing: the row that it corrects does.
CREATE TRIGGER record_insert AFTER INSERT ON registry.correction
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('correction');
CREATE TRIGGER record_update AFTER UPDATE ON registry.correction
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('correction');
CREATE TRIGGER record_delete AFTER DELETE ON registry.correction
    REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('correction');

-- Where the record of publications begins: what no edit waits for is what this snapshot shows.
INSERT INTO registry.publication (sequence, at, snapshot, inherited, home)
SELECT sequence, published_at,
       CASE WHEN NOT EXISTS (SELECT FROM registry.dirty) THEN pg_current_snapshot()::text END,
       (SELECT coalesce(max(id), 0) FROM registry.revision),
       'registry.publication'::regclass
FROM published.state;
