ALTER TABLE published.offering DROP opening;
DROP TABLE published.opening_hours, published.holiday;
DROP FUNCTION published.opening_id, registry.state_of;
DROP VIEW registry.public_holiday;
DROP TABLE registry.holiday;
