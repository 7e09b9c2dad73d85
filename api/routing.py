"""A route that validates its query once, strictly, and costs next to nothing.

FastAPI's own handling of a query model inspects every annotation again at each request. This route
keeps the signature (and so the contract) and reads the query by itself: unknown and repeated
parameters are refused, with the nearest valid name.
"""

import inspect
import json
import re
from collections.abc import Callable, Collection, Coroutine
from difflib import get_close_matches
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.params import Body
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

from api import errors, query
from api.errors import InvalidBody, InvalidParameter, UnsupportedBody
from api.negotiation import prefers_html
from api.types import IN_BODY

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = Callable[..., Coroutine[Any, Any, Response]]
Reader = Callable[[Request], Coroutine[Any, Any, BaseModel]]

_MEMBER = re.compile(r"([^\[\]]+)\[(.+)\]", re.DOTALL)
BLANK = re.compile(rb"=(?:\+|%20)*(?:&|$)")


class ModelRoute(APIRoute):
    """Calls `endpoint(request, **path, parameters)` with one validated model, and with another one,
    `body`, where there is a body beside the query."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._answer = self.get_route_handler()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Without FastAPI's exit stacks: there are no dependencies, and errors have handlers."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)  # 405
            return
        scope["quartier.exchange"].template = self.path_format
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)

    def get_route_handler(self) -> Handler:
        endpoint: Endpoint = self.endpoint
        hints = get_type_hints(endpoint, include_extras=True)
        model, marker = get_args(hints.get("parameters")) or (None, None)
        in_body = isinstance(marker, Body)
        readers: dict[str, Reader] = {}
        if model:
            readers["parameters"] = _body_reader(model) if in_body else _query_reader(model)
        if beside := get_args(hints.get("body")):
            readers["body"] = _body_reader(beside[0])
        has_query = model is not None and not in_body
        paths = [
            name for name in inspect.signature(endpoint).parameters if name in self.param_convertors
        ]

        async def handle(request: Request) -> Response:
            arguments = {name: request.path_params[name] for name in paths}
            if request.scope["query_string"] and not has_query:
                refuse_unknown(query.of(request.scope), ())
            for name, read in readers.items():
                arguments[name] = await read(request)
            try:
                return await endpoint(request, **arguments)
            except InvalidParameter as problem:
                raise errors.of_body(problem) if in_body else problem from None

        return handle


def _query_reader(model: type[BaseModel]) -> Reader:
    names = {
        field.alias or name: _is_list(field.annotation)
        for name, field in model.model_fields.items()
    }
    deep = {
        field.alias or name
        for name, field in model.model_fields.items()
        if _is_object(field.annotation)
    }

    async def read(request: Request) -> BaseModel:
        if BLANK.search(request.scope["query_string"]) and prefers_html(request):
            query.leave_out_empty(request.scope)
        pairs, values = query.of(request.scope), dict[str, Any]()
        if deep:
            pairs, values = _taken_apart(pairs, deep)
        refuse_unknown(pairs, names)
        for name, value in pairs:
            if names[name]:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise InvalidParameter.named(name, "must be given only once")
            else:
                values[name] = value
        try:
            return model.model_validate(values)
        except ValidationError as error:
            raise errors.from_validation(error) from None

    return read


def _taken_apart(pairs: query.Pairs, deep: Collection[str]) -> tuple[query.Pairs, dict[str, Any]]:
    """The parameters as they are, and those of which each member is one (OpenAPI's deepObject)."""
    plain: query.Pairs = []
    objects: dict[str, dict[str, str]] = {}
    for name, value in pairs:
        found = _MEMBER.fullmatch(name)
        if found is None or found[1] not in deep:
            plain.append((name, value))
        elif found[2] in objects.setdefault(found[1], {}):
            raise InvalidParameter.named(name, "must be given only once")
        else:
            objects[found[1]][found[2]] = value
    return plain, objects


def _is_object(annotation: object) -> bool:
    """Whether a field takes `name[member]=`: dict[…], also optional or annotated."""
    return get_origin(annotation) is dict or any(map(_is_object, get_args(annotation)))


def _is_list(annotation: object) -> bool:
    """Whether a field takes a repeated parameter: list[…], also optional or annotated."""
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))


def refuse_unknown(pairs: query.Pairs, known: Collection[str]) -> None:
    """400 for a parameter that is not in the contract, with the nearest one that is."""
    for name, _ in pairs:
        if name not in known:
            near = get_close_matches(name, list(known), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InvalidParameter.named(name[:100], f"is not a parameter of this address{hint}")


def _body_reader(model: type[BaseModel]) -> Reader:
    async def read(request: Request) -> BaseModel:
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedBody("Send the body as application/json.")
        try:
            document = json.loads(
                await request.body(), parse_constant=_no_constant, object_pairs_hook=_members
            )
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise InvalidBody(f"The body is not JSON: {error}"[:300]) from None
        if not isinstance(document, dict):
            raise InvalidBody("The body must be a JSON object.")
        try:
            return model.model_validate(document, context=IN_BODY)
        except ValidationError as error:
            raise errors.from_validation(error, in_body=True) from None

    return read


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless a name comes twice: nobody knows which one was meant (RFC 8259)."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is given twice in the same object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
