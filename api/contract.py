"""What the OpenAPI contract says of each route: names, texts, media types, problems."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel

from api.errors import MEDIA_TYPE as PROBLEM
from api.formats import COMPRESSED, FORMATS, KNOWN
from api.resources import Resource
from api.schemas.change import ChangesPage
from api.schemas.cube import JsonStatDataset
from api.schemas.problem import ProblemDocument

Name = Annotated[
    str,
    Path(
        max_length=200,
        description="Id (UUID), slug, or for districts `scheme:key` such as `ags:14522180`.",
    ),
]

PROBLEMS = {
    308: "It was merged into another entity, or renamed; `Location` is where it is now.",
    400: "A parameter is unknown, malformed, or names something that does not exist.",
    403: "It asks for more cells than one answer may have.",
    404: "There is no such entity.",
    406: "Not available in this format.",
    409: "What it takes has not been imported; `detail` says what.",
    410: "The entity is no longer published; `tombstone` says since when and why. Or what changed "
    "since then is not known any more: start again.",
    413: "The body is too large.",
    414: "The address is too long; use POST where it is offered.",
    415: "The body is not JSON.",
    416: "The file has no such part; `Content-Range` says how long it is.",
    422: "The body is JSON, but breaks a rule; `pointer` says where.",
    429: "Too many requests from this address; `Retry-After` says when to try again.",
    503: "The database is away or the question too costly; `Retry-After` says when to try again.",
}

TITLE = "Quartier"
TAGS = {
    "offerings": "What is provided, by whom, where and for whom.",
    "districts": "Areas of planning, with boundaries and history.",
    "organisations": "Providers, authorities, and bodies that decide.",
    "indicators": "What is observed, and how to read it.",
    "observations": "Values of indicators by district and period.",
    "analyses": "Rankings, maps, comparisons and trends of an indicator; profiles of districts.",
    "gaps": "Where offerings are missing: need against supply, and how far people have.",
    "strategies": "What a county or city set out to do.",
    "measures": "What is done for it, and how far it is.",
    "decisions": "What bodies decided, with votes.",
    "codelists": "The vocabulary: codes, labels, hierarchy.",
    "changes": "What changed since you last asked, for copies that are to stay in step.",
    "bulk": "Everything as files, made after every publication.",
    "catalogue": "What datasets there are, as DCAT-AP.de.",
    "publishers": "Who publishes datasets, and whom to ask about them.",
    "places": "Names for a search box.",
    "hsds": "The same in HSDS 3.1, with the filters of Open Referral UK, for other registries.",
    "px": "Indicators as tables of PxWebApi 2, for its clients in Python, R and elsewhere.",
    "operations": "What is here, and the health of the server.",
}

_LIST_NOTES = {
    "offerings": "Offerings that have ended are left out unless `include_ended=true`. With a place "
    "filter, `left_out` counts offerings whose site is known only by municipality: they might "
    "match.",
    "districts": "`contains` gives the chain of districts around a point, the largest first.",
    "observations": "GeoJSON joins the values to the districts' boundaries. A hidden or missing "
    "value is `null` and `flags` say why. JSON-stat and SDMX-CSV hold all that matches; `limit`, "
    "`cursor`, `sort`, `facets` and `fields` are refused with them.",
    "measures": "`decision`, `feasibility` and `implementation` are separate axes.",
}


# What routes declare


def of_list(resource: Resource) -> dict[str, Any]:
    text = f"{TAGS[resource.name]} {_LIST_NOTES.get(resource.name, '')}".strip()
    responses = _responses(resource, many=True, problems=(400, 406, 414, 503))
    responses[200]["links"] = {"first": _link_to_item(resource)}
    return _operation(f"list_{resource.name}", f"List {resource.name}", text, resource) | {
        "responses": responses
    }


def of_bulk_index() -> dict[str, Any]:
    return {
        "operation_id": "bulk_index",
        "summary": "What there is to download",
        "description": "All files of the newest state, with sizes and digests. A browser gets a "
        "page. 503 while no files are made yet.",
        "responses": {
            200: {"content": {"text/html": {}}, "headers": _OF_FILES},
            304: {"description": "There are no newer files.", "headers": _OF_FILES},
            **problem_responses(400, 503),
        },
    }


def of_bulk_file() -> dict[str, Any]:
    text = (
        "A file as it was made: whole, or the part that `Range` asks for. Compressed where that is "
        "accepted. The same file of a publication that is still kept is at "
        "`/bulk/{sequence}/{name}`."
    )
    whole = {"description": "The file.", "content": _FILES, "headers": _OF_FILES}
    part = {"description": "The part that was asked for.", "content": _FILES, "headers": _OF_FILES}
    return {
        "operation_id": "bulk_file",
        "summary": "Download a file",
        "description": text,
        "response_model": None,
        "responses": {
            200: whole,
            206: part,
            304: {"description": "The file is still the same.", "headers": _OF_FILES},
            **problem_responses(400, 404, 416, 503),
        },
    }


def of_catalogue(tag: str, name: str, summary: str, syntaxes: Sequence[str]) -> dict[str, Any]:
    """A route of /catalog: RDF, and for some of them a page for people."""
    kinds = {"jsonld": "object"}
    content = {
        KNOWN[syntax].media_type: {"schema": {"type": kinds.get(syntax, "string")}}
        for syntax in syntaxes
    }
    return {
        "operation_id": name,
        "summary": summary,
        "tags": [tag],
        "response_model": None,
        "responses": {
            200: {"description": "As it was published.", "content": content},
            304: {"description": "The version named by `If-None-Match` is still current."},
            **problem_responses(400, 404, 406, 410, 414, 503),
        },
    }


def _link_to_item(resource: Resource) -> dict[str, Any]:
    return {
        "operationId": f"get_{resource.table.name}",
        "parameters": {"name": "$response.body#/items/0/id"},
        "description": "Every entity of a page can be asked for by its id.",
    }


def of_item(resource: Resource) -> dict[str, Any]:
    singular = resource.table.name
    text = f"One {singular} by id or slug, with everything that is published about it."
    return _operation(f"get_{singular}", f"Get one {singular}", text, resource) | {
        "responses": _responses(resource, many=False, problems=(308, 400, 404, 406, 410, 414, 503))
    }


def of_search(resource: Resource) -> dict[str, Any]:
    text = (
        "The filters of `GET /v1/offerings` as a JSON object, for polygons that are too long for "
        "an address. To go on, send the same body with the `cursor` of the `next` link merged "
        "into it."
    )
    problems = (400, 406, 413, 414, 415, 422, 503)
    responses = _responses(resource, many=True, problems=problems)
    del responses[304]  # conditional requests are for GET and HEAD
    return _operation("search_offerings", "Search offerings with a long filter", text, resource) | {
        "responses": responses
    }


def of_series(resource: Resource) -> dict[str, Any]:
    text = "Like `/v1/observations` with one `indicator`."
    return _operation(
        "list_indicator_observations", "List the observations of one indicator", text, resource
    ) | {"responses": _responses(resource, many=True, problems=(308, 400, 404, 406, 410, 414, 503))}


def of_changes() -> dict[str, Any]:
    text = (
        "The last change of every entity, in the order of publications: it is there now in this "
        "state, or it is gone. Begin without `since`, or with the `sequence` of a list or bulk "
        "snapshot; come back with `next`. `include=document` brings the entities along."
    )
    content = {
        FORMATS["json"].media_type: {"schema": _reference(ChangesPage.__name__)},
        FORMATS["ndjson"].media_type: {
            "schema": {
                "type": "string",
                "description": "A change a line, as in `items`; where to go on is in the `Link` "
                "header.",
            }
        },
    }
    return {
        "operation_id": "list_changes",
        "summary": "List what changed",
        "description": text,
        "tags": ["changes"],
        "response_model": None,
        "responses": _published(content) | problem_responses(400, 406, 410, 414, 503),
    }


def of_hsds(
    name: str, summary: str, model: type[BaseModel], *, many: bool = False
) -> dict[str, Any]:
    """A route of /hsds: a list, also as NDJSON, or one entity."""
    text = (many and _HSDS_LIST) or _HSDS_ITEM
    content = {
        "application/x-ndjson": {
            "schema": {"type": "string", "description": FORMATS["ndjson"].text}
        }
    }
    problems = (400, 406, 414, 503) if many else (308, 400, 404, 406, 410, 414, 503)
    headers = _HEADERS | {"X-Sequence": _header("Number of the publication shown.", "7")}
    return {
        "operation_id": name,
        "summary": summary,
        "description": text,
        "tags": ["hsds"],
        "response_model": model,
        "responses": {
            200: {
                "description": "The published state.",
                "headers": headers,
                **({"content": content} if many else {}),
            },
            304: {
                "description": "The version named by `If-None-Match` is still current.",
                "headers": _VALIDATORS,
            },
        }
        | problem_responses(*problems),
    }


_HSDS_LIST = (
    "In the envelope of HSDS. Filters narrow each other. Without filters every entity keeps its "
    "page, so that a walk across a publication meets each exactly once; `format=ndjson` gives all "
    "from one snapshot."
)
_HSDS_ITEM = "With everything that is known, as the compiled schema of HSDS has it."


def of_px(
    name: str, summary: str, model: type[BaseModel], *, is_data: bool = False
) -> dict[str, Any]:
    """A route of /px: JSON, and data as a table as well."""
    headers = _HEADERS | {"X-Sequence": _header("Number of the publication shown.", "7")}
    by_post = name.endswith("_by_post")
    problems = [400, 403, 404, 406, 410, 414, 503] if is_data else [400, 404, 406, 410, 414, 503]
    answers: dict[int | str, Any] = {
        200: {
            "description": "The published state.",
            "headers": headers,
            **({"content": _PX_TABLES} if is_data else {}),
        }
    }
    if by_post:
        problems += [413, 415, 422]
    else:
        answers[304] = {
            "description": "The version named by `If-None-Match` is still current.",
            "headers": _VALIDATORS,
        }
    return {
        "operation_id": name,
        "summary": summary,
        "description": "As PxWebApi 2 has it; the same under `/px/api/v2`.",
        "tags": ["px"],
        "response_model": model,
        "responses": answers | problem_responses(*problems),
    }


_PX_TABLES: dict[str, Any] = {
    "application/octet-stream": {
        "schema": {"type": "string", "format": "binary", "description": "A PC-Axis file."}
    },
    "text/csv": {"schema": {"type": "string", "description": "Lines and columns as placed."}},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
        "schema": {"type": "string", "format": "binary"}
    },
}


def of_analysis(
    name: str, summary: str, schemas: Mapping[str, type[BaseModel]], formats: Sequence[str]
) -> dict[str, Any]:
    content = {
        FORMATS[format_].media_type: {"schema": _of_answer(schemas.get(format_))}
        for format_ in formats
    }
    problems = problem_responses(400, 404, 406, 410, 414, 503)
    text = "Hidden and missing values take part in nothing, and are counted apart."
    return {
        "operation_id": name,
        "summary": summary,
        "description": text,
        "tags": ["analyses"],
        "response_model": None,
        "responses": _published(content) | problems,
    }


def of_gaps(
    name: str, summary: str, schemas: Mapping[str, type[BaseModel]], formats: Sequence[str]
) -> dict[str, Any]:
    content = {
        FORMATS[format_].media_type: {"schema": _of_answer(schemas.get(format_))}
        for format_ in formats
    }
    return {
        "operation_id": name,
        "summary": summary,
        "description": "What is unknown or hidden is null: no gap is made of it.",
        "tags": ["gaps"],
        "response_model": None,
        "responses": _published(content) | problem_responses(400, 406, 409, 414, 503),
    }


def _of_answer(schema: type[BaseModel] | None) -> dict[str, Any]:
    return _reference(schema.__name__) if schema else {"type": "string", "description": _TABLE}


def _operation(name: str, summary: str, description: str, resource: Resource) -> dict[str, Any]:
    return {
        "operation_id": name,
        "summary": summary,
        "description": description,
        "tags": [resource.name],
        "response_model": None,
    }


def _responses(
    resource: Resource, *, many: bool, problems: tuple[int, ...]
) -> dict[int | str, Any]:
    """200 in every format the resource has, 304, and the documented problems."""
    content = {
        FORMATS[name].media_type: {"schema": _schema(resource, name, many=many)}
        for name in reversed(resource.formats)  # of two with one media type the first is meant
    }
    return _published(content) | problem_responses(*problems)


def _published(content: dict[str, Any]) -> dict[int | str, Any]:
    return {
        200: {"description": "The published state.", "content": content, "headers": _HEADERS},
        304: {
            "description": "The version named by `If-None-Match` is still current.",
            "headers": _VALIDATORS,
        },
    }


def _schema(resource: Resource, format_: str, *, many: bool) -> dict[str, Any]:
    name = resource.schema.__name__
    if format_ == "json":
        return _reference(f"{name}Page") if many else whole_or_part(name)
    if format_ == "geojson":
        return _reference(f"{name}Collection" if many else f"{name}Feature")
    if format_ == "jsonstat":
        return _reference(JsonStatDataset.__name__)
    binary = {"format": "binary"} if format_ in COMPRESSED else {}
    return {"type": "string", **binary, "description": FORMATS[format_].text}


_TABLE = "A header line and a line an item."


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def whole_or_part(name: str) -> dict[str, Any]:
    """With `fields`, only `id` is sure to be there."""
    return {"anyOf": [_reference(name), _reference(f"{name}Part")]}


def problem_responses(*statuses: int) -> dict[int | str, Any]:
    """The problems a route can answer with, all in one shape."""
    content = {PROBLEM: {"schema": _reference(ProblemDocument.__name__)}}
    headers = {
        308: {"headers": {"Location": _LOCATION}},
        429: {"headers": {"Retry-After": _RETRY_AFTER, **_RATE_LIMIT}},
        503: {"headers": {"Retry-After": _RETRY_AFTER}},
    }
    return {
        status: {"description": PROBLEMS[status], "content": content} | headers.get(status, {})
        for status in statuses
    }


def _header(description: str, example: str | int, **schema: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}, "example": example}


_RETRY_AFTER = _header("Seconds until it is worth trying again.", 2, type="integer")
_LOCATION = _header(
    "The same address with the name it has now.",
    "https://example.org/v1/offerings/erziehungsberatungsstelle-freiberg",
)
_RATE_LIMIT = {
    "RateLimit-Policy": _header("Requests (`q`) in so many seconds (`w`).", '"default";q=600;w=60'),
    "RateLimit": _header(
        "Requests left (`r`), and seconds until all of them are there again (`t`).",
        '"default";r=0;t=60',
    ),
}
_VALIDATORS = {
    "ETag": _header("Weak validator of this answer.", 'W/"7-1b2c3d4e5f60718293"'),
    "Last-Modified": _header(
        "When the publication was that it shows.", "Tue, 07 May 2024 16:00:00 GMT"
    ),
}
_HEADERS = _VALIDATORS | {
    "Link": _header(
        "The links of the body (RFC 8288); not with what is a file of lines or a table.",
        '<https://example.org/v1/offerings?cursor=AbC>; rel="next"; type="application/json"',
    ),
    "Content-Language": _header("Language of texts and labels.", "de"),
}

_OF_FILES = {
    "ETag": _header("Validator of this file.", '"1b2c3d4e5f607182"'),
    "Last-Modified": _header("When it was made.", "Tue, 07 May 2024 16:00:00 GMT"),
    "X-Sequence": _header("Number of the publication that it shows.", 7, type="integer"),
}
_FILES: dict[str, Any] = {
    "text/csv": {"schema": {"type": "string"}},
    "text/plain": {"schema": {"type": "string"}},
    "application/x-ndjson": {"schema": {"type": "string"}},
    "application/geo+json": {"schema": {"type": "object"}},
    "application/json": {"schema": {"type": "object"}},
    "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    "application/geopackage+sqlite3": {"schema": {"type": "string", "format": "binary"}},
    "application/zip": {"schema": {"type": "string", "format": "binary"}},
}
