"""Connections of the API: pooled, autocommit, answering with the raw bytes of PostgreSQL."""

import asyncio
import os
import select
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg_pool import AsyncConnectionPool, PoolTimeout

GRACE = 2.0


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
            configure=_configure,
            kwargs={
                "autocommit": True,
                "cursor_factory": AsyncRawCursor,
                "prepare_threshold": None,
                "connect_timeout": max(2, round(wait)),
                "application_name": "quartier",
                "options": options(statement_seconds),
            },
        )
        self._patience = statement_seconds + GRACE
        self._streams = asyncio.Semaphore(max(1, size // 2))

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
        """Cut the connection if the server neither answers nor keeps its own time limit."""
        timer = asyncio.get_running_loop().call_later(self._patience, _cut, connection)
        try:
            yield
        finally:
            timer.cancel()


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


def _cut(connection: AsyncConnection[Any]) -> None:
    """End the connection below psycopg, which would wait for the server to confirm."""
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as copy:
        copy.shutdown(socket.SHUT_RDWR)


async def _configure(connection: AsyncConnection[Any]) -> None:
    for name in ("text", "json", "jsonb"):
        connection.adapters.register_loader(name, RawLoader)
        connection.adapters.register_loader(name, RawBinaryLoader)
