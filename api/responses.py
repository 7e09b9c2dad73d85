"""Bytes from the database to the socket: page, item, stream. No JSON is parsed on the way."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2s
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from api import links
from api.cache import Answer, Key
from api.formats import Format
from api.negotiation import choose_encoding, is_named
from api.spool import Spool
from api.validators import matches
from db.queries import Lines, Page
from db.state import State

CACHE_CONTROL = "public, max-age=0, stale-while-revalidate=30, stale-if-error=86400"
STALLED = 30.0  # seconds
PLACE_UNKNOWN = "place_known_only_by_municipality"
HOURS_UNKNOWN = "hours_unknown"
_OWN_IMAGES = "'self' data:"
SEQUENCE = "X-Sequence"
VARY = "Accept, Accept-Language"
"""What decides a body; that its encoding does too, the compressing layer adds itself."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which publication an answer shows, and in which format and language."""

    state: State
    format: Format
    lang: str
    minute: str = ""
    """Of the clock, if the answer depends on it: it is not kept, and is another a minute later."""


@dataclass(slots=True)
class Envelope:
    """What a list says around its entities. `gave_up`: counting them took too long.

    `left_out`: how many might match, by the reason why that is not known.
    """

    total: int | None = None
    gave_up: bool = False
    facets: dict[str, bytes] | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    about: bytes = b""
    """Members that only some lists have, without braces."""

    def leave_out(self, reason: str, count: int) -> None:
        if count:
            self.left_out[reason] = count


class Described(Protocol):
    """What an envelope says of the entities in it."""

    @property
    def count(self) -> int: ...
    @property
    def attribution(self) -> bytes: ...
    @property
    def license(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A list that was streamed to its end."""

    count: int
    attribution: bytes
    license: str | None


def page(request: Request, version: Version, page: Page, envelope: Envelope) -> Response:
    """A list in its envelope, the documents as PostgreSQL joined them."""
    head, tail = framed(version, page, envelope)
    body = b"".join((head, page.body, tail))
    return answer(request, version, body, envelope.links, lasting=not envelope.gave_up)


def framed(version: Version, page: Described, envelope: Envelope) -> tuple[bytes, bytes]:
    """What stands before and after the entities of a list."""
    write = _collection if version.format.layout == "geojson" else _list
    return write(version, page, envelope)


def item(request: Request, version: Version, body: bytes) -> Response:
    here = links.link("self", str(links.address(request)), version.format.media_type)
    return answer(request, version, body, [here])


def interchange(
    request: Request,
    version: Version,
    body: bytes,
    linked: Sequence[Mapping[str, Any]],
    *,
    lasting: bool = True,
) -> Response:
    """A document whose shape others have decided: the sequence is in a header."""
    found = answer(request, version, body, linked, lasting=lasting)
    found.headers[SEQUENCE] = str(version.state.sequence)
    return found


def html(
    request: Request, version: Version, body: bytes, envelope: Envelope | None = None
) -> Response:
    """A page or fragment for people. A fragment, and nothing else, may be framed by others."""
    here = links.link("self", str(links.address(request)), version.format.media_type)
    linked, lasting = (envelope.links, not envelope.gave_up) if envelope else ([here], True)
    page = answer(request, version, body, linked, lasting=lasting)
    page.headers["Content-Security-Policy"] = policy(
        framed=is_named(request), images=tiles_origin(request)
    )
    return page


def tiles_origin(request: Request) -> str:
    """Where background tiles come from, if the operator has named any."""
    address: str | None = request.app.state.settings.tiles_url
    return "{0.scheme}://{0.netloc}".format(urlsplit(address)) if address else ""


def policy(*, framed: bool = False, images: str = "") -> str:
    """What a page of ours may load and do: nothing that is not of this server, but for images."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src {' '.join(filter(None, (_OWN_IMAGES, images)))}; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors " + ("*" if framed else "'self'")
    )


def answer(
    request: Request,
    version: Version,
    body: bytes,
    linked: Sequence[Mapping[str, Any]],
    *,
    lasting: bool = True,
) -> Response:
    """A whole answer, to be kept unless something in it may be different next time."""
    shown = [dict(entry) for entry in linked if "method" not in entry]
    headers = version_headers(request, version) | {"Link": links.header(shown)}
    if lasting and not version.minute and request.method != "POST":
        keep(request, key(request, version), version.state)
    return Response(body, media_type=version.format.content_type, headers=headers)


def key(request: Request, version: Version) -> Key:
    """What an answer is kept under, apart from its state."""
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    return str(links.address(request)), version.format.name, version.lang, encoding


def keep(request: Request, key: Key, state: State) -> None:
    """Let the cache have the answer: it stays as it is until the next publication."""
    exchange = request.scope["quartier.exchange"]
    exchange.key, exchange.state = key, state


class Kept(Response):
    """An answer from memory, for a request that nobody had written just so before."""

    def __init__(self, request: Request, key: Key, state: State, answer: Answer) -> None:
        super().__init__(answer.body)
        keep(request, key, state)
        self._answer = answer

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await self._answer.send(scope, send)


def _list(version: Version, page: Described, envelope: Envelope) -> tuple[bytes, bytes]:
    members = [b"]"]
    if envelope.total is not None:
        members.append(b',"total":%d' % envelope.total)
    members += [b',"sequence":%d' % version.state.sequence, *_common(page, envelope), b"}"]
    return b'{"items":[', b"".join(members)


