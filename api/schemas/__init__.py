"""The public contract: what documents look like. PostgreSQL builds them, a test compares."""
