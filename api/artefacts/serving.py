"""Answering with a file of a state: whole or in part, plain or compressed, or not at all.

A file is sent as it lies there. It is opened before the first byte is, so whoever began to read
gets all of it, whatever is published meanwhile.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from api import links
from api.artefacts.manifest import Manifest
from api.artefacts.shelf import key_of
from api.artefacts.snapshot import BASE, Made
from api.artefacts.twins import twin_of
from api.dependencies import Service, service
from api.errors import Gone, NotFound, RangeNotSatisfiable, Unavailable
from api.negotiation import accepts_encoding, choose_encoding
from api.responses import CACHE_CONTROL, http_date, impatient, keep
from api.validators import matches

PIECE = 256 * 1024
RETRY_AFTER = "15"
RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{0,18})|-(?P<tail>[0-9]{1,18}))")


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file: where they begin, and where they end (RFC 9110, section 14)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that lies open: nobody can take it away any more."""

    file: BinaryIO
    size: int
    changed: datetime
    etag: str
    digest: str
    encoding: str | None


async def answer(request: Request, name: str, sequence: int | None = None) -> Response:
    """A file by its name: of the current state, or of one that is still kept.

    503 while nothing is built, 404 for names and states that there are not.
    """
    known = service(request)
    manifest = await run_in_threadpool(require, known, sequence)
    made = manifest.find(name)
    if made is None:
        raise NotFound(f"There is no file at {request.scope['path']}")
    if made.addressed:
        return await _document(request, known, manifest, made)
    twin = bool(made.gzip_size) and accepts_encoding(request, "gzip")
    opened = await run_in_threadpool(_open, known.shelf.path(manifest, name), made, twin=twin)
    return _sent(request, opened, _headers(request, manifest, made, opened))


def require(known: Service, sequence: int | None = None) -> Manifest:
    """The manifest of a state, or why there is none."""
    current = known.artefacts
    if current is None:
        detail = "The files of this registry are being made; please try again in a moment."
        raise Unavailable(detail, headers={"Retry-After": RETRY_AFTER})
    if sequence is None or sequence == current.sequence:
        return current
    if kept := known.shelf.of_sequence(sequence):
        return kept
    if sequence < current.sequence:
        raise Gone(f"The files of publication {sequence} are no longer kept.")
    raise NotFound(f"There are no files of publication {sequence}.")


def _open(path: Path, made: Made, *, twin: bool) -> Opened:
    try:
        file = (twin_of(path) if twin else path).open("rb")
    except FileNotFoundError:
        raise NotFound("This file is no longer kept.") from None
    status = os.fstat(file.fileno())
    changed = datetime.fromtimestamp(int(status.st_mtime), UTC)
    if twin:
        tag = f'"{made.gzip_sha256[:32]}-gzip"'
        return Opened(file, status.st_size, changed, tag, made.gzip_sha256, "gzip")
    return Opened(file, status.st_size, changed, f'"{made.sha256[:32]}"', made.sha256, None)


def _headers(request: Request, manifest: Manifest, made: Made, opened: Opened) -> dict[str, str]:
    digest = _base64(opened.digest)
    described = links.base_url(request) + "/bulk/datapackage.json"
    headers = {
        "ETag": opened.etag,
        "Last-Modified": format_datetime(opened.changed, usegmt=True),
        "Cache-Control": CACHE_CONTROL,
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Link": links.header([links.link("describedby", described, "application/json")]),
        "Content-Disposition": f'attachment; filename="{made.name.rpartition("/")[2]}"',
        "X-Sequence": str(manifest.sequence),
    }
    if made.gzip_size:
        headers["Vary"] = "Accept-Encoding"
    if opened.encoding:
        headers["Content-Encoding"] = opened.encoding
    return headers | {"Content-Type": made.media_type}


def _base64(digest: str) -> str:
    """RFC 9530 writes a digest as a byte sequence of RFC 8941."""
    return b64encode(bytes.fromhex(digest)).decode()


