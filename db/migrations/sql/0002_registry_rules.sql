-- What the registry does by itself: no cycles, revisions, dirty marks. And the one door out of it:
-- the views `public_*`, which show published rows of licensed sources without their private
-- columns. Documents are built from these views only, so a draft has no other way to the outside.

-- A tree stays a tree. The lock makes two transactions that would close a cycle together take
-- turns.
CREATE FUNCTION registry.refuse_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ancestor uuid := NEW.parent_id;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('registry.refuse_cycle'), hashtext(TG_TABLE_NAME));
    WHILE ancestor IS NOT NULL LOOP
        IF ancestor = NEW.id THEN
            RAISE EXCEPTION '% % would be its own ancestor', TG_TABLE_NAME, NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_parent_cycle';
        END IF;
        EXECUTE format('SELECT parent_id FROM registry.%I WHERE id = $1', TG_TABLE_NAME)
            INTO ancestor USING ancestor;
    END LOOP;
    RETURN NULL;
END $$;

DO $$
DECLARE
    tree text;
BEGIN
    FOREACH tree IN ARRAY ARRAY['district', 'organisation', 'codelist_term'] LOOP
        EXECUTE format(
            'CREATE CONSTRAINT TRIGGER refuse_cycle AFTER INSERT OR UPDATE OF parent_id '
            'ON registry.%I FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) '
            'EXECUTE FUNCTION registry.refuse_cycle()', tree);
    END LOOP;
END $$;

