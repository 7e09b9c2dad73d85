DROP TABLE published.population_source, published.population_cell;
DROP VIEW registry.public_population_cell;
DROP TABLE registry.population_cell;
ALTER TABLE published.offering DROP capacity, DROP capacity_unit, DROP source_id;
