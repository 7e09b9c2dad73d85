"""One private PostGIS a run, shared by all workers; a fresh clone of a template a test."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.settings import Settings
from db.cluster import Cluster
from tests.databases import (
    Database,
    Foreign,
    build_demo_template,
    build_empty_template,
    clone,
    foreign_database,
)
from tests.servers import running_server

DATA_VARIABLE = "QUARTIER_TEST_DATA"
PREFIX = "quartier-test-"
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder that is made there is private
FEW_COLLECTIONS = 50_000
"""New objects between two collections of garbage, of which tests make little."""
ROOM = 2_000_000_000
"""Bytes: more than a run has ever needed."""


def pytest_configure(config: pytest.Config) -> None:
    """Name the run's data folder; the first test that needs a database starts a server on it."""
    settings.register_profile("thorough", max_examples=500)
    settings.register_profile("suite", max_examples=50)
    settings.load_profile(config.getoption("--hypothesis-profile") or "suite")
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)  # a developer's own settings must not decide a test
    os.environ["ARTEFACTS_BUILD"] = "false"  # no server makes files unless a test asks it to
    os.environ["ARTEFACTS"] = os.devnull
    if config.pluginmanager.hasplugin("cacheprovider"):
        _keep_bytecode(config.cache)
    gc.set_threshold(FEW_COLLECTIONS)
    if not _is_worker(config):
        _remove_abandoned_runs()
        os.environ[DATA_VARIABLE] = tempfile.mkdtemp(
            prefix=f"{PREFIX}{os.getpid()}-", dir=MEMORY if _is_roomy(MEMORY) else None
        )


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        _remove(Path(os.environ.pop(DATA_VARIABLE)))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with Cluster(Path(os.environ[DATA_VARIABLE]), durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def empty_template(cluster: Cluster) -> str:
    return build_empty_template(cluster)


@pytest.fixture(scope="session")
def demo_template(cluster: Cluster) -> str:
    return build_demo_template(cluster)


@pytest.fixture
def database(cluster: Cluster, empty_template: str) -> Iterator[Database]:
    """Migrated and empty; this test's own."""
    with clone(cluster, empty_template) as fresh:
        yield fresh


@pytest.fixture
def own_demo_database(cluster: Cluster, demo_template: str) -> Iterator[Database]:
    """The demonstration set, published; this test's own, to change at will."""
    with clone(cluster, demo_template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def demo_database(cluster: Cluster, demo_template: str) -> Iterator[Database]:
    """The demonstration set, published; shared by many tests, so only to be read."""
    with clone(cluster, demo_template) as shared:
        yield shared


@pytest.fixture
def foreign(cluster: Cluster) -> Iterator[Foreign]:
    """An empty database whose owner has few rights, as `DATABASE_URL` may name one."""
    with foreign_database(cluster) as provided:
        yield provided


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """The application on an empty registry."""
    with connect_to(database) as connected:
        yield connected


@pytest.fixture(scope="session")
def demo_client(demo_database: Database) -> Iterator[TestClient]:
    """The application on the demonstration set."""
    with connect_to(demo_database) as connected:
        yield connected


@pytest.fixture(scope="session")
def demo_artefacts(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that are made of the demonstration set."""
    from api.artefacts.building import build

    folder = tmp_path_factory.mktemp("artefacts")
    build(Settings(), demo_database.public_url, folder)
    return folder


@pytest.fixture(scope="session")
def live_server(demo_database: Database, demo_artefacts: Path) -> Iterator[str]:
    """The base URL of a real server process on the demonstration set."""
    with running_server(demo_database.public_url, ARTEFACTS=str(demo_artefacts)) as url:
        yield url


def connect_to(database: Database | Foreign, **settings: Any) -> TestClient:
    from api.app import create_app  # here, so that a broken app fails the tests that need it

    url = SecretStr(database.public_url)
    return TestClient(create_app(Settings(database_public_url=url, **settings)))


def _keep_bytecode(cache: pytest.Cache) -> None:
    """Of us and of the processes that tests start: compiling takes longer than many a test.

    Who wants no bytecode beside the sources gets it in pytest's cache.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("bytecode"))
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"]
        sys.dont_write_bytecode = False


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _is_roomy(folder: Path) -> bool:
    """A clone is some 700 files: in memory they are made in a tenth of the time."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM


def _remove_abandoned_runs() -> None:
    """A run that was killed leaves its server running; its process id is in the folder's name."""
    places = (Path(tempfile.gettempdir()), MEMORY)
    for folder in (found for place in places for found in place.glob(f"{PREFIX}*")):
        process = folder.name.removeprefix(PREFIX).split("-")[0]
        if folder.stat().st_uid == os.geteuid() and not _is_alive(int(process)):
            _remove(folder)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _remove(data: Path) -> None:
    if Cluster(data).stop():
        shutil.rmtree(data)
