"""The region of tests/px/region.py behind the application, and behind a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from db.cluster import Cluster
from tests.conftest import connect_to
from tests.databases import Database, build_empty_template, build_template, clone
from tests.px.region import settle
from tests.servers import running_server

TEMPLATE = "quartier_region_template"


@pytest.fixture(scope="session")
def region_template(cluster: Cluster) -> str:
    return build_template(cluster, TEMPLATE, build_empty_template(cluster), settle)


@pytest.fixture(scope="session")
def region_database(cluster: Cluster, region_template: str) -> Iterator[Database]:
    """Shared by many tests, so only to be read."""
    with clone(cluster, region_template) as shared:
        yield shared


@pytest.fixture
def own_region_database(cluster: Cluster, region_template: str) -> Iterator[Database]:
    """This test's own, to change at will."""
    with clone(cluster, region_template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def region(region_database: Database) -> Iterator[TestClient]:
    with connect_to(region_database) as connected:
        yield connected


@pytest.fixture(scope="session")
def region_server(region_database: Database) -> Iterator[str]:
    """The base URL of a real server, for clients that bring their own way to ask."""
    with running_server(region_database.public_url) as url:
        yield url
