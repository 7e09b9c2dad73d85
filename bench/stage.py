"""The database that is measured: a private cluster, filled once for a number of offerings."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from bench.dataset import fill
from bench.observations import YEARS, Statistics, fill_indicators, fill_years
from bench.statements import FOLDER, script, statements
from db import migrate, roles
from db.cluster import DATABASE, OWNER, SUPERUSER, Cluster
from db.publication import publish
from seed.load import Progress

CHANGED = "quartier_bench_changed"
_MADE_OF = (
    "bench/dataset.py",
    "bench/observations.py",
    "bench/quarters.py",
    "bench/words.yaml",
    "bench/columns.sql",
    "db/migrations/sql/*.sql",
    "db/documents/*.sql",
)


@dataclass(frozen=True)
class Amount:
    """How much there is in a database."""

    offerings: int
    indicators: int

    @property
    def statistics(self) -> Statistics:
        return Statistics(self.indicators)


@contextmanager
def staged(folder: Path, amount: Amount, *, progress: Progress) -> Iterator[Cluster]:
    """The filled database in a folder, made anew if what it is made of has changed."""
    stamp = folder / "filled"
    known = _fingerprint(amount)
    if folder.exists() and not (stamp.exists() and stamp.read_text() == known):
        if not Cluster(folder).stop():
            raise FileExistsError(f"{folder} is in use by another process")
        shutil.rmtree(folder)
    with Cluster(folder) as cluster:
        if not stamp.exists():
            _fill(cluster, amount, progress)
            stamp.write_text(known)
        yield cluster


def measure_offerings(cluster: Cluster, times: int) -> dict[str, list[float]]:
    """Seconds of the first, of one of all changed, and of some of one changed."""
    with _copied(cluster) as url:
        changed = [_changed(url, "all")]
        one = [_changed(url, "one") for _ in range(times)]
    return {"first": [_noted(cluster)["first"]], "changed": changed, "one": one}


def measure_years(cluster: Cluster, amount: Amount, times: int) -> dict[str, list[float]]:
    """Seconds of the first year of observations, and of some that follow all the others."""
    years = range(YEARS[-1] + 1, YEARS[-1] + 1 + times)
    with _copied(cluster) as url:
        further = [_year(url, amount.statistics, year) for year in years]
    return {"first-year": [_noted(cluster)["first-year"]], "year": further}


@contextmanager
def _copied(cluster: Cluster) -> Iterator[str]:
    """The database once more, so that what is measured afterwards is not worn."""
    _as_superuser(cluster, "DROP DATABASE IF EXISTS {} WITH (FORCE)", CHANGED)
    copied = "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy"
    _as_superuser(cluster, copied, CHANGED, OWNER, DATABASE)
    try:
        yield cluster.url(OWNER, CHANGED)
    finally:
        _as_superuser(cluster, "DROP DATABASE {} WITH (FORCE)", CHANGED)


def _fill(cluster: Cluster, amount: Amount, progress: Progress) -> None:
    url = cluster.owner_url
    migrate.upgrade(url)
    roles.grant_reader(url, roles.role_of(cluster.public_url))
    fill(url, amount.offerings, progress=progress)
    fill_indicators(url, amount.statistics)
    progress("publishing")
    first = _published(url)
    first_year = _year(url, amount.statistics, YEARS[0])
    fill_years(url, amount.statistics, YEARS[1:], progress=progress)
    progress("publishing observations")
    publish(url)
    _note(cluster, {"first": first, "first-year": first_year})
    progress("copying into columns")
    with psycopg.connect(cluster.owner_url, autocommit=True) as connection:
        for statement in script("columns"):
            connection.execute(statement)
    _as_superuser(cluster, "VACUUM ANALYZE", database=DATABASE)
    _as_superuser(cluster, "CHECKPOINT")


def _changed(url: str, name: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements("changes")[name])
    return _published(url)


def _year(url: str, statistics: Statistics, year: int) -> float:
    fill_years(url, statistics, [year], progress=lambda _: None)
    return _published(url)


def _published(url: str) -> float:
    start = time.monotonic()
    publish(url)
    return time.monotonic() - start


def _note(cluster: Cluster, seconds: dict[str, float]) -> None:
    (cluster.data / "publications").write_text(json.dumps(seconds))


def _noted(cluster: Cluster) -> dict[str, float]:
    """What publications took that there was only one chance to measure."""
    found: dict[str, float] = json.loads((cluster.data / "publications").read_text())
    return found


def _as_superuser(
    cluster: Cluster, statement: str, *names: str, database: str = "postgres"
) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, database), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _fingerprint(amount: Amount) -> str:
    root = FOLDER.parent
    files = sorted(path for pattern in _MADE_OF for path in root.glob(pattern))
    parts = [repr(amount).encode(), *(path.read_bytes() for path in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
