"""/bulk: every resource as files, all of one publication."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.artefacts import serving
from api.routing import ModelRoute


def router() -> APIRouter:
    routes = APIRouter(prefix="/bulk", route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("/{name}", _file)
    routes.add_api_route("/{sequence}/{name}", _kept)
    return routes


async def _file(request: Request, name: str) -> Response:
    return await serving.answer(request, f"bulk/{name}")


async def _kept(request: Request, sequence: int, name: str) -> Response:
    return await serving.answer(request, f"bulk/{name}", sequence)
