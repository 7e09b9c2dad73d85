"""What other sites embed: scripts of the elements, frames, oEmbed; and a page with the code."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import Receive, Scope, Send

from api import contract, lists, query, responses
from api.dependencies import service
from api.errors import NotFound, NotImplementedHere, Unavailable
from api.formats import FORMATS
from api.links import base_url
from api.lists import BETWEEN, RETRIES
from api.negotiation import choose_language
from api.pages.embedding import HEIGHT, WIDTH, Embedding, Filters, frame
from api.pages.face import Shown, pages_of
from api.pages.reading import Reading
from api.pages.templates import named
from api.parameters import OfferingParameters
from api.resources import OFFERINGS, RESOURCES, Resource
from api.responses import Version
from api.routing import ModelRoute
from api.types import WHOLE
from api.validators import matches

DIST = Path(__file__).parents[2] / "web" / "dist"
SCRIPT = re.compile(r"[a-z]+(\.classic|-[A-Z0-9]{8})?")
LASTING = "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800"
FOREVER = "public, max-age=31536000, immutable"
SHOWABLE = re.compile(r"/(?:v1|embed)/([a-z]+)(?:/([^/]+))?")
SERIES = re.compile(r"/v1/indicators/([^/]+)/observations")
NO_FILTERS = ("element", "cursor", "format", "facets", "fields", "count")
TITLES = {"de": "Angebote", "sv": "Insatser"}
"""What a link or frame on a site in this language is called; else English."""

Pixels = Annotated[int, Field(ge=100, le=10_000), WHOLE]


class OEmbed(BaseModel):
    """What oEmbed's consumers send (oembed.com, section 2.2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(max_length=8000)
    format: Literal["json", "xml"] = "json"
    maxwidth: Pixels = WIDTH
    maxheight: Pixels = HEIGHT


class BuilderParameters(OfferingParameters):
    """Filters, and the element that shows what they find."""

    element: Literal["list", "map", "frame"] = "list"


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("/embed", _builder)
    routes.add_api_route("/oembed", _oembed)
    routes.add_api_route("/embed/{name}.js", _script)
    routes.routes.extend(_frames().routes)
    return routes


# --- scripts -------------------------------------------------------------------------------------


async def _script(request: Request, name: str) -> Response:
    """A script that web/build.py made. Those with a hash in their name never change."""
    path = DIST / f"{name}.js"
    if not SCRIPT.fullmatch(name) or not path.is_file():
        raise NotFound(f"There is no script at /embed/{name}.js")
    content, tag = _content(path, path.stat().st_mtime_ns)
    headers = {"ETag": tag, "Cache-Control": FOREVER if "-" in name else LASTING}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/javascript", headers=headers)


@lru_cache(maxsize=32)
def _content(path: Path, _written: int) -> tuple[bytes, str]:
    """What is in it, with its validator. A build while the server runs is noticed."""
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:20]}"'


# --- frames --------------------------------------------------------------------------------------


class FrameRoute(ModelRoute):
    """Answers with a document for a frame on any site, also where something is wrong."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["quartier.page"] = scope["quartier.frame"] = True
        await super().handle(scope, receive, send)


def _frames() -> APIRouter:
    routes = APIRouter(prefix="/embed", route_class=FrameRoute, include_in_schema=False)
    for resource in RESOURCES:
        _add_frames(routes, resource)
    return routes


def _add_frames(routes: APIRouter, resource: Resource) -> None:
    many: Any = resource.list_parameters
    one: Any = resource.item_parameters

    async def listed(request: Request, parameters: Annotated[many, Query()]) -> Response:
        return await lists.answer_list(request, resource, parameters)

    async def single(
        request: Request, name: contract.Name, parameters: Annotated[one, Query()]
    ) -> Response:
        return await lists.answer_item(request, resource, name, parameters)

    routes.add_api_route(f"/{resource.name}", listed)
    routes.add_api_route(f"/{resource.name}/{{name}}", single)


# --- oEmbed --------------------------------------------------------------------------------------


async def _oembed(request: Request, parameters: Annotated[OEmbed, Query()]) -> Response:
    """How to show an address of ours, for systems that are only given that (oembed.com, 2.3)."""
    if parameters.format != "json":
        raise NotImplementedHere("This registry answers oEmbed as JSON.")
    base = base_url(request)
    path, filters = _shown_at(base, parameters.url)
    title = await _title(request, path)
    width, height = min(parameters.maxwidth, WIDTH), min(parameters.maxheight, HEIGHT)
    return JSONResponse(
        {
            "version": "1.0",
            "type": "rich",
            "provider_name": "Quartier",
            "provider_url": base,
            "title": title,
            "width": width,
            "height": height,
            "html": str(frame(base, path, filters, title, (width, height))),
            "cache_age": 3600,
        },
        headers={"Cache-Control": "public, max-age=3600"},
    )


def _shown_at(base: str, url: str) -> tuple[str, Filters]:
    """The part of our address that says what it shows, and its filters; 404 for others."""
    try:
        own, parts = urlsplit(base), urlsplit(url)
    except ValueError:  # a bracket that is not closed
        raise NotFound("url: is no address") from None
    if (parts.netloc, parts.path.startswith(own.path)) != (own.netloc, True):
        raise NotFound("url: is no address of this registry")
    path = parts.path.removeprefix(own.path).removesuffix(".html")
    filters = [pair for pair in parse_qsl(parts.query) if pair[0] not in ("format", "cursor")]
    if series := SERIES.fullmatch(path):
        return "observations", [("indicator", unquote(series[1])), *filters]
    found = SHOWABLE.fullmatch(path)
    if found is None or found[1] not in {resource.name for resource in RESOURCES}:
        raise NotFound("url: is no list or entry of this registry")
    return "/".join(filter(None, found.groups())), filters


async def _title(request: Request, path: str) -> str:
    """What is shown is called; 404, unless there is what the address names."""
    name, _, entity = path.partition("/")
    if not entity:
        return name.capitalize()
    resource = next(each for each in RESOURCES if each.name == name)
    known = service(request)
    reading = Reading(known, (await known.languages())[0], translated=False)
    try:
        asked = resource.list_parameters.model_validate({"id": [unquote(entity)]})
    except ValidationError:  # nothing has such a name
        raise NotFound(f"url: there is no such entry among the {name}") from None
    found = await reading.some(resource, asked, 1, counted=False)
    if not found.documents:
        raise NotFound(f"url: there is no such entry among the {name}")
    return named(found.documents[0])


# --- the page that writes the code ---------------------------------------------------------------


async def _builder(request: Request, parameters: Annotated[BuilderParameters, Query()]) -> Response:
    """Choose filters, see the result, copy the code."""
    known = service(request)
    await known.require_known(parameters.references())
    languages = await known.languages()
    lang = choose_language(request, parameters.lang, languages)
    filters = [pair for pair in query.of(request.scope) if pair[0] not in NO_FILTERS]
    title = TITLES.get(lang, "Offerings")
    embedding = Embedding(base_url(request), parameters.element, filters, title)
    for _ in range(RETRIES):
        version = Version(await known.current_state(), FORMATS["html"], lang)
        shown = Shown(request, known, OFFERINGS, version, languages)
        if body := await pages_of(request).builder(shown, embedding, filters):
            answer = responses.html(request, version, body)
            answer.headers["Content-Security-Policy"] = f"{responses.policy()}; frame-src 'self'"
            return answer
    raise Unavailable(BETWEEN)
