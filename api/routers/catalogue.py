"""/catalog: what datasets there are, for open-data portals (DCAT-AP.de).

Everything comes from files of one publication. While there are none the answer is 503: a harvester
that finds a page without its datasets deletes them.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api import contract
from api.artefacts import serving
from api.catalogue import FOLDER, WHOLE
from api.dependencies import service
from api.formats import GRAPHS
from api.negotiation import choose_format, choose_language
from api.pages import catalogue as pages
from api.routing import ModelRoute
from api.types import WHOLE as WHOLE_NUMBER
from api.types import Language

Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
READABLE = (*GRAPHS, "html")
PAGE = ("html",)

FIRST = {"ttl": "1", "jsonld": "1", "rdf": WHOLE}
"""What comes without `page`: harvesters that read RDF/XML are often those that turn no pages."""


class GraphParameters(BaseModel):
    """What every address of the catalogue understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["ttl", "rdf", "jsonld"] | None = Field(
        None, description="Syntax of the answer; a suffix (`.rdf`) or `Accept` does the same."
    )


class DatasetParameters(BaseModel):
    """What those addresses understand that are pages for people as well."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["ttl", "rdf", "jsonld", "html"] | None = Field(
        None, description="Syntax of the answer; a suffix (`.rdf`) or `Accept` does the same."
    )
    lang: Language | None = Field(
        None,
        description="Language of a page for people: one that is published, such as `en`.",
        json_schema_extra={"format": "language"},
    )


class CatalogueParameters(DatasetParameters):
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
    sequence: Annotated[int, Field(ge=0, le=10**15), WHOLE_NUMBER] | None = Field(
        None,
        description="Publication that the page shows, as its links say; so all pages fit together "
        "whatever is published meanwhile. The last few are kept.",
    )


def router() -> APIRouter:
    routes = APIRouter(prefix="/catalog", route_class=ModelRoute)
    people, graphs = ("catalogue", READABLE), ("publishers", tuple(GRAPHS))
    for path, endpoint, name, summary, (tag, syntaxes) in (
        ("", _catalogue, "list_datasets", "List the datasets", people),
        ("/datasets/{name}", _dataset, "get_dataset", "Get one dataset", people),
        ("/publishers/{name}", _publisher, "get_publisher", "Get one publisher", graphs),
        ("/contacts/{name}", _contact, "get_contact", "Get one contact", graphs),
    ):
        declared = contract.of_catalogue(tag, name, summary, syntaxes)
        routes.add_api_route(path, endpoint, **declared)
    return routes


async def _catalogue(
    request: Request, parameters: Annotated[CatalogueParameters, Query()]
) -> Response:
    """For portals the descriptions of all datasets, in pages; for people a list of them."""
    await _check_language(request, parameters.lang)
    chosen = (parameters.theme, parameters.file_type)
    syntax = choose_format(request, parameters.format, PAGE if any(chosen) else READABLE).name
    if syntax == "html":
        asked = parameters.page
        page = None if asked == WHOLE else int(asked or 1)
        return await pages.of_catalogue(request, *chosen, page=page, lang=parameters.lang)
    return await _file(
        request, f"pages/{parameters.page or FIRST[syntax]}", syntax, parameters.sequence
    )


async def _dataset(
    request: Request, name: contract.Name, parameters: Annotated[DatasetParameters, Query()]
) -> Response:
    """What a dataset is and where to get it: as RDF, or as a page for people."""
    await _check_language(request, parameters.lang)
    if choose_format(request, parameters.format, READABLE).name == "html":
        return await pages.of_dataset(request, name, lang=parameters.lang)
    return await _described(request, f"datasets/{name}", parameters.format)


async def _publisher(
    request: Request, name: contract.Name, parameters: Annotated[GraphParameters, Query()]
) -> Response:
    """Who publishes a dataset."""
    return await _described(request, f"publishers/{name}", parameters.format)


async def _contact(
    request: Request, name: contract.Name, parameters: Annotated[GraphParameters, Query()]
) -> Response:
    """Whom to ask about a dataset."""
    return await _described(request, f"contacts/{name}", parameters.format)


async def _described(request: Request, name: str, format_: str | None) -> Response:
    return await _file(request, name, choose_format(request, format_, tuple(GRAPHS)).name)


async def _check_language(request: Request, lang: str | None) -> None:
    """RDF has all languages; one that there is none of is a mistake all the same."""
    if lang is not None:
        choose_language(request, lang, await service(request).languages())


async def _file(request: Request, name: str, syntax: str, sequence: int | None = None) -> Response:
    return await serving.answer(request, f"{FOLDER}/{name}{GRAPHS[syntax].suffix}", sequence)
