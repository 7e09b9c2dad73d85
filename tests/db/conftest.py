"""A small registry that tests may change: what they did is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from db.cluster import Cluster
from db.registry import writer
from tests.databases import Database, clone
from tests.db.village import settle


@pytest.fixture(scope="session")
def settled(cluster: Cluster, empty_template: str) -> Iterator[Database]:
    """The village, not published; shared by many tests, so only to be changed in a transaction."""
    with clone(cluster, empty_template) as shared:
        with writer(shared.owner_url, "test") as connection:
            settle(connection)
        yield shared


@pytest.fixture
def village(settled: Database) -> Iterator[Connection]:
    """A connection to it, in a transaction that is rolled back."""
    with writer(settled.owner_url, "test") as connection:
        yield connection
        connection.rollback()
