"""Several processes behind one port: they stand in for each other, and end together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest

from db.cluster import Cluster
from tests.api.processes import Served, served
from tests.api.test_robustness import LIST, locked, until
from tests.databases import Database
from tests.servers import PATIENCE, ROOT, free_port

BREAKS = """
import os, sys

class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "api.app" and os.path.exists({flag!r}):
            raise ImportError("broken on purpose")

if "--multiprocessing-fork" in sys.orig_argv:
    sys.meta_path.insert(0, Broken())
"""
"""Every worker, and only they, cannot be started while a file is there."""


def workers(server: Served) -> list[int]:
    return [pid for pid in children(server.process.pid) if b"spawn_main" in command(pid)]


def children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task")
    found = [task / "children" for task in tasks.iterdir()] if tasks.exists() else []
    return sorted(int(pid) for file in found for pid in file.read_text().split())


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_gone(pid: int) -> bool:
    return command(pid) == b""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
        return True


def said(server: Served, text: str) -> int:
    return server.output.read_text(encoding="utf-8").count(text)


def started(server: Served) -> int:
    return said(server, '"message": "Started server process')


def ended(server: Served) -> int:
    return said(server, '"message": "a server process ended"')


def ready(server: Served) -> Callable[[], bool]:
    return lambda: said(server, "Quartier is ready") > 0


def waiting(database: Database) -> int:
    """How many statements wait for a lock."""
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE datname = current_database() AND NOT granted"
        ).fetchone()
        return int(found[0]) if found else 0


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def three(county_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For tests that leave all of them alive; the supervisor is told who owns the database."""
    settings = {"WORKERS": "3", "DATABASE_URL": county_database.owner_url}
    log = tmp_path_factory.mktemp("three") / "log"
    with served(county_database.public_url, log, **settings) as server:
        until(ready(server), PATIENCE)
        yield server


def test_they_are_as_many_as_asked_for_and_announced_once(three: Served) -> None:
    assert len(workers(three)) == 3
    assert {httpx2.get(three.url + LIST).status_code for _ in range(30)} == {200}
    until(lambda: started(three) == 3)
    time.sleep(1)
    assert said(three, "Quartier is ready") == 1
    assert started(three) == 3


def test_they_do_not_know_the_owner(three: Served) -> None:
    pids = workers(three)
    assert len(pids) == 3
    for pid in pids:
        known = Path(f"/proc/{pid}/environ").read_bytes() + command(pid)
        assert b"quartier_owner" not in known
        assert b"WORKERS=3" in known


def test_every_killed_worker_is_replaced(county_database: Database, tmp_path: Path) -> None:
    """One after the other, until none of the first is left; requests only miss a dead one's."""
    with served(county_database.public_url, tmp_path / "log", WORKERS="2") as server:
        until(ready(server), PATIENCE)
        until(lambda: started(server) == 2)
        first = workers(server)
        for victim in first:
            kill(victim)
            until(lambda victim=victim: is_gone(victim) and len(workers(server)) == 2, PATIENCE)  # type: ignore[misc]
            for _ in range(20):
                assert httpx2.get(server.url + LIST, timeout=5).status_code == 200
            until(lambda: started(server) == 2 + ended(server), PATIENCE)
        assert not set(first) & set(workers(server))


def test_the_others_answer_while_one_is_missing(county_database: Database, tmp_path: Path) -> None:
    """Asked without pause: each request that begins after the kill is answered, and soon."""
    with served(county_database.public_url, tmp_path / "log", WORKERS="2") as server:
        until(ready(server), PATIENCE)
        kill(workers(server)[0])
        time.sleep(0.05)
        end = time.monotonic() + 3
        slowest = 0.0
        while time.monotonic() < end:
            answer = httpx2.get(server.url + "/health/live", timeout=5)
            assert answer.status_code == 200
            slowest = max(slowest, answer.elapsed.total_seconds())
        assert slowest < 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_running_requests_finish(
    number: signal.Signals, own_county_database: Database, tmp_path: Path
) -> None:
    """More of them than one worker would take, so that both have some."""
    settings = {"WORKERS": "2", "STATEMENT_TIMEOUT": "60", "SHUTDOWN_TIMEOUT": "30"}
    with (
        served(own_county_database.public_url, tmp_path / "log", **settings) as server,
        ThreadPoolExecutor(8) as callers,
    ):
        until(ready(server), PATIENCE)
        with locked(own_county_database, "published.offering"):
            running = [callers.submit(httpx2.get, server.url + LIST, timeout=60) for _ in range(8)]
            until(lambda: waiting(own_county_database) == len(running), PATIENCE)
            server.process.send_signal(number)
            time.sleep(0.5)
            assert server.process.poll() is None
        assert [asked.result().status_code for asked in running] == [200] * 8
        assert server.process.wait(PATIENCE) == 0
        assert is_free(server.port)


