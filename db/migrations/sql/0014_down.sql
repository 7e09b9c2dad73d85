DROP FUNCTION published.including(text, uuid, text[]);
DROP FUNCTION published.counts_of(uuid);
DROP FUNCTION published.csv_cell(text);
DROP TABLE published.observation_line;
DROP INDEX published.observation_parts, published.observation_of_indicator;
ALTER TABLE published.observation
    DROP district_name,
    DROP numerator,
    DROP denominator,
    DROP scenario,
    DROP note,
    DROP source_id;
