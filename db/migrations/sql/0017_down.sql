DROP INDEX published.district_level;
DROP TABLE published.observation_slot;
