"""Makes generated requests mean something: names that exist, rules between parameters kept.

A schema cannot say that a code exists in the database, that a box is not reversed, or that
`radius` needs `near`. The contract says so in words, the server answers 400, and this module
changes what Schemathesis generated as valid so that it is. Refused requests are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx2
from schemathesis import Case

from api.formats import FORMATS, PARTS, Format

T = TypeVar("T")
Query = dict[str, Any]

CODES = {
    "category": "category",
    "theme": "theme",
    "target_group": "target_group",
    "language": "language",
    "designation": "designation",
    "breakdown": "breakdown",
}
ENTITIES = {
    "organisation": "organisations",
    "lead": "organisations",
    "body": "organisations",
    "district": "districts",
    "parent": "districts",
    "serves_district": "districts",
    "indicator": "indicators",
    "strategy": "strategies",
}
HSDS = {
    "taxonomy_id": "taxonomies",
    "taxonomy_term_id": "taxonomy_terms",
    "parent_id": "taxonomy_terms",
    "organization_id": "organizations",
}
POSTCODE = "09599"
KINDS = {"/v1/organisations": "organisation_kind", "/v1/strategies": "strategy_kind"}
LANGUAGES = ("de", "en", "sv", "de-x-ls")
POSITION = [13.34, 50.91]
WORD = "beratung"
POLYGONS = (
    "POLYGON((13 50.8, 13.5 50.8, 13.5 51, 13 50.8))",
    '{"type":"Polygon","coordinates":[[[13,50.8],[13.5,50.8],[13.5,51],[13,50.8]]]}',
    "MULTIPOLYGON(((13 50.8, 13.5 50.8, 13.5 51, 13 50.8)))",
)
MOMENTS = ("2026-12-22T10:00", "2026-11-18T09:30:00Z", "2027-03-28T02:30+01:00")
GEOJSON = {"type": "Polygon", "coordinates": [[[13, 50.8], [13.5, 50.8], [13.5, 51], [13, 50.8]]]}


class Plausible:
    """What exists on a server, and how to ask for it."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx2.Client(base_url=base_url)
        lists = self._items("/v1/codelists", "slug,terms")
        self._codes = {entry["slug"]: [term["code"] for term in entry["terms"]] for entry in lists}
        self._codes["breakdown"] = ["sex", "sex:f"]
        self._slugs = {
            name: [entry["slug"] for entry in self._items(f"/v1/{name}", "slug")]
            for name in {*ENTITIES.values(), "offerings", "measures", "decisions", "codelists"}
        }
        self._slugs["observations"] = [
            entry["id"] for entry in self._items("/v1/observations", "id")
        ]
        self._slugs["bulk"] = [
            file["name"] for file in self._http.get("/bulk").raise_for_status().json()["files"]
        ]
        self._slugs |= {"datasets": ["offerings", "districts"]}
        self._slugs |= {name: ["operator"] for name in ("publishers", "contacts")}
        for name in {*HSDS.values(), "services", "service_at_locations"}:
            page = self._http.get(f"/hsds/{name}", params={"per_page": 1_000}).json()
            self._slugs[name] = [entity["id"] for entity in page["contents"]]
        tables = self._http.get("/px/tables").raise_for_status().json()["tables"]
        self._slugs["px/tables"] = [table["id"] for table in tables]
        self._slugs["px/codelists"] = ["vs_municipality_population", "vs_county_population"]
        self._cursors: dict[tuple[str, str], str] = {}
        self._sums = self._added_up()
        self._levels = {name: self._observed(name) for name in self._slugs["indicators"]}

    def close(self) -> None:
        self._http.close()

    def repair(self, case: Case[Any]) -> None:
        """Change a valid request so that the server can answer it."""
        if "name" in case.path_parameters:
            names = self._slugs[_named(case.path)]
            case.path_parameters["name"] = _pick(names, case.path_parameters["name"])
        if case.path.startswith("/px/"):
            _choose(case)
        elif isinstance(case.body, dict):
            case.body = self._repaired(case, case.body, written=False)
        else:
            case.query = self._repaired(case, case.query, written=True)

    def _repaired(self, case: Case[Any], query: Query, *, written: bool) -> Query:
        found = {name: value for name, value in query.items() if value is not None}
        self._name_what_exists(case, found)
        if case.path.startswith("/v1/indicators/{name}/"):
            self._analyse(case, found)
        if case.path.startswith("/v1/gaps/"):
            self._find_gaps(found)
        if case.path == "/catalog":
            _keep_to_one_page(found)
        _order(found, written=written)
        _keep_rules(found)
        if "since" in found:
            found["since"] = self._place(found)
        if "cursor" in found:
            self._go_on(case, found)
        return _written(found) if written else found

    def _name_what_exists(self, case: Case[Any], query: Query) -> None:
        for name, value in query.items():
            if known := self._known(case.path, name):
                query[name] = list(dict.fromkeys(_pick(known, part) for part in _listed(value)))
        if "lang" in query:
            query["lang"] = _pick(LANGUAGES, query["lang"])

    def _known(self, path: str, parameter: str) -> list[str]:
        if path.startswith("/hsds"):
            named = self._slugs.get(HSDS.get(parameter, ""), [])
            return [POSTCODE] if parameter == "postcode" else named
        if parameter == "kind":
            return self._codes[KINDS[path]]
        if parameter in ENTITIES:
            return self._slugs[ENTITIES[parameter]]
        if parameter == "id":
            return self._slugs[_resource(path)]
        if parameter in CODES:
            return self._codes[CODES[parameter]]
        return []

    def _analyse(self, case: Case[Any], query: Query) -> None:
        """What an indicator has: its levels and periods, and how many values for classes."""
        if case.path.endswith("/observations"):
            return
        levels = self._levels[case.path_parameters["name"]]
        if case.path.endswith("/aggregation"):
            name = case.path_parameters["name"]
            case.path_parameters["name"] = _pick(self._sums, name)
            query["level"] = "county"
            query.pop("of", None)
        elif "level" in query:
            query["level"] = _pick(levels, query["level"])
        for name in {"breakdown", "classes", "from", "to"} & query.keys():
            del query[name]
        if "time" in query:
            query["time"] = "latest"
        if "district" in query and case.path.endswith("/compare"):
            query["district"] = _pick(("freiberg", "doebeln"), query["district"])

    def _find_gaps(self, query: Query) -> None:
        """Of the one population there is, whose capacities and residents nobody states."""
        for name in {"breakdown", "distance_m", "population", "time"} & query.keys():
            del query[name]
        if "level" in query:
            query["level"] = _pick(self._levels["population"], query["level"])

    def _observed(self, indicator: str) -> list[str]:
        """Levels of an indicator that have observations."""
        answer = self._http.get(f"/v1/indicators/{indicator}/availability").raise_for_status()
        return list(dict.fromkeys(item["level"]["code"] for item in answer.json()["items"]))

    def _added_up(self) -> list[str]:
        """Indicators whose values can be made into those of larger districts."""
        items = self._items("/v1/indicators", "slug,type,aggregation")
        return [
            item["slug"]
            for item in items
            if item["type"]["code"] in ("count", "rate") and item["aggregation"]["code"] != "none"
        ]

    def _go_on(self, case: Case[Any], query: Query) -> None:
        """A cursor belongs to the list and the order it came from: take one from a `next` link."""
        path = case.formatted_path.replace("/search", "")
        sort = query.get("sort") or _natural_sort(query)
        key = (path, sort)
        if key not in self._cursors:
            self._cursors[key] = self._next_cursor(path, sort)
        query["cursor"] = self._cursors[key]
        if not query["cursor"]:
            del query["cursor"]  # the list has one page

    def _place(self, query: Query) -> str:
        """The first publication, or where a page of just these resources ended."""
        asked = {"limit": 1, **{name: query[name] for name in ("resource",) if name in query}}
        answer = self._http.get("/v1/changes", params=asked).raise_for_status().json()
        return str(_pick(("0", "1", answer["next"]), query["since"]))

    def _next_cursor(self, path: str, sort: str) -> str:
        query: Query = {"limit": 1, "sort": sort}
        if "relevance" in sort:
            query["q"] = WORD
        if sort == "distance":
            query |= {"near": "13.34,50.91", "radius": 100_000}
        if sort == "":
            del query["sort"]
        answer = self._http.get(path, params=query).raise_for_status().json()
        onward = [link["href"] for link in answer["links"] if link["rel"] == "next"]
        return parse_qs(urlsplit(onward[0]).query)["cursor"][0] if onward else ""

    def _items(self, path: str, fields: str) -> list[dict[str, Any]]:
        answer = self._http.get(path, params={"limit": 10_000, "fields": fields})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items


