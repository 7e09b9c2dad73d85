DROP TABLE published.observation_slot;
