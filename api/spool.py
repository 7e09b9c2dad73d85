"""Between the database and a caller who may be slower: a slow one must not keep a snapshot open.

The database is read at its own pace. What the caller has not taken waits in memory, beyond a few
megabytes in a temporary file, and only if that may not grow any more does the database wait.
"""

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import AsyncIterator
from typing import IO

MEMORY = 4 * 1024**2
PIECE = 256 * 1024


class Budget:
    """Bytes that all spools of a process may have on disk together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class Spool:
    """Chunks in the order they were put in. One task puts, another one takes."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._file: IO[bytes] | None = None
        self._written = self._read = 0
        self._changed = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    async def put(self, chunk: bytes) -> None:
        while not (self._in_memory(chunk) or self._on_disk(chunk)):
            await self._change()
        self._changed.set()

    def end(self, error: BaseException | None = None) -> None:
        """No more is to come; with an error, who takes will get it after the last chunk."""
        self._ended, self._error = True, error
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            if chunk := self._take():
                self._changed.set()
                yield chunk
            elif not self._ended:
                await self._change()
            elif self._error:
                raise self._error
            else:
                return

    def close(self) -> None:
        if self._file:
            self._budget.used -= self._written
            self._file.close()
            self._file = None

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _in_memory(self, chunk: bytes) -> bool:
        full = self._queue and self._queued + len(chunk) > MEMORY
        if full or self._read < self._written:  # what is on disk comes first
            return False
        self._queue.append(chunk)
        self._queued += len(chunk)
        return True

    def _on_disk(self, chunk: bytes) -> bool:
        if self._budget.used + len(chunk) > self._budget.limit:
            return False
        try:
            self._file = self._file or tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close()
            written = os.pwrite(self._file.fileno(), chunk, self._written)
        except OSError:  # the disk is full, though the budget is not
            return False
        if written < len(chunk):
            return False  # written over next time
        self._written += written
        self._budget.used += written
        return True

    def _take(self) -> bytes:
        if self._queue:
            chunk = self._queue.popleft()
            self._queued -= len(chunk)
            return chunk
        if self._file is None or self._read == self._written:
            return b""
        piece = os.pread(self._file.fileno(), min(PIECE, self._written - self._read), self._read)
        self._read += len(piece)
        if self._read == self._written:
            self._budget.used -= self._written
            self._written = self._read = 0
            self._file.truncate(0)
        return piece
