"""The OpenAPI document as a whole: what FastAPI made of the routes, finished."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, create_model
from pydantic.json_schema import models_json_schema

from api import examples
from api.contract import TAGS, TITLE, problem_responses, whole_or_part
from api.resources import RESOURCES, Resource
from api.schemas.analysis import ANSWERS
from api.schemas.change import ChangesPage
from api.schemas.cube import JsonStatDataset
from api.schemas.gaps import ANSWERS as GAPS
from api.schemas.geojson import Feature, FeatureCollection
from api.schemas.page import Page
from api.schemas.problem import ProblemDocument
from db import published

DESCRIPTION = """\
Social offerings, districts, indicators and measures of a county or city, from one published source.

* **Start** with `/v1/offerings?district=freiberg` and follow the `next` link.
* **Formats**: JSON, GeoJSON, CSV, NDJSON, Atom, for observations JSON-stat and SDMX-CSV as well, by
  `?format=`, by suffix (`/v1/offerings.geojson`) or by the `Accept` header. CSV, NDJSON, JSON-stat
  and SDMX-CSV hold the whole filtered set.
* **Filters**: different parameters mean *and*, a repeated parameter means *or*. A parameter that
  does not exist is refused, never ignored, and so is a name or code that nobody bears.
* **Coordinates** are degrees (EPSG:4326), longitude first: a position is `13.34,50.91`, a box is
  `west,south,east,north`, a polygon is WKT or GeoJSON.
* **Times** are a day (`2024-05-07`) or RFC 3339 (`2024-05-07T16:00:00Z`); years and ranges of years
  are `2021` and `2019..2022`. Languages are BCP 47 (`en`, `de-x-ls` for Leichte Sprache).
* **Unknown** is `null`: neither zero nor "no", and it matches no filter.
* **Every answer** carries its `sequence`, the number of the publication it shows, and an `ETag`:
  send it as `If-None-Match` and get 304 while nothing has changed. `HEAD` works like `GET`.
* **Everything** is at `/bulk` as files: CSV, NDJSON, GeoJSON, GeoPackage, Parquet.
* **Paging**: follow the `next` link of the body or of the `Link` header. Its `cursor` is opaque and
  belongs to the list and order it came from.
* **Errors** are RFC 9457 problem details and name the parameter.

The examples are real: they work on the demonstration set.
"""


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application."""
    contract = get_openapi(
        title=TITLE,
        version=app.version,
        openapi_version="3.1.0",
        description=DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
        contact={"name": "Quartier contributors"},
        servers=[{"url": "/", "description": "The server this document came from."}],
    )
    for path in contract["paths"].values():
        for operation in path.values():
            _finish(operation)
    schemas = contract["components"]["schemas"] | _schemas()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _finish_search(contract["paths"]["/v1/offerings/search"]["post"], schemas["OfferingSearch"])
    contract["components"]["schemas"] = dict(sorted(schemas.items()))
    return _tidy_members(contract)


def _schemas() -> dict[str, Any]:
    """The schemas of all answers, and of the parts that `fields` leaves of an entity."""
    models: list[type[BaseModel]] = [ProblemDocument, ChangesPage, JsonStatDataset]
    for answers in (ANSWERS, GAPS):
        models += [model for answer in answers.values() for model in answer.values()]
    models += [model for resource in RESOURCES for model in _models(resource)]
    _, definitions = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Any] = definitions["$defs"]
    for resource in RESOURCES:
        _allow_parts(schemas, resource.schema.__name__)
    return schemas


def _models(resource: Resource) -> Iterator[type[BaseModel]]:
    entity: Any = resource.schema
    name = entity.__name__
    yield create_model(
        f"{name}Page",
        __base__=Page,
        __doc__=f"A page of {resource.name}. {Page.__doc__}",
        items=(list[entity], ...),
    )
    if "geojson" in resource.formats:
        feature: Any = create_model(
            f"{name}Feature",
            __base__=Feature,
            __doc__=f"One of the {resource.name} as a GeoJSON Feature.",
            properties=(entity, ...),
        )
        yield create_model(
            f"{name}Collection",
            __base__=FeatureCollection,
            __doc__=f"A page of {resource.name} as GeoJSON. {FeatureCollection.__doc__}",
            features=(list[feature], ...),
        )


def _allow_parts(schemas: dict[str, Any], name: str) -> None:
    schemas[f"{name}Part"] = schemas[name] | {
        "description": f"What `fields` left of {name}: the members it names, and `id`.",
        "required": ["id"],
    }
    schemas[f"{name}Page"]["properties"]["items"]["items"] = whole_or_part(name)
    if f"{name}Feature" in schemas:
        schemas[f"{name}Feature"]["properties"]["properties"] = whole_or_part(name)


