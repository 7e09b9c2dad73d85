"""The private PostgreSQL: created once, shared, and started again whatever was killed."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from db.cluster import (
    OWNER,
    PUBLIC,
    SUPERUSER,
    Cluster,
    default_data_folder,
)
from db.server import EXTENSIONS, DatabaseUnusable

ROOT = Path(__file__).parents[2]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server an account")


@pytest.fixture(scope="module")
def folder(cluster: Cluster) -> Path:
    """A data folder of our own, with a name that every layer below could misread."""
    data = cluster.data / f'it\'s "two" 100 %41 {{x}} ä {os.getpid()}'
    (data / "postgresql.new").mkdir(parents=True)
    (data / "postgresql.new" / "PG_VERSION").write_text("left by a killed start")
    return data


@pytest.fixture
def scratch(folder: Path) -> Iterator[Cluster]:
    with Cluster(folder, durable=False) as running:
        yield running


def test_a_new_cluster_has_roles_database_and_extensions(cluster: Cluster) -> None:
    with psycopg.connect(cluster.owner_url) as connection:
        extensions = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
        mighty = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname = ANY (%s)"
            " AND (rolsuper OR rolcreaterole OR rolcreatedb)",
            [[OWNER, PUBLIC]],
        ).fetchone()
    assert set(EXTENSIONS) <= extensions
    assert mighty == (0,)


def test_umlauts_are_letters_to_the_database(cluster: Cluster) -> None:
    with psycopg.connect(cluster.owner_url) as connection:
        row = connection.execute("SELECT lower('ÄÖÜ'), show_trgm('Ü') = show_trgm('ü')").fetchone()
    assert row == ("äöü", True)


def test_no_port_is_opened(cluster: Cluster) -> None:
    with psycopg.connect(cluster.owner_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert cluster.socket.stat().st_mode & 0o777 == 0o700


def test_the_callers_environment_decides_nothing(
    scratch: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATABASE", "nowhere")
    monkeypatch.setenv("PGUSER", "nobody")
    with psycopg.connect(scratch.owner_url) as connection:
        assert connection.info.dbname == "quartier"


def test_two_folders_are_two_databases(cluster: Cluster, scratch: Cluster) -> None:
    with psycopg.connect(scratch.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS only_here ()")
    with psycopg.connect(cluster.owner_url) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_data_survives_a_stop(scratch: Cluster) -> None:
    with psycopg.connect(scratch.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept ()")
    assert scratch.stop()
    assert scratch.postmaster() is None
    scratch.start()
    with psycopg.connect(scratch.owner_url) as connection:
        assert connection.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)


def test_a_secret_key_is_made_once_for_its_owner_alone(scratch: Cluster) -> None:
    with scratch:
        key = scratch.secret_key
    file = scratch.data / "secret-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert re.fullmatch("[0-9a-f]{64}", key)
    with scratch:
        assert scratch.secret_key == key
    file.unlink()  # one of an older version has none yet
    with scratch:
        assert scratch.secret_key not in ("", key)


def test_the_last_user_stops_the_server(scratch: Cluster) -> None:
    second = Cluster(scratch.data)
    second.start()
    assert second.postmaster() == scratch.postmaster()
    assert not second.stop()
    assert scratch.postmaster()
    assert scratch.stop()
    assert scratch.postmaster() is None


def test_two_starts_at_once_make_one_server(folder: Path) -> None:
    clusters = [Cluster(folder, durable=False) for _ in range(4)]
    threads = [threading.Thread(target=one.start) for one in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.postmaster() for one in clusters} - {None}) == 1
    assert [one.stop() for one in clusters] == [False, False, False, True]


def test_a_killed_server_is_started_again(scratch: Cluster) -> None:
    """Also while a session of the old one is still at work, holding its shared memory."""
    busy = psycopg.connect(scratch.owner_url)
    work = threading.Thread(target=_work_until_cut, args=(busy,))
    work.start()
    time.sleep(0.1)
    os.kill(scratch.postmaster() or 0, signal.SIGKILL)
    while scratch.postmaster():
        time.sleep(0.01)
    with Cluster(scratch.data, durable=False) as again, psycopg.connect(again.owner_url) as new:
        assert new.execute("SELECT 1").fetchone() == (1,)
    work.join()


def _work_until_cut(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with suppress(psycopg.OperationalError), connection:
        connection.execute("SELECT count(*) FROM generate_series(1, 5000000)")


def test_a_server_whose_parent_was_killed_is_adopted(scratch: Cluster) -> None:
    scratch.stop()
    code = (
        "import os, signal, sys; from pathlib import Path; from db.cluster import Cluster\n"
        "Cluster(Path(sys.argv[1]), durable=False).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, scratch.data], cwd=ROOT, check=False)
    orphan = scratch.postmaster()
    assert orphan
    scratch.start()
    assert scratch.postmaster() == orphan
    assert scratch.stop()
    assert scratch.postmaster() is None


def test_a_process_id_that_became_somebody_elses_is_no_server(scratch: Cluster) -> None:
    """After a restart of the machine, the number in the file may belong to any process."""
    scratch.stop()
    (scratch.files / "postmaster.pid").write_text(f"{os.getpid()}\n{scratch.files}\n")
    (scratch.socket / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{scratch.files}\n")
    scratch.start()
    assert scratch.postmaster() not in (None, os.getpid())


def test_a_long_path_keeps_its_socket_elsewhere(scratch: Cluster) -> None:
    scratch.stop()
    long = scratch.data.with_name(scratch.data.name + "x" * 120)
    scratch.data.rename(long)
    try:
        with Cluster(long, durable=False) as moved:
            assert moved.socket.parent != long
            assert moved.socket.stat().st_mode & 0o777 == 0o700
            with psycopg.connect(moved.owner_url) as connection:
                connection.execute("SELECT 1")
        assert not moved.socket.exists()
    finally:
        long.rename(scratch.data)


def test_a_socket_folder_laid_out_by_somebody_else_is_refused(scratch: Cluster) -> None:
    scratch.stop()
    for leftover in scratch.socket.iterdir():
        leftover.unlink()
    scratch.socket.rmdir()
    scratch.socket.symlink_to(scratch.data)
    try:
        with pytest.raises(DatabaseUnusable, match="belongs to somebody else"):
            scratch.start()
    finally:
        scratch.socket.unlink()


def test_a_failed_start_says_why(scratch: Cluster) -> None:
    scratch.stop()
    configuration = scratch.files / "postgresql.conf"
    before = configuration.read_text()
    configuration.write_text(before + "\nno_such_setting = 1\n")
    try:
        with pytest.raises(DatabaseUnusable, match="no_such_setting"):
            scratch.start()
    finally:
        configuration.write_text(before)


@as_root
def test_root_lends_the_server_another_account(cluster: Cluster) -> None:
    assert Path(f"/proc/{cluster.postmaster()}").stat().st_uid != 0
    assert cluster.data.stat().st_uid == 0


@as_root
def test_a_folder_the_account_cannot_reach_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(DatabaseUnusable, match="cannot reach"):
        Cluster(tmp_path / "closed" / "data").start()


def test_two_checkouts_have_two_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    folders = {default_data_folder(tmp_path / name) for name in ("a", "b", "a/../b")}
    assert len(folders) == 2
