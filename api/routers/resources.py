"""The native API: for every declared resource a list and an item, and a few addresses more."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response

from api import contract, lists
from api.parameters import OfferingSearch
from api.resources import INDICATORS, OBSERVATIONS, OFFERINGS, RESOURCES, Resource
from api.routing import ModelRoute
from api.series import SeriesParameters
from db import conditions

Endpoint = Callable[..., Coroutine[Any, Any, Response]]


def router() -> APIRouter:
    """All routes of /v1 that the catalogue declares."""
    routes = APIRouter(prefix="/v1", route_class=ModelRoute)
    _add_search(routes)
    _add_series(routes)
    for resource in RESOURCES:
        _add_list(routes, resource)
        _add_item(routes, resource)
    return routes


def _add_list(routes: APIRouter, resource: Resource) -> None:
    model: Any = resource.list_parameters

    async def endpoint(request: Request, parameters: Annotated[model, Query()]) -> Response:
        return await lists.answer_list(request, resource, parameters)

    routes.add_api_route(f"/{resource.name}", endpoint, **contract.of_list(resource))


def _add_item(routes: APIRouter, resource: Resource) -> None:
    model: Any = resource.item_parameters

    async def endpoint(
        request: Request, name: contract.Name, parameters: Annotated[model, Query()]
    ) -> Response:
        return await lists.answer_item(request, resource, name, parameters)

    routes.add_api_route(f"/{resource.name}/{{name}}", endpoint, **contract.of_item(resource))


def _add_search(routes: APIRouter) -> None:
    async def endpoint(request: Request, parameters: Annotated[OfferingSearch, Body()]) -> Response:
        return await lists.answer_list(request, OFFERINGS, parameters)

    routes.add_api_route(
        "/offerings/search", endpoint, methods=["POST"], **contract.of_search(OFFERINGS)
    )


def _add_series(routes: APIRouter) -> None:
    async def endpoint(
        request: Request, name: contract.Name, parameters: Annotated[SeriesParameters, Query()]
    ) -> Response:
        await lists.require(request, INDICATORS, name)
        only = conditions.of_indicators([name])
        return await lists.answer_list(request, OBSERVATIONS, parameters, only)

    routes.add_api_route(
        "/indicators/{name}/observations", endpoint, **contract.of_series(OBSERVATIONS)
    )
