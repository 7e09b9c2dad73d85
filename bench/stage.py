"""The database that is measured: a private cluster, filled once for a number of offerings."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bench.dataset import fill
from bench.statements import FOLDER, script, statements
from db import migrate, roles
from db.cluster import DATABASE, OWNER, SUPERUSER, Cluster
from db.publication import publish
from seed.load import Progress

CHANGED = "quartier_bench_changed"
SINGLE = 5  # publications of one change
_MADE_OF = (
    "bench/dataset.py",
    "bench/quarters.py",
    "bench/words.yaml",
    "bench/columns.sql",
    "db/migrations/sql/*.sql",
    "db/documents/*.sql",
)


@contextmanager
def staged(folder: Path, count: int, *, progress: Progress) -> Iterator[Cluster]:
    """The filled database in a folder, made anew if what it is made of has changed."""
    stamp = folder / "filled"
    known = _fingerprint(count)
    if folder.exists() and not (stamp.exists() and stamp.read_text() == known):
        if not Cluster(folder).stop():
            raise FileExistsError(f"{folder} is in use by another process")
        shutil.rmtree(folder)
    with Cluster(folder) as cluster:
        if not stamp.exists():
            _fill(cluster, count, progress)
            stamp.write_text(known)
        yield cluster


def measure_publications(cluster: Cluster) -> dict[str, list[float]]:
    """Seconds of the first, of one of all changed, and of some of one changed.

    In a copy, so that what is measured afterwards is not worn.
    """
    _as_superuser(cluster, "DROP DATABASE IF EXISTS {} WITH (FORCE)", CHANGED)
    copied = "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy"
    _as_superuser(cluster, copied, CHANGED, OWNER, DATABASE)
    url = cluster.url(OWNER, CHANGED)
    try:
        changed = [_changed(url, "all")]
        one = [_changed(url, "one") for _ in range(SINGLE)]
    finally:
        _as_superuser(cluster, "DROP DATABASE {} WITH (FORCE)", CHANGED)
    return {"first": [_first(cluster)], "changed": changed, "one": one}


def _fill(cluster: Cluster, count: int, progress: Progress) -> None:
    migrate.upgrade(cluster.owner_url)
    roles.grant_reader(cluster.owner_url, roles.role_of(cluster.public_url))
    fill(cluster.owner_url, count, progress=progress)
    progress("publishing")
    start = time.monotonic()
    publish(cluster.owner_url)
    (cluster.data / "first").write_text(str(time.monotonic() - start))
    progress("copying into columns")
    with psycopg.connect(cluster.owner_url, autocommit=True) as connection:
        for statement in script("columns"):
            connection.execute(statement)
    _as_superuser(cluster, "VACUUM ANALYZE", database=DATABASE)
    _as_superuser(cluster, "CHECKPOINT")


def _changed(url: str, name: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements("changes")[name])
    start = time.monotonic()
    publish(url)
    return time.monotonic() - start


def _first(cluster: Cluster) -> float:
    return float((cluster.data / "first").read_text())


def _as_superuser(
    cluster: Cluster, statement: str, *names: str, database: str = "postgres"
) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, database), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _fingerprint(count: int) -> str:
    root = FOLDER.parent
    files = sorted(path for pattern in _MADE_OF for path in root.glob(pattern))
    parts = [str(count).encode(), *(path.read_bytes() for path in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
