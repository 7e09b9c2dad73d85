DROP FUNCTION registry.sources_of_dataset;
DROP TABLE published.dataset_source, published.source, published.dataset;
