"""The SQL on the page about one's own PostgreSQL works, and is what Quartier asks for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from db.cluster import SUPERUSER, Cluster
from tests.databases import Foreign
from tests.docs.pages import DOCS, ROOT, blocks

PAGE = DOCS / "how-to" / "deploy-with-your-own-postgresql.md"
NAME = f"deployed_{os.getpid()}"
OWNER, READER = f"{NAME}_owner", f"{NAME}_reader"


@pytest.fixture
def prepared(cluster: Cluster) -> Iterator[dict[str, str]]:
    """The SQL of the page: the first part is run anywhere, the rest in the new database."""
    (script,) = blocks(PAGE, "sql")
    renamed = script.replace("quartier", NAME)
    here, there = renamed.split(f"\\connect {NAME}\n")
    try:
        _run(cluster, "postgres", here)
        _run(cluster, NAME, there)
        yield {
            "DATABASE_URL": cluster.url(OWNER, NAME),
            "DATABASE_PUBLIC_URL": cluster.url(READER, NAME),
        }
    finally:
        _run(cluster, "postgres", f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        _run(cluster, "postgres", f"DROP ROLE IF EXISTS {OWNER}; DROP ROLE IF EXISTS {READER}")


def test_after_the_sql_of_the_page_nothing_is_missing(prepared: dict[str, str]) -> None:
    ended = _upgrade(prepared)
    assert ended.returncode == 0, ended.stderr + ended.stdout


def test_what_is_printed_is_what_the_page_shows(foreign: Foreign) -> None:
    ended = _upgrade(foreign.environment)
    assert ended.returncode == 2
    printed = ended.stdout.replace(foreign.reader, "quartier_reader")
    assert printed in blocks(PAGE, "text")


def _run(cluster: Cluster, database: str, statements: str) -> None:
    with closing(psycopg.connect(cluster.url(SUPERUSER, database), autocommit=True)) as connection:
        for statement in filter(str.strip, statements.split(";")):
            connection.execute(sql.SQL(statement))


def _upgrade(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "db", "upgrade"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
