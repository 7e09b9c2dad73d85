ALTER TABLE published.observation
    DROP district_name,
    DROP numerator,
    DROP denominator,
    DROP scenario,
    DROP note,
    DROP source_id;
DROP INDEX published.observation_parts;
