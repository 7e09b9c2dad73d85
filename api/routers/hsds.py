"""The face for other registries: /hsds, as HSDS 3.1 and Open Referral UK have it."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from api import contract, links, responses
from api.dependencies import service
from api.formats import FORMATS
from api.hsds import lists
from api.hsds import parameters as asked
from api.hsds.lists import Listing
from api.links import base_url
from api.negotiation import choose_format
from api.responses import Version
from api.routing import ModelRoute
from api.schemas import hsds as schemas
from api.schemas.hsds import HsdsInformation, HsdsProfile

Endpoint = Callable[..., Coroutine[Any, Any, Response]]
Id = Annotated[str, Path(max_length=200, description="Id (UUID).")]

VERSION = "3.1"
SPECIFICATION = "https://docs.openreferral.org/"
NOT_USED = {
    "capacities": "HSDS wants the number of places that are available; known is how many there "
    "are. They are an attribute `capacity`.",
    "contacts": "They are persons, and persons are not published.",
    "funding": "Not known here.",
    "programs": "Not known here; what belongs together is told by strategies in /v1.",
    "required_documents": "Part of application_process.",
    "metadata": "What changed when is told by /v1/changes.",
}


def router() -> APIRouter:
    routes = APIRouter(prefix="/hsds", route_class=ModelRoute)
    _add_information(routes)
    _add(routes, lists.SERVICES, "service", asked.ServiceParameters)
    _add(routes, lists.ORGANIZATIONS, "organization", asked.OrganizationParameters)
    _add(
        routes,
        lists.SERVICE_AT_LOCATIONS,
        "service_at_location",
        asked.ServiceAtLocationParameters,
    )
    _add(routes, lists.TAXONOMIES, "taxonomy", asked.TaxonomyParameters)
    _add(routes, lists.TAXONOMY_TERMS, "taxonomy_term", asked.TermParameters)
    return routes


_SCHEMAS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "services": (schemas.HsdsServicePage, schemas.HsdsService),
    "organizations": (schemas.HsdsOrganizationPage, schemas.HsdsOrganization),
    "service_at_locations": (
        schemas.HsdsServiceAtLocationPage,
        schemas.HsdsServiceAtLocation,
    ),
    "taxonomies": (schemas.HsdsTaxonomyPage, schemas.HsdsTaxonomy),
    "taxonomy_terms": (schemas.HsdsTaxonomyTermPage, schemas.HsdsTaxonomyTerm),
}


def _add(routes: APIRouter, listing: Listing, singular: str, model: type[BaseModel]) -> None:
    page, entity = _SCHEMAS[listing.name]
    spoken = listing.name.replace("_", " ")
    routes.add_api_route(
        f"/{listing.name}",
        _list(listing, model),
        **contract.of_hsds(f"list_hsds_{listing.name}", f"List {spoken}", page, many=True),
    )
    routes.add_api_route(
        f"/{listing.name}/{{name}}",
        _organization if listing is lists.ORGANIZATIONS else _item(listing),
        **contract.of_hsds(f"get_hsds_{singular}", f"Get one of the {spoken}", entity),
    )


def _list(listing: Listing, model: Any) -> Endpoint:
    async def endpoint(request: Request, parameters: Annotated[model, Query()]) -> Response:
        return await lists.answer_list(request, listing, parameters)

    return endpoint


def _item(listing: Listing) -> Endpoint:
    async def endpoint(request: Request, name: Id) -> Response:
        return await lists.answer_item(request, listing, name)

    return endpoint


async def _organization(
    request: Request,
    name: Id,
    parameters: Annotated[asked.OrganizationItemParameters, Query()],
) -> Response:
    column = "whole_with_services" if parameters.full_service else None
    return await lists.answer_item(request, lists.ORGANIZATIONS, name, column)


def _add_information(routes: APIRouter) -> None:
    about = contract.of_hsds("hsds_information", "What /hsds is", HsdsInformation)
    profile = contract.of_hsds("hsds_profile", "How this registry uses HSDS", HsdsProfile)
    described = [
        ("", _information, about | {"description": "The version of HSDS, and where it is told."}),
        ("/profile", _profile, profile | {"description": "What is used of HSDS, and what is not."}),
    ]
    for path, endpoint, options in described:
        for status in (404, 410):
            options["responses"].pop(status)
        routes.add_api_route(path, endpoint, **options)
    # Clients that put a slash behind every base address.
    routes.add_api_route("/", _information, include_in_schema=False)


async def _information(request: Request) -> Response:
    base = base_url(request)
    about = HsdsInformation(
        version=VERSION,
        profile=f"{base}/hsds/profile",
        openapi_url=f"{base}/openapi.json",
    )
    return await _described(request, about)


async def _profile(request: Request) -> Response:
    base = base_url(request)
    profile = HsdsProfile(
        title="HSDS as Quartier uses it",
        description="HSDS without additions: every document is valid against the schemas of the "
        "standard. What it has no member for are attributes with a label.",
        specification=SPECIFICATION,
        endpoints=[f"{base}/hsds/{listing.name}" for listing in lists.LISTINGS],
        not_used=NOT_USED,
    )
    return await _described(request, profile)


async def _described(request: Request, document: BaseModel) -> Response:
    choose_format(request, None, ("json",))
    known = service(request)
    version = Version(await known.current_state(), FORMATS["json"], (await known.languages())[0])
    here = [links.link("self", str(links.address(request)), version.format.media_type)]
    return responses.not_modified(request, version) or responses.interchange(
        request, version, document.model_dump_json().encode(), here
    )
