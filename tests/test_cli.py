"""The commands as a person runs them: what they print, how they end, what they leave behind."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from rich.console import Console

from commands import console
from commands.databases import Databases, prepare
from db.cluster import Cluster
from db.publication import publish
from tests.commands import PATIENCE
from tests.commands import as_process as run
from tests.databases import Database, Foreign
from tests.servers import ROOT, StartFailed, free_port, wait_until_it_answers


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_taken_port_is_named_before_anything_is_done(command: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run(command, PORT=port, QUARTIER_DATA=str(tmp_path / "data"))
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"PORT": "http"}, "PORT: "),
        ({"DATABASE_URL": "mysql://me:hidden@host/name"}, "DATABASE_URL: "),
        ({"DATABASE_URL": "postgresql://me:hidden@host/name"}, "must be set both"),
        (
            {
                "DATABASE_URL": "postgresql://me:hidden@127.0.0.1:1/name",
                "DATABASE_PUBLIC_URL": "postgresql://you:hidden@127.0.0.1:1/name",
            },
            "port 1 failed",
        ),
    ],
)
def test_a_wrong_setting_is_named_without_its_password(
    environment: dict[str, str], told: str
) -> None:
    ended = run("up", **({"PORT": str(free_port())} | environment))
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "hidden" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def test_missing_rights_are_printed_as_sql(foreign: Foreign) -> None:
    ended = run("db", "upgrade", **foreign.environment)
    assert ended.returncode == 2
    assert ended.stdout.splitlines()[0] == 'CREATE EXTENSION IF NOT EXISTS "postgis";'
    foreign.as_admin(*ended.stdout.splitlines())
    assert run("db", "upgrade", **foreign.environment).returncode == 0


def test_nothing_is_imported_or_published_before_the_database_is_prepared(
    foreign: Foreign,
) -> None:
    for command in ("publish",), ("import", "districts", "any.geojson"):
        ended = run(*command, **foreign.environment)
        assert ended.returncode == 1
        assert "./quartier db upgrade" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_report_that_cannot_be_written_stops_before_the_import(foreign: Foreign) -> None:
    ended = run("import", "districts", "x", "--report", "/nowhere/r.json", **foreign.environment)
    assert ended.returncode == 1
    assert "/nowhere/r.json" in ended.stderr


def test_psql_is_for_the_private_database(foreign: Foreign) -> None:
    ended = run("db", "psql", **foreign.environment)
    assert ended.returncode == 1
    assert "DATABASE_URL is set" in ended.stderr


def test_migrations_go_down_and_up_again(foreign: Foreign) -> None:
    foreign.as_admin("CREATE EXTENSION postgis", f"CREATE ROLE {foreign.reader} LOGIN")
    for command in ("upgrade",), ("downgrade", "base"), ("upgrade",):
        ended = run("db", *command, **foreign.environment)
        assert ended.returncode == 0, ended.stderr


def seconds_of_children() -> float:
    """What ended children had of the processors: unlike the clock, the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_up_serves_stops_and_starts_again(cluster: Cluster) -> None:
    """Cold, then after SIGTERM, then after SIGKILL, which leaves the database to be adopted."""
    data = cluster.data / f"up {os.getpid()}"
    with up(data) as first:
        assert "Quartier is ready: http://127.0.0.1:" in first.said()
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(PATIENCE) == 0
    assert Cluster(data).postmaster() is None
    before = seconds_of_children()
    with up(data) as second:
        assert "Publishing" not in second.said()
        left = Cluster(data).postmaster()
        second.process.kill()
    assert seconds_of_children() - before < 4  # three alone; a busy second core adds up to a third
    assert Cluster(data).postmaster() == left
    with up(data) as third:
        assert Cluster(data).postmaster() == left
        third.process.send_signal(signal.SIGINT)
        assert third.process.wait(PATIENCE) == 0
    assert Cluster(data).postmaster() is None


def test_a_start_publishes_what_it_brought_and_never_edits(database: Database) -> None:
    both = Databases(database.owner_url, database.public_url)

    def sequence_after(edit: LiteralString) -> object:
        with psycopg.connect(database.owner_url, autocommit=True) as connection:
            connection.execute(edit)
            prepare(both, demonstration=False)
            return connection.execute(
                "SELECT sequence, documents_hash <> '' FROM published.state"
            ).fetchone()

    new_version: LiteralString = "UPDATE published.state SET documents_hash = ''"
    assert sequence_after("SELECT 'the first start'") == (1, True)
    assert sequence_after("SELECT 'the next start'") == (1, True)
    assert sequence_after(new_version) == (1, True)  # built anew, to the same
    assert sequence_after("UPDATE registry.codelist SET title = title || ' neu'") == (1, True)
    assert sequence_after(new_version) == (1, False)
    publish(database.owner_url)
    assert sequence_after("SELECT 'the next start'") == (2, True)


class Up:
    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    def said(self) -> str:
        return self._output.read_text()


@contextmanager
def up(data: Path) -> Iterator[Up]:
    port = free_port()
    output = data.with_suffix(".log")
    environment = os.environ | {"PORT": str(port), "QUARTIER_DATA": str(data)}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [ROOT / "quartier", "up"], env=environment, stdout=log, stderr=log, cwd="/"
        )
    try:
        wait_until_it_answers(process, f"http://127.0.0.1:{port}/health/live")
        yield Up(process, output)
    except StartFailed:
        raise AssertionError(output.read_text()) from None
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.mark.parametrize("watched", [True, False])
def test_rows_that_are_done_are_shown_to_who_watches(
    watched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = io.StringIO()
    monkeypatch.setattr(console, "notes", Console(file=seen, force_terminal=watched, width=100))
    with console.rows_done() as tell:
        tell("angebote.csv", 0)
        tell("angebote.csv", 10_000, 25_000)
    assert ("angebote.csv" in seen.getvalue()) is watched
    assert ("10,000 of 25,000 rows" in seen.getvalue()) is watched


def test_the_report_of_an_import_can_be_read_again(database: Database, tmp_path: Path) -> None:
    places = {"DATABASE_URL": database.owner_url, "DATABASE_PUBLIC_URL": database.public_url}
    file = tmp_path / "traeger.csv"
    file.write_text("nr;name\n1;Verein\n", encoding="utf-8")
    mapping = tmp_path / "mapping.yaml"
    source = "{slug: s, title: S, publisher: S, license: cc-zero, attribution: S}"
    mapping.write_text(
        f"resource: organisations\ntitle: T\nsource: {source}\nkey: nr\nfields: {{name: name}}\n",
        encoding="utf-8",
    )
    done = run("import", "organisations", str(file), "--mapping", str(mapping), **places)
    assert done.returncode == 0, done.stderr
    told = json.loads(run("import", "report", "1", **places).stdout)
    assert (told["import"], told["counts"]["new"]) == (1, 1)
    missing = run("import", "report", "2", **places)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "no report of an import 2" in missing.stderr


def test_hsds_goes_out_and_comes_back(demo_database: Database, tmp_path: Path) -> None:
    places = {
        "DATABASE_URL": demo_database.owner_url,
        "DATABASE_PUBLIC_URL": demo_database.public_url,
    }
    file = tmp_path / "hsds.zip"
    done = run("export", "hsds", str(file), **places)
    assert done.returncode == 0, done.stderr
    assert "services.csv: " in done.stderr
    tried = run("import", str(file), "--dry-run", **places)
    assert tried.returncode == 0, tried.stderr
    assert "left alone" in tried.stderr
    refused = run("export", "hsds", str(file), "--private", **places)
    assert refused.returncode != 0
    assert "all that is published" in refused.stderr
