"""Databases for tests: real PostGIS, real migrations, cloned from a template in milliseconds."""

from __future__ import annotations

import fcntl
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from db import migrate, roles
from db.cluster import DATABASE, OWNER, PUBLIC, SUPERUSER, Cluster

EMPTY = "quartier_template"
DEMO = "quartier_demo_template"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """One database of a test, as its owner and as the role the API reads with."""

    name: str
    owner_url: str
    public_url: str


def describe(cluster: Cluster, name: str) -> Database:
    return Database(name, cluster.url(OWNER, name), cluster.url(PUBLIC, name))


def build_empty_template(cluster: Cluster) -> str:
    """Migrated, nothing in it."""
    return build_template(cluster, EMPTY, DATABASE, _migrate)


def build_demo_template(cluster: Cluster) -> str:
    """Migrated, demonstration set loaded and published."""
    return build_template(cluster, DEMO, build_empty_template(cluster), _load_and_publish)


@contextmanager
def clone(cluster: Cluster, template: str) -> Iterator[Database]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _create(cluster, name, template)
    try:
        yield describe(cluster, name)
    finally:
        _as_superuser(cluster, "DROP DATABASE {} WITH (FORCE)", name)


def _migrate(database: Database) -> None:
    migrate.upgrade(database.owner_url)
    roles.grant_reader(database.owner_url, PUBLIC)


def _load_and_publish(database: Database) -> None:
    # Here, so that only the tests that need them fail with them.
    from db.publication import publish
    from seed.load import load_demonstration

    load_demonstration(database.owner_url, progress=lambda _: None)
    publish(database.owner_url)
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def build_template(
    cluster: Cluster, name: str, source: str, fill: Callable[[Database], None]
) -> str:
    """The first process builds under another name, so that nobody clones half a template."""
    unfinished = f"{name}_unfinished"
    with (cluster.data / "templates").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _exists(cluster, name):
            _as_superuser(cluster, "DROP DATABASE IF EXISTS {} WITH (FORCE)", unfinished)
            _create(cluster, unfinished, source)
            fill(describe(cluster, unfinished))
            _as_superuser(cluster, "ALTER DATABASE {} RENAME TO {}", unfinished, name)
    return name


def _exists(cluster: Cluster, name: str) -> bool:
    with psycopg.connect(cluster.url(SUPERUSER, "postgres")) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def _create(cluster: Cluster, name: str, template: str) -> None:
    statement = "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy"
    _as_superuser(cluster, statement, name, OWNER, template)


def _as_superuser(cluster: Cluster, statement: str, *names: str) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Foreign:
    """A database as a provider hands it out: no extensions, an owner who may create no role."""

    def __init__(self, cluster: Cluster) -> None:
        self.name = f"foreign_{os.getpid()}_{next(_numbers)}"
        self.reader = f"{self.name}_reader"
        self.owner_url = cluster.url(self.name, self.name)
        self.public_url = cluster.url(f"{self.reader}:it%27s%20secret", self.name)
        self.admin_url = cluster.url(SUPERUSER, self.name)
        self.environment = {"DATABASE_URL": self.owner_url, "DATABASE_PUBLIC_URL": self.public_url}

    def as_admin(self, *statements: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def foreign_database(cluster: Cluster) -> Iterator[Foreign]:
    made = Foreign(cluster)
    _as_superuser(cluster, "CREATE ROLE {} LOGIN", made.name)
    _as_superuser(cluster, "CREATE DATABASE {} OWNER {} TEMPLATE template0", made.name, made.name)
    try:
        yield made
    finally:
        _as_superuser(cluster, "DROP DATABASE {} WITH (FORCE)", made.name)
        for role in (made.name, made.reader):
            _as_superuser(cluster, "DROP ROLE IF EXISTS {}", role)
