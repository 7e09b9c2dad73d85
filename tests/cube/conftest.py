"""The county of tests/analyses/towns.py with what makes cubes difficult, behind the application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from db.cluster import Cluster
from tests.conftest import connect_to
from tests.cube.difficult import settle
from tests.databases import Database, build_empty_template, build_template, clone
from tests.servers import running_server

TEMPLATE = "quartier_cube_template"


@pytest.fixture(scope="session")
def county_template(cluster: Cluster) -> str:
    return build_template(cluster, TEMPLATE, build_empty_template(cluster), settle)


@pytest.fixture(scope="session")
def county_database(cluster: Cluster, county_template: str) -> Iterator[Database]:
    """Shared by many tests, so only to be read."""
    with clone(cluster, county_template) as shared:
        yield shared


@pytest.fixture
def own_county_database(cluster: Cluster, county_template: str) -> Iterator[Database]:
    """This test's own, to change at will."""
    with clone(cluster, county_template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def county(county_database: Database) -> Iterator[TestClient]:
    with connect_to(county_database) as connected:
        yield connected


@pytest.fixture(scope="session")
def served(county_database: Database) -> Iterator[str]:
    """The base URL of a real server process, for clients that ask by themselves."""
    with running_server(county_database.public_url) as url:
        yield url
