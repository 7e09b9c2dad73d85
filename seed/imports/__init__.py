"""Imports: files become rows of the registry, and a report says what became of each row."""
