"""Completing names of districts and postcodes, for a search box."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import contract, responses
from api.dependencies import service
from api.formats import FORMATS
from api.negotiation import choose_format
from api.parameters import PlaceParameters
from api.responses import Version
from api.routing import ModelRoute
from api.schemas.codelist import Places
from db import queries


def router() -> APIRouter:
    routes = APIRouter(prefix="/v1", route_class=ModelRoute, tags=["places"])
    routes.add_api_route(
        "/places",
        _places,
        operation_id="complete_places",
        summary="Complete the name of a place",
        response_model=Places,
        responses=contract.problem_responses(400, 406, 414, 503),
    )
    return routes


async def _places(request: Request, parameters: Annotated[PlaceParameters, Query()]) -> Response:
    """Districts and postcodes that begin with, contain or resemble `q`: best match first, with
    key, centre and bounding box (EPSG:4326, longitude first)."""
    choose_format(request, None, ("json",))
    found = await queries.places(service(request).pool, parameters.q, parameters.limit)
    body, state = found
    version = Version(state, FORMATS["json"], "de")
    if unchanged := responses.not_modified(request, version):
        return unchanged
    document = b'{"items":[' + body + b'],"sequence":%d}' % state.sequence
    return responses.item(request, version, document)
