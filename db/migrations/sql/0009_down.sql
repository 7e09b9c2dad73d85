DROP INDEX published.codelist_updated, published.district_updated, published.organisation_updated,
    published.indicator_updated, published.observation_updated, published.strategy_updated,
    published.measure_updated, published.decision_updated;
DROP INDEX published.change_last, published.change_slug, published.change_feed;
CREATE INDEX change_entity ON published.change (resource, id, sequence DESC);
CREATE INDEX change_removed ON published.change (resource, slug) WHERE kind = 'remove';
ALTER TABLE published.change DROP superseded;
ALTER TABLE published.state DROP registry, DROP forgotten;
