"""kill -9 of a server, of a publisher and of PostgreSQL in the middle of a publication."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.api.processes import served
from tests.api.test_robustness import begin_stream, until
from tests.faults import numbered
from tests.faults.callers import ITEM, KEPT, STALE, ask, asking, check, new_page
from tests.faults.house import House, is_well_again
from tests.servers import PATIENCE, ROOT, free_port

MOMENTS = {
    "before it begins": "published.state IN EXCLUSIVE MODE",
    "while it writes documents": "published.offering IN SHARE MODE",
    "while it logs what it changed": "published.change IN SHARE MODE",
    "when all is written but the number": "published.resource IN SHARE MODE",
}
"""What a publication can be made to wait for; whoever only reads does not notice these locks."""


@contextmanager
def publishing(house: House) -> Iterator[subprocess.Popen[str]]:
    database = house.database
    urls = {"DATABASE_URL": database.owner_url, "DATABASE_PUBLIC_URL": database.public_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "publish"],
        cwd=ROOT,
        env=os.environ | urls,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def held_up(house: House, lock: str) -> Iterator[subprocess.Popen[str]]:
    """A publication that waits in the middle, until the end of the block."""
    with psycopg.connect(house.database.owner_url) as locking:
        locking.execute(f"LOCK TABLE {lock}")
        with publishing(house) as publisher:
            until(lambda: house.waiting() == 1, PATIENCE)
            yield publisher


def sessions(house: House) -> int:
    """Of the owner: those of publishers."""
    with psycopg.connect(house.admin_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'quartier_owner'"
        ).fetchone()
        return int(found[0]) if found else 0


def is_published(house: House, number: int) -> None:
    """The next publication takes everything that waited."""
    owner = house.database.owner_url
    with publishing(house) as publisher:
        assert publisher.wait(PATIENCE) == 0
    assert numbered.sequence(owner) == number
    assert numbered.marks(owner) == []
    time.sleep(STALE)
    for path in (KEPT, ITEM, new_page()):
        seen = check(ask(house.url, path))
        assert (seen.status, seen.sequence) == (200, number)


def test_a_publisher(house: House) -> None:
    """Whenever it dies: nothing is half public, and what was edited still waits."""
    owner = house.database.owner_url
    before = numbered.contents(owner)
    number = numbered.sequence(owner) + 1
    numbered.rename(owner, number)
    waiting = numbered.marks(owner)
    assert len(waiting) >= numbered.OFFERINGS
    with asking(house.url, KEPT, ITEM, new_page, pause=0.1) as seen:
        for moment, lock in MOMENTS.items():
            with held_up(house, lock) as publisher:
                publisher.send_signal(signal.SIGKILL)
                assert publisher.wait() == -signal.SIGKILL
            until(lambda: sessions(house) == 0)
            assert numbered.contents(owner) == before, moment
            assert numbered.marks(owner) == waiting, moment
    assert {(answer.status, answer.sequence) for answer in seen} == {(200, number - 1)}
    is_published(house, number)


def test_postgresql_while_it_publishes(house: House) -> None:
    owner = house.database.owner_url
    before = numbered.contents(owner)
    number = numbered.sequence(owner) + 1
    numbered.rename(owner, number)
    waiting = numbered.marks(owner)
    with asking(house.url, KEPT, ITEM, new_page, pause=0.1) as seen:
        killed_while_publishing(house)
        house.cluster.start()
        is_well_again(house)
        assert numbered.contents(owner) == before
        assert numbered.marks(owner) == waiting
    assert {answer.sequence for answer in seen if answer.status == 200} == {number - 1}
    assert any(answer.status == 503 for answer in seen)
    is_published(house, number)


def killed_while_publishing(house: House) -> None:
    with (
        suppress(psycopg.OperationalError),  # the lock is gone with PostgreSQL
        held_up(house, MOMENTS["when all is written but the number"]) as publisher,
    ):
        house.kill_database()
        assert publisher.wait(PATIENCE) == 1
        assert publisher.stderr is not None
        said = publisher.stderr.read()
        assert "server closed the connection" in said
        assert "Traceback" not in said
        time.sleep(STALE)


def test_the_server(house: House, tmp_path: Path) -> None:
    """In the middle of everything; the next one has its port, and nothing is left behind."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    for attempt in range(2):
        with served(house.database.public_url, tmp_path / f"log-{attempt}", PORT=port) as server:
            for path in (KEPT, ITEM, new_page()):
                assert check(ask(url, path)).status == 200
            stream = begin_stream(server, "/v1/offerings.ndjson")
            server.process.kill()
            stream.close()
