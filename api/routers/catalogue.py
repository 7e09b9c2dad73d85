"""/catalog: what datasets there are, for open-data portals (DCAT-AP.de).

Everything comes from files of one publication. While there are none the answer is 503: a harvester
that finds a page without its datasets deletes them.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.artefacts import serving
from api.catalogue import FOLDER, WHOLE
from api.formats import GRAPHS
from api.negotiation import choose_format
from api.routing import ModelRoute

FIRST = {"ttl": "1", "jsonld": "1", "rdf": WHOLE}
"""What comes without `page`: harvesters that read RDF/XML are often those that turn no pages."""


class GraphParameters(BaseModel):
    """What every address of the catalogue understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["ttl", "rdf", "jsonld"] | None = Field(
        None, description="Syntax of the answer; a suffix (`.rdf`) or `Accept` does the same."
    )


class CatalogueParameters(GraphParameters):
    page: Annotated[str, Field(pattern=rf"^({WHOLE}|[1-9][0-9]{{0,5}})$")] | None = Field(
        None,
        description=f"Page of 100 datasets, from 1; `{WHOLE}`: all of them. Without it, "
        "Turtle and JSON-LD begin with page 1, RDF/XML is whole.",
    )
    sequence: Annotated[int, Field(ge=0, le=10**15)] | None = Field(
        None,
        description="Publication that the page shows, as its links say; so all pages fit together "
        "whatever is published meanwhile. The last few are kept.",
    )


def router() -> APIRouter:
    routes = APIRouter(prefix="/catalog", route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("", _catalogue)
    routes.add_api_route("/datasets/{slug}", _dataset)
    routes.add_api_route("/publishers/{slug}", _publisher)
    routes.add_api_route("/contacts/{slug}", _contact)
    return routes


async def _catalogue(
    request: Request, parameters: Annotated[CatalogueParameters, Query()]
) -> Response:
    syntax = choose_format(request, parameters.format, tuple(GRAPHS)).name
    name = f"pages/{parameters.page or FIRST[syntax]}"
    return await _file(request, name, syntax, parameters.sequence)


async def _dataset(
    request: Request, slug: str, parameters: Annotated[GraphParameters, Query()]
) -> Response:
    return await _described(request, f"datasets/{slug}", parameters)


async def _publisher(
    request: Request, slug: str, parameters: Annotated[GraphParameters, Query()]
) -> Response:
    return await _described(request, f"publishers/{slug}", parameters)


async def _contact(
    request: Request, slug: str, parameters: Annotated[GraphParameters, Query()]
) -> Response:
    return await _described(request, f"contacts/{slug}", parameters)


async def _described(request: Request, name: str, parameters: GraphParameters) -> Response:
    syntax = choose_format(request, parameters.format, tuple(GRAPHS)).name
    return await _file(request, name, syntax)


async def _file(request: Request, name: str, syntax: str, sequence: int | None = None) -> Response:
    return await serving.answer(request, f"{FOLDER}/{name}{GRAPHS[syntax].suffix}", sequence)
