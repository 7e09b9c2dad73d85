"""Which publication is the current one: asked for, or followed."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor

from db import published
from db.pool import NETWORK, configure, cut

POLL = 0.5
PATIENCE = 0.9
VALID = 2.0
RETRY = 0.2

log = logging.getLogger("quartier")

STATE_TEXT: LiteralString = """(
    SELECT concat_ws(' ', sequence, to_char(published_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                     current_date)
    FROM published.state)"""
"""The state as one text, so that every statement can bring it along."""


@dataclass(frozen=True, slots=True, order=True)
class State:
    """What an answer depends on besides the request. `published_at` is ISO 8601 in UTC.

    `day` is today's date by PostgreSQL's clock: offerings end by themselves.
    """

    sequence: int
    day: str
    published_at: str


def parse_state(text: bytes) -> State:
    sequence, published_at, day = text.decode().split(" ")
    return State(int(sequence), day, published_at)


async def read_state(connection: AsyncConnection[Any]) -> State:
    cursor = await connection.execute(f"SELECT {STATE_TEXT}")
    row = await cursor.fetchone()
    assert row is not None  # published.state always holds one row
    return parse_state(row[0])


class Follower:
    """Knows the current state without a request having to ask.

    It listens on a connection of its own and asks twice a second as well: a notification can get
    lost, a poll cannot. What it knows counts from the moment the question was sent, and for two
    seconds.
    """

    def __init__(
        self,
        url: str,
        options: str,
        *,
        on_answer: Callable[[], None],
        on_state: Callable[[State, float], None],
    ) -> None:
        self._url = url
        self._options = options
        self._on_answer = on_answer
        self._on_state = on_state
        self._state: State | None = None
        self._asked = float("-inf")

    def state(self) -> State | None:
        """The current state, at most two seconds old; None while that is not sure."""
        return self._state if time.monotonic() - self._asked <= VALID else None

    @property
    def age(self) -> float:
        """Seconds since the question whose answer is known."""
        return time.monotonic() - self._asked

    async def run(self) -> None:
        """Follow until cancelled, over any loss of the connection."""
        while True:
            try:
                await self._follow()
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("lost sight of publications", extra={"reason": str(error)[:200]})
                if getattr(error, "sqlstate", None):
                    self._on_answer()  # a refusal is an answer
            await asyncio.sleep(RETRY)

    async def _follow(self) -> None:
        async with asyncio.timeout(PATIENCE):
            connection = await AsyncConnection.connect(
                self._url,
                autocommit=True,
                cursor_factory=AsyncRawCursor,
                options=self._options,
                application_name="quartier follower",
                **NETWORK,
            )
        try:
            await configure(connection)
            with suppress(psycopg.errors.ReadOnlySqlTransaction):  # a standby: polling suffices
                await connection.execute(f"LISTEN {published.CHANNEL}")
            while True:
                await self._ask(connection)
                async for _ in connection.notifies(timeout=POLL, stop_after=1):
                    pass
        finally:
            connection.pgconn.finish()  # close() would wait for a server that is silent

    async def _ask(self, connection: AsyncConnection[Any]) -> None:
        """Cut rather than cancelled: to cancel, psycopg would wait for the server as well."""
        sent = time.monotonic()
        limit = asyncio.get_running_loop().call_later(PATIENCE, cut, connection)
        try:
            state = await read_state(connection)
        finally:
            limit.cancel()
        self._state, self._asked = state, sent
        self._on_answer()
        self._on_state(state, sent)