def _named(path: str) -> str:
    """What the name in a path is one of."""
    if path.startswith("/px/"):
        return "/".join(path.split("/")[1:3])
    return re.sub("^/(v1|hsds|catalog)/", "/", path).split("/")[1]


def _choose(case: Case[Any]) -> None:
    """Values that every table has, in a format whose options are its own."""
    if isinstance(case.body, dict):
        case.body = {
            "selection": [
                {"variableCode": "Region", "valueCodes": ["*"]},
                {"variableCode": "Time", "valueCodes": ["top(1)"]},
            ]
        }
    names = ("valueCodes", "codelist", "outputValues", "outputFormatParams", "heading", "stub")
    query = {
        name: value
        for name, value in (case.query or {}).items()
        if value is not None and not name.startswith(names)
    }
    if case.path.endswith("/data") and case.method == "GET":
        query |= {"valueCodes[Region]": "*", "valueCodes[Time]": "top(2)"}
    if "lang" in query:
        query["lang"] = _pick(LANGUAGES, query["lang"])
    case.query = query


def _resource(path: str) -> str:
    """What is listed at a path: the observations of an indicator are observations."""
    return "observations" if path.endswith("/observations") else path.split("/")[2]


def _natural_sort(query: Query) -> str:
    """The server's own choice: by distance, by relevance, else what the list is sorted by."""
    if "near" in query:
        return "distance"
    if query.get("format") == "atom":
        return "-updated_at"
    return "-relevance" if "q" in query else "level" if "contains" in query else ""


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _pick(known: Sequence[T], value: object) -> T:
    """Always the same one for the same value."""
    return known[sum(map(ord, str(value))) % len(known)]


