"""Everything that can go wrong for a caller, as RFC 9457 problem details. One shape everywhere."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from fastapi import FastAPI, Request, Response
from psycopg_pool import PoolClosed, PoolTimeout
from psycopg_pool import TooManyRequests as PoolExhausted
from pydantic import ValidationError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "2"

log = logging.getLogger("quartier")


class Problem(Exception):  # noqa: N818 - called as the standard calls it
    """A request that cannot be answered. `errors` name the parameter or the place in the body."""

    status = 500
    title = "Internal server error"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.members = members


class Moved(Problem):
    """No mistake of the caller: the entity is at another address now, for good."""

    status = 308
    title = "Permanent Redirect"


class InvalidParameter(Problem):
    status = 400
    title = "Invalid parameter"

    @classmethod
    def named(cls, parameter: str, detail: str) -> "InvalidParameter":
        """A problem with one parameter of the query."""
        error = {"parameter": parameter, "detail": detail}
        return cls(f"{parameter}: {detail}", errors=[error])


class InvalidHost(Problem):
    status = 400
    title = "Invalid Host"


class InvalidBody(Problem):
    status = 400
    title = "Malformed body"


class Forbidden(Problem):
    status = 403
    title = "Forbidden"


class NotFound(Problem):
    status = 404
    title = "Not found"


class MethodNotAllowed(Problem):
    status = 405
    title = "Method not allowed"


class NotAcceptable(Problem):
    status = 406
    title = "Not acceptable"


class Lacking(Problem):
    """It was well asked, but what answers it has not been imported."""

    status = 409
    title = "Not imported"


class Gone(Problem):
    status = 410
    title = "Gone"


class BodyTooLarge(Problem):
    status = 413
    title = "Body too large"


class AddressTooLong(Problem):
    status = 414
    title = "Address too long"


class RangeNotSatisfiable(Problem):
    status = 416
    title = "Range not satisfiable"


class UnsupportedBody(Problem):
    status = 415
    title = "Unsupported media type"


class BrokenRule(Problem):
    status = 422
    title = "Rule violated"


class TooManyRequests(Problem):
    status = 429
    title = "Too many requests"


class TooExpensive(Problem):
    status = 503
    title = "Query took too long"


class NotImplementedHere(Problem):
    status = 501
    title = "Not implemented"


class Unavailable(Problem):
    status = 503
    title = "Database unavailable"


_BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (NotFound, MethodNotAllowed, NotAcceptable, Gone, BodyTooLarge, AddressTooLong)
}


def response(problem: Problem) -> Response:
    """The problem as `application/problem+json`."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **({"errors": problem.errors} if problem.errors else {}),
        **problem.members,
    }
    return Response(
        json.dumps(document, ensure_ascii=False).encode(errors="replace"),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def from_validation(error: ValidationError, *, in_body: bool = False) -> Problem:
    """What Pydantic refused, by parameter (400), or by place in the body (422)."""
    errors = [_described(part, in_body=in_body) for part in error.errors(include_url=False)]
    detail = "; ".join(_line(part) for part in errors)
    return (BrokenRule if in_body else InvalidParameter)(detail, errors=errors)


def of_body(problem: InvalidParameter) -> BrokenRule:
    """The same problem, of a request whose parameters are members of its body."""
    errors = [
        {"pointer": _pointer([error["parameter"]]), "detail": error["detail"]}
        for error in problem.errors
    ]
    return BrokenRule(problem.detail, errors=errors)


def _described(part: Mapping[str, Any], *, in_body: bool) -> dict[str, str]:
    """One error. A rule between parameters has no location; it begins with the name of one."""
    detail = part["msg"].removeprefix("Value error, ")
    location = [str(step) for step in part["loc"]]
    if not location:
        name, _, detail = detail.partition(": ")
        location = [name]
    where = {"pointer": _pointer(location)} if in_body else {"parameter": location[0]}
    return {**where, "detail": detail}


def _pointer(location: Sequence[str]) -> str:
    """RFC 6901."""
    escaped = (step.replace("~", "~0").replace("/", "~1") for step in location)
    return "".join(f"/{step}" for step in escaped)


def _line(error: Mapping[str, str]) -> str:
    return f"{error.get('parameter') or error.get('pointer')}: {error['detail']}"


_NOT_MIGRATED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedTable,
)


def install(app: FastAPI) -> None:
    """One handler a kind of exception; nothing else in the application answers with an error."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(psycopg.Error, _database)


async def _problem(request: Request, error: Exception) -> Response:
    return answer(request, cast("Problem", error))


def answer(request: Request, problem: Problem) -> Response:
    """The problem as a page where a browser asks for one, else as `application/problem+json`."""
    page: Response | None = request.app.state.pages.problem(request, problem)
    return page or response(problem)


async def _http(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: unknown paths and methods."""
    error = cast("HTTPException", error)
    kind = _BY_STATUS.get(error.status_code, Problem)
    detail = {
        404: f"There is nothing at {request.scope.get('quartier.path', request.scope['path'])}",
        405: f"{request.method} is not possible here",
    }.get(error.status_code, str(error.detail))
    return answer(request, kind(detail, headers=_with_head(error.headers or {})))


def _with_head(headers: Mapping[str, str]) -> dict[str, str]:
    """HEAD is possible wherever GET is (api/middleware.py)."""
    return {
        name: f"{value}, HEAD" if name.lower() == "allow" and "GET" in value else value
        for name, value in headers.items()
    }


async def _database(request: Request, error: Exception) -> Response:
    """The database is slow, busy or away; the request itself may be fine."""
    retry = {"Retry-After": RETRY_AFTER}
    if isinstance(error, psycopg.errors.QueryCanceled):
        detail = "The query took longer than allowed. Ask for less: a smaller area, more filters."
        return answer(request, TooExpensive(detail, headers=retry))
    if isinstance(error, _NOT_MIGRATED):
        log.error("the database is not the one this version needs", exc_info=error)
        return answer(request, Unavailable("The registry is being set up.", headers=retry))
    if isinstance(error, PoolTimeout | PoolClosed | PoolExhausted | psycopg.OperationalError):
        log.warning("database unavailable", extra={"reason": str(error).strip()[:200]})
        return answer(request, Unavailable("Please try again in a moment.", headers=retry))
    return unexpected(error)


def unexpected(error: Exception) -> Response:
    """A mistake of ours: logged with its traceback, answered without."""
    log.error("unexpected error", exc_info=error)
    return response(Problem("Something went wrong on our side; it has been logged."))
