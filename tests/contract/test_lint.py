"""The rules of spectral:oas and a few of our own, without Node. See openapi/.spectral.yaml."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.contract.operations import OPERATIONS, Operation

SNAKE_CASE = re.compile(r"[a-z]+(_[a-z]+)*")
MARKUP = re.compile(r"<script|eval\(", re.IGNORECASE)

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda found: found.id)


def test_info_says_who_and_on_which_terms(contract: dict[str, Any]) -> None:
    info = contract["info"]
    assert info["title"]
    assert info["description"]
    assert info["version"]
    assert info["contact"]["name"]
    assert info["license"]["identifier"]
    assert [server["url"] for server in contract["servers"]] == ["/"]


def test_operation_ids_are_unique_and_speak() -> None:
    counted = Counter(operation.id for operation in OPERATIONS)
    assert set(counted.values()) == {1}
    assert all(SNAKE_CASE.fullmatch(name) for name in counted)


@every_operation
def test_an_operation_is_described(operation: Operation) -> None:
    definition = operation.definition
    assert definition["summary"]
    assert not definition["summary"].endswith(".")
    assert definition["description"].strip()
    assert len(definition["tags"]) == 1
    assert any(status.startswith("2") for status in definition["responses"])


def test_tags_are_declared_described_and_used(contract: dict[str, Any]) -> None:
    declared = [tag["name"] for tag in contract["tags"]]
    assert all(tag["description"] for tag in contract["tags"])
    assert len(declared) == len(set(declared))
    used = {tag for operation in OPERATIONS for tag in operation.definition["tags"]}
    assert used == set(declared)


def test_paths_are_plain(contract: dict[str, Any]) -> None:
    for path in contract["paths"]:
        assert path == "/" or not path.endswith("/")
        assert "?" not in path
        assert "{}" not in path
    patterns = [re.sub(r"\{[^}]*\}", "{}", path) for path in contract["paths"]]
    assert len(patterns) == len(set(patterns))


@every_operation
def test_parameters_are_described_with_an_example(operation: Operation) -> None:
    parameters = operation.definition.get("parameters", ())
    names = [(parameter["in"], parameter["name"]) for parameter in parameters]
    assert len(names) == len(set(names))
    for parameter in parameters:
        assert parameter["description"], parameter["name"]
        assert parameter["schema"]["examples"], parameter["name"]
    in_path = {name for place, name in names if place == "path"}
    assert in_path == set(re.findall(r"\{(\w+)\}", operation.path))


@every_operation
def test_a_query_has_no_null_and_its_arrays_say_how_they_are_written(operation: Operation) -> None:
    for name, parameter in operation.query.items():
        schema = parameter["schema"]
        kinds = {option["type"] for option in ([schema] if "type" in schema else schema["anyOf"])}
        assert kinds <= {"string", "integer", "number", "boolean", "array", "object"}, name
        assert ("explode" in parameter) is (kinds in ({"array"}, {"object"})), name
        assert (parameter.get("style") == "deepObject") is (kinds == {"object"}), name


@every_operation
def test_responses_are_described_with_their_problems(operation: Operation) -> None:
    responses = operation.definition["responses"]
    for response in responses.values():
        assert response["description"]
        for header in response.get("headers", {}).values():
            assert header["description"]
    assert "400" in responses
    if operation.path.startswith("/v1"):
        assert {"414", "503"} <= set(responses)
    problems = [response for status, response in responses.items() if status >= "400"]
    assert all(list(problem["content"]) == ["application/problem+json"] for problem in problems)


def test_every_example_is_valid_for_its_schema(contract: dict[str, Any]) -> None:
    for schema, value in _examples(contract):
        _validator(contract, schema).validate(value)


def test_every_schema_is_a_schema(contract: dict[str, Any]) -> None:
    for schema in contract["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
        assert schema.get("description") or schema.get("properties")


def test_no_component_is_unused_and_none_is_missing(contract: dict[str, Any]) -> None:
    references = {node["$ref"] for node in _nodes(contract) if "$ref" in node}
    declared = {f"#/components/schemas/{name}" for name in contract["components"]["schemas"]}
    assert references == declared


def test_texts_are_plain_markdown_in_english(contract: dict[str, Any]) -> None:
    for node in _nodes(contract):
        text = node.get("description")
        assert not (isinstance(text, str) and MARKUP.search(text))


def test_choices_are_of_one_type_and_without_repetition(contract: dict[str, Any]) -> None:
    for node in _nodes(contract):
        if isinstance(choices := node.get("enum"), list):
            assert len(set(choices)) == len(choices)
            assert all(isinstance(choice, str) for choice in choices)


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from _nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part)


def _examples(contract: dict[str, Any]) -> Iterator[tuple[dict[str, Any], object]]:
    """Each example with the schema it belongs to."""
    for node in _nodes(contract):
        if isinstance(node.get("schema"), dict):
            for example in _shown(node):
                yield node["schema"], example


def _shown(node: dict[str, Any]) -> Iterator[object]:
    yield from node["schema"].get("examples", ())
    if "example" in node:
        yield node["example"]
    for named in node.get("examples", {}).values():
        yield named["value"]


def _validator(contract: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    document = {**schema, "components": contract["components"]}
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)
