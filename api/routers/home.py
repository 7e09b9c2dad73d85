"""The landing page: what is here, for people and for machines."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from api import contract, responses
from api.dependencies import Service, service
from api.errors import Unavailable
from api.formats import FORMATS
from api.links import base_url, link
from api.lists import BETWEEN, RETRIES
from api.negotiation import choose_language, prefers_html
from api.pages.face import Shown, pages_of
from api.parameters import HomeParameters
from api.resources import OFFERINGS, RESOURCES
from api.responses import Version
from api.routers.discovery import API_CATALOGUE, LINKSET, catalogue_link
from api.routing import ModelRoute
from api.schemas.page import Link


class Landing(BaseModel):
    title: str
    description: str
    links: list[Link]


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, tags=["operations"])
    routes.add_api_route(
        "/",
        _home,
        operation_id="landing_page",
        summary="What is here",
        response_model=Landing,
        responses={
            200: {"content": {"text/html": {}}},
            **contract.problem_responses(400, 503),
        },
    )
    routes.add_api_route("/v1", _native, include_in_schema=False)
    return routes


async def _home(request: Request, parameters: Annotated[HomeParameters, Query()]) -> Response:
    """For people a page with a search box; for machines links to every resource and to the
    contract."""
    if prefers_html(request) or parameters.lang:
        known = service(request)
        lang = choose_language(request, parameters.lang, await known.languages())
        if prefers_html(request):
            return await _page(request, known, lang)
    return _links(request)


async def _native(request: Request) -> Response:
    """Where the native API begins, there is what leads on."""
    return _links(request)


def _links(request: Request) -> Response:
    base = base_url(request)
    found = [
        link("service-desc", f"{base}/openapi.json", "application/json"),
        link("service-doc", f"{base}/docs", "text/html"),
        link("api-catalog", f"{base}{API_CATALOGUE}", LINKSET),
        *(link(entry.name, f"{base}/v1/{entry.name}", "application/json") for entry in RESOURCES),
    ]
    title = {"title": contract.TITLE, "description": contract.TAGS["offerings"]}
    headers = {"Vary": responses.VARY, "Link": catalogue_link(request)}
    return JSONResponse({**title, "links": found}, headers=headers)


async def _page(request: Request, known: Service, lang: str) -> Response:
    languages = await known.languages()
    for _ in range(RETRIES):
        version = Version(await known.current_state(), FORMATS["html"], lang)
        if unchanged := responses.not_modified(request, version):
            return unchanged
        shown = Shown(request, known, OFFERINGS, version, languages)
        if body := await pages_of(request).home(shown):
            answer = responses.html(request, version, body)
            answer.headers["Link"] += f", {catalogue_link(request)}"
            return answer
    raise Unavailable(BETWEEN)
