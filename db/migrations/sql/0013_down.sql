DROP FUNCTION published.remade(jsonb, text);
DROP FUNCTION published.altered(text, json);
ALTER TABLE published.indicator
    DROP COLUMN factor, DROP COLUMN denominator_id, DROP COLUMN numerator_id,
    DROP COLUMN aggregation;
DROP TABLE published.district_part;
