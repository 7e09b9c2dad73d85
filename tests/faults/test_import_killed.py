"""kill -9 of an import: nothing is half written, and the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml

from seed.load import load_vocabulary
from tests.api.test_robustness import until
from tests.databases import Database
from tests.seed.test_import_offerings import MAPPING, ROW
from tests.servers import PATIENCE, ROOT

ROWS = 50
MOMENTS = {
    "before its first row": "registry.offering IN SHARE MODE",
    "when its rows are written but their sites": "registry.offering_site IN SHARE MODE",
}
"""What an import can be made to wait for."""


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Path:
    load_vocabulary(database.owner_url, progress=lambda _: None)
    text = yaml.safe_dump(MAPPING, allow_unicode=True)
    (tmp_path / "mapping.yaml").write_text(text, encoding="utf-8")
    rows = [{**ROW, "Nr": str(number), "Straße": f"Weg {number}"} for number in range(ROWS)]
    lines = [";".join(ROW), *(";".join(row.values()) for row in rows)]
    (tmp_path / "angebote.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def importing(database: Database, folder: Path) -> subprocess.Popen[str]:
    urls = {"DATABASE_URL": database.owner_url, "DATABASE_PUBLIC_URL": database.public_url}
    files = [folder / "angebote.csv", "--mapping", folder / "mapping.yaml"]
    command = [sys.executable, "-m", "cli", "import", "offerings", *map(str, files)]
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | urls, stderr=subprocess.DEVNULL, text=True
    )


def count(database: Database, question: str) -> int:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        found = connection.execute(f"SELECT count(*) FROM {question}").fetchone()
        return int(found[0]) if found else 0


def state(database: Database) -> list[int]:
    tables = ("offering", "site", "organisation", "source", "import_run", "revision", "dirty")
    return [count(database, f"registry.{table}") for table in tables]


def others(database: Database, condition: str = "true") -> int:
    return count(
        database,
        "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        f"AND application_name <> 'locking' AND {condition}",
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_import(database: Database, folder: Path, moment: str) -> None:
    before = state(database)
    with psycopg.connect(database.owner_url, application_name="locking") as locking:
        locking.execute(f"LOCK TABLE {MOMENTS[moment]}")
        with importing(database, folder) as process:
            until(lambda: others(database, "wait_event_type = 'Lock'") == 1, PATIENCE)
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
    until(lambda: others(database) == 0, PATIENCE)
    assert state(database) == before
    with importing(database, folder) as process:
        assert process.wait(4 * PATIENCE) == 0
    assert count(database, "registry.offering") == ROWS
    assert count(database, "registry.site") == ROWS
