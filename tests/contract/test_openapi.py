"""The contract is committed, valid, and what it shows works."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openapi_spec_validator import validate

from api import examples
from tests.contract.operations import OPERATIONS, READ, Operation, written

COMMITTED = Path(__file__).parents[2] / "openapi" / "openapi.json"

NEEDED = {"radius": "near", "district_scope": "district", "proximity": "postcode"}
"""Parameters that mean something only with another one."""

UNKNOWN_EVERYWHERE = {
    ("list_offerings", name)
    for name in ("age", "free", "confirmed_since", "language", "wheelchair", "near", "open_at")
} | {
    ("list_districts", "designation"),
    ("list_measures", "district"),
    ("list_hsds_organizations", "search"),
    ("list_hsds_taxonomies", "search"),
    *(
        (f"list_hsds_{name}", parameter)
        for name in ("services", "service_at_locations")
        for parameter in (
            *("minimum_age", "maximum_age", "start_time", "end_time", "day"),
            *("proximity", "open_at"),
        )
    ),
}
"""What no entity of the demonstration set states: nothing is found, which is correct."""


def test_the_committed_contract_is_that_of_the_application(contract: dict[str, Any]) -> None:
    assert json.loads(COMMITTED.read_text()) == contract, "run ./quartier openapi"


def test_it_is_valid_openapi(contract: dict[str, Any]) -> None:
    assert contract["openapi"].startswith("3.1.")
    validate(contract)


@pytest.mark.parametrize("operation", READ, ids=lambda operation: operation.id)
def test_its_addresses_find_something(operation: Operation, http: httpx2.Client) -> None:
    for address in examples.ADDRESSES[operation.id]:
        assert f"`{address}`" in operation.definition["description"]
        answer = http.get(address).raise_for_status()
        assert _found(answer), address


@pytest.mark.parametrize(
    ("operation", "parameter"),
    [(operation, name) for operation in READ for name in operation.query],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_each_example_works(operation: Operation, parameter: str, http: httpx2.Client) -> None:
    query = {**operation.required, parameter: written(operation.query[parameter])}
    if needed := NEEDED.get(parameter):
        query[needed] = written(operation.query[needed])
    answer = http.get(operation.address, params=query).raise_for_status()
    silent = (operation.id, parameter) in UNKNOWN_EVERYWHERE or "near" in query
    assert bool(_found(answer)) is not silent


@pytest.mark.parametrize("operation", READ, ids=lambda operation: operation.id)
def test_all_its_examples_work_together(operation: Operation, http: httpx2.Client) -> None:
    query = {name: written(parameter) for name, parameter in operation.query.items()}
    assert http.get(operation.address, params=query).status_code == 200


@pytest.mark.parametrize("name", examples.BODIES)
def test_each_body_finds_something(name: str, http: httpx2.Client) -> None:
    (search,) = [operation for operation in OPERATIONS if operation.method == "post"]
    content = search.definition["requestBody"]["content"]["application/json"]
    answer = http.post(search.path, json=content["examples"][name]["value"])
    assert _found(answer.raise_for_status())


def _found(answer: httpx2.Response) -> object:
    """What was found: the entities of a page or collection, lines, or the one document."""
    kind = answer.headers["content-type"]
    if "json" not in kind or "ndjson" in kind:
        return re.split(r"\r?\n", answer.text.strip())[1 if "csv" in kind else 0 :]
    document = answer.json()
    if "contents" in document:
        return document["contents"]
    return document.get("items", document.get("features", document))
