"""What changed since somebody last asked, for copies that are to stay in step."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import contract
from api.changes import ChangesParameters, answer_changes
from api.routing import ModelRoute


def router() -> APIRouter:
    routes = APIRouter(prefix="/v1", route_class=ModelRoute)
    routes.add_api_route("/changes", _changes, **contract.of_changes())
    return routes


async def _changes(request: Request, parameters: Annotated[ChangesParameters, Query()]) -> Response:
    return await answer_changes(request, parameters)
