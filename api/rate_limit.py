"""How much a client may ask: a limit a minute, kept by the generic cell rate algorithm (GCRA).

One number a client: the time at which its whole quota is free again. A request moves it on by a
minute divided by the limit, and is refused if it would lie more than a minute ahead.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooManyRequests, answer
from api.links import is_within
from api.settings import Networks, Settings

WINDOW = 60.0
REMEMBERED = 50_000
"""Clients at most; who was not seen longest is forgotten first, and begins anew."""
EXEMPT = frozenset(("/health/live", "/health/ready", "/metrics"))


class Quotas:
    """What each client has left."""

    def __init__(
        self,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        window: float = WINDOW,
    ) -> None:
        self._window = window
        self._step = window / limit
        self._clock = clock
        self._free: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._free)

    def take(self, client: str) -> tuple[int, float, float]:
        """What is left, seconds until all of it is, and seconds to wait: 0 if it is allowed."""
        now = self._clock()
        before = max(self._free.get(client, now), now)
        after = before + self._step
        wait = after - now - self._window
        if wait > 1e-6:  # what adding up steps loses to rounding is nobody's fault
            return 0, before - now, wait
        self._free[client] = after
        self._free.move_to_end(client)
        self._forget(now)
        left = math.floor((self._window - (after - now)) / self._step + 1e-6)
        return max(0, left), after - now, 0.0

    def _forget(self, now: float) -> None:
        """Two who are free again with every request, and more only if there are too many."""
        for _ in range(2):
            oldest = next(iter(self._free))
            if self._free[oldest] > now and len(self._free) <= REMEMBERED:
                return
            del self._free[oldest]


class RateLimit:
    """Refuses who asks too often, before anything else is done, and tells all how they stand."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._proxies = settings.trusted_proxies
        self._quotas = Quotas(settings.rate_limit)
        self._policy = f'"default";q={settings.rate_limit};w={WINDOW:.0f}'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in EXEMPT:
            await self.app(scope, receive, send)
            return
        left, reset, wait = self._quotas.take(client_of(scope, self._proxies))
        state = f'"default";r={left};t={math.ceil(reset)}'.encode()

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = ((b"ratelimit-policy", self._policy), (b"ratelimit", state))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        app = _refusal(Request(scope), wait) if wait else self.app
        await app(scope, receive, telling)


def _refusal(request: Request, wait: float) -> ASGIApp:
    seconds = math.ceil(wait)
    detail = f"Too many requests from your address. Please wait {seconds} s."
    return answer(request, TooManyRequests(detail, headers={"Retry-After": str(seconds)}))


def client_of(scope: Scope, proxies: Networks) -> str:
    """Whose quota a request takes from: the peer, or whom the nearest trusted proxies name."""
    peer = scope["client"][0] if scope.get("client") else ""
    if proxies and is_within(peer, proxies):
        peer = _forwarded(peer, _named(scope["headers"]), proxies)
    return _network(peer)


def _named(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """The addresses in X-Forwarded-For, the nearest first."""
    lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    return [part.strip() for part in reversed(",".join(lines).split(","))]


def _forwarded(peer: str, named: list[str], proxies: Networks) -> str:
    """The right-most that is no proxy of ours: what stands left of it, anybody can have written."""
    for address in map(_bare, named):
        if not _is_address(address):
            return peer
        peer = address
        if not is_within(address, proxies):
            return peer
    return peer


def _bare(text: str) -> str:
    """Without a port and brackets, which some proxies add."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """An IPv6 client has at least a /64 to itself; an IPv4 one in IPv6 dress is one of IPv4."""
    if ":" not in address:
        return address
    found = IPv6Address(address)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found) >> 64 << 64, 64)))
