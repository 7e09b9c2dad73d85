"""Schemathesis against a real server process on the real database, with all of its checks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis import Case, DeserializationContext, GenerationMode, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.pytest.lazy import get_all_tests

from tests.contract import operations
from tests.contract.plausible import Plausible

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 1,
        "generation": {
            "mode": "all",
            "max-examples": 15,
            "deterministic": True,
            "database": "none",
        },
        "phases": {"coverage": {"unexpected-methods": ["PUT", "PATCH", "DELETE", "TRACE"]}},
        "checks": {
            # 304 answers a validator that happens to be current, such as `*`.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "304"]},
            # Long addresses are refused before anybody looks at their parameters; what asks for
            # an entity that does not exist, by a name that cannot exist, gets 404.
            "negative_data_rejection": {
                "expected-statuses": ["400", "404", "406", "413", "414", "415", "422"]
            },
        },
    }
)
DOCUMENT = copy.deepcopy(operations.DOCUMENT)
"""Schemathesis writes into what it is given."""


@schemathesis.deserializer("text/csv", "application/x-ndjson", "application/vnd.sdmx.data+csv")
def _as_text(_context: DeserializationContext, response: Response) -> str:
    return response.content.decode("utf-8")


@pytest.fixture(scope="session")
def plausible(live_server: str) -> Iterator[Plausible]:
    known = Plausible(live_server)
    yield known
    known.close()


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    """One connection for all; otherwise each request has one made."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


def _repair(case: Case[Any], plausible: Plausible) -> None:
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        plausible.repair(case)


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_the_server_keeps_the_contract(
    path: str, live_server: str, plausible: Plausible, session: requests.Session
) -> None:
    """Its cases take a second to make. `schema.parametrize()` would make those of all addresses
    in every process before the first test; this is what it does, for one address."""

    def keeps_the_contract(case: Case[Any]) -> None:
        _repair(case, plausible)
        case.call_and_validate(base_url=live_server, session=session)

    paths = {path: DOCUMENT["paths"][path]}
    schema = schemathesis.openapi.from_dict({**DOCUMENT, "paths": paths}, config=CONFIG)
    made = get_all_tests(
        schema=schema, test_func=keeps_the_contract, settings=None, given_kwargs={}
    )
    tests = [found.ok() for found in made if isinstance(found, Ok)]
    assert len(tests) == len(paths[path])
    for _, test in tests:
        test()


def test_what_a_list_names_can_be_asked_for(
    live_server: str, plausible: Plausible, session: requests.Session
) -> None:
    """From lists to their entities, along the links of the contract."""

    schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)

    class Walk(schema.as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Case[Any]) -> None:
            _repair(case, plausible)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:  # noqa: ARG002
            return {"base_url": live_server, "session": session}

    settings = hypothesis.settings(
        max_examples=10,
        stateful_step_count=6,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    Walk.run(settings=settings)


def test_the_checks_would_notice_broken_geojson(live_server: str) -> None:
    """That all is well means nothing unless GeoJSON is looked at."""
    broken = {**DOCUMENT, "components": copy.deepcopy(DOCUMENT["components"])}
    broken["components"]["schemas"]["DistrictFeature"]["required"].append("no_such_member")
    operation = schemathesis.openapi.from_dict(broken)["/v1/districts"]["GET"]
    case = operation.Case(query={"format": "geojson", "limit": 1})
    with pytest.raises(FailureGroup, match="no_such_member"):
        case.call_and_validate(base_url=live_server)
