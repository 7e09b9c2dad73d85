"""Connections of the API: pooled, autocommit, answering with the raw bytes of PostgreSQL."""

from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg_pool import AsyncConnectionPool



class RawLoader(Loader):
    """Leaves texts as bytes: what PostgreSQL composed goes to the socket as it is."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class RawBinaryLoader(RawLoader):
    format = Format.BINARY


Pool = AsyncConnectionPool[AsyncConnection[Any]]


def create(url: str, *, size: int, wait: float, statement_seconds: float) -> Pool:
    """A pool that opens lazily, so that the server starts while the database is away."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        timeout=wait,
        max_waiting=size * 20,
        reconnect_timeout=0,
        check=None,
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


async def _configure(connection: AsyncConnection[Any]) -> None:
    for name in ("text", "json", "jsonb"):
        connection.adapters.register_loader(name, RawLoader)
        connection.adapters.register_loader(name, RawBinaryLoader)
