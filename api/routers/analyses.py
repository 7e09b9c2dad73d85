"""What is worked out of an indicator's values, and a district in all indicators."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import contract, lists, responses
from api.analyses.answers.aggregation import aggregation
from api.analyses.answers.asked import Asked, Between
from api.analyses.answers.availability import availability
from api.analyses.answers.comparison import comparison
from api.analyses.answers.envelope import Answer, written
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
from api.errors import Unavailable
from api.formats import Format
from api.negotiation import choose_format, choose_language
from api.resources import DISTRICTS, INDICATORS, Resource
from api.responses import Version
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
    known = service(request)
    format_ = choose_format(request, parameters.named_format, parameters.formats)
    lang = choose_language(request, parameters.lang, await known.languages())
    await known.require_known(parameters.references())
    if unchanged := await _unchanged(request, format_, lang):
        await lists.require(request, resource, name)
        return unchanged
    if kept := _kept(request, format_, lang):
        return kept
    asked = Asked(known.pool, name, lang, format_, parameters)
    for _ in range(lists.RETRIES):
        try:
            found = await analyse(asked)
        except Between:
            continue
        if found is None:
            await lists.require(request, resource, name)
            continue  # it was published since
        body = written(request, found, format_, lang)
        return responses.item(request, Version(found.state, format_, lang), body)
    raise Unavailable(lists.BETWEEN)


async def _unchanged(request: Request, format_: Format, lang: str) -> Response | None:
    if "if-none-match" not in request.headers:
        return None
    state = await service(request).current_state()
    return responses.not_modified(request, Version(state, format_, lang))


def _kept(request: Request, format_: Format, lang: str) -> Response | None:
    """The answer from memory, if somebody asked for the same in other words."""
    state = service(request).state()
    if state is None:
        return None
    key = responses.key(request, Version(state, format_, lang))
    answer = service(request).store.find(key)
    return responses.Kept(request, key, state, answer) if answer else None
