"""Formats, languages, fields, facets: the same entities, however they are asked for."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import Any

import jsonschema
import pytest
import shapely
from starlette.testclient import TestClient

from api.formats import FORMATS
from api.resources import RESOURCES, Resource
from db import published
from tests.api.calls import get, listed, slugs
from tests.api.test_offering_filters import not_ended
from tests.api.world import Offering, World, broader

LIST = "/v1/offerings"
FILTERED = {"category": "advice", "q": "Treff"}
EVERY = [
    pytest.param(resource, name, id=f"{resource.name}.{name}")
    for resource in RESOURCES
    for name in resource.formats
]


# Which format


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/geo+json", "application/geo+json"),
        ("text/csv", "text/csv"),
        ("application/x-ndjson", "application/x-ndjson"),
        (FORMATS["xlsx"].media_type, FORMATS["xlsx"].media_type),
        (FORMATS["parquet"].media_type, FORMATS["parquet"].media_type),
        ("text/csv;q=0.5, application/geo+json;q=0.9", "application/geo+json"),
        ("application/*;q=0.2, text/csv;q=0.1", "application/json"),
        ("application/json;q=0, application/*", "application/geo+json"),
        ("*/*;q=0.1, TEXT/CSV", "text/csv"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "text/html"),
        ("text/html, application/xhtml+xml, image/jxr, */*", "text/html"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/html;q=0, */*;q=0.1", "application/json"),
        ("application/json;q=nan, text/csv;q=0.9", "application/json"),
        ("application/json;q=-1", "application/json"),
        (",,;", None),
        ("image/png", None),
        ("application/json;q=0", None),
    ],
)
def test_accept_chooses(api: TestClient, accept: str, media_type: str | None) -> None:
    answer = api.get(LIST, params={"limit": 1}, headers={"Accept": accept})
    if media_type is None:
        assert answer.status_code == 406
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        assert answer.headers["content-type"].split(";")[0] == media_type


@pytest.mark.parametrize(("resource", "name"), EVERY)
def test_parameter_and_suffix_say_the_same(api: TestClient, resource: Resource, name: str) -> None:
    some = {} if FORMATS[name].cube else {"limit": 3}
    by_parameter = get(api, f"/v1/{resource.name}", {**some, "format": name}, accept="image/png")
    by_suffix = get(api, f"/v1/{resource.name}.{name}", some, accept="image/png")
    assert by_parameter.headers["content-type"] == by_suffix.headers["content-type"]
    assert by_parameter.headers["content-type"].split(";")[0] == FORMATS[name].media_type
    if name in ("csv", "ndjson"):
        assert by_parameter.content == by_suffix.content


def test_suffix_and_parameter_must_not_differ(api: TestClient) -> None:
    answer = api.get("/v1/offerings.csv", params={"format": "json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "format"
    assert get(api, "/v1/offerings.csv", {"format": "csv", "limit": 1})


def test_what_is_not_offered_is_406(api: TestClient) -> None:
    assert api.get("/v1/organisations.geojson").status_code == 406


@pytest.mark.parametrize("name", ["offering-1", "offering-1.json", "offering-1.geojson"])
def test_items_have_formats_too(api: TestClient, name: str) -> None:
    document = get(api, f"/v1/offerings/{name}", {"fields": "slug"}).json()
    assert document.get("properties", document)["slug"] == "offering-1"


# The same entities


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_ndjson_lines_are_the_items(api: TestClient, resource: Resource) -> None:
    lines = get(api, f"/v1/{resource.name}.ndjson").text.split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == listed(api, f"/v1/{resource.name}")["items"]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_csv_has_the_same_rows(api: TestClient, resource: Resource) -> None:
    answer = get(api, f"/v1/{resource.name}.csv")
    assert "attachment" in answer.headers["content-disposition"]
    lines = list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))
    items = listed(api, f"/v1/{resource.name}")["items"]
    assert {len(line) for line in lines} == {len(lines[0])}
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert [row["id"] for row in rows] == [item["id"] for item in items]
    plain = [
        name for name in lines[0] if name in items[0] and name in ("name", "title", "description")
    ]
    for row, item in zip(rows, items, strict=True):
        assert {name: row[name] for name in plain} == {name: item[name] or "" for name in plain}


def test_csv_is_the_whole_filtered_set(api: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(get(api, f"{LIST}.csv", FILTERED).text)))
    assert [row["slug"] for row in rows] == slugs(api, LIST, FILTERED)
    some = list(csv.DictReader(io.StringIO(get(api, f"{LIST}.csv", {**FILTERED, "limit": 4}).text)))
    assert some == rows[:4]


def test_lines_of_csv_end_as_the_standard_says(api: TestClient) -> None:
    """RFC 4180; line breaks within a text stay what they are."""
    text = get(api, f"{LIST}.csv", {"fields": "description", "limit": 5}).content
    assert text.startswith(b"id,description\r\n")
    assert text.count(b"\r\n") == 6
    assert text.count(b"\n") == 11


def test_several_values_are_parted_by_semicolons(api: TestClient, county: World) -> None:
    rows = csv.DictReader(io.StringIO(get(api, f"{LIST}.csv", {"include_ended": "true"}).text))
    found = {row["slug"]: set(filter(None, row["categories"].split("; "))) for row in rows}
    assert found == {o.slug: set(o.categories) for o in county.public_offerings}


# GeoJSON


@pytest.mark.parametrize(
    "path",
    ["/v1/offerings", "/v1/districts", "/v1/measures", "/v1/indicators", "/v1/observations"],
)
def test_geojson_is_what_the_standard_says(api: TestClient, path: str) -> None:
    """RFC 7946: right-handed, six decimals, a bounding box, longitude first."""
    collection = get(api, f"{path}.geojson", {"limit": 500}).json()
    jsonschema.validate(collection, COLLECTION)
    items = listed(api, path)["items"]
    for feature, item in zip(collection["features"], items, strict=False):
        assert feature["properties"] == item
        assert feature["id"] == item["id"]
        if feature["geometry"]:
            check_geometry(feature)


def check_geometry(feature: Any) -> None:
    shape = shapely.from_geojson(json.dumps(feature["geometry"]))
    assert shape.is_valid
    assert 12 < shape.bounds[0] <= shape.bounds[2] < 15
    if shape.geom_type != "Point":
        assert feature["bbox"] == pytest.approx(shape.bounds, abs=1.5e-6)
    for number in numbers(feature["geometry"]["coordinates"]):
        assert round(number, 6) == number
    polygons = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]
    assert all(part.exterior.is_ccw for part in polygons)
    assert not any(ring.is_ccw for part in polygons for ring in part.interiors)


def numbers(coordinates: Any) -> list[float]:
    if isinstance(coordinates, int | float):
        return [coordinates]
    return [number for part in coordinates for number in numbers(part)]


COLLECTION = {
    "type": "object",
    "required": ["type", "features", "links", "sequence", "timeStamp", "numberReturned"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "id", "geometry", "properties"],
                "properties": {
                    "type": {"const": "Feature"},
                    "geometry": {
                        "oneOf": [
                            {"type": "null"},
                            {"type": "object", "required": ["type", "coordinates"]},
                        ]
                    },
                    "bbox": {"type": "array", "minItems": 4, "maxItems": 4},
                },
            },
        },
    },
}


def test_geometry_is_the_sites(api: TestClient, county: World) -> None:
    query = {"limit": 10_000, "include_ended": "true"}
    features = get(api, f"{LIST}.geojson", query).json()["features"]
    kinds = {f["properties"]["slug"]: (f["geometry"] or {}).get("type") for f in features}
    assert kinds == {o.slug: kind(o) for o in county.public_offerings}


def kind(offering: Offering) -> str | None:
    points = {(site.point.x, site.point.y) for site in offering.sites if site.point}
    return (None, "Point")[len(points)] if len(points) < 2 else "MultiPoint"


@pytest.mark.parametrize("path", ["/v1/districts.geojson", "/v1/districts/oederan.geojson"])
def test_shapes_are_simplified(api: TestClient, path: str) -> None:
    sizes = []
    for tolerance in (0, 50, 200, 1000):
        document = get(api, path, {"simplify": tolerance}).json()
        sizes.append(len(json.dumps(document)))
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 4


def test_simplified_neighbours_keep_their_border(api: TestClient) -> None:
    query = {"simplify": 1000, "level": "municipality", "valid_on": "2024-01-01"}
    features = get(api, "/v1/districts.geojson", query).json()["features"]
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features if f["geometry"]]
    polygons = [shape for shape in shapes if shape.geom_type != "Point"]
    whole = shapely.union_all(polygons)
    assert sum(shape.area for shape in polygons) == pytest.approx(whole.area, rel=1e-6)


# Fields and languages


@pytest.mark.parametrize("format_", ["json", "geojson", "ndjson"])
def test_only_the_fields_asked_for(api: TestClient, format_: str) -> None:
    text = get(api, LIST, {"fields": "slug,name", "limit": 2, "format": format_}).text
    document = json.loads(text.split("\n")[0])
    first = (document.get("items") or document.get("features") or [document])[0]
    assert list(first.get("properties", first)) == ["id", "slug", "name"]


def test_an_unknown_field_is_refused(api: TestClient) -> None:
    answer = api.get(LIST, params={"fields": "slug,secret"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "fields"


def test_a_language_with_its_fallback(api: TestClient, county: World) -> None:
    items = listed(api, LIST, {"lang": "en", "include_ended": "true"})["items"]
    names = {offering.slug: offering for offering in county.public_offerings}
    for item in items:
        offering = names[item["slug"]]
        assert item["name"] == (offering.english or offering.name)
        missing = {} if offering.english else {"name": "de"}
        assert {k: v for k, v in (item["fallback"] or {}).items() if k == "name"} == missing
        assert item["lang"] == "en"
    labels = {category["label"] for item in items for category in item["categories"]}
    assert "Debt advice" in labels or "Advice" in labels


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9,de;q=0.1", "en"),
        ("fr, de;q=0.5, en;q=0.7", "en"),
        ("fr", "de"),
        ("*", "de"),
        ("en;q=0, sv", "sv"),
        ("de-x-ls", "de-x-ls"),
        ("DE-AT", "de"),
        ("en;q=nan", "en"),
        (";;,", "de"),
    ],
)
def test_accept_language_chooses(api: TestClient, header: str, lang: str) -> None:
    answer = get(api, LIST, {"limit": 1}, **{"accept-language": header})
    assert answer.headers["content-language"] == lang
    assert answer.json()["items"][0]["lang"] == lang


def test_the_parameter_beats_the_header(api: TestClient) -> None:
    answer = get(api, LIST, {"limit": 1, "lang": "sv"}, **{"accept-language": "en"})
    assert answer.headers["content-language"] == "sv"
    assert api.get(LIST, params={"lang": "fr"}).status_code == 400


# Facets


def counted(offerings: list[Offering], codelist: str, attribute: str) -> Counter[str]:
    return Counter(
        code for offering in offerings for code in broader(codelist, getattr(offering, attribute))
    )


def facet(document: Any, name: str) -> dict[str, int]:
    return {entry["value"]: entry["count"] for entry in document["facets"][name]}


def test_facets_count_what_the_list_holds(api: TestClient, county: World) -> None:
    names = ",".join(published.FACETS["offering"])
    document = get(api, LIST, {"free": "true", "facets": names, "limit": 1}).json()
    offerings = [o for o in county.public_offerings if o.free is True and not_ended(o)]
    assert facet(document, "category") == counted(offerings, "category", "categories")
    assert facet(document, "theme") == counted(offerings, "theme", "themes")
    assert facet(document, "target_group") == counted(offerings, "target_group", "target_groups")
    assert facet(document, "language") == counted(offerings, "language", "languages")
    assert facet(document, "organisation_mode") == Counter(o.mode for o in offerings if o.mode)
    known = Counter(o.organisation for o in offerings if o.organisation)
    assert facet(document, "organisation") == known
    assert facet(document, "district") == Counter(
        slug for offering in offerings for slug in county.members(offering)
    )


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("category", {"category": "advice"}),
        ("organisation", {"organisation": "traeger-1"}),
        ("district", {"district": "oederan"}),
        ("district", {"district": ["oederan", "rossau"]}),
        ("organisation_mode", {"organisation_mode": "mobile"}),
    ],
)
def test_a_facet_ignores_its_own_filter(api: TestClient, name: str, query: dict[str, Any]) -> None:
    alone = get(api, LIST, {"facets": name, "free": "true", "limit": 1}).json()
    filtered = get(api, LIST, {"facets": name, "free": "true", "limit": 1, **query}).json()
    assert filtered["facets"] == alone["facets"]
    assert filtered["total"] < alone["total"]
    others = get(api, LIST, {"facets": "language", "free": "true", "limit": 1, **query}).json()
    assert sum(facet(others, "language").values()) < sum(alone_languages(api).values())


def alone_languages(api: TestClient) -> dict[str, int]:
    return facet(
        get(api, LIST, {"facets": "language", "free": "true", "limit": 1}).json(), "language"
    )


def test_facets_come_most_frequent_first_with_labels(api: TestClient) -> None:
    document = get(api, LIST, {"facets": "category", "lang": "en", "limit": 1}).json()
    entries = document["facets"]["category"]
    counts = [entry["count"] for entry in entries]
    assert counts == sorted(counts, reverse=True)
    assert {"value": "advice", "label": "Advice"}.items() <= next(
        entry for entry in entries if entry["value"] == "advice"
    ).items()


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_every_facet_of_every_resource(api: TestClient, resource: Resource) -> None:
    names = list(published.FACETS[resource.table.name])
    if not names:
        return
    document = get(api, f"/v1/{resource.name}", {"facets": ",".join(names)}).json()
    assert list(document["facets"]) == names
    for entries in document["facets"].values():
        assert all(set(entry) == {"value", "label", "count"} for entry in entries)
        assert all(0 < entry["count"] <= document["total"] for entry in entries)


def test_an_unknown_facet_is_refused(api: TestClient) -> None:
    answer = api.get(LIST, params={"facets": "category,secret"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "facets"
