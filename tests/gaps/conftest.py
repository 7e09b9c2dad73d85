"""Worlds of tests/gaps/county.py behind the application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from db.cluster import Cluster
from tests.conftest import connect_to
from tests.databases import Database, build_empty_template, build_template, clone
from tests.gaps.county import World, settle, world

SEEDS = (1, 2, 3)


@pytest.fixture(scope="session")
def gaps_template(cluster: Cluster) -> str:
    def fill(database: Database) -> None:
        settle(database, world(SEEDS[0]))

    return build_template(cluster, "quartier_gaps_template", build_empty_template(cluster), fill)


@pytest.fixture(scope="session", params=SEEDS)
def peopled(
    request: pytest.FixtureRequest, cluster: Cluster, empty_template: str
) -> Iterator[tuple[World, TestClient]]:
    """A world and the application on it; only to be read."""
    here = world(request.param)
    with clone(cluster, empty_template) as database:
        settle(database, here)
        with connect_to(database) as client:
            yield here, client


@pytest.fixture
def own_gaps_database(cluster: Cluster, gaps_template: str) -> Iterator[Database]:
    """The first world; this test's own, to change at will."""
    with clone(cluster, gaps_template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def gaps_client(cluster: Cluster, gaps_template: str) -> Iterator[TestClient]:
    """The application on the first world; only to be read."""
    with clone(cluster, gaps_template) as shared, connect_to(shared) as client:
        yield client
