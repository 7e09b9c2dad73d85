"""/bulk: every resource as files, all of one publication."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from api import contract, responses
from api.artefacts import bulk, serving
from api.artefacts.manifest import Manifest
from api.artefacts.snapshot import Made
from api.dependencies import service
from api.errors import NotFound
from api.links import base_url, link
from api.negotiation import choose_language, prefers_html
from api.pages.face import pages_of
from api.parameters import HomeParameters
from api.resources import RESOURCES
from api.responses import http_date
from api.routing import ModelRoute
from api.schemas.bulk import Bulk
from api.validators import matches

SEQUENCE = re.compile(r"0|[1-9][0-9]{0,17}")
Name = Annotated[
    str,
    Path(
        max_length=200,
        description="Name of a file, such as `offerings.csv`, `datapackage.json` or `SHA256SUMS`.",
    ),
]


def router() -> APIRouter:
    routes = APIRouter(prefix="/bulk", route_class=ModelRoute, tags=["bulk"])
    routes.add_api_route("", _index, response_model=Bulk, **contract.of_bulk_index())
    routes.add_api_route("/{name}", _file, **contract.of_bulk_file())
    routes.add_api_route("/{sequence}/{name}", _kept, include_in_schema=False)
    return routes


async def _index(request: Request, parameters: Annotated[HomeParameters, Query()]) -> Response:
    known = service(request)
    manifest = await run_in_threadpool(serving.require, known)
    lang = choose_language(request, parameters.lang, await known.languages())
    is_page = prefers_html(request)
    headers = {
        "ETag": _etag(manifest, base_url(request), lang if is_page else "json"),
        "Last-Modified": http_date(manifest.built_at),
        "Cache-Control": responses.CACHE_CONTROL,
        "Vary": responses.VARY,
        "X-Sequence": str(manifest.sequence),
    }
    if matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if is_page:
        policy = {"Content-Security-Policy": responses.policy(), "Content-Language": lang}
        body = await _page(request, manifest, lang)
        return Response(body, media_type="text/html; charset=utf-8", headers=headers | policy)
    kept = await run_in_threadpool(known.shelf.sequences)
    return JSONResponse(_document(request, manifest, kept), headers=headers)


def _etag(manifest: Manifest, base: str, shown: str) -> str:
    """A state never changes, and neither does what is said of it at the same address."""
    digest = sha256(f"{manifest.key} {base} {shown}".encode()).hexdigest()
    return f'W/"{manifest.sequence}-{digest[:18]}"'


async def _file(request: Request, name: Name) -> Response:
    return await serving.answer(request, f"{bulk.FOLDER}/{name}")


async def _kept(request: Request, sequence: str, name: Name) -> Response:
    if not SEQUENCE.fullmatch(sequence):
        raise NotFound(f"There is nothing at {request.scope['path']}")
    return await serving.answer(request, f"{bulk.FOLDER}/{name}", int(sequence))


def _document(request: Request, manifest: Manifest, kept: list[int]) -> dict[str, Any]:
    base = f"{base_url(request)}/{bulk.FOLDER}"
    return {
        "sequence": manifest.sequence,
        "published_at": manifest.published_at,
        "built_at": manifest.built_at,
        "kept": kept,
        "files": [_entry(made, base) for made in bulk.files_of(manifest)],
        "links": [
            link("self", base, "application/json"),
            link("describedby", f"{base}/datapackage.json", "application/json"),
        ],
    }


def _entry(made: Made, base: str) -> dict[str, Any]:
    name = bulk.short(made)
    return {
        "name": name,
        "resource": made.resource,
        "format": made.format,
        "href": f"{base}/{name}",
        "media_type": made.media_type,
        "rows": made.rows,
        "size": made.size,
        "sha256": made.sha256,
    }


async def _page(request: Request, manifest: Manifest, lang: str) -> bytes:
    """For people: a row a resource, and what is about all of them."""
    files = bulk.files_of(manifest)
    resources = [resource.name for resource in RESOURCES]
    return pages_of(request).simple(
        request,
        "bulk.html",
        lang,
        languages=await service(request).languages(),
        sequence=manifest.sequence,
        published_at=manifest.published_at,
        rows={name: [made for made in files if made.resource == name] for name in resources},
        others=[made for made in files if made.resource not in resources],
        short=bulk.short,
    )
