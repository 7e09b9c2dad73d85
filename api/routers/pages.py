"""What only people ask for: the search page, the page for developers, and files of the pages."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import lists, responses
from api.dependencies import service
from api.errors import NotFound
from api.links import address, base_url
from api.negotiation import choose_language
from api.pages.face import WEB, pages_of
from api.pages.search import Understood, understand
from api.pages.snippets import snippets
from api.parameters import OfferingParameters
from api.resources import OFFERINGS
from api.routing import ModelRoute
from api.validators import matches

Asked = Annotated[OfferingParameters, Query()]

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".map": "application/json",
}
FOLDERS = ("static", "dist")
LASTING = "public, max-age=3600, stale-while-revalidate=86400"


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("/search", _search)
    routes.add_api_route("/developers", _developers)
    routes.add_api_route("/web/{name}", _file)
    return routes


async def _search(request: Request, parameters: Asked) -> Response:
    """Offerings for what somebody typed, with the place in it understood."""
    found = Understood("")
    if parameters.q:
        understood = await understand(service(request).pool, parameters.q)
        found = _unless_chosen(parameters, understood)
    request.scope["quartier.page"] = True
    return await lists.answer_list(request, OFFERINGS, _meant(parameters, found), searched=found)


def _unless_chosen(asked: OfferingParameters, found: Understood) -> Understood:
    """A place that was typed counts unless another was chosen."""
    is_postcode = found.place and found.place["kind"] == "postcode"
    chosen = asked.postcode if is_postcode else asked.district
    return replace(found, place=None) if chosen else found


def _meant(asked: OfferingParameters, found: Understood) -> OfferingParameters:
    """The filter that was meant."""
    places = {name: [value] for name, value in found.filters.items() if name != "q"}
    meant: dict[str, Any] = {"q": found.words or None, **places}
    if not found.words and asked.sort == "-relevance":
        meant["sort"] = None
    return asked.model_copy(update=meant)


async def _developers(request: Request, parameters: Asked) -> Response:
    """The quick start, with the filters just chosen in its examples."""
    languages = await service(request).languages()
    lang = choose_language(request, parameters.lang, languages)
    body = pages_of(request).simple(
        request,
        "developers.html",
        lang,
        snippets=snippets(base_url(request), address(request).pairs()),
        languages=languages,
    )
    headers = {"Content-Security-Policy": responses.policy(), "Vary": responses.VARY}
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)


async def _file(request: Request, name: str) -> Response:
    """A stylesheet or script of the pages."""
    found = _content(name)
    if found is None:
        raise NotFound(f"There is nothing at /web/{name}")
    content, etag = found
    headers = {"ETag": etag, "Cache-Control": LASTING}
    if matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=TYPES[Path(name).suffix], headers=headers)


@cache
def _content(name: str) -> tuple[bytes, str] | None:
    """A file of web/ that may be read by anybody, with its validator; None for all others."""
    if Path(name).suffix not in TYPES or Path(name).name != name:
        return None
    for folder in FOLDERS:
        path = WEB / folder / name
        if path.is_file():
            content = path.read_bytes()
            return content, f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return None
