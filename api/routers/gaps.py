"""Where offerings are missing: need against supply, and how far people have."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import contract
from api.analyses.answering import answered
from api.analyses.answers.envelope import Answer
from api.dependencies import service
from api.formats import Format
from api.gaps.asked import Asked
from api.gaps.coverage import coverage
from api.gaps.offerings import offerings
from api.gaps.parameters import CoverageParameters, GapParameters, SupplyParameters
from api.routing import ModelRoute
from api.schemas import gaps as schemas

Analysis = Callable[[Asked[Any]], Awaitable[Answer | None]]
Endpoint = Callable[..., Coroutine[Any, Any, Response]]


def router() -> APIRouter:
    routes = APIRouter(prefix="/v1/gaps", route_class=ModelRoute)
    _add(routes, "offerings", offerings, SupplyParameters)
    _add(routes, "coverage", coverage, CoverageParameters)
    return routes


def _add(
    routes: APIRouter, address: str, analyse: Analysis, parameters_model: type[GapParameters]
) -> None:
    model: Any = parameters_model

    async def endpoint(request: Request, parameters: Annotated[model, Query()]) -> Response:
        return await _answer(request, analyse, parameters)

    described = contract.of_gaps(
        f"{address}_gaps",
        schemas.SUMMARIES[address],
        schemas.ANSWERS[address],
        parameters_model.formats,
    )
    routes.add_api_route(f"/{address}", endpoint, **described)


async def _answer(request: Request, analyse: Analysis, parameters: GapParameters) -> Response:
    def ask(lang: str, format_: Format) -> Awaitable[Answer | None]:
        known = service(request)
        return analyse(Asked(known.pool, known.residents, lang, format_, parameters))

    return await answered(request, parameters, ask, _nothing_named)


async def _nothing_named() -> None:
    """There is no entity in the address: what the query names is looked up with it."""
