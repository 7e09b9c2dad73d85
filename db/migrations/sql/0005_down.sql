DROP TABLE registry.house, registry.house_street;
