"""The face for clients of PxWeb: /px, as PxWebApi 2 has it."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from api import contract, query
from api.contract import Name
from api.negotiation import choose_format
from api.px import answering, answers, older
from api.px import parameters as asked
from api.px.links import HOME, LONG_HOME, OLDER_HOME
from api.routing import ModelRoute
from api.schemas import px as schemas

DATA = "/tables/{name}/data"
_NAMES = asked.canonical_names()

Endpoint = Callable[..., Coroutine[Any, Any, Response]]
Make = Callable[..., Awaitable[answering.Made]]


class OlderRoute(ModelRoute):
    """Its clients do not say that what they send is JSON."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [header for header in scope["headers"] if header[0] != b"content-type"]
        headers.append((b"content-type", b"application/json"))
        await super().handle({**scope, "headers": headers}, receive, send)


class PxRoute(ModelRoute):
    """Knows parameters in whatever capitals: the servers that clients were written for do."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or ()) and self.path_format.endswith(DATA):
            raise HTTPException(405, headers={"Allow": "GET, POST"})  # a route each
        scope["quartier.query"] = [(_canonical(name), value) for name, value in query.of(scope)]
        await super().handle(scope, receive, send)


def _canonical(name: str) -> str:
    known, bracket, member = name.partition("[")
    return f"{_NAMES.get(known.lower(), known)}{bracket}{member}"


def router() -> APIRouter:
    routes = APIRouter(route_class=PxRoute)
    for home in (HOME, LONG_HOME):
        _add(routes, home, in_schema=home == HOME)
    _add_older(routes)
    return routes


def _of_all(make: Make, parameters_model: type[asked.PxParameters]) -> Endpoint:
    model: Any = parameters_model

    async def endpoint(request: Request, parameters: Annotated[model, Query()]) -> Response:
        choose_format(request, None, ("json",))
        return await answering.answered(
            request, parameters.lang, lambda wanted: make(wanted, parameters)
        )

    return endpoint


def _of_one(make: Make, parameters_model: type[asked.PxParameters]) -> Endpoint:
    model: Any = parameters_model

    async def endpoint(
        request: Request, name: Name, parameters: Annotated[model, Query()]
    ) -> Response:
        choose_format(request, None, ("json",))
        return await answering.answered(
            request, parameters.lang, lambda wanted: make(wanted, parameters, name), name
        )

    return endpoint


async def _data(
    request: Request, name: Name, parameters: Annotated[asked.DataParameters, Query()]
) -> Response:
    return await answers.answer_data(request, name, parameters)


async def _posted(
    request: Request,
    name: Name,
    parameters: Annotated[asked.FormatParameters, Query()],
    body: Annotated[asked.VariablesSelection, Body()],
) -> Response:
    return await answers.answer_data(request, name, parameters, body)


async def _codelist(
    request: Request, name: Name, parameters: Annotated[asked.PxParameters, Query()]
) -> Response:
    choose_format(request, None, ("json",))
    return await answers.answer_codelist(request, name, parameters)


_READ: tuple[tuple[str, str, str, type[BaseModel]], ...] = (
    ("/config", "px_config", "What there is, and how much may be asked", schemas.PxConfig),
    ("/tables", "list_px_tables", "List tables", schemas.PxTables),
    ("/tables/{name}", "get_px_table", "Get one of the tables", schemas.PxTable),
    ("/tables/{name}/metadata", "get_px_metadata", "Get a table's variables", schemas.PxDataset),
    (
        "/tables/{name}/defaultselection",
        "get_px_default_selection",
        "Get what is chosen where nobody says what",
        schemas.PxSelection,
    ),
    (DATA, "get_px_data", "Get data of a table", schemas.PxDataset),
    ("/codelists/{name}", "get_px_codelist", "Get values of a variable", schemas.PxCodelist),
)
_ENDPOINTS: dict[str, Endpoint] = {
    "px_config": _of_all(answers.config, asked.PxParameters),
    "list_px_tables": _of_all(answers.tables, asked.TablesParameters),
    "get_px_table": _of_one(answers.entry, asked.PxParameters),
    "get_px_metadata": _of_one(answers.metadata, asked.MetadataParameters),
    "get_px_default_selection": _of_one(answers.default_selection, asked.PxParameters),
    "get_px_data": _data,
    "get_px_codelist": _codelist,
}


def _add(routes: APIRouter, home: str, *, in_schema: bool) -> None:
    for path, name, summary, model in _READ:
        described = contract.of_px(name, summary, model, is_data=name == "get_px_data")
        routes.add_api_route(
            home + path, _ENDPOINTS[name], include_in_schema=in_schema, **described
        )
    posted = contract.of_px(
        "get_px_data_by_post",
        "Get data of a table, by a long selection",
        schemas.PxDataset,
        is_data=True,
    )
    routes.add_api_route(
        home + DATA,
        _posted,
        methods=["POST"],
        include_in_schema=in_schema,
        **posted,
    )


def _add_older(routes: APIRouter) -> None:
    """Not in the contract, which is that of the second version."""
    older_routes = APIRouter(prefix=f"{OLDER_HOME}/{{lang}}", route_class=OlderRoute)
    for path, endpoint, method in (
        ("", _older_list, "GET"),
        ("/", _older_list, "GET"),
        ("/{name}", _older_metadata, "GET"),
        ("/{name}", _older_data, "POST"),
    ):
        older_routes.add_api_route(path, endpoint, methods=[method], include_in_schema=False)
    routes.routes.extend(older_routes.routes)


async def _older_list(
    request: Request, lang: str, parameters: Annotated[asked.ConfigParameters, Query()]
) -> Response:
    return await answers.answer_older_list(request, lang, parameters)


async def _older_metadata(
    request: Request, lang: str, name: str, parameters: Annotated[asked.ConfigParameters, Query()]
) -> Response:
    return await answers.answer_older_metadata(request, lang, name, parameters)


async def _older_data(
    request: Request, lang: str, name: str, body: Annotated[older.Query, Body()]
) -> Response:
    return await answers.answer_older_data(request, lang, name, body)
