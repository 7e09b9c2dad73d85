"""Around every request: limits, suffixes, HEAD, an id, a log line, security headers."""

import os
import re
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware

from api.cache import Key
from api.errors import (
    AddressTooLong,
    BodyTooLarge,
    InvalidHost,
    InvalidParameter,
    Problem,
    response,
    unexpected,
)
from api.formats import KNOWN
from api.links import is_host
from api.logs import Answered, Log
from api.metrics import Metrics
from api.settings import Settings
from db.state import State

SUFFIX = re.compile(rf"(/v1/.+|/catalog(?:/.+)?)\.({'|'.join(KNOWN)})")
STORED = "/bulk/"
SECRET = re.compile(r"(?<=^/confirm/)[^/]+")
CONTROL = re.compile(r"[\x00-\x1f]")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b", ".join(
            (
                *(b"ETag", b"Link", b"Last-Modified", b"X-Request-ID", b"X-Sequence"),
                *(b"Retry-After", b"RateLimit", b"RateLimit-Policy"),
                *(b"Accept-Ranges", b"Content-Disposition", b"Content-Range", b"Repr-Digest"),
            )
        ),
    ),
)
"""Headers of every answer, unless it brings its own: what is public, scripts anywhere may read."""


class Frame:
    """The outermost layer: what every answer has, errors and preflights included."""

    def __init__(self, app: ASGIApp, log: Log, metrics: Metrics) -> None:
        self.app = app
        self.log = log
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = scope["quartier.exchange"] = Exchange(scope, send)
        self.metrics.running += 1
        try:
            await self.app(scope, receive, exchange.send)
        finally:
            self.metrics.running -= 1
            exchange.count(self.metrics)
            if self.log.has_requests:
                self.log.request(exchange.answered())


class Preflight:
    """Answers browsers that ask whether they may ask (CORS). All other requests pass it by:
    what they need stands in every answer, and the layer would cost each of them 20 µs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.cors = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD", "POST", "OPTIONS"],
            allow_headers=["*"],
            max_age=86400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks_first = scope["type"] == "http" and scope["method"] == "OPTIONS"
        await (self.cors if asks_first else self.app)(scope, receive, send)


class Compress(CompressMiddleware):
    """Compresses what is made for a request. Stored files bring their compressed twins along, and
    parts of a file are parts of what its validator and digest say.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(STORED):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class Guard:
    """Refuses what no route should see, and answers for what none of them caught."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            self._check(scope)
            limited = _limited(receive, self.settings.max_body_bytes)
            await self.app(_rewritten(scope), limited, noting)
        except Exception as error:
            if started:
                raise
            await _answer_for(error)(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        if size > self.settings.max_url_bytes:
            limit = self.settings.max_url_bytes
            raise AddressTooLong(f"Path and query must have at most {limit} bytes.")
        if CONTROL.search(scope["path"]):
            raise InvalidParameter("The path must not contain control characters.")
        hosts = 0
        for name, value in scope["headers"]:
            if name == b"host":
                hosts += 1
                if hosts > 1 or not is_host(value.decode("latin-1")):
                    raise InvalidHost(
                        "The Host header must name one host, and a port where needed."
                    )
            elif name == b"content-length" and not _fits(value, self.settings.max_body_bytes):
                raise _too_large(self.settings.max_body_bytes)


def _answer_for(error: Exception) -> Response:
    return response(error) if isinstance(error, Problem) else unexpected(error)


def _fits(length: bytes, limit: int) -> bool:
    return length.isdigit() and int(length[:20]) <= limit


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body must have at most {limit} bytes.")


def _rewritten(scope: Scope) -> Scope:
    """A suffix becomes a format, HEAD becomes GET whose body is not sent.

    A copy: the server behind us must still know that it was HEAD, or it misses the body.
    """
    ours = {**scope, "quartier.path": scope["path"]}
    if found := SUFFIX.fullmatch(scope["path"]):
        ours["path"], ours["quartier.suffix"] = found[1], found[2]
    if scope["method"] == "HEAD":
        ours["method"], ours["quartier.head"] = "GET", True
    return ours


def _limited(receive: Receive, limit: int) -> Receive:
    """Stops reading a body that grows beyond the limit, whatever its header said."""
    size = 0

    async def read() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _too_large(limit)
        return message

    return read


class Exchange:
    """One request and its answer: adds headers, drops the body of HEAD, writes the log line.

    Layers further in find it in the scope and leave there what they know: the template of the
    route, `key` and `state` of an answer that stays the same until the next publication, and
    whether it came from the `cache`.
    """

    __slots__ = (
        *("_begin", "_bytes", "_id", "_is_head", "_send", "_status"),
        *("cache", "key", "scope", "state", "template"),
    )

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.template = ""
        self.cache = ""
        self.key: Key | None = None
        self.state: State | None = None
        self._send = send
        self._begin = time.perf_counter()
        self._status = 0
        self._bytes = 0
        self._is_head = scope["method"] == "HEAD"
        self._id = _request_id(scope)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._add_headers(message)
        elif message["type"] == "http.response.body":
            if self._is_head:
                message = {**message, "body": b""}
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def _add_headers(self, message: MutableMapping[str, Any]) -> None:
        """To a copy: an answer that is kept must not gather those of each request."""
        headers = list(message.get("headers", ()))
        names = {name for name, _ in headers}
        headers += [header for header in ALWAYS if header[0] not in names]
        headers.append((b"x-request-id", self._id))
        message["headers"] = headers

    def count(self, metrics: Metrics) -> None:
        metrics.observe(
            self.template,
            self.scope["method"],
            self._status,
            self.cache,
            time.perf_counter() - self._begin,
            self._bytes,
        )

    def answered(self) -> Answered:
        client = self.scope.get("client")
        return Answered(
            self._id.decode(),
            self.scope["method"],
            _shown(self.scope["path"]),
            self.scope["query_string"].decode("latin-1"),
            self._status,
            self._bytes,
            time.perf_counter() - self._begin,
            client[0] if client else None,
        )


def _shown(path: str) -> str:
    """The path as it may be logged: what follows /confirm/ is a secret of a provider."""
    return SECRET.sub("*", path) if path.startswith("/confirm/") else path


def _request_id(scope: Scope) -> bytes:
    """The caller's X-Request-ID if it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return bytes(value)
    return os.urandom(16).hex().encode()