def test_they_do_not_outlive_a_killed_supervisor(
    own_county_database: Database, tmp_path: Path
) -> None:
    """Also not for a request that would still run for long."""
    settings = {"WORKERS": "2", "SHUTDOWN_TIMEOUT": "60"}
    with (
        served(own_county_database.public_url, tmp_path / "log", **settings) as server,
        locked(own_county_database, "published.offering"),
        ThreadPoolExecutor(1) as callers,
    ):
        until(ready(server), PATIENCE)
        stuck = callers.submit(httpx2.get, server.url + LIST, timeout=30)
        until(lambda: waiting(own_county_database) == 1, PATIENCE)
        orphans = children(server.process.pid)
        assert len(orphans) >= 2
        kill(server.process.pid)
        until(lambda: all(map(is_gone, orphans)), 8)
        assert is_free(server.port)
        assert stuck.exception() is not None


def test_a_stopped_worker_is_replaced(county_database: Database, tmp_path: Path) -> None:
    """It lives and has connections, and answers none of them."""
    impatient = "import cli, api.workers; api.workers.BEATS_MISSED = 3; cli.main()"
    port = free_port()
    variables = {"DATABASE_PUBLIC_URL": county_database.public_url, "WORKERS": "2"}
    output = tmp_path / "log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", impatient, "serve"],
            cwd=ROOT,
            env=os.environ | variables | {"PORT": str(port)},
            stderr=log,
        )
    server = Served(f"http://127.0.0.1:{port}", port, process, output)
    try:
        until(ready(server), PATIENCE)
        frozen = workers(server)[0]
        os.kill(frozen, signal.SIGSTOP)
        until(lambda: is_gone(frozen) and len(workers(server)) == 2, PATIENCE)
        until(lambda: said(server, "a server process is silent") == 1)
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


# Workers that cannot start


def breaking(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A file that keeps workers from starting, and the environment in which it does."""
    flag = tmp_path / "broken"
    (tmp_path / "sitecustomize.py").write_text(BREAKS.format(flag=str(flag)))
    return flag, {"PYTHONPATH": str(tmp_path), "WORKERS": "2"}


def test_if_none_can_start_the_server_ends_and_says_so(
    county_database: Database, tmp_path: Path
) -> None:
    flag, environment = breaking(tmp_path)
    flag.touch()
    ended = subprocess.run(
        [sys.executable, "-m", "cli", "serve"],
        cwd=ROOT,
        env=os.environ
        | environment
        | {"DATABASE_PUBLIC_URL": county_database.public_url, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 1
    assert "broken on purpose" in ended.stderr
    assert ended.stderr.rstrip().splitlines()[-1].startswith("A server process ended before")
    assert "Quartier is ready" not in ended.stderr


def test_one_that_cannot_start_again_is_tried_less_and_less(
    county_database: Database, tmp_path: Path
) -> None:
    """And hinders nobody; once it can, it is there again."""
    flag, environment = breaking(tmp_path)
    with served(county_database.public_url, tmp_path / "log", **environment) as server:
        until(ready(server), PATIENCE)
        until(lambda: started(server) == 2)
        flag.touch()
        kill(workers(server)[0])
        end = time.monotonic() + 6
        while time.monotonic() < end:
            assert httpx2.get(server.url + "/health/live", timeout=5).status_code == 200
        assert 1 <= said(server, "broken on purpose") <= 4
        flag.unlink()
        until(lambda: started(server) == 2 + 1, PATIENCE)
        assert len(workers(server)) == 2


def test_they_find_a_private_database(cluster: Cluster, tmp_path: Path) -> None:
    """Its URL is in no environment. It has not been prepared, which they can see."""
    data = cluster.data / f"workers-{os.getpid()}"
    port = free_port()
    output = tmp_path / "log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve"],
            cwd=ROOT,
            env=os.environ | {"QUARTIER_DATA": str(data), "WORKERS": "2", "PORT": str(port)},
            stderr=log,
        )
    server = Served(f"http://127.0.0.1:{port}", port, process, output)
    try:
        until(ready(server), PATIENCE)
        answer = httpx2.get(server.url + "/health/ready")
        assert answer.json()["detail"] == "The registry is being set up."
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert is_free(port)
