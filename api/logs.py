"""The log: lines to standard error that cost a request little, and can neither stall nor break it.

Lines are put together here and written by a thread of its own. A full disk, a closed pipe or a
reader that stands still is its affair alone: what cannot be written is counted, and said later.
"""

from __future__ import annotations

import json
import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from api.settings import Settings

PAUSE = 0.05
"""Seconds in which lines gather, so that many are written at once."""
BACKLOG = 4 * 1024 * 1024
"""Characters that may wait for a reader; what comes on top is lost."""
CHUNK = 4096
"""PIPE_BUF of Linux: up to here, lines of several processes do not get into each other."""
PATIENCE = 1.0
"""Seconds for the last lines at the end."""
LONGEST = 4000
"""Characters of a path or a query that are logged."""


class Answered(NamedTuple):
    """What the log says of a request and its answer."""

    request_id: str
    method: str
    path: str
    query: str
    status: int
    size: int
    seconds: float
    client: str | None


class Log:
    """The log of one process, in the format the operator chose."""

    def __init__(self, settings: Settings) -> None:
        self._level = settings.log_level.upper()
        self._formatter = JsonLines() if settings.log_format == "json" else TextLines()
        self._lines = Lines(_standard_error(), self._loss)
        self.has_requests = settings.access_log and settings.log_level in ("debug", "info")

    @property
    def lost(self) -> int:
        """How many lines could not be written so far."""
        return self._lines.lost

    @contextmanager
    def running(self) -> Iterator[None]:
        """All loggers of the process write here."""
        root = logging.getLogger()
        root.handlers[:] = [_Handler(self._formatter, self._lines)]
        root.setLevel(self._level)
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        with self._lines.writing():
            yield

    def request(self, answered: Answered) -> None:
        """A line a request. Not by way of a logger, which takes ten times as long."""
        self._lines.put(self._formatter.request(answered))

    def _loss(self, lines: int) -> str:
        record = logging.makeLogRecord(
            {
                "name": "quartier",
                "levelname": "WARNING",
                "msg": "lines of the log were lost",
                "lines": lines,
            }
        )
        return self._formatter.format(record)


def _standard_error() -> int:
    """Where it was closed before we started, its number may belong to something else by now."""
    return sys.__stderr__.fileno() if sys.__stderr__ else os.open(os.devnull, os.O_WRONLY)


class Lines:
    """Lines on their way to a file, pipe or terminal, written by a thread."""

    def __init__(self, file: int, loss: Callable[[int], str]) -> None:
        self.lost = 0
        self._file = file
        self._loss = loss
        self._told = 0
        self._torn = False
        self._waiting: list[str] = []
        self._size = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()

    def put(self, line: str) -> None:
        with self._lock:
            if self._size > BACKLOG:
                self.lost += 1
                return
            self._size += len(line)
            self._waiting.append(line)
        if not self._wake.is_set():
            self._wake.set()

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._ending.clear()
        writer = threading.Thread(target=self._write_until_the_end, name="log", daemon=True)
        writer.start()
        try:
            yield
        finally:
            self._ending.set()
            self._wake.set()
            writer.join(PATIENCE)

    def _write_until_the_end(self) -> None:
        while not self._ending.is_set():
            self._wake.wait()
            self._ending.wait(PAUSE)
            self._wake.clear()
            self._write(self._taken())
        self._write(self._taken())

    def _taken(self) -> list[str]:
        with self._lock:
            taken, self._waiting, self._size = self._waiting, [], 0
        return taken

    def _write(self, lines: list[str]) -> None:
        if lines and self.lost > self._told:
            lost = self.lost
            if self._is_written([self._loss(lost - self._told)]):
                self._told = lost
        for chunk in _chunks(lines):
            if not self._is_written(chunk):
                with self._lock:
                    self.lost += len(chunk)

    def _is_written(self, lines: list[str]) -> bool:
        """A line that was begun and not finished is ended before the next one."""
        data = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
        rest = memoryview(b"\n" + data if self._torn else data)
        try:
            while rest:
                rest = rest[_write_some(self._file, rest) :]
                self._torn = rest.nbytes > 0
        except OSError:
            return False
        return True


def _chunks(lines: list[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for line in lines:
        length = len(line.encode(errors="backslashreplace")) + 1
        if chunk and size + length > CHUNK:
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += length
    if chunk:
        yield chunk


def _write_some(file: int, data: memoryview) -> int:
    """Waits for a reader also where somebody made our standard error non-blocking."""
    while True:
        try:
            return os.write(file, data)
        except BlockingIOError:
            select.select([], [file], [])


class _Handler(logging.Handler):
    """What loggers say. A record that cannot be formatted is no reason to fail either."""

    def __init__(self, formatter: logging.Formatter, lines: Lines) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:
            plain = {"name": record.name, "levelname": record.levelname}
            message = f"a message could not be formatted: {error!r}"
            line = self.format(logging.makeLogRecord({**plain, "msg": message}))
        self._lines.put(line)


class JsonLines(logging.Formatter):
    """One JSON object a line, with whatever a message was given as `extra`."""

    _known = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
    _second = 0
    _begin = ""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in self._known}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)

    def request(self, answered: Answered) -> str:
        """The same line as format() makes of such a record."""
        request_id, method, path, query, status, size, seconds, client = answered
        text = encode_basestring
        return (
            f'{self._head()}, "request_id": "{request_id}", "method": {text(method)}, '
            f'"path": {text(path[:LONGEST])}, "query": {text(query[:LONGEST])}, '
            f'"status": {status}, "bytes": {size}, "ms": {seconds * 1000:.2f}, '
            f'"client": {text(client) if client else "null"}}}'
        )

    def _head(self) -> str:
        """How every line of the same second begins."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._begin = (
                f'{{"time": "{_time(now)}", "level": "info", '
                '"logger": "quartier.access", "message": "request"'
            )
        return self._begin


class TextLines(logging.Formatter):
    """For people: the message and what belongs to it on one line."""

    def format(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in vars(record).items() if k not in JsonLines._known}
        details = " ".join(f"{key}={_on_one_line(value)}" for key, value in extra.items())
        line = f"{record.levelname.lower()} {record.name} {record.getMessage()} {details}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def request(self, answered: Answered) -> str:
        """The same line as format() makes of such a record."""
        request_id, method, path, query, status, size, seconds, client = answered
        return (
            f"info quartier.access request request_id={request_id} method={_on_one_line(method)} "
            f"path={_on_one_line(path[:LONGEST])} query={_on_one_line(query[:LONGEST])} "
            f"status={status} bytes={size} ms={seconds * 1000:.2f} client={client}"
        )


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _on_one_line(value: object) -> str:
    """A caller's line breaks and control characters must not look like lines of the log."""
    text = str(value)
    return text if text.isprintable() else json.dumps(text)
