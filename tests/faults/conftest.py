"""One PostgreSQL and one server for all faults: each test leaves them as well as it found them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from db.cluster import OWNER, SUPERUSER, Cluster
from tests.api.processes import served
from tests.databases import Database, clone
from tests.faults.house import House, is_well_again
from tests.faults.numbered import build_numbered_template


@pytest.fixture(scope="session")
def private_cluster(cluster: Cluster) -> Iterator[Cluster]:
    """What was committed survives its processes, as in real life; a power cut need not be."""
    with Cluster(cluster.data / f"faults-{os.getpid()}", durable=False) as running:
        with psycopg.connect(running.url(SUPERUSER, "postgres")) as connection:
            connection.execute(f"ALTER ROLE {OWNER} SET synchronous_commit = on")
        yield running


@pytest.fixture(scope="session")
def numbered_database(private_cluster: Cluster) -> Iterator[Database]:
    with clone(private_cluster, build_numbered_template(private_cluster)) as database:
        yield database


@pytest.fixture(scope="session")
def standing_house(
    private_cluster: Cluster,
    numbered_database: Database,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """A server with the settings that operators begin with."""
    log = tmp_path_factory.mktemp("house") / "log"
    with served(numbered_database.public_url, log) as server:
        yield House(private_cluster, numbered_database, server)


@pytest.fixture
def house(standing_house: House) -> Iterator[House]:
    is_well_again(standing_house)
    yield standing_house
    standing_house.cluster.start()
