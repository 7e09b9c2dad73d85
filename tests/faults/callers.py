"""Callers over real HTTP, and what every answer must be, whatever has happened to the database."""

from __future__ import annotations

import itertools
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import httpx2
import zstandard

from tests.faults import numbered

STALE = 2.0
"""No answer is older than so many seconds."""
SOON = 1.0
"""Nor is a 503 later, by the clock of the server."""
ALLOWANCE = 0.5
"""What a machine that runs other tests as well may take besides."""

BROKEN_OFF = 0
"""Stands for the status of an answer that visibly did not come to its end."""

KEPT = "/v1/offerings"
ITEM = "/v1/offerings/offering-7"
STREAM = "/v1/offerings.csv"
LIVE = "/health/live"
TAG = re.compile(r'W/"(\d+)-')

_numbers = itertools.count()


def new_page() -> str:
    """A list that nobody has asked for before, so that it is not in memory."""
    return f"/v1/offerings?bbox=12,50,14,51.{next(_numbers):06}&limit=5"


@dataclass(frozen=True)
class Seen:
    """An answer as it came to a caller."""

    path: str
    sent: float
    seconds: float
    status: int
    headers: httpx2.Headers
    text: str

    @property
    def sequence(self) -> int:
        """The publication that it says it shows."""
        found = TAG.match(self.headers["etag"])
        assert found, self.headers
        return int(found[1])


def ask(url: str, path: str, **headers: str) -> Seen:
    """On a connection of its own."""
    with connected(url) as caller:
        return ask_on(caller, path, **headers)


def connected(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, timeout=30, verify=_tls(), trust_env=False)


@cache
def _tls() -> ssl.SSLContext:
    """Not needed, but a client would make one, which takes longer than a request."""
    return ssl.create_default_context()


def ask_on(caller: httpx2.Client, path: str, **headers: str) -> Seen:
    sent = time.monotonic()
    try:
        answer = caller.get(path, headers=headers)
    except httpx2.RemoteProtocolError as error:
        return Seen(path, sent, time.monotonic() - sent, BROKEN_OFF, httpx2.Headers(), str(error))
    seconds = time.monotonic() - sent
    return Seen(path, sent, seconds, answer.status_code, answer.headers, _text(answer))


def _text(answer: httpx2.Response) -> str:
    """The client knows every encoding of ours but one."""
    if answer.headers.get("content-encoding") == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(answer.content).decode()
    return answer.text


def check(seen: Seen) -> Seen:
    """Either right and whole, or a 503 that says so and comes soon; a stream may break off."""
    if seen.path == LIVE:
        assert (seen.status, seen.text) == (200, '{"status":"alive"}')
        assert seen.seconds < SOON + ALLOWANCE
    elif seen.status == 503:
        assert seen.headers["content-type"] == "application/problem+json"
        assert int(seen.headers["retry-after"]) > 0
        assert seen.seconds < SOON + ALLOWANCE, seen
    elif seen.status == BROKEN_OFF:
        assert seen.path == STREAM, seen  # its status had been said when the database went away
    else:
        assert seen.status == 200, seen
        assert numbered.numbers_in(seen.text) == {seen.sequence}
    return seen


def not_older(answers: Sequence[Seen], committed: dict[int, float]) -> None:
    """Each answer shows what was committed two seconds before it was asked for."""
    for seen in answers:
        if seen.status == 200 and seen.path != LIVE:
            due = [n for n, at in committed.items() if at < seen.sent - STALE]
            assert seen.sequence >= max(due, default=0), seen


@contextmanager
def asking(url: str, *paths: Callable[[], str] | str, pause: float = 0.02) -> Iterator[list[Seen]]:
    """A caller a path who asks without end, until the block ends; every answer is checked."""
    seen: list[Seen] = []
    failed: list[BaseException] = []
    done = threading.Event()

    def call(path: Callable[[], str] | str) -> None:
        try:
            while not done.wait(pause):
                seen.append(check(ask(url, path if isinstance(path, str) else path())))
        except BaseException as error:
            failed.append(error)

    callers = [threading.Thread(target=call, args=[path]) for path in paths]
    for caller in callers:
        caller.start()
    try:
        yield seen
    finally:
        done.set()
        for caller in callers:
            caller.join()
    if failed:
        raise failed[0]
