"""What the OpenAPI contract says of each route: names, texts, media types, examples, problems."""

from typing import Annotated, Any

from fastapi import FastAPI, Path
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, create_model

from api.errors import MEDIA_TYPE as PROBLEM
from api.formats import FORMATS
from api.resources import Resource
from api.schemas.common import Page, ProblemDocument
from api.schemas.geojson import Feature, FeatureCollection

Name = Annotated[
    str,
    Path(
        max_length=200,
        description="Id (UUID), slug, or for districts `scheme:key` such as `ags:14522180`.",
    ),
]

PROBLEMS = {
    400: "A parameter is unknown, malformed, or names something that does not exist.",
    404: "There is no such entity.",
    406: "Not available in this format.",
    410: "The entity is no longer published; `tombstone` says since when and why.",
    413: "The body is too large.",
    414: "The address is too long; use POST where it is offered.",
    415: "The body is not JSON.",
    422: "The body is JSON, but breaks a rule.",
    503: "The database is away or the question too costly; `Retry-After` says when to try again.",
}

TITLE = "Quartier"
DESCRIPTION = """\
Social offerings, districts, indicators and measures of a county or city, from one published source.

* **Start** with `/v1/offerings?district=freiberg` and follow the `next` link.
* **Formats**: JSON, GeoJSON, CSV, NDJSON, by `?format=`, by suffix (`/v1/offerings.geojson`) or by
  the `Accept` header. CSV and NDJSON hold the whole filtered set.
* **Filters**: different parameters mean *and*, a repeated parameter means *or*. A parameter that
  does not exist is refused, never ignored.
* **Unknown** is `null`: neither zero nor "no", and it matches no filter.
* **Every answer** carries its `sequence`, the number of the publication it shows, and an `ETag`.
* **Errors** are RFC 9457 problem details and name the parameter.
"""

TAGS = {
    "offerings": "What is provided, by whom, where and for whom.",
    "districts": "Areas of planning, with boundaries and history.",
    "organisations": "Providers, authorities, and bodies that decide.",
    "indicators": "What is observed, and how to read it.",
    "observations": "Values of indicators by district and period.",
    "strategies": "What a county or city set out to do.",
    "measures": "What is done for it, and how far it is.",
    "decisions": "What bodies decided, with votes.",
    "codelists": "The vocabulary: codes, labels, hierarchy.",
    "places": "Names for a search box.",
    "operations": "Health of the server.",
}


def of_list(resource: Resource) -> dict[str, Any]:
    return {
        "operation_id": f"list_{resource.name}",
        "summary": f"List {resource.name}",
        "description": f"{TAGS[resource.name]} {_LIST_NOTES.get(resource.name, '')}".strip(),
        "tags": [resource.name],
        "response_model": None,
        "responses": _responses(resource, many=True, problems=(400, 406, 414, 503)),
    }


def of_item(resource: Resource) -> dict[str, Any]:
    singular = resource.table.name
    return {
        "operation_id": f"get_{singular}",
        "summary": f"Get one {singular}",
        "description": f"One {singular} by id or slug, with everything that is published about it.",
        "tags": [resource.name],
        "response_model": None,
        "responses": _responses(
            resource, many=False, problems=(400, 404, 406, 410, 414, 503)
        ),
    }


def of_search(resource: Resource) -> dict[str, Any]:
    return {
        "operation_id": "search_offerings",
        "summary": "Search offerings with a long filter",
        "description": "The filters of `GET /v1/offerings` as a JSON object, for polygons that are "
        "too long for an address. To go on, send the same body with the `cursor` of the `next` "
        "link merged into it.",
        "tags": [resource.name],
        "response_model": None,
        "responses": _responses(
            resource, many=True, problems=(400, 406, 413, 414, 415, 422, 503)
        ),
    }


