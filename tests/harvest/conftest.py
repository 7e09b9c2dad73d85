"""A portal of our own: CKAN with its harvester, on a database in the run's cluster."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from api.artefacts.building import build
from api.settings import Settings
from bench.environments import environment
from db.cluster import SUPERUSER, Cluster, default_data_folder
from tests.databases import Database
from tests.servers import ROOT, running_server

PROGRAM = Path(__file__).with_name("portal.py")


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a portal found, what went wrong, and what it has afterwards."""

    source: str
    errors: list[str]
    gathered: list[dict[str, Any]]
    deleted: int
    datasets: list[dict[str, Any]]

    def by_uri(self) -> dict[str, dict[str, Any]]:
        """What the portal has of this source, by what the source calls it."""
        known = {extra(each, "uri"): each for each in self.datasets}
        return {uri: each for uri, each in known.items() if uri.startswith(f"{self.source}/")}


def extra(dataset: dict[str, Any], name: str) -> str:
    """A field that CKAN keeps among the others."""
    values = {each["key"]: each["value"] for each in dataset["extras"]}
    return str(values.get(name, ""))


class Portal:
    """Asked for one harvest after the other; it remembers what it has."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def harvest(
        self, address: str, format: str | None = None, *, only_gather: bool = False
    ) -> Harvest:
        order = {"source": address, "format": format, "only_gather": only_gather}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Harvest(address.partition("/catalog")[0], **json.loads(self.line()))

    def line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@pytest.fixture(scope="session")
def ckan() -> Path:
    """The programs of CKAN's environment, made by the first run."""
    folder = default_data_folder(ROOT) / "environments"
    return environment(folder, "ckan", progress=lambda _: None)


@pytest.fixture(scope="session")
def portal(
    ckan: Path, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """Each server that a test starts is a source of its own to it."""
    folder = tmp_path_factory.mktemp("ckan")
    with _database(cluster, f"ckan_{os.getpid()}") as url, (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [ckan / "python", PROGRAM, url, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        with process:
            started = Portal(process)
            if started.line() != "ready\n":
                raise AssertionError((folder / "log").read_text()[-5000:])
            yield started
            process.terminate()


@contextmanager
def _database(cluster: Cluster, name: str) -> Iterator[str]:
    def execute(statement: str) -> None:
        with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    execute("CREATE DATABASE {} TEMPLATE template0")
    try:
        yield cluster.url(SUPERUSER, name)
    finally:
        execute("DROP DATABASE {} WITH (FORCE)")


@dataclass(frozen=True, slots=True)
class Registry:
    """A server whose files are made when a test says so."""

    url: str
    database: Database
    folder: Path
    settings: dict[str, str]

    def build(self) -> None:
        settings = Settings(
            database_public_url=SecretStr(self.database.public_url),
            artefacts=self.folder,
            **self.settings,  # type: ignore[arg-type]  # as environment variables are: texts
        )
        build(settings, self.database.public_url, self.folder)


@contextmanager
def running_registry(database: Database, folder: Path, **settings: str) -> Iterator[Registry]:
    variables = {name.upper(): value for name, value in settings.items()}
    with running_server(
        database.public_url, ARTEFACTS=str(folder), ARTEFACTS_BUILD="false", **variables
    ) as url:
        yield Registry(url, database, folder, settings)