def _finish(operation: dict[str, Any]) -> None:
    """Examples, choices and headers, and no 422 of FastAPI's own."""
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    if operation["tags"] != ["operations"]:  # /health is never limited
        responses |= {str(status): text for status, text in problem_responses(429).items()}
        operation["responses"] = dict(sorted(responses.items()))
    if addresses := examples.ADDRESSES.get(operation["operationId"]):
        operation["description"] += _examples(addresses)
    resource = operation["tags"][0]
    found = operation.setdefault("parameters", [])
    found[:] = [
        _parameter(parameter, operation["operationId"], resource)
        for parameter in found
        if _choices(resource).get(parameter["name"], True)
    ]
    if "304" in operation["responses"]:
        in_one_language = resource == "hsds"
        found += [_IF_NONE_MATCH] if in_one_language else [_IF_NONE_MATCH, _ACCEPT_LANGUAGE]
    if not found:
        del operation["parameters"]


def _examples(addresses: dict[str, str]) -> str:
    return "\n\nExamples:\n" + "".join(
        f"\n* {text}: `{address}`" for address, text in addresses.items()
    )


_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "`ETag` of the version you have; 304 if it is still current.",
    "schema": {"type": "string", "examples": ['W/"7-1b2c3d4e5f60718293"']},
}
_ACCEPT_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "Languages you read, best first; `lang` overrides it.",
    "schema": {"type": "string", "examples": ["en, de;q=0.5"]},
}


def _parameter(parameter: dict[str, Any], operation: str, resource: str) -> dict[str, Any]:
    """A query says no null, writes some arrays with commas, and gives an example."""
    schema = _not_null(parameter["schema"])
    schema.pop("description", None)
    _choose(schema, parameter["name"], resource)
    in_path = parameter["in"] == "path"
    example = examples.NAMES[operation] if in_path else _example(parameter["name"], resource)
    finished = {**parameter, "schema": schema | {"examples": [example]}}
    if schema.get("type") == "array":
        finished |= {"style": "form", "explode": finished["schema"].pop("explode", True)}
    elif schema.get("type") == "object":  # api/routing.py takes it apart
        finished |= {"style": "deepObject", "explode": True}
    return finished


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return {**schema, "anyOf": options} if options else dict(schema)
    return {**options[0], **{key: value for key, value in schema.items() if key != "anyOf"}}


def _example(parameter: str, resource: str) -> object:
    known = examples.COMMON | examples.PARAMETERS[resource]
    if parameter == "cursor":
        return examples.cursor(_TABLES[resource], known["sort"])
    return known[parameter]


_TABLES = {resource.name: resource.table for resource in RESOURCES}


def _choices(resource: str) -> dict[str, list[str]]:
    """What names can be given to parameters that each resource understands in its own way."""
    return next(
        (
            {
                "format": list(found.formats),
                "fields": list(found.schema.model_fields),
                "facets": list(published.FACETS[found.table.name]),
            }
            for found in RESOURCES
            if found.name == resource
        ),
        {},
    )


def _choose(schema: dict[str, Any], parameter: str, resource: str) -> None:
    if names := _choices(resource).get(parameter):
        if schema["type"] == "array":
            schema["items"] = {"type": "string", "enum": names}
        else:
            schema["enum"] = names


def _finish_search(operation: dict[str, Any], schema: dict[str, Any]) -> None:
    """The body of the search: the same choices, and its examples."""
    for name, member in schema["properties"].items():
        for option in member.get("anyOf", (member,)):
            if option != {"type": "null"}:
                _choose(option, name, "offerings")
                option.pop("explode", None)
    content = operation["requestBody"]["content"]["application/json"]
    content["examples"] = {
        name: {"summary": summary, "value": body}
        for name, (summary, body) in examples.BODIES.items()
    }


_VERBATIM = {"example", "examples", "enum", "const", "default", "required"}


def _tidy(value: object) -> object:
    """Without the titles Pydantic makes of every name: they say nothing."""
    if isinstance(value, list):
        return [_tidy(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = [key for key in value if key != "title" or "version" in value]
    return {key: _tidy_member(key, value[key]) for key in kept}


def _tidy_member(key: str, value: dict[str, Any]) -> object:
    if key in _VERBATIM:
        return value
    return _tidy_members(value) if key == "properties" else _tidy(value)


def _tidy_members(properties: dict[str, Any]) -> dict[str, Any]:
    """The names of members are names, also where one is called title or properties."""
    return {name: _tidy(schema) for name, schema in properties.items()}
