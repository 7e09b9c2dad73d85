"""The county of tests/analyses/towns.py behind the application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from db.cluster import Cluster
from tests.analyses.towns import settle
from tests.conftest import connect_to
from tests.databases import Database, build_empty_template, build_template, clone

TEMPLATE = "quartier_towns_template"


@pytest.fixture(scope="session")
def towns_template(cluster: Cluster) -> str:
    return build_template(cluster, TEMPLATE, build_empty_template(cluster), settle)


@pytest.fixture(scope="session")
def towns_database(cluster: Cluster, towns_template: str) -> Iterator[Database]:
    """Shared by many tests, so only to be read."""
    with clone(cluster, towns_template) as shared:
        yield shared


@pytest.fixture
def own_towns_database(cluster: Cluster, towns_template: str) -> Iterator[Database]:
    """This test's own, to change at will."""
    with clone(cluster, towns_template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def towns(towns_database: Database) -> Iterator[TestClient]:
    with connect_to(towns_database) as connected:
        yield connected
