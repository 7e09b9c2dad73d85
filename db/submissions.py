"""What the API puts into the inbox, and what of a provider it shows for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, Rollback

from db.pool import Pool

TOPICS = ("contact", "place", "hours", "description", "access", "ended", "other")
"""What of an entry can be wrong."""
LONGEST_TEXT = 2000
LONGEST_ADDRESS = 254

Outcome = Literal["accepted", "unknown", "full", "busy", "invalid"]


@dataclass(frozen=True, slots=True)
class Submission:
    """A report of anybody, or with a token what a provider says."""

    kind: Literal["report", "confirmation", "suggestion"]
    offerings: Sequence[UUID]
    organisation: UUID | None = None
    topics: Sequence[str] = ()
    text: str | None = None
    reply_to: str | None = None
    token: str | None = None

    def values(self) -> list[Any]:
        topics, offerings = list(self.topics), list(self.offerings)
        texts = self.text, self.reply_to, self.token
        return [self.kind, offerings, self.organisation, topics, *texts]


@dataclass(frozen=True, slots=True)
class Offered:
    """Some of what a provider has published, and how much there is."""

    name: str
    documents: bytes
    total: int


async def submit(pool: Pool, submissions: Sequence[Submission]) -> Outcome:
    """Put all of them in, or none: then it is what was said of the first that was refused."""
    outcome: Outcome = "accepted"
    async with pool.query() as connection, connection.transaction() as transaction:
        await connection.execute("SET TRANSACTION READ WRITE")
        for each in submissions:
            outcome = await _put_in(connection, each)
            if outcome != "accepted":
                raise Rollback(transaction)
    return outcome


async def offered_by(pool: Pool, organisation: UUID, *, skip: int, limit: int) -> Offered | None:
    """What a provider has published, by name and in the default language; None: it is gone."""
    async with pool.query() as connection:
        cursor = await connection.execute(_OFFERED, [organisation, skip, limit])
        row = await cursor.fetchone()
    return Offered(row[0].decode(), row[1], row[2]) if row else None


async def _put_in(connection: AsyncConnection[Any], submission: Submission) -> Outcome:
    cursor = await connection.execute(_SUBMIT, submission.values())
    row = await cursor.fetchone()
    assert row is not None
    outcome: Outcome = row[0].decode()
    return outcome


_SUBMIT: LiteralString = (
    "SELECT inbox.submit($1::text, $2::uuid[], $3::uuid, $4::text[], $5::text, $6::text, $7::text)"
)

_OFFERED: LiteralString = """
SELECT o.document::json ->> 'name',
       (SELECT '[' || coalesce(string_agg(document, ',' ORDER BY sort_name, id), '') || ']'
        FROM (SELECT document, sort_name, id FROM published.offering
              WHERE organisation_id = o.id ORDER BY sort_name, id OFFSET $2 LIMIT $3) AS shown),
       (SELECT count(*) FROM published.offering WHERE organisation_id = o.id)
FROM published.organisation AS o WHERE o.id = $1
"""
