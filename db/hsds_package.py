"""Everything that /hsds shows, document by document: what the tabular package is written from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

from psycopg import Connection

FETCHED = 500


def documents(connection: Connection[Any]) -> Iterator[tuple[str, str]]:
    """Each full document as JSON, with the name of what it is in HSDS."""
    for name, query in _DOCUMENTS.items():
        with connection.cursor(f"hsds_{name}") as cursor:
            cursor.itersize = FETCHED
            for (document,) in cursor.execute(query):
                yield name, document


def codes(connection: Connection[Any]) -> dict[str, str]:
    """The code of every term by its id, with the vocabulary that it is a code of."""
    return dict(
        connection.execute(
            "SELECT id::text, concat_ws(':', taxonomy, code) FROM published.hsds_taxonomy_term"
        ).fetchall()
    )


def sources(connection: Connection[Any]) -> list[dict[str, str | None]]:
    """What services and organizations are from, as the documents of the API name it."""
    return [source for (source,) in connection.execute(_SOURCES)]


def origins(connection: Connection[Any]) -> dict[str, tuple[str, str]]:
    """Whom to name for each organization, and its licence: the address, or else the code."""
    return {
        identity: (attribution, license_)
        for identity, attribution, license_ in connection.execute(_ORIGINS)
    }


_DOCUMENTS: dict[str, LiteralString] = {
    "taxonomy": "SELECT document FROM published.hsds_taxonomy",
    "taxonomy_term": "SELECT document FROM published.hsds_taxonomy_term",
    "organization": "SELECT document || nested || '}' FROM published.hsds_organization",
    "service": "SELECT whole FROM published.hsds_services",
}
_SOURCES: LiteralString = """
SELECT source::json
FROM (SELECT document::json ->> 'source' AS source FROM published.offering
      UNION SELECT document::json ->> 'source' FROM published.organisation) AS named
ORDER BY source COLLATE "C"
"""
_ORIGINS: LiteralString = """
SELECT id::text, source ->> 'attribution',
       coalesce(source ->> 'license_url', source ->> 'license')
FROM (SELECT id, document::json -> 'source' AS source FROM published.organisation) AS named
"""
