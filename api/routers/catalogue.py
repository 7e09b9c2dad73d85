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
from api.errors import InvalidParameter
from api.formats import GRAPHS
from api.negotiation import choose_format
from api.pages import catalogue as pages
from api.routing import ModelRoute
from api.types import Language

Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
READABLE = (*GRAPHS, "html")

FIRST = {"ttl": "1", "jsonld": "1", "rdf": WHOLE}
"""What comes without `page`: harvesters that read RDF/XML are often those that turn no pages."""


class GraphParameters(BaseModel):
    """What every address of the catalogue understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["ttl", "rdf", "jsonld", "html"] | None = Field(
        None, description="Syntax of the answer; a suffix (`.rdf`) or `Accept` does the same."
    )

    lang: Language | None = Field(None, description="Language of a page for people.")


class CatalogueParameters(GraphParameters):
    theme: Code | None = Field(
        None, description="Code of an EU data theme (`SOCI`); only for the page for people."
    )
    file_type: Code | None = Field(
        None, description="Format of a distribution (`CSV`); only for the page for people."
    )
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
    """For portals the descriptions of all datasets, in pages; for people a list of them."""
    chosen = (parameters.theme, parameters.file_type)
    syntax = choose_format(request, parameters.format, READABLE).name
    if syntax == "html":
        asked = parameters.page
        page = None if asked == WHOLE else int(asked or 1)
        return await pages.of_catalogue(request, *chosen, page=page, lang=parameters.lang)
    if any(chosen):
        name = "theme" if parameters.theme else "file_type"
        raise InvalidParameter.named(name, f"is for the page for people; {syntax} has all datasets")
    return await _file(
        request, f"pages/{parameters.page or FIRST[syntax]}", syntax, parameters.sequence
    )


async def _dataset(
    request: Request, slug: str, parameters: Annotated[GraphParameters, Query()]
) -> Response:
    """What a dataset is and where to get it: as RDF, or as a page for people."""
    if choose_format(request, parameters.format, READABLE).name == "html":
        return await pages.of_dataset(request, slug, lang=parameters.lang)
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
