"""Every published document is what the contract says, in every language and format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from api.resources import RESOURCES, Resource
from tests.databases import Database

LANGUAGES = ("de", "en", "sv", "de-x-ls")

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda found: found.name)


@every_resource
def test_stored_documents_keep_the_contract(
    resource: Resource, demo_database: Database, contract: dict[str, Any]
) -> None:
    strict = TypeAdapter[Any](resource.schema)
    schema = _validator(contract, resource.schema.__name__)
    documents = list(_stored(demo_database, resource.table.name))
    assert documents
    for document in documents:
        strict.validate_json(document, strict=True)
        schema.validate(json.loads(document))


@every_resource
@pytest.mark.parametrize("lang", LANGUAGES)
def test_answers_keep_the_contract(
    resource: Resource, lang: str, http: httpx2.Client, contract: dict[str, Any]
) -> None:
    page = _asked(http, resource, lang, "json")
    _validator(contract, f"{resource.schema.__name__}Page").validate(page)
    assert {item["lang"] for item in page["items"]} == {lang}
    for item in page["items"]:
        TypeAdapter[Any](resource.schema).validate_json(json.dumps(item), strict=True)


@pytest.mark.parametrize(
    "resource", [found for found in RESOURCES if "geojson" in found.formats], ids=lambda r: r.name
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_geojson_carries_the_same_members(
    resource: Resource, lang: str, http: httpx2.Client, contract: dict[str, Any]
) -> None:
    collection = _asked(http, resource, lang, "geojson")
    _validator(contract, f"{resource.schema.__name__}Collection").validate(collection)
    page = _asked(http, resource, lang, "json")
    assert [feature["properties"] for feature in collection["features"]] == page["items"]
    assert [feature["id"] for feature in collection["features"]] == [
        item["id"] for item in page["items"]
    ]


@every_resource
def test_each_line_of_ndjson_is_a_document(resource: Resource, http: httpx2.Client) -> None:
    lines = http.get(f"/v1/{resource.name}.ndjson").raise_for_status().text.splitlines()
    page = _asked(http, resource, "de", "json")
    assert [json.loads(line) for line in lines] == page["items"]


@every_resource
def test_fields_leaves_the_members_it_names(resource: Resource, http: httpx2.Client) -> None:
    for member in resource.schema.model_fields:
        answer = http.get(f"/v1/{resource.name}?fields={member}&limit=1").raise_for_status()
        (item,) = answer.json()["items"]
        assert set(item) in ({"id", member}, {"id"})


def _asked(http: httpx2.Client, resource: Resource, lang: str, format_: str) -> dict[str, Any]:
    address = f"/v1/{resource.name}.{format_}?lang={lang}&limit=10000"
    document: dict[str, Any] = http.get(address).raise_for_status().json()
    assert not [link for link in document["links"] if link["rel"] == "next"]
    return document


def _stored(database: Database, name: str) -> Iterator[str]:
    statement = (
        f"SELECT document FROM published.{name} UNION ALL "
        "SELECT document FROM published.translation WHERE resource = %s"
    )
    with psycopg.connect(database.owner_url) as connection:
        yield from (row[0] for row in connection.execute(statement.encode(), [name]))


def _validator(contract: dict[str, Any], name: str) -> Draft202012Validator:
    document = {
        "$ref": f"#/components/schemas/{name}",
        "components": contract["components"],
    }
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)