def of_series(resource: Resource) -> dict[str, Any]:
    return {
        "operation_id": "list_indicator_observations",
        "summary": "List the observations of one indicator",
        "description": "Like `/v1/observations` with one `indicator`.",
        "tags": [resource.name],
        "response_model": None,
        "responses": _responses(
            resource, many=True, problems=(400, 404, 406, 410, 414, 503)
        ),
    }


_LIST_NOTES = {
    "offerings": "Offerings that have ended are left out unless `include_ended=true`. With a place "
    "filter, `left_out` counts offerings whose site is known only by municipality: they might "
    "match.",
    "districts": "`contains` gives the chain of districts around a point, the largest first.",
    "observations": "GeoJSON joins the values to the districts' boundaries. A hidden or missing "
    "value is `null` and `flags` say why.",
    "measures": "`decision`, `feasibility` and `implementation` are separate axes.",
}


def _responses(resource: Resource, *, many: bool, problems: tuple[int, ...]) -> dict[int | str, Any]:
    """200 in every format the resource has, 304, and the documented problems."""
    schemas = {
        "json": _page_of(resource) if many else resource.schema,
        "geojson": _collection_of(resource) if many else _feature_of(resource),
    }
    content = {
        FORMATS[name].media_type: {"schema": _reference(schemas[name])}
        if name in schemas
        else {"schema": {"type": "string"}}
        for name in resource.formats
    }
    return {
        200: {"description": "The published state.", "content": content, "headers": _HEADERS},
        304: {"description": "The version named by `If-None-Match` is still current."},
    } | problem_responses(*problems)


def problem_responses(*statuses: int) -> dict[int | str, Any]:
    """The problems a route can answer with, all in one shape."""
    content = {PROBLEM: {"schema": _reference(ProblemDocument)}}
    return {status: {"description": PROBLEMS[status], "content": content} for status in statuses}


_HEADERS = {
    "ETag": {"description": "Weak validator of this answer.", "schema": {"type": "string"}},
    "Link": {"description": "The links of the body (RFC 8288).", "schema": {"type": "string"}},
}

_MODELS: dict[str, type[BaseModel]] = {}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    """A reference to a schema that `document()` adds to the components."""
    _MODELS[model.__name__] = model
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _page_of(resource: Resource) -> type[BaseModel]:
    name = resource.schema.__name__
    return create_model(f"{name}Page", __base__=Page, items=(list[resource.schema], ...))  # type: ignore[name-defined]


def _feature_of(resource: Resource) -> type[BaseModel]:
    name = resource.schema.__name__
    return create_model(f"{name}Feature", __base__=Feature, properties=(resource.schema, ...))


def _collection_of(resource: Resource) -> type[BaseModel]:
    name = resource.schema.__name__
    feature = _feature_of(resource)
    return create_model(
        f"{name}Collection",
        __base__=FeatureCollection,
        features=(list[feature], ...),  # type: ignore[valid-type]
    )


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application."""
    from pydantic.json_schema import models_json_schema

    contract = get_openapi(
        title=TITLE,
        version=app.version,
        openapi_version="3.1.0",
        description=DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
        contact={"name": "Quartier contributors", "url": "https://github.com/quartier/quartier"},
        servers=[{"url": "/"}],
    )
    _, definitions = models_json_schema(
        [(model, "serialization") for model in _MODELS.values()],
        ref_template="#/components/schemas/{model}",
    )
    schemas = contract.setdefault("components", {}).setdefault("schemas", {})
    schemas |= definitions["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _tidy(contract)
    contract["components"]["schemas"] = dict(sorted(schemas.items()))
    return contract


def _tidy(contract: dict[str, Any]) -> None:
    """Say only what is true: no 422 of FastAPI's own, and no null in a query string."""
    for path in contract["paths"].values():
        for operation in path.values():
            own = operation["responses"].get("422", {})
            if "application/json" in own.get("content", {}):
                del operation["responses"]["422"]
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _not_null(parameter["schema"])


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**options[0], **rest}
