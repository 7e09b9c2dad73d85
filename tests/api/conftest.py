"""The invented county of tests/api/world.py behind the application."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient

from api.artefacts.building import build
from api.settings import Settings
from db.cluster import Cluster
from db.publication import publish
from tests.api import world
from tests.api.world import World
from tests.conftest import connect_to
from tests.databases import Database, build_empty_template, build_template, clone

TEMPLATE = "quartier_world_template"


@pytest.fixture(scope="session")
def world_template(cluster: Cluster) -> str:
    return build_template(cluster, TEMPLATE, build_empty_template(cluster), _fill)


def _fill(database: Database) -> None:
    """Published twice, so that `updated_since` has something to find."""
    world.load(database.owner_url)
    publish(database.owner_url)
    world.change_some(database.owner_url)
    publish(database.owner_url)
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


@pytest.fixture(scope="session")
def county() -> World:
    return world.make()


@pytest.fixture(scope="session")
def county_database(cluster: Cluster, world_template: str) -> Iterator[Database]:
    """Shared by many tests, so only to be read."""
    with clone(cluster, world_template) as shared:
        yield shared


@pytest.fixture(scope="session")
def county_artefacts(county_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that are made of it."""
    folder = tmp_path_factory.mktemp("county-artefacts")
    build(Settings(), county_database.public_url, folder)
    return folder


@pytest.fixture
def own_county_database(cluster: Cluster, world_template: str) -> Iterator[Database]:
    """This test's own, to change at will."""
    with clone(cluster, world_template) as fresh:
        yield fresh


@pytest.fixture
def own_county_artefacts(county_artefacts: Path, tmp_path: Path) -> Path:
    """The files of this test's own, as if it had had them made."""
    shutil.copytree(county_artefacts, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="session")
def api(county_database: Database) -> Iterator[TestClient]:
    """The application on the invented county."""
    with connect_to(county_database) as connected:
        yield connected
