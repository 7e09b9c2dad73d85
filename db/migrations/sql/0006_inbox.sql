-- What the public and providers say about entries, until staff has dealt with it. Nothing in here is
-- ever published, and the public role can neither read nor list it: it may call one function.

CREATE SCHEMA inbox;
REVOKE ALL ON SCHEMA inbox FROM PUBLIC;

-- Without foreign keys: a report outlives the entry that it is about.
CREATE TABLE inbox.entry (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    offering_ids UUID[] NOT NULL,
    organisation_id UUID,
    topics TEXT[] DEFAULT '{}' NOT NULL,
    text TEXT,
    reply_to TEXT,
    token TEXT,
    arrived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by TEXT,
    outcome TEXT,
    CONSTRAINT entry_pkey PRIMARY KEY (id),
    CONSTRAINT entry_kind_check CHECK (kind IN ('report', 'confirmation', 'suggestion')),
    CONSTRAINT entry_offering_ids_check CHECK (
        cardinality(offering_ids) BETWEEN 1 AND CASE kind WHEN 'confirmation' THEN 100 ELSE 1 END
        AND array_position(offering_ids, NULL) IS NULL),
    CONSTRAINT entry_topics_check CHECK (
        cardinality(topics) <= 7
        AND topics <@ ARRAY['contact', 'place', 'hours', 'description', 'access', 'ended', 'other']),
    CONSTRAINT entry_text_check CHECK (
        length(text) BETWEEN 1 AND 2000 AND text !~ '[\u0001-\u0008\u000b-\u001f\u007f-\u009f]'),
    CONSTRAINT entry_reply_to_check CHECK (
        length(reply_to) BETWEEN 1 AND 254 AND reply_to !~ '[\u0001-\u001f\u007f-\u009f]'),
    CONSTRAINT entry_token_check CHECK (
        (kind = 'report') = (token IS NULL) AND (kind = 'report') = (organisation_id IS NULL)
        AND length(token) <= 500 AND token ~ '^[A-Za-z0-9_.-]+$'),
    CONSTRAINT entry_content_check CHECK (
        CASE kind
            WHEN 'report' THEN text IS NOT NULL OR cardinality(topics) > 0
            WHEN 'suggestion' THEN text IS NOT NULL AND reply_to IS NULL
            ELSE text IS NULL AND cardinality(topics) = 0 AND reply_to IS NULL
        END),
    CONSTRAINT entry_closed_check CHECK (
        (closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (outcome IS NULL))
);

CREATE INDEX entry_kind_arrived_at_idx ON inbox.entry (kind, arrived_at);
CREATE INDEX entry_open_idx ON inbox.entry (kind) WHERE closed_at IS NULL;

-- The only door. It counts, so callers take turns; each kind by itself, so that a flood of reports
-- keeps no provider out. Outcomes: accepted, unknown (not published, or another provider's), full
-- (so many are open), busy (so many came within an hour), invalid (what the table refuses).
CREATE FUNCTION inbox.submit(
    what text, offerings uuid[], provider uuid, wrong text[], said text, reply text, link text
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    open_here CONSTANT integer := 20;
    open_in_all CONSTANT integer := 5000;
    an_hour CONSTANT integer := CASE what WHEN 'report' THEN 200 ELSE 1000 END;
    here integer;
    in_all integer;
BEGIN
    IF cardinality(offerings) > 100 THEN
        RETURN 'invalid';
    END IF;
    IF EXISTS (
        SELECT FROM unnest(offerings) AS named WHERE NOT EXISTS (
            SELECT FROM published.offering AS o
            WHERE o.id = named AND (provider IS NULL OR o.organisation_id = provider)))
    THEN
        RETURN 'unknown';
    END IF;

    PERFORM pg_advisory_xact_lock(x'51554152494e42'::bigint); -- "QUARINB"
    IF EXISTS (
        SELECT FROM inbox.entry AS e
        WHERE e.kind = what AND e.closed_at IS NULL AND e.arrived_at > now() - interval '1 hour'
          AND (e.offering_ids, e.organisation_id, e.topics, e.text, e.reply_to, e.token)
              IS NOT DISTINCT FROM (offerings, provider, wrong, said, reply, link))
    THEN
        RETURN 'accepted'; -- a second click
    END IF;
    SELECT count(*) FILTER (WHERE e.offering_ids && offerings), count(*) INTO here, in_all
    FROM inbox.entry AS e WHERE e.kind = what AND e.closed_at IS NULL;
    IF here >= open_here OR in_all >= open_in_all THEN
        RETURN 'full';
    END IF;
    IF (SELECT count(*) FROM inbox.entry AS e
        WHERE e.kind = what AND e.arrived_at > now() - interval '1 hour') >= an_hour
    THEN
        RETURN 'busy';
    END IF;

    INSERT INTO inbox.entry (kind, offering_ids, organisation_id, topics, text, reply_to, token)
    VALUES (what, offerings, provider, wrong, said, reply, link);
    RETURN 'accepted';
EXCEPTION WHEN check_violation OR not_null_violation THEN
    RETURN 'invalid';
END $$;

REVOKE ALL ON FUNCTION inbox.submit FROM PUBLIC;
