"""A PostgreSQL of its own with a server on it, to be stopped, frozen and killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from db.cluster import SUPERUSER, Cluster
from tests.api.processes import Served
from tests.databases import Database
from tests.faults.callers import ITEM, KEPT, LIVE, STREAM, ask, check, new_page

RECOVERY = 5.0
"""Seconds until all is well again."""
EVERYTHING = (KEPT, ITEM, "/v1/offerings.geojson", STREAM, LIVE)


@dataclass(frozen=True)
class House:
    cluster: Cluster
    database: Database
    server: Served

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def admin_url(self) -> str:
        return self.cluster.url(SUPERUSER, self.database.name)

    def processes(self) -> list[int]:
        """PostgreSQL's: the postmaster, and its backends and helpers."""
        postmaster = self.cluster.postmaster()
        assert postmaster is not None
        tasks = Path(f"/proc/{postmaster}/task").iterdir()
        children = [(task / "children").read_text().split() for task in tasks]
        return [postmaster, *(int(pid) for line in children for pid in line)]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All of PostgreSQL stands still: no answer, no error, no time limit of its own."""
        processes = self._stopped()
        try:
            yield
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)

    def kill_database(self) -> None:
        """As when memory runs out: all its processes at once, nothing is tidied up."""
        processes = self._stopped()
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(processes[0], 0)
        while any(Path(f"/proc/{pid}").exists() for pid in processes):
            time.sleep(0.01)

    def _stopped(self) -> list[int]:
        """The postmaster first, so that it starts no others meanwhile."""
        os.kill(self.processes()[0], signal.SIGSTOP)
        processes = self.processes()
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        return processes

    def sessions(self) -> list[int]:
        """The processes that answer requests; not the one that the follower has."""
        with psycopg.connect(self.admin_url) as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'quartier'"
            )
            return [pid for (pid,) in found]

    def waiting(self) -> int:
        """How many statements wait for a lock."""
        with psycopg.connect(self.admin_url) as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            return int(found[0]) if found else 0

    def cut_follower(self) -> int:
        """End the sessions in which the server learns of publications; says how many."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'quartier follower'"
            ).rowcount


def is_well_again(house: House) -> None:
    """Soon, without anybody's help, and by the same process."""
    deadline = time.monotonic() + RECOVERY
    while check(ask(house.url, new_page())).status != 200:
        assert time.monotonic() < deadline, "not well again in time"
        time.sleep(0.05)
    for path in EVERYTHING * 3:
        assert check(ask(house.url, path)).status == 200
    for _ in range(10):
        assert check(ask(house.url, new_page())).status == 200
    assert house.server.process.poll() is None
