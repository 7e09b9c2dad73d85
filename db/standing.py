"""How the published schema stands to the registry: whether a publication would find anything.

Apart from publish(), because every start asks this and few starts publish.
"""

from dataclasses import dataclass
from typing import LiteralString

import psycopg

from db.documents import fingerprint

# Built in another way, or for other languages, than what is published.
OUTDATED: LiteralString = """
SELECT documents_hash <> %s
    OR EXISTS (TABLE published.language EXCEPT TABLE registry.public_language)
    OR EXISTS (TABLE registry.public_language EXCEPT TABLE published.language)
FROM published.state
"""


@dataclass(frozen=True)
class Standing:
    """Whether there ever was a publication, and what speaks for another."""

    published: bool
    edits_wait: bool
    outdated: bool

    @property
    def current(self) -> bool:
        return self.published and not self.edits_wait and not self.outdated


def standing(url: str) -> Standing:
    with psycopg.connect(url) as connection:
        return Standing(
            published=_holds(connection, "SELECT sequence > 0 FROM published.state"),
            edits_wait=_holds(connection, "SELECT EXISTS (SELECT FROM registry.dirty)"),
            outdated=_holds(connection, OUTDATED, fingerprint()),
        )


def _holds(
    connection: psycopg.Connection[tuple[bool]], question: LiteralString, *values: str
) -> bool:
    row = connection.execute(question, values or None).fetchone()
    return row is not None and row[0]