-- One statement-level trigger function for every table: arguments are the resource to mark as dirty
-- and the columns that hold its id. Rows that an UPDATE leaves as they were leave no trace.
CREATE FUNCTION registry.record_changes() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION registry.watch(watched text, resource text, VARIADIC owners text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    arguments text := (
        SELECT string_agg(quote_literal(argument), ', ')
        FROM unnest(array_prepend(resource, owners)) AS argument
    );
    event text;
    rows_seen text;
BEGIN
    FOR event, rows_seen IN VALUES
        ('INSERT', 'NEW TABLE AS after_rows'),
        ('UPDATE', 'OLD TABLE AS before_rows NEW TABLE AS after_rows'),
        ('DELETE', 'OLD TABLE AS before_rows')
    LOOP
        EXECUTE format(
            'CREATE TRIGGER record_%s AFTER %s ON registry.%I REFERENCING %s '
            'FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes(%s)',
            lower(event), event, watched, rows_seen, arguments);
    END LOOP;
END $$;

SELECT registry.watch(watched, resource, VARIADIC owners) FROM (VALUES
    ('source', 'source', ARRAY['id']),
    ('codelist', 'codelist', ARRAY['id']),
    ('codelist_term', 'codelist', ARRAY['codelist_id']),
    ('organisation', 'organisation', ARRAY['id']),
    ('district', 'district', ARRAY['id']),
    ('district_succession', 'district', ARRAY['predecessor_id', 'successor_id']),
    ('designation', 'district', ARRAY['district_id']),
    ('site', 'site', ARRAY['id']),
    ('offering', 'offering', ARRAY['id']),
    ('offering_site', 'offering', ARRAY['offering_id']),
    ('offering_term', 'offering', ARRAY['offering_id']),
    ('offering_service_district', 'offering', ARRAY['offering_id']),
    ('evaluation', 'offering', ARRAY['offering_id']),
    ('indicator', 'indicator', ARRAY['id']),
    ('indicator_term', 'indicator', ARRAY['indicator_id']),
    ('observation', 'observation', ARRAY['id']),
    ('strategy', 'strategy', ARRAY['id']),
    ('strategy_term', 'strategy', ARRAY['strategy_id']),
    ('strategy_topic', 'strategy', ARRAY['strategy_id']),
    ('topic_term', 'strategy_topic', ARRAY['topic_id']),
    ('stated_total', 'strategy', ARRAY['strategy_id']),
    ('consultation', 'strategy', ARRAY['strategy_id']),
    ('report', 'strategy', ARRAY['strategy_id']),
    ('milestone', 'strategy', ARRAY['strategy_id']),
    ('measure', 'measure', ARRAY['id']),
    ('measure_term', 'measure', ARRAY['measure_id']),
    ('measure_topic', 'measure', ARRAY['measure_id']),
    ('measure_district', 'measure', ARRAY['measure_id']),
    ('measure_offering', 'measure', ARRAY['measure_id']),
    ('measure_indicator', 'measure', ARRAY['measure_id']),
    ('statement', 'measure', ARRAY['measure_id']),
    ('decision', 'decision', ARRAY['id'])
) AS watch(watched, resource, owners);

DROP FUNCTION registry.watch;

-- Texts in a language, falling back to the language they were written in, and saying so. Functions
-- of one plain expression are inlined by the planner; they are called once a document or more.
CREATE FUNCTION registry.localized(base text, translations jsonb, lang text, field text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(translations -> lang ->> field, base) $$;

-- `{"name": "de", …}`: the fields that have a text, given as pairs of name and text.
CREATE FUNCTION registry.written(lang text, VARIADIC pairs text[])
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_object_agg(pairs[i], lang), '{}')
    FROM generate_series(1, cardinality(pairs), 2) AS i WHERE pairs[i + 1] IS NOT NULL
$$;

CREATE FUNCTION registry.fields(texts jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(array_agg(field), '{}') FROM jsonb_object_keys(texts) AS field $$;

-- What stands between the braces of an object: its members, to be put into another one.
CREATE FUNCTION registry.members(object json)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT substr(object::text, 2, length(object::text) - 2) $$;

-- Which of the written fields a document in another language shows untranslated.
CREATE FUNCTION registry.fallback(written jsonb, written_in text, translations jsonb, lang text)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN lang = written_in THEN NULL
        WHEN translations ? lang
            THEN nullif(written - registry.fields(translations -> lang), '{}')
        ELSE nullif(written, '{}')
    END
$$;

-- The translations of the fields that are published, to be found by.
CREATE FUNCTION registry.translated(translations jsonb, VARIADIC fields text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN translations <> '{}' THEN (
        SELECT string_agg(value, ' ')
        FROM jsonb_each(translations) AS t(lang, texts)
        CROSS JOIN jsonb_each_text(texts) AS text(field, value)
        WHERE field = ANY (fields)
    ) END
$$;

-- An imprecise date as EDTF (ISO 8601-2) with the bounds it leaves open.
CREATE FUNCTION registry.edtf(edtf text, earliest date, latest date)
RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN edtf IS NOT NULL
        THEN json_build_object('edtf', edtf, 'earliest', earliest, 'latest', latest) END
$$;

-- The languages of documents: one is the default, even where nobody has said which.
CREATE VIEW registry.public_language AS
SELECT code, position,
       row_number() OVER (ORDER BY is_default DESC, position, code) = 1 AS is_default
FROM (
    SELECT code, position, is_default FROM registry.language
    UNION ALL
    SELECT 'de', 0, true WHERE NOT EXISTS (SELECT FROM registry.language)
) AS stated;

CREATE VIEW registry.public_source AS
SELECT id, slug, title, publisher, url, license, license_url, attribution, retrieved
FROM registry.source
WHERE license <> 'not_stated';

CREATE VIEW registry.public_organisation AS
SELECT
    e.name,
    e.alternate_name,
    e.kind_id,
    e.description,
    e.parent_id,
    e.district_id,
    e.street,
    e.postcode,
    e.town,
    e.phone,
    e.email,
    e.url,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id
FROM registry.organisation e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

CREATE VIEW registry.public_district AS
SELECT
    e.name,
    e.level,
    e.kind,
    e.scheme,
    e.key,
    e.parent_id,
    e.valid_from,
    e.valid_to,
    e.population,
    e.population_as_of,
    e.area_km2,
    e.description,
    e.url,
    e.point,
    e.boundary,
    e.boundary_quality,
    e.boundary_source_id,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id
FROM registry.district e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

CREATE VIEW registry.public_offering AS
SELECT
    e.name,
    e.alternate_name,
    e.description,
    e.organisation_id,
    e.organisation_mode,
    e.intended_mode,
    e.intended_mode_reason,
    e.intended_mode_on,
    e.age_min,
    e.age_max,
    e.free,
    e.cost,
    e.eligibility,
    e.application,
    e.accessibility,
    e.capacity,
    e.capacity_unit,
    e.capacity_as_of,
    e.valid_from,
    e.valid_to,
    e.confirmed_at,
    e.as_of,
    e.as_of_earliest,
    e.as_of_latest,
    e.phone,
    e.email,
    e.url,
    e.service_area,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id
FROM registry.offering e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

CREATE VIEW registry.public_indicator AS
SELECT
    e.title,
    e.abbreviation,
    e.description,
    e.unit,
    e.unit_long,
    e.decimals,
    e.type,
    e.aggregation,
    e.numerator_id,
    e.denominator_id,
    e.factor,
    e.interpretation,
    e.polarity,
    e.update_cycle,
    e.reference_date,
    e.method,
    e.citation,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id
FROM registry.indicator e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

CREATE VIEW registry.public_strategy AS
SELECT
    e.title,
    e.description,
    e.kind_id,
    e.district_id,
    e.lead_id,
    e.period,
    e.period_earliest,
    e.period_latest,
    e.url,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id
FROM registry.strategy e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

CREATE VIEW registry.public_decision AS
SELECT
    e.title,
    e.text,
    e.reference,
    e.body_id,
    e.strategy_id,
    e.measure_id,
    e.district_id,
    e.result,
    e.date,
    e.date_earliest,
    e.date_latest,
    e.meeting,
    e.agenda_item,
    e.votes_yes,
    e.votes_no,
    e.votes_abstentions,
    e.url,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id
FROM registry.decision e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

CREATE VIEW registry.public_measure AS
SELECT
    e.strategy_id,
    e.number,
    e.title,
    e.description,
    e.lead_id,
    e.decision,
    e.feasibility,
    e.implementation,
    e.disposition,
    e.disposition_into,
    e.disposition_measure_id,
    e.start,
    e.start_earliest,
    e.start_latest,
    e."end",
    e.end_earliest,
    e.end_latest,
    e.url,
    e.id,
    e.slug,
    e.lang,
    e.translations,
    e.note,
    e.source_id
FROM registry.measure e
JOIN registry.public_source s ON s.id = e.source_id
JOIN registry.public_strategy p ON p.id = e.strategy_id
WHERE e.status = 'published';

-- A raw value waits for disclosure control and is not public, whatever its status says.
CREATE VIEW registry.public_observation AS
SELECT
    e.id,
    e.indicator_id,
    e.district_id,
    e.period,
    e.period_earliest,
    e.period_latest,
    e.breakdowns,
    e.value,
    e.numerator,
    e.denominator,
    e.flags,
    e.scenario,
    e.note,
    e.source_id
FROM registry.observation e
JOIN registry.public_source s ON s.id = e.source_id
JOIN registry.public_indicator i ON i.id = e.indicator_id
JOIN registry.public_district d ON d.id = e.district_id
WHERE e.status = 'published' AND NOT e.raw;

CREATE VIEW registry.public_evaluation AS
SELECT
    e.offering_id,
    e.finding,
    e.period,
    e.period_earliest,
    e.period_latest,
    e.source_id,
    e.lang,
    e.translations,
    e.id
FROM registry.evaluation e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_designation AS
SELECT
    e.district_id,
    e.term_id,
    e.valid_from,
    e.valid_to,
    e.note,
    e.source_id,
    e.id
FROM registry.designation e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_district_succession AS
SELECT
    e.predecessor_id,
    e.successor_id,
    e.valid_on,
    e.share,
    e.source_id,
    e.id
FROM registry.district_succession e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_statement AS
SELECT
    e.measure_id,
    e.kind,
    e.position,
    e.organisation_id,
    e.text,
    e.date,
    e.date_earliest,
    e.date_latest,
    e.source_id,
    e.lang,
    e.translations,
    e.id
FROM registry.statement e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_milestone AS
SELECT
    e.strategy_id,
    e.measure_id,
    e.position,
    e.title,
    e.state,
    e.date,
    e.date_earliest,
    e.date_latest,
    e.source_id,
    e.lang,
    e.translations,
    e.id
FROM registry.milestone e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_consultation AS
SELECT
    e.strategy_id,
    e.title,
    e.description,
    e.audience,
    e.opens,
    e.closes,
    e.url,
    e.source_id,
    e.lang,
    e.translations,
    e.id
FROM registry.consultation e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_report AS
SELECT
    e.strategy_id,
    e.title,
    e.description,
    e.state,
    e.date,
    e.date_earliest,
    e.date_latest,
    e.covers,
    e.covers_earliest,
    e.covers_latest,
    e.url,
    e.source_id,
    e.lang,
    e.translations,
    e.id
FROM registry.report e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_stated_total AS
SELECT
    e.strategy_id,
    e.position,
    e.axis,
    e.code,
    e.value,
    e.statement,
    e.as_of,
    e.as_of_earliest,
    e.as_of_latest,
    e.source_id,
    e.lang,
    e.translations,
    e.id
FROM registry.stated_total e
JOIN registry.public_source s ON s.id = e.source_id;

CREATE VIEW registry.public_site AS
SELECT
    e.id,
    e.source_id,
    e.name,
    e.street,
    e.postcode,
    e.town,
    e.district_id,
    e.point,
    e.precision,
    e.wheelchair,
    e.accessibility,
    e.note,
    e.lang,
    e.translations
FROM registry.site e
JOIN registry.public_source s ON s.id = e.source_id;

-- A code with its label: `{"code": …, "label": …}`; a code without a term is its own label.
CREATE FUNCTION registry.coded(list text, code text, lang text)
RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT row_to_json(c) FROM (
        SELECT coded.code, coalesce((
            SELECT registry.localized(t.label, t.translations, coded.lang, 'label')
            FROM registry.codelist_term t JOIN registry.codelist c ON c.id = t.codelist_id
            WHERE c.name = coded.list AND t.code = coded.code
        ), coded.code) AS label
    ) AS c
    WHERE coded.code IS NOT NULL
$$;

-- The members of a GeoJSON Feature that describe its place: RFC 7946, sections 3.1, 5 and 11.2
-- (six decimals), right-handed, a bounding box for everything larger than a point.
CREATE FUNCTION registry.feature_members(shape geometry) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN shape IS NULL THEN '"geometry":null'
        WHEN GeometryType(shape) = 'POINT' THEN '"geometry":' || ST_AsGeoJSON(shape, 6, 0)
        ELSE format('"bbox":[%s,%s,%s,%s],"geometry":%s',
                    round(ST_XMin(shape)::numeric, 6), round(ST_YMin(shape)::numeric, 6),
                    round(ST_XMax(shape)::numeric, 6), round(ST_YMax(shape)::numeric, 6),
                    ST_AsGeoJSON(ST_ForcePolygonCCW(shape), 6, 0))
    END
$$;

-- Why an entity is no longer public, and what it was merged into, if that can be seen.
CREATE FUNCTION registry.removal(resource text, id uuid, OUT reason text, OUT merged_into_id uuid)
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

-- The sources of what is published of a resource: of its rows and of the parts they are made of.
CREATE FUNCTION registry.sources_of(resource text) RETURNS TABLE (source_id uuid)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part record;
BEGIN
    IF resource <> 'codelist' THEN
        -- Few sources have many rows: step from one to the next in their index, one row will do.
        RETURN QUERY EXECUTE format(
            'WITH RECURSIVE used(id) AS ('
            '    (SELECT source_id FROM registry.%1$I ORDER BY source_id LIMIT 1) '
            '    UNION ALL '
            '    SELECT (SELECT source_id FROM registry.%1$I WHERE source_id > used.id '
            '            ORDER BY source_id LIMIT 1) '
            '    FROM used WHERE used.id IS NOT NULL'
            ') SELECT used.id FROM used CROSS JOIN LATERAL '
            '(SELECT FROM registry.public_%1$I AS row WHERE row.source_id = used.id LIMIT 1) AS one',
            resource);
    END IF;
    IF resource = 'district' THEN
        RETURN QUERY SELECT DISTINCT boundary_source_id FROM registry.public_district;
    END IF;
    FOR part IN SELECT * FROM (VALUES
        ('district', 'designation', 'district_id'),
        ('district', 'district_succession', 'successor_id'),
        ('offering', 'evaluation', 'offering_id'),
        ('measure', 'statement', 'measure_id'),
        ('measure', 'milestone', 'measure_id'),
        ('strategy', 'milestone', 'strategy_id'),
        ('strategy', 'consultation', 'strategy_id'),
        ('strategy', 'report', 'strategy_id'),
        ('strategy', 'stated_total', 'strategy_id')
    ) AS p(whole, name, owner) WHERE whole = resource LOOP
        RETURN QUERY EXECUTE format(
            'SELECT DISTINCT part.source_id FROM registry.public_%I AS part '
            'JOIN registry.public_%I AS whole ON whole.id = part.%I',
            part.name, resource, part.owner);
    END LOOP;
END $$;
