"""Upgrade and rollback, as docs/how-to/upgrade-and-roll-back.md has them.

The next version is a copy of this one with a migration of its own: a column of a codelist, which
its documents show.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest

from db import migrate
from tests.databases import Database
from tests.servers import ROOT, free_port, running_server

MIGRATION = """
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("ALTER TABLE registry.codelist ADD motto text NOT NULL DEFAULT 'neu'")


def downgrade() -> None:
    op.execute("ALTER TABLE registry.codelist DROP motto")
"""


@dataclass(frozen=True)
class Version:
    """A checkout, and the database its commands are for."""

    checkout: Path
    database: Database

    def run(self, *arguments: str) -> str:
        ended = self.try_(*arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stderr

    def try_(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "DATABASE_URL": self.database.owner_url,
            "DATABASE_PUBLIC_URL": self.database.public_url,
            "PORT": str(free_port()),
        }
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=self.checkout,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def this(own_demo_database: Database) -> Version:
    return Version(ROOT, own_demo_database)


@pytest.fixture
def next_(own_demo_database: Database, tmp_path: Path) -> Version:
    checkout = tmp_path / "next"
    for folder in ("api", "commands", "db", "seed"):
        shutil.copytree(ROOT / folder, checkout / folder)
    shutil.copy(ROOT / "cli.py", checkout)
    migrations = checkout / "db" / "migrations" / "versions"
    (migrations / "9999_next.py").write_text(MIGRATION.format(head=migrate.head()))
    document = checkout / "db" / "documents" / "codelist.sql"
    shown = document.read_text().replace(" AS slug,\n", " AS slug, c.motto,\n")
    document.write_text(shown)
    return Version(checkout, own_demo_database)


def codelist(server: str) -> Any:
    with urlopen(f"{server}/v1/codelists/category", timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def documents(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.public_url) as connection:
        return connection.execute(
            "SELECT id, document::jsonb - 'updated_at' FROM published.codelist ORDER BY id"
        ).fetchall()


def test_an_upgrade_is_served_and_taken_back_by_a_downgrade(this: Version, next_: Version) -> None:
    """The running server of this version answers through all of it."""
    before = documents(this.database)
    with running_server(this.database.public_url) as server:
        next_.run("db", "upgrade")
        assert "motto" not in codelist(server)
        assert "codelist changed" in next_.run("publish")
        assert codelist(server)["motto"] == "neu"
        next_.run("db", "downgrade", str(migrate.head()))
        assert codelist(server)["motto"] == "neu"
        assert "codelist changed" in this.run("publish")
        assert "motto" not in codelist(server)
    assert documents(this.database) == before


def test_an_upgrade_is_taken_back_by_a_restore(
    this: Version, next_: Version, tmp_path: Path
) -> None:
    before = documents(this.database)
    file = str(tmp_path / "before.backup")
    this.run("backup", file)
    next_.run("db", "upgrade")
    next_.run("publish")
    this.run("restore", file, "--replace")
    assert migrate.current(this.database.owner_url) == migrate.head()
    assert documents(this.database) == before
    assert "Nothing to publish" in this.run("publish")


def test_a_backup_of_this_version_is_restored_into_the_next(
    this: Version, next_: Version, tmp_path: Path
) -> None:
    file = str(tmp_path / "before.backup")
    this.run("backup", file)
    next_.run("db", "upgrade")
    assert "older version: ./quartier db upgrade" in next_.run("restore", file, "--replace")
    next_.run("db", "upgrade")
    assert "codelist changed" in next_.run("publish")


def test_an_older_version_says_that_the_database_is_newer(this: Version, next_: Version) -> None:
    next_.run("db", "upgrade")
    for command in ["db", "upgrade"], ["publish"], ["up"]:
        ended = this.try_(*command)
        assert ended.returncode == 1
        assert "upgraded by a newer version" in ended.stderr
        assert "Traceback" not in ended.stderr
