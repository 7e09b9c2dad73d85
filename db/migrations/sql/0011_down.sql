DROP VIEW registry.public_observation;
DROP VIEW registry.public_indicator;
DROP TABLE registry.disclosure;
ALTER TABLE registry.codelist DROP COLUMN additive;
ALTER TABLE registry.indicator DROP COLUMN disclosure_threshold;

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