def _collection(version: Version, page: Described, envelope: Envelope) -> tuple[bytes, bytes]:
    members = [b"]"]
    if envelope.total is not None:
        members.append(b',"numberMatched":%d' % envelope.total)
    members += [
        b',"numberReturned":%d,"sequence":%d,"timeStamp":"%s"'
        % (page.count, version.state.sequence, version.state.published_at.encode()),
        *_common(page, envelope),
        b"}",
    ]
    return b'{"type":"FeatureCollection","features":[', b"".join(members)


def _common(page: Described, envelope: Envelope) -> list[bytes]:
    members = [b',"attribution":', page.attribution, b',"license":', json_of(page.license)]
    if envelope.about:
        members += [b",", envelope.about]
    if envelope.gave_up:
        members.append(b',"count":"timeout"')
    if envelope.facets is not None:
        pairs = [json_of(name) + b":" + counts for name, counts in envelope.facets.items()]
        members += [b',"facets":{', b",".join(pairs), b"}"]
    if envelope.left_out:
        reasons = [{"reason": name, "count": n} for name, n in envelope.left_out.items()]
        members += [b',"left_out":', json_of(reasons)]
    return [*members, b',"links":', json_of(envelope.links)]


def json_of(value: object) -> bytes:
    """As short as it can be."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def parsed(document: bytes) -> Any:
    """A small document that becomes a part of another one."""
    return json.loads(document)


def version_headers(request: Request, version: Version) -> dict[str, str]:
    """Validators from the sequence, not from the body: nothing per request is in a body."""
    if request.method == "POST":  # the address alone does not say what was asked
        return {"Cache-Control": "no-store", "Content-Language": version.lang}
    headers = {
        "ETag": etag(request, version),
        "Last-Modified": http_date(version.state.published_at),
        "Cache-Control": CACHE_CONTROL,
        "Vary": VARY,
        "Content-Language": version.lang,
    }
    if version.minute:
        del headers["Last-Modified"]
        headers["Cache-Control"] = "no-cache"
    return headers


@lru_cache(maxsize=16)
def http_date(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment).astimezone(UTC), usegmt=True)


def etag(request: Request, version: Version) -> str:
    """Weak, from what decides the answer; today's date does too (offerings end by themselves), and
    so does the release, which may write the same publication in another way."""
    state, release = version.state, str(request.app.version)
    shown = (version.format.name, version.lang, state.day, version.minute)
    parts = (str(links.address(request)), *shown, release)
    digest = blake2s("\n".join(parts).encode(errors="replace"), digest_size=9).hexdigest()
    return f'W/"{state.sequence}-{digest}"'


def not_modified(request: Request, version: Version) -> Response | None:
    """304 if the caller already has this version (RFC 9110, section 13.1.2)."""
    held = request.headers.get("if-none-match")
    if held is None or request.method == "POST":
        return None
    if not matches(held, etag(request, version)):
        return None
    headers = version_headers(request, version) | {"Vary": f"{VARY}, Accept-Encoding"}
    return Response(status_code=304, headers=headers)


class Stream(StreamingResponse):
    """A list as it comes from the database, whose connection is given back as soon as all is read.

    The caller may take longer: what comes too fast waits in a spool.
    """

    def __init__(
        self,
        request: Request,
        version: Version,
        chunks: AsyncIterator[bytes],
        stack: AsyncExitStack,
        spool: Spool,
        name: str,
    ) -> None:
        headers = version_headers(request, version)
        if version.format.streamed:
            extension = version.format.extension or version.format.name
            headers["Content-Disposition"] = f'attachment; filename="{name}.{extension}"'
        super().__init__(spool, media_type=version.format.content_type, headers=headers)
        self._chunks = chunks
        self._stack = stack
        self._spool = spool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("quartier.head"):
            await self._stack.aclose()
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        filling = asyncio.create_task(self._fill())
        try:
            await super().__call__(scope, receive, impatient(send))
        finally:
            filling.cancel()
            await asyncio.wait([filling])
            self._spool.close()

    async def _fill(self) -> None:
        error = None
        try:
            async with self._stack:
                async for chunk in self._chunks:
                    await self._spool.put(chunk)
        except Exception as failure:
            error = failure
        self._spool.end(error)


def impatient(send: Send) -> Send:
    """A caller who stops reading must not keep what waits for him for ever."""

    async def timed(message: Message) -> None:
        async with asyncio.timeout(STALLED):
            await send(message)

    return timed


def csv_line(values: Sequence[str]) -> bytes:
    """A header line; names of columns need no quotes."""
    return ",".join(values).encode()


async def lines(
    version: Version, head: bytes, batches: AsyncIterator[list[bytes]]
) -> AsyncIterator[bytes]:
    """CSV ends lines as RFC 4180 says, NDJSON with a newline."""
    end = b"\r\n" if version.format.name == "csv" else b"\n"
    if head:
        yield head + end
    async for batch in batches:
        yield end.join((*batch, b""))


async def whole(
    version: Version, lines: Lines, envelope: Callable[[Lines, int], Awaitable[Envelope]]
) -> AsyncIterator[bytes]:
    """All entities in one JSON document. What is counted is said after them."""
    nothing = Whole(0, lines.attribution, lines.license)
    yield framed(version, nothing, Envelope())[0]
    count, separator = 0, b""
    async for batch in lines.batches:
        count += len(batch)
        yield separator + b",".join(batch)
        separator = b","
    yield framed(version, replace(nothing, count=count), await envelope(lines, count))[1]
