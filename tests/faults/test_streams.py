"""Callers who read slowly, with and without room on the disk for what they have not read."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx2
import psycopg
import pytest

from db.cluster import SUPERUSER, Cluster
from tests.api.processes import Served, served
from tests.api.test_robustness import until
from tests.databases import clone
from tests.faults import numbered
from tests.faults.callers import ALLOWANCE, SOON, ask, check, new_page

COPIES, SIZE = 160, 10_000
"""Together 32 MB: more than sockets and the memory of a spool hold."""
LIST = "/v1/offerings?limit=all"
PATHS = {
    LIST: b'"slug":"offering-',
    "/v1/offerings.geojson?limit=all": b'"Feature",',
    "/v1/offerings.ndjson": b"\n",
}
"""Streams, and what each entity has once."""
ROOM = (0, 100_000)
"""Bytes that each file of the server may have where the disk is full: none, or a part of one."""


@dataclass(frozen=True)
class Large:
    """A server on a registry whose streams are long."""

    server: Served
    admin_url: str
    count: int

    def snapshots(self) -> int:
        """Transactions that the server has open."""
        with psycopg.connect(self.admin_url) as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'quartier' AND xact_start IS NOT NULL"
            ).fetchone()
            return int(found[0]) if found else 0

    def serves_others(self) -> None:
        for _ in range(5):
            seen = check(ask(self.server.url, new_page()))
            assert seen.status == 200
            assert seen.seconds < SOON + ALLOWANCE

    @contextmanager
    def full_disk(self, room: int = 0) -> Iterator[None]:
        """No file may grow beyond. Python ignores SIGXFSZ, so writing fails as on a full disk."""
        process = self.server.process.pid
        before = resource.prlimit(process, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(process, resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def large(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    log = tmp_path_factory.mktemp("large") / "log"
    with clone(cluster, numbered.build_numbered_template(cluster)) as database:
        count = numbered.multiply(database.owner_url, COPIES, SIZE)
        with served(database.public_url, log) as server:
            yield Large(server, cluster.url(SUPERUSER, database.name), count)


@contextmanager
def reading_slowly(large: Large, path: str) -> Iterator[Iterator[bytes]]:
    headers = {"Accept-Encoding": "identity"}
    with httpx2.stream("GET", large.server.url + path, headers=headers, timeout=10) as answer:
        assert answer.status_code == 200
        yield answer.iter_bytes(1_000)


def dawdle(parts: Iterator[bytes]) -> bytes:
    def slowly() -> Iterator[bytes]:
        for _ in range(30):
            yield next(parts)
            time.sleep(0.02)

    return b"".join(slowly())


@pytest.mark.parametrize("path", PATHS)
def test_a_slow_caller_holds_no_connection(large: Large, path: str) -> None:
    with reading_slowly(large, path) as parts:
        began = dawdle(parts)
        until(lambda: large.snapshots() == 0, 5)
        large.serves_others()
        began += dawdle(parts)
        assert large.snapshots() == 0
        whole = began + b"".join(parts)
    assert whole.count(PATHS[path]) == large.count
    assert numbered.numbers_in(whole.decode()) == {1}


@pytest.mark.parametrize("room", ROOM)
@pytest.mark.parametrize("path", PATHS)
def test_with_a_full_disk_the_database_waits(large: Large, path: str, room: int) -> None:
    with large.full_disk(room), reading_slowly(large, path) as parts:
        began = dawdle(parts)
        assert large.snapshots() == 1
        large.serves_others()
        whole = began + b"".join(parts)
    assert whole.count(PATHS[path]) == large.count
    until(lambda: large.snapshots() == 0)


def test_with_a_full_disk_slow_callers_leave_room_for_others(large: Large) -> None:
    """Half of the pool's ten connections; one caller more is told to come again."""
    with large.full_disk(), ExitStack() as stack:
        callers = [stack.enter_context(reading_slowly(large, LIST)) for _ in range(5)]
        assert check(ask(large.server.url, LIST)).status == 503
        large.serves_others()
        for parts in callers:
            assert b"".join(parts).count(PATHS[LIST]) == large.count
    until(lambda: large.snapshots() == 0)
    assert ask(large.server.url, "/v1/offerings.csv?limit=1").status == 200


def test_who_leaves_takes_nothing_along(large: Large) -> None:
    """Also while the database waits for him."""
    with large.full_disk():
        for _ in range(6):
            with reading_slowly(large, LIST) as parts:
                next(parts)
        until(lambda: large.snapshots() == 0)
    large.serves_others()
