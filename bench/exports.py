"""The whole set in one answer: how long, how soon the first byte, how much memory."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from bench.load import WrongAnswer
from bench.memory import watched
from bench.servers import Server

PIECE = 1 << 20
PATIENCE = 600.0


@dataclass(frozen=True)
class Export:
    """Seconds and bytes; `growth` is what the server's memory grew by at most."""

    seconds: float
    first_byte: float
    size: int
    growth: int
    features: int


def export(server: Server, path: str, mark: bytes) -> Export:
    """Read an answer to its end, counting what marks a feature, and keep nothing."""
    parts = urlsplit(server.url)
    link = HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE)
    with watched(server.pid) as growth:
        start = time.monotonic()
        link.request("GET", path)
        answer = link.getresponse()
        first = answer.read(1)
        first_byte = time.monotonic() - start
        size, features = _counted(answer, first, mark)
        seconds = time.monotonic() - start
    link.close()
    if answer.status != 200:
        raise WrongAnswer(f"{server.name} answered {path} with {answer.status}")
    return Export(seconds, first_byte, size, growth.bytes, features)


def _counted(answer: HTTPResponse, piece: bytes, mark: bytes) -> tuple[int, int]:
    """Bytes and marks. The end of a piece is looked at again, as a mark may be cut there."""
    size, marks, seen = 0, 0, b""
    while piece:
        seen += piece
        marks += seen.count(mark)
        seen = seen[len(seen) - len(mark) + 1 :] if len(seen) >= len(mark) else seen
        size += len(piece)
        piece = answer.read(PIECE)
    return size, marks


def copy(psql: Path, url: str, statement: str) -> float:
    """Seconds of the bare COPY: the same features composed from columns, written to nowhere."""
    start = time.monotonic()
    done = subprocess.run(
        [psql, "--quiet", "--no-psqlrc", "--command", statement, url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise WrongAnswer(f"COPY failed: {done.stderr.decode()}")
    return time.monotonic() - start
