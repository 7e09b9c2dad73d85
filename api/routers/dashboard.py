"""The dashboard: one view of an indicator, as a page, in a frame, and its map as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from api import responses
from api.analyses.answers.asked import Between
from api.analyses.parameters import DashboardParameters
from api.dependencies import service
from api.errors import InvalidParameter, Unavailable
from api.formats import FORMATS, Format
from api.links import address, base_url
from api.lists import BETWEEN, RETRIES
from api.negotiation import choose_language, is_named
from api.pages.board import View
from api.pages.dashboard import PLACE
from api.pages.face import Shown, pages_of
from api.resources import INDICATORS
from api.responses import Version
from api.routers.embed import FrameRoute
from api.routing import ModelRoute

SVG = replace(FORMATS["html"], name="svg", media_type="image/svg+xml", content_type="image/svg+xml")

Asked = Annotated[DashboardParameters, Query()]


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route(PLACE, _page)
    routes.add_api_route(f"{PLACE}/map.svg", _picture)
    frames = APIRouter(prefix="/embed", route_class=FrameRoute, include_in_schema=False)
    frames.add_api_route(PLACE, _page)
    routes.routes.extend(frames.routes)
    return routes


async def _page(request: Request, parameters: Asked) -> Response:
    """The view asked for; or, with what is wrong about it, the nearest one that there is."""
    request.scope["quartier.page"] = True
    languages = await service(request).languages()
    lang = choose_language(request, parameters.lang, languages)
    view = View(parameters, replace(address(request), place=f"{base_url(request)}{PLACE}"))
    problem: InvalidParameter | None = None
    for _ in DashboardParameters.model_fields:
        try:
            return await _answer(request, view, FORMATS["html"], (lang, *languages), problem)
        except InvalidParameter as error:
            problem = problem or error
            view = view.without(str(error.errors[0]["parameter"]))
    raise problem or Unavailable(BETWEEN)


async def _picture(request: Request, parameters: Asked) -> Response:
    """The map with its legend and sources, to be put into a report."""
    languages = await service(request).languages()
    lang = choose_language(request, parameters.lang, languages)
    view = View(parameters, replace(address(request), place=f"{base_url(request)}{PLACE}"))
    return await _answer(request, view, SVG, (lang, *languages))


async def _answer(
    request: Request,
    view: View,
    form: Format,
    languages: Sequence[str],
    problem: InvalidParameter | None = None,
) -> Response:
    """The page or picture; `languages`: its own first, then all there are."""
    known = service(request)
    await known.require_known(view.parameters.references())
    for _ in range(RETRIES):
        version = Version(await known.current_state(), form, languages[0])
        if unchanged := None if problem else responses.not_modified(request, version):
            return unchanged
        shown = Shown(request, known, INDICATORS, version, languages[1:])
        with suppress(Between):
            if body := await pages_of(request).dashboard(shown, view, problem):
                return _written(request, version, body, problem)
    raise Unavailable(BETWEEN)


def _written(
    request: Request, version: Version, body: bytes, problem: InvalidParameter | None
) -> Response:
    if problem is None:
        return responses.html(request, version, body)
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": version.lang,
        "Content-Security-Policy": responses.policy(framed=is_named(request)),
        "Vary": responses.VARY,
    }
    return HTMLResponse(body, status_code=problem.status, headers=headers)
