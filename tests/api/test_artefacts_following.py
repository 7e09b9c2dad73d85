"""Who builds: the server beside its work, or a command; and waiting for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest

from api.artefacts import following
from api.artefacts.building import build, locked
from api.artefacts.following import LATEST, QUIET, Following
from api.artefacts.manifest import current, failure
from api.settings import Settings
from db.state import State
from tests.api.processes import Served, served
from tests.api.test_artefacts import left, rename_one
from tests.api.test_robustness import until
from tests.api.test_workers import children, command, kill
from tests.databases import Database
from tests.servers import ROOT

PATIENCE = 60.0


def shows(folder: Path, sequence: int) -> bool:
    made = current(folder)
    return made is not None and made.sequence >= sequence


def builders(parent: int) -> list[int]:
    """Processes that build for a server; its workers are started in the same way."""
    return [pid for pid in children(parent) if b"spawn_main" in command(pid)]


def call(
    *arguments: str, database: Database, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env=os.environ | variables(database, folder) | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def variables(database: Database, folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database.owner_url,
        "DATABASE_PUBLIC_URL": database.public_url,
        "ARTEFACTS": str(folder),
    }


def made(server: Served) -> list[int]:
    """The publications that files were made of, as the log has them."""
    return [line["sequence"] for line in server.log() if line["message"] == "files are made"]


def test_the_server_builds_by_itself_and_goes_on_answering(
    own_county_database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "artefacts"
    settings = {"ARTEFACTS": str(folder), "ARTEFACTS_BUILD": "true"}
    with served(own_county_database.public_url, tmp_path / "log", **settings) as server:
        until(lambda: shows(folder, 2), PATIENCE)
        assert httpx2.get(f"{server.url}/bulk").json()["sequence"] == 2
        rename_one(own_county_database, "Bald überall")
        asked = 0
        while not shows(folder, 3):
            page = httpx2.get(f"{server.url}/v1/offerings?limit=1&count=none").raise_for_status()
            assert page.elapsed.total_seconds() < 5
            asked += 1
            time.sleep(0.05)
        assert asked > 10
        assert "Bald überall" in httpx2.get(f"{server.url}/bulk/offerings.csv").text
        assert httpx2.get(f"{server.url}/health/ready").json()["artefacts"] == 3
        until(lambda: made(server) == [2, 3])
    assert not left(folder)


def test_it_does_so_once_for_all_its_workers(county_database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "artefacts"
    settings = {"ARTEFACTS": str(folder), "ARTEFACTS_BUILD": "true", "WORKERS": "2"}
    with served(county_database.public_url, tmp_path / "log", **settings) as server:
        until(lambda: made(server) == [2], PATIENCE)
        assert httpx2.get(f"{server.url}/bulk").json()["sequence"] == 2
    assert made(server) == [2]


def test_a_killed_build_is_made_up_for(own_county_database: Database, tmp_path: Path) -> None:
    """The kernel may kill it where memory is short: the server lives, and tries again."""
    folder = tmp_path / "artefacts"
    settings = {"ARTEFACTS": str(folder), "ARTEFACTS_BUILD": "true"}
    with served(own_county_database.public_url, tmp_path / "log", **settings) as server:
        until(lambda: bool(builders(server.process.pid)), PATIENCE)
        kill(builders(server.process.pid)[0])
        until(lambda: failure(folder) is not None or shows(folder, 2), PATIENCE)
        until(lambda: shows(folder, 2), PATIENCE)
        until(lambda: failure(folder) is None, PATIENCE)  # taken away once the files stand
        assert httpx2.get(f"{server.url}/health/ready").status_code == 200
    assert not left(folder)
    lost = [line for line in server.log() if "could not be made" in line["message"]]
    assert [line["failures"] for line in lost] == [1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_build_ends_with_its_server(
    number: signal.Signals, county_database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "artefacts"
    settings = {"ARTEFACTS": str(folder), "ARTEFACTS_BUILD": "true"}
    with served(county_database.public_url, tmp_path / "log", **settings) as server:
        until(lambda: bool(builders(server.process.pid)), PATIENCE)
        (builder,) = builders(server.process.pid)
        server.process.send_signal(number)
        until(lambda: not Path(f"/proc/{builder}").exists(), PATIENCE)
    with locked(folder):
        pass  # nobody holds it


def test_where_nothing_can_be_written_the_server_serves_all_the_same(
    county_database: Database, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = {"ARTEFACTS": str(tmp_path / "file"), "ARTEFACTS_BUILD": "true"}
    with served(county_database.public_url, tmp_path / "log", **settings) as server:
        until(lambda: any("could not be made" in e["message"] for e in server.log()), PATIENCE)
        assert httpx2.get(f"{server.url}/bulk/offerings.csv").status_code == 503
        assert httpx2.get(f"{server.url}/v1/offerings").status_code == 200
    (line,) = [each for each in server.log() if "could not be made" in each["message"]]
    assert "file" in line["reason"]
    assert line["retry_in"] > 0


def test_root_builds_as_the_owner_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[object] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for name in ("setgroups", "setgid", "setuid"):
        monkeypatch.setattr(os, name, became.append)
    following._become_owner_of(tmp_path / "missing")
    owner = os.stat_result((0o40755, 1, 1, 1, 10001, 10002, 0, 0, 0, 0))
    monkeypatch.setattr(Path, "stat", lambda _path, **_: owner)
    following._become_owner_of(tmp_path)
    assert became == [[], 10002, 10001]


# --- when ----------------------------------------------------------------------------------------


@contextmanager
def pretended(folder: Path) -> Iterator[Following]:
    """Something is built already; what is published is told by the test."""
    (folder / "1-something").mkdir(parents=True)
    (folder / "1-something" / "manifest.json").touch()
    (folder / "current").symlink_to("1-something")
    yield Following(Settings(), "postgresql://", folder, threading.Event())


def published(sequence: int) -> State:
    return State(sequence, "2024-05-07", f"2024-05-07T16:00:{sequence % 60:02}Z")


def test_it_is_due_when_it_has_been_quiet(tmp_path: Path) -> None:
    with pretended(tmp_path) as pretender:
        assert not pretender._is_due(published(2), 100.0)
        assert not pretender._is_due(published(2), 100.0 + QUIET - 0.1)
        assert not pretender._is_due(published(3), 100.0 + QUIET)
        assert pretender._is_due(published(3), 100.0 + 2 * QUIET)


def test_who_publishes_all_the_time_gets_files_too(tmp_path: Path) -> None:
    with pretended(tmp_path) as pretender:
        due = [pretender._is_due(published(n), 100.0 + n) for n in range(2, 100)]
        assert due.index(True) == LATEST


def test_the_first_files_are_due_at_once(tmp_path: Path) -> None:
    pretender = Following(Settings(), "postgresql://", tmp_path, threading.Event())
    assert pretender._is_due(published(1), 100.0)


def test_files_that_somebody_removed_are_due_at_once(tmp_path: Path) -> None:
    with pretended(tmp_path) as pretender:
        assert not pretender._is_due(published(2), 100.0)
        shutil.rmtree(tmp_path / "1-something")
        assert pretender._is_due(published(2), 100.1)


# --- commands ------------------------------------------------------------------------------------


def test_publish_can_wait_for_the_files(own_county_database: Database, tmp_path: Path) -> None:
    """Nobody else builds, so it does."""
    folder = tmp_path / "artefacts"
    ended = call("publish", "--wait", database=own_county_database, folder=folder)
    assert ended.returncode == 0, ended.stderr
    assert "Waiting for the files of publication 2" in ended.stderr
    assert f"The files in {folder} show publication 2" in ended.stderr
    assert shows(folder, 2)


def test_it_waits_for_who_builds_already(own_county_database: Database, tmp_path: Path) -> None:
    with locked(tmp_path):
        ended = call(
            "publish", "--wait", "--timeout", "4", database=own_county_database, folder=tmp_path
        )
        assert ended.returncode == 1
        assert "were not made in 4 s" in ended.stderr
    assert current(tmp_path) is None


def test_commands_build_and_tell(own_county_database: Database, tmp_path: Path) -> None:
    database = own_county_database
    before = call("artefacts", "status", database=database, folder=tmp_path)
    assert before.returncode == 1
    assert "show nothing yet; the current publication is 2" in before.stderr
    made = call("artefacts", "build", database=database, folder=tmp_path, DATABASE_URL="")
    assert made.returncode == 0, made.stderr
    after = call("artefacts", "status", database=database, folder=tmp_path)
    assert after.returncode == 0
    assert after.stdout.startswith("2\t")
    rename_one(database, "Noch nicht in den Dateien")
    behind = call("artefacts", "status", database=database, folder=tmp_path)
    assert behind.returncode == 1
    assert "show publication 2; the current publication is 3" in behind.stderr


def test_a_second_builder_is_told_so(county_database: Database, tmp_path: Path) -> None:
    with locked(tmp_path):
        ended = call("artefacts", "build", database=county_database, folder=tmp_path)
    assert ended.returncode == 1
    assert f"Another process is making files in {tmp_path}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_one_can_follow_apart_from_the_server(
    own_county_database: Database, tmp_path: Path
) -> None:
    """Knows the reader only, and ends when it is asked to."""
    environment = os.environ | variables(own_county_database, tmp_path) | {"DATABASE_URL": ""}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "artefacts", "follow"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: shows(tmp_path, 2), PATIENCE)
        rename_one(own_county_database, "Von einem anderen gebaut")
        until(lambda: shows(tmp_path, 3), PATIENCE)
        until(lambda: (tmp_path / "log").read_text().count('"files are made"') == 2)
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_the_reader_needs_no_right_to_write(county_database: Database, tmp_path: Path) -> None:
    before = _written(county_database)
    build(Settings(), county_database.public_url, tmp_path)
    assert _written(county_database) == before


def _written(database: Database) -> object:
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
        ).fetchone()
