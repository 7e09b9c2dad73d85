"""Forgetting what was removed long ago, and changes that later ones superseded."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many changes were forgotten, and up to which publication."""

    changes: int
    sequence: int


def forget_changes(url: str, older_than: timedelta) -> Forgotten:
    """Forget changes of publications that are older. What is published, and where addresses that
    once were given lead to, stays known."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE published.state IN EXCLUSIVE MODE")  # as publications do
        mark = _number(connection, _MARK, {"age": older_than})
        forgotten = connection.execute(_FORGET, {"mark": mark}).rowcount
        return Forgotten(forgotten, mark)


def _number(connection: Connection[Any], query: LiteralString, values: dict[str, Any]) -> int:
    row = connection.execute(query, values).fetchone()
    assert row is not None  # published.state always holds one row
    return int(row[0])


_MARK: LiteralString = """
UPDATE published.state SET forgotten = greatest(forgotten, (
    SELECT max(sequence) FROM published.change WHERE at < now() - %(age)s))
RETURNING forgotten
"""

# What is gone for good, and where no address led that is not known otherwise.
_FORGET: LiteralString = """
DELETE FROM published.change AS change USING published.change AS last
WHERE change.sequence <= %(mark)s
  AND (last.resource, last.id) = (change.resource, change.id) AND NOT last.superseded
  AND (last.kind = 'remove' AND last.merged_into_id IS NULL AND last.sequence <= %(mark)s
       OR change.superseded AND change.slug = last.slug)
"""
