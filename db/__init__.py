"""The database: models, documents, publication and queries. Knows nothing of HTTP or settings."""
