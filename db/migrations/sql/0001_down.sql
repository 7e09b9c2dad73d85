DROP SCHEMA published CASCADE;

DO $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'registry' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DROP TABLE registry.%I CASCADE', item.tablename);
    END LOOP;
    FOR item IN SELECT p.oid::regprocedure AS signature FROM pg_proc p
                WHERE p.pronamespace = 'registry'::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s', item.signature);
    END LOOP;
END $$;
