"""Answers kept in memory until the next publication.

The layer lies around the whole application, inside `Frame` only: what it answers from memory costs
no routing, no validation and no database. Everything in a store belongs to one state (sequence and
day), and is given out only while the follower is sure of that state.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.links import is_within
from api.settings import Settings
from api.validators import matches
from db.state import State

VARYING = frozenset((b"host", b"accept", b"accept-language", b"accept-encoding"))
FORWARDED = frozenset((b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-prefix"))
UNCHANGED = frozenset((b"etag", b"last-modified", b"cache-control", b"vary", b"content-language"))
OVERHEAD = 600
LARGEST = 8

Key = tuple[str, str, str, str]
"""Canonical address, format, language, encoding."""
Spelling = tuple[Any, ...]
"""A request as it was written: many spellings have one key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, compressed as its key says."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: bytes
    template: str

    @property
    def size(self) -> int:
        return len(self.body) + sum(map(len, sum(self.headers, ()))) + OVERHEAD

    async def send(self, scope: Scope, send: Send) -> None:
        """The answer, or 304 to a caller who has it already."""
        scope["quartier.exchange"].template = self.template
        scope["quartier.exchange"].cache = "hit"
        for name, value in scope["headers"]:
            if name == b"if-none-match" and matches(value.decode("latin-1"), self.etag.decode()):
                headers = [header for header in self.headers if header[0] in UNCHANGED]
                await send({"type": "http.response.start", "status": 304, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Store:
    """At most `limit` bytes of answers; which nobody has asked for longest goes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.state: State | None = None
        self.size = 0
        self.evictions = 0
        self._since = float("-inf")
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._spellings: OrderedDict[Spelling, Key] = OrderedDict()
        self._spelled = 0

    def __len__(self) -> int:
        return len(self._answers)

    def follow(self, state: State, asked: float) -> bool:
        """Take over what the follower found at that (monotonic) time; true if it is news."""
        outdated = self.state is not None and state < self.state and asked < self._since
        if state == self.state or outdated:
            return False
        self._begin(state, asked)
        return True

    def recall(self, spelling: Spelling) -> Answer | None:
        key = self._spellings.get(spelling)
        return self.find(key) if key else None

    def find(self, key: Key) -> Answer | None:
        answer = self._answers.get(key)
        if answer:
            self._answers.move_to_end(key)
        return answer

    def keep(self, key: Key, spelling: Spelling, state: State, answer: Answer, now: float) -> None:
        """Keep an answer that belongs to this state, as its own statement said.

        It may know of a publication before the follower does, and is then the first of a new state.
        """
        if self.state is None or answer.size > self.limit // LARGEST:
            return
        if state > self.state:
            self._begin(state, now)
        if state != self.state:
            return
        if key not in self._answers:
            self._answers[key] = answer
            self.size += answer.size
        self._spell(spelling, key)
        self._shrink()

    def _begin(self, state: State, since: float) -> None:
        self.state, self._since = state, since
        self.clear()

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()
        self._spellings.clear()
        self.size = self._spelled = 0

    def _spell(self, spelling: Spelling, key: Key) -> None:
        if spelling not in self._spellings:
            self._spellings[spelling] = key
            self._spelled += _size(spelling)

    def _shrink(self) -> None:
        while self.size + self._spelled > self.limit:
            if self._spelled > self.limit // LARGEST:
                self._spelled -= _size(self._spellings.popitem(last=False)[0])
            else:
                self.size -= self._answers.popitem(last=False)[1].size
                self.evictions += 1


def _size(spelling: Spelling) -> int:
    path, query, headers, *_ = spelling
    return len(path) + len(query) + sum(len(value) for _, value in headers) + OVERHEAD


class ResponseCache:
    """Answers GET and HEAD from the store of the application's service, or fills it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.proxies = () if settings.public_url else settings.trusted_proxies
        self.varying = VARYING | FORWARDED if self.proxies else VARYING

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        service = scope["app"].state.service
        spelling = self._spelling(scope)
        answer = service.recall(spelling)
        if answer is not None:
            await answer.send(scope, send)
            return
        recorder = Recorder(send)
        await self.app(scope, receive, recorder.send)
        exchange = scope["quartier.exchange"]
        if exchange.key is None:
            return
        exchange.cache = "miss" if service.state() else "bypass"
        if answer := recorder.answer(exchange.template):
            service.keep(exchange.key, spelling, exchange.state, answer)

    def _spelling(self, scope: Scope) -> Spelling:
        """All of a request that its answer can depend on."""
        headers = tuple([header for header in scope["headers"] if header[0] in self.varying])
        client = scope.get("client")
        believed = bool(self.proxies) and client is not None and is_within(client[0], self.proxies)
        return scope["path"], scope["query_string"], headers, scope["scheme"], believed


class Recorder:
    """Passes an answer on and remembers it, unless it comes in pieces: those are not kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: bytes | None = None
        self._status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], message["headers"]
        elif self._body is None and not message.get("more_body"):
            self._body = message.get("body", b"")
        else:
            self._status = 0
        await self._send(message)

    def answer(self, template: str) -> Answer | None:
        etag = next((value for name, value in self._headers if name == b"etag"), None)
        if self._status != 200 or self._body is None or etag is None:
            return None
        return Answer(list(self._headers), self._body, etag, template)
