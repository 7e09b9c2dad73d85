"""What statements of several subjects quote in the same way, as SQL."""

from typing import LiteralString

SOURCES: LiteralString = """coalesce((SELECT json_agg(s ORDER BY s.title, s.publisher, s.url) FROM (
           SELECT title, publisher, url, license, license_url, attribution, retrieved
           FROM published.source WHERE id IN ({ids})) AS s), '[]')::text"""
"""Sources as documents quote them, by title; `ids` is a query."""