def _sent(request: Request, opened: Opened, headers: dict[str, str]) -> Response:
    if _is_unchanged(request, opened):
        opened.file.close()
        kept = ("ETag", "Last-Modified", "Cache-Control", "Vary", "X-Sequence")
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k in kept})
    try:
        part = _asked_part(request, opened)
    except RangeNotSatisfiable:
        opened.file.close()
        raise
    return Download(opened, part, headers)


def _is_unchanged(request: Request, opened: Opened) -> bool:
    """RFC 9110, section 13.2.2: the date counts only where no tag was sent."""
    if held := request.headers.get("if-none-match"):
        return matches(held, opened.etag)
    since = _moment(request.headers.get("if-modified-since", ""))
    return since is not None and opened.changed <= since


def _asked_part(request: Request, opened: Opened) -> Part | None:
    """The range that is asked for; None: all. Several at once are not worth their envelope, and a
    server may ignore what it does not like (section 14.2)."""
    found = RANGE.fullmatch(request.headers.get("range", "").replace(" ", "").lower())
    if not found or request.scope.get("quartier.head") or not _is_same(request, opened):
        return None
    if found["tail"]:
        part = Part(max(0, opened.size - int(found["tail"])), opened.size)
    elif found["last"] and int(found["last"]) < int(found["first"]):
        return None
    else:
        last = min(int(found["last"] or opened.size), opened.size - 1)
        part = Part(int(found["first"]), last + 1)
    if part.start >= part.end:
        headers = {"Content-Range": f"bytes */{opened.size}"}
        raise RangeNotSatisfiable(f"The file has {opened.size} bytes.", headers=headers)
    return part


def _is_same(request: Request, opened: Opened) -> bool:
    """If-Range: who goes on with a part must still have the rest of the same file."""
    held = request.headers.get("if-range")
    return held is None or held == opened.etag or _moment(held) == opened.changed


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Download(StreamingResponse):
    """A file, or a part of it, at the pace of whoever reads."""

    def __init__(self, opened: Opened, part: Part | None, headers: dict[str, str]) -> None:
        self._opened = opened
        self._part = part or Part(0, opened.size)
        sent = {**headers, "Content-Length": str(self._part.end - self._part.start)}
        if part:
            sent["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{opened.size}"
        super().__init__(self._pieces(), status_code=206 if part else 200, headers=sent)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._opened.file:
            if scope.get("quartier.head"):
                start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
                await send(start)
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, impatient(send))

    async def _pieces(self) -> AsyncIterator[bytes]:
        number, at = self._opened.file.fileno(), self._part.start
        while at < self._part.end:
            length = min(PIECE, self._part.end - at)
            piece = await run_in_threadpool(os.pread, number, length, at)
            at += len(piece)
            yield piece


async def _document(request: Request, known: Service, manifest: Manifest, made: Made) -> Response:
    """A document that names addresses of this server; kept in memory until the next state."""
    base = links.base_url(request)
    headers = {
        "ETag": f'W/"{made.sha256[:32]}-{sha256(base.encode()).hexdigest()[:8]}"',
        "Last-Modified": http_date(manifest.published_at),
        "Cache-Control": CACHE_CONTROL,
        "Vary": "Accept",
        "X-Sequence": str(manifest.sequence),
    }
    if matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    path = known.shelf.path(manifest, made.name)
    body = await run_in_threadpool(_addressed, path, base.encode())
    if state := known.state():
        encoding = choose_encoding(request.headers.get("accept-encoding", ""))
        key = (str(links.address(request)), key_of(manifest), made.name, encoding)
        keep(request, key, state)
    return Response(body, media_type=made.media_type, headers=headers)


def _addressed(path: Path, base: bytes) -> bytes:
    try:
        return path.read_bytes().replace(BASE.encode(), base)
    except FileNotFoundError:
        # It is listed, so whoever took it away did not mean to say that it is gone.
        detail = "This file is missing; please try again in a moment."
        raise Unavailable(detail, headers={"Retry-After": RETRY_AFTER}) from None
