"""Schemathesis against a real server process on the real database, with all of its checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, DeserializationContext, GenerationMode, Response

from api.app import create_app
from api.settings import Settings
from tests.contract.plausible import Plausible

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 1,
        "generation": {
            "mode": "all",
            "max-examples": 20,
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
schema = schemathesis.openapi.from_dict(
    create_app(Settings.model_construct()).openapi(), config=CONFIG
)


@schemathesis.deserializer("text/csv", "application/x-ndjson")
def _as_text(_context: DeserializationContext, response: Response) -> str:
    return response.content.decode("utf-8")


@pytest.fixture(scope="session")
def plausible(live_server: str) -> Iterator[Plausible]:
    known = Plausible(live_server)
    yield known
    known.close()


@schema.parametrize()
def test_the_server_keeps_the_contract(
    case: Case[Any], live_server: str, plausible: Plausible
) -> None:
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        plausible.repair(case)
    case.call_and_validate(base_url=live_server)
