"""Connections of the API: pooled, autocommit, answering with the raw bytes of PostgreSQL."""

import asyncio
import os
import select
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg_pool import AsyncConnectionPool, PoolTimeout

GRACE = 2.0
NETWORK: dict[str, Any] = {
    "connect_timeout": 2,
    "tcp_user_timeout": 2000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""For libpq: a firewall that forgot a connection shows within two seconds, or before it is used."""
SILENCE = 0.9
LATE = 0.2


class RawLoader(Loader):
    """Leaves texts as bytes: what PostgreSQL composed goes to the socket as it is."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class RawBinaryLoader(RawLoader):
    format = Format.BINARY


class Pool(AsyncConnectionPool[AsyncConnection[Any]]):
    """A pool that gets over a database that went away, or fell silent, by itself."""

    def __init__(self, url: str, *, size: int, wait: float, statement_seconds: float) -> None:
        super().__init__(
            url,
            min_size=1,
            max_size=size,
            timeout=wait,
            max_waiting=size * 20,
            reconnect_timeout=0,  # the next request tries again
            open=False,
            configure=configure,
            kwargs={
                "autocommit": True,
                "cursor_factory": AsyncRawCursor,
                "prepare_threshold": None,
                "application_name": "quartier",
                "options": options(statement_seconds),
                **NETWORK,
            },
        )
        self._patience = statement_seconds + GRACE
        self._streams = asyncio.Semaphore(max(1, size // 2))
        self._heard = float("-inf")

    def hear(self) -> None:
        """The database has answered somebody. A follower (db/state.py) makes sure it is asked."""
        self._heard = time.monotonic()

    async def getconn(self, timeout: float | None = None) -> AsyncConnection[Any]:
        """A connection that is still one: when the database restarts, all in the pool are lost."""
        connection = await super().getconn(timeout)
        while _was_closed(connection):
            await connection.close()
            await self.putconn(connection)
            connection = await super().getconn(timeout)
        return connection

    @asynccontextmanager
    async def query(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection for a short statement."""
        async with self.connection() as connection:
            with self.watch(connection):
                yield connection

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection for as long as a caller reads. Half of them are kept for pages."""
        try:
            await asyncio.wait_for(self._streams.acquire(), self.timeout)
        except TimeoutError:
            raise PoolTimeout("as many streams are running as there may be") from None
        try:
            async with self.connection() as connection:
                yield connection
        finally:
            self._streams.release()

    @contextmanager
    def watch(self, connection: AsyncConnection[Any]) -> Iterator[None]:
        """Cut the connection if the database falls silent, or does not keep its own time limit.

        Silent is who answers nobody for 0.9 seconds: a slow statement is no sign of it while
        others are answered, and the follower is, twice a second.
        """
        watchdog = _Watchdog(self, connection, self._patience)
        try:
            yield
            self.hear()
        finally:
            watchdog.timer.cancel()

    def silence(self, since: float) -> float:
        """Seconds without an answer to anybody, counted from `since` at the earliest."""
        return time.monotonic() - max(since, self._heard)


class _Watchdog:
    """Looks at a running statement from time to time, and ends it by cutting its connection."""

    __slots__ = ("_began", "_connection", "_due", "_patience", "_pool", "timer")

    def __init__(self, pool: Pool, connection: AsyncConnection[Any], patience: float) -> None:
        self._pool = pool
        self._connection = connection
        self._patience = patience
        self._began = time.monotonic()
        self._look_in(SILENCE)

    def _look_in(self, seconds: float) -> None:
        self._due = time.monotonic() + seconds
        self.timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._began >= self._patience:
            cut(self._connection)
        elif now - self._due > LATE:  # we were asleep ourselves, and answers may lie in the socket
            self._look_in(LATE)
        elif self._pool.silence(self._began) >= SILENCE:
            cut(self._connection)
        else:
            self._look_in(max(SILENCE - self._pool.silence(self._began), 0.05))


def create(url: str, *, size: int, wait: float, statement_seconds: float) -> Pool:
    """A pool that opens lazily, so that the server starts while the database is away."""
    return Pool(url, size=size, wait=wait, statement_seconds=statement_seconds)


def options(statement_seconds: float) -> str:
    """Session settings: a time limit on everything, dates in UTC, plans for short statements."""
    return " ".join(
        (
            f"-c statement_timeout={round(statement_seconds * 1000)}",
            "-c idle_in_transaction_session_timeout=60000",
            "-c timezone=UTC",
            "-c jit=off",
            "-c max_parallel_workers_per_gather=0",  # starting a worker takes 10 ms
            "-c default_transaction_read_only=on",
            "-c search_path=public",
        )
    )


def _was_closed(connection: AsyncConnection[Any]) -> bool:
    """Something to read although nothing was asked: the server has said goodbye.

    A look at the socket costs a microsecond, asking the server a round trip for every request.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def cut(connection: AsyncConnection[Any]) -> None:
    """End the connection below psycopg, which would wait for the server to confirm."""
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as copy:
        copy.shutdown(socket.SHUT_RDWR)


async def configure(connection: AsyncConnection[Any]) -> None:
    """Texts stay bytes on this connection."""
    for name in ("text", "json", "jsonb"):
        connection.adapters.register_loader(name, RawLoader)
        connection.adapters.register_loader(name, RawBinaryLoader)
