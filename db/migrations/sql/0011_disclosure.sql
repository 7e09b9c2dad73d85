-- Disclosure control of raw observations: decided when they are published, and kept.

ALTER TABLE registry.indicator
    ADD COLUMN disclosure_threshold INTEGER DEFAULT '3' NOT NULL,
    ADD CONSTRAINT indicator_disclosure_threshold_check
        CHECK (disclosure_threshold BETWEEN 2 AND 100);

ALTER TABLE registry.codelist ADD COLUMN additive BOOLEAN DEFAULT 'false' NOT NULL;

CREATE OR REPLACE VIEW registry.public_indicator AS
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
    e.source_id,
    e.disclosure_threshold
FROM registry.indicator e
JOIN registry.public_source s ON s.id = e.source_id
WHERE e.status = 'published';

-- Without a foreign key: what was hidden once stays hidden, even if the row is deleted and comes
-- back with the next import.
CREATE TABLE registry.disclosure (
    observation_id UUID NOT NULL,
    kind TEXT,
    decided_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT disclosure_pkey PRIMARY KEY (observation_id),
    CONSTRAINT disclosure_kind_check CHECK (kind IN ('primary', 'secondary'))
);

-- A raw value is public once it was decided about. With a hidden value goes all it could be
-- recomputed from, and what somebody wrote beside it.
CREATE OR REPLACE VIEW registry.public_observation AS
SELECT
    e.id,
    e.indicator_id,
    e.district_id,
    e.period,
    e.period_earliest,
    e.period_latest,
    e.breakdowns,
    CASE WHEN d.kind IS NULL THEN e.value END AS value,
    CASE WHEN d.kind IS NULL THEN e.numerator END AS numerator,
    CASE WHEN d.kind IS NULL THEN e.denominator END AS denominator,
    CASE
        WHEN d.kind IS NULL THEN e.flags
        ELSE array_remove(array_remove(e.flags, 'final'), 'suppressed')
            || ARRAY['suppressed', 'suppressed_' || d.kind]
    END AS flags,
    e.scenario,
    CASE WHEN d.kind IS NULL THEN e.note END AS note,
    e.source_id
FROM registry.observation e
JOIN registry.public_source s ON s.id = e.source_id
JOIN registry.public_indicator i ON i.id = e.indicator_id
JOIN registry.public_district p ON p.id = e.district_id
LEFT JOIN registry.disclosure d ON e.raw AND d.observation_id = e.id
WHERE e.status = 'published' AND (NOT e.raw OR d.observation_id IS NOT NULL);

INSERT INTO registry.dirty (resource, entity_id)
SELECT 'observation', id FROM registry.observation WHERE raw;
