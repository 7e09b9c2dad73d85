"""What is worked out of an indicator's values, and a district in all indicators."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import contract, lists
from api.analyses.answering import answered
from api.analyses.answers.aggregation import aggregation
from api.analyses.answers.asked import Asked
from api.analyses.answers.availability import availability
from api.analyses.answers.comparison import comparison
from api.analyses.answers.envelope import Answer
from api.analyses.answers.map import choropleth
from api.analyses.answers.profile import profile
from api.analyses.answers.ranking import ranking
from api.analyses.answers.trend import development
from api.analyses.parameters import (
    AggregationParameters,
    AnalysisParameters,
    AvailabilityParameters,
    CompareParameters,
    MapParameters,
    ProfileParameters,
    RankingParameters,
    TrendParameters,
)
from api.dependencies import service
from api.formats import Format
from api.resources import DISTRICTS, INDICATORS, Resource
from api.routing import ModelRoute
from api.schemas import analysis as schemas

Analysis = Callable[[Asked[Any]], Awaitable[Answer | None]]
Endpoint = Callable[..., Coroutine[Any, Any, Response]]


def router() -> APIRouter:
    routes = APIRouter(prefix="/v1", route_class=ModelRoute)
    for name, analyse, model in (
        ("availability", availability, AvailabilityParameters),
        ("ranking", ranking, RankingParameters),
        ("map", choropleth, MapParameters),
        ("compare", comparison, CompareParameters),
        ("trend", development, TrendParameters),
        ("aggregation", aggregation, AggregationParameters),
    ):
        _add(routes, INDICATORS, name, analyse, model)
    _add(routes, DISTRICTS, "profile", profile, ProfileParameters)
    return routes


def _add(
    routes: APIRouter,
    resource: Resource,
    address: str,
    analyse: Analysis,
    parameters_model: type[AnalysisParameters],
) -> None:
    model: Any = parameters_model

    async def endpoint(
        request: Request, name: contract.Name, parameters: Annotated[model, Query()]
    ) -> Response:
        return await _answer(request, resource, analyse, name, parameters)

    described = contract.of_analysis(
        f"{address}_of_{resource.table.name}",
        schemas.SUMMARIES[address],
        schemas.ANSWERS[address],
        parameters_model.formats,
    )
    routes.add_api_route(f"/{resource.name}/{{name}}/{address}", endpoint, **described)


async def _answer(
    request: Request,
    resource: Resource,
    analyse: Analysis,
    name: str,
    parameters: AnalysisParameters,
) -> Response:
    def ask(lang: str, format_: Format) -> Awaitable[Answer | None]:
        return analyse(Asked(service(request).pool, name, lang, format_, parameters))

    return await answered(request, parameters, ask, lambda: lists.require(request, resource, name))
