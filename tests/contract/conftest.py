from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.contract.operations import DOCUMENT


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    """The OpenAPI document as the application makes it."""
    return DOCUMENT


@pytest.fixture(scope="session")
def http(live_server: str) -> Iterator[httpx2.Client]:
    """A client of a real server process on the demonstration set."""
    with httpx2.Client(base_url=live_server, timeout=30) as client:
        yield client
