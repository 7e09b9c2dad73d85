"""Liveness and readiness, for whoever keeps the server running."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api import contract
from api.dependencies import service
from api.routing import ModelRoute
from db import queries

NO_STORE = {"Cache-Control": "no-store"}


class Health(BaseModel):
    status: str
    sequence: int | None = None
    artefacts: int | None = Field(
        None, description="Number of the publication that the files at `/bulk` show."
    )


def router() -> APIRouter:
    routes = APIRouter(prefix="/health", route_class=ModelRoute, tags=["operations"])
    routes.add_api_route(
        "/live",
        _live,
        operation_id="health_live",
        summary="Is the process alive?",
        response_model=Health,
        responses=contract.problem_responses(400),
    )
    routes.add_api_route(
        "/ready",
        _ready,
        operation_id="health_ready",
        summary="Can it answer from the database?",
        response_model=Health,
        responses=contract.problem_responses(400, 503),
    )
    return routes


async def _live(request: Request) -> Response:
    """Always `alive` while the process answers at all; asks nothing of the database."""
    return JSONResponse({"status": "alive"}, headers=NO_STORE)


async def _ready(request: Request) -> Response:
    """`ready` with the current sequence, or 503 while the database is away.

    Files are made some time after a publication; that they are behind is no reason not to serve.
    """
    known = service(request)
    state = await queries.current_state(known.pool)
    made = known.artefacts
    body = {
        "status": "ready",
        "sequence": state.sequence,
        "artefacts": made.sequence if made else None,
    }
    return JSONResponse(body, headers=NO_STORE)