def _order(query: Query, *, written: bool) -> None:
    """What must not be reversed, self-crossing or empty."""
    if "bbox" in query:
        west, south, east, north = _numbers(query["bbox"])
        query["bbox"] = [min(west, east), min(south, north), max(west, east), max(south, north)]
    if "within" in query:
        query["within"] = _pick(POLYGONS, query["within"]) if written else GEOJSON
    if ".." in str(query.get("time", "")):
        query["time"] = "..".join(sorted(query["time"].split("..")))
    for name in {"open_at", "at"} & query.keys():
        query[name] = _pick(MOMENTS, query[name])
    if "from" in query and "to" in query:
        query["from"], query["to"] = sorted((query["from"], query["to"]))


def _numbers(value: str | list[float]) -> list[float]:
    return [float(part) for part in (value.split(",") if isinstance(value, str) else value)]


def _written(query: Query) -> Query:
    """Positions and boxes as a query has them."""
    joined = {name: query[name] for name in ("bbox", "near") if name in query}
    return query | {
        name: ",".join(map(str, value)) for name, value in joined.items() if isinstance(value, list)
    }


def _keep_rules(query: Query) -> None:
    """The rules between parameters, as the descriptions state them."""
    if query.get("open_at") is not None:
        query.pop("open_now", None)
    if "radius" in query or query.get("sort") == "distance":
        query.setdefault("near", POSITION)
    if "relevance" in query.get("sort", ""):
        query.setdefault("q", WORD)
    if "district_scope" in query:
        query.setdefault("district", ["landkreis-mittelsachsen"])
    if query.get("layout") == "wide":
        query["format"] = "csv"
    if format_ := FORMATS.get(query.get("format", "")):
        _keep_rules_of(format_, query)
    _keep_rules_of_hsds(query)


def _keep_rules_of(format_: Format, query: Query) -> None:
    if format_.cube:
        for name in PARTS:
            query.pop(name, None)
    if format_.longest and query.get("limit", 0) not in range(format_.longest):
        query.pop("limit", None)


def _keep_to_one_page(query: Query) -> None:
    """The catalogue of the demonstration set has one; filters are for people."""
    query |= {"page": "1"} if "page" in query else {}
    query |= {"sequence": 1} if "sequence" in query else {}
    if query.keys() & {"theme", "file_type"}:
        query |= {"format": "html", "theme": "SOCI"}


def _keep_rules_of_hsds(query: Query) -> None:
    if "proximity" in query:
        query.setdefault("postcode", POSTCODE)
    if query.get("minimal") in (True, "true"):
        query.pop("full", None)
    if query.get("full_service") in (True, "true"):
        query.pop("per_page", None)
    if query.get("format") == "ndjson":
        query.pop("page", None)
        query.pop("per_page", None)
