DROP VIEW published.hsds_organizations, published.hsds_service_at_locations, published.hsds_services;
DROP FUNCTION published.hsds_dated(text, date, timestamptz);
DROP FUNCTION published.has_schedule(text, text, text, text);
DROP TABLE published.hsds_vacancy, published.hsds_taxonomy_term, published.hsds_taxonomy,
           published.hsds_service_at_location, published.hsds_location, published.hsds_service,
           published.hsds_organization;
DROP FUNCTION registry.hsds_address(uuid, text, text, text, text, text);
DROP FUNCTION registry.mailbox(text), registry.uri(text), registry.said(text),
              registry.derived_id(uuid, text);
