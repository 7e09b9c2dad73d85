"""PostgreSQL gone, silent, restarted or full: right answers, or a 503 within a second."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg

from db.pool import GRACE
from tests.api.processes import served
from tests.faults import numbered
from tests.faults.callers import (
    ALLOWANCE,
    ITEM,
    KEPT,
    LIVE,
    STALE,
    STREAM,
    Seen,
    ask,
    asking,
    check,
    new_page,
    not_older,
)
from tests.faults.house import House, is_well_again

DURATION = 3.5
CALLERS: list[Callable[[], str] | str] = [KEPT, ITEM, STREAM, LIVE, *[new_page] * 8]


def endured(seen: Sequence[Seen], began: float, ended: float) -> None:
    """What could not be asked for is refused at once; what is in memory, after two seconds."""
    during = [answer for answer in seen if began < answer.sent < ended - 1]
    unknown = [answer for answer in during if "bbox" in answer.path]
    assert {answer.status for answer in unknown} == {503}
    kept = [answer for answer in during if answer.path in (KEPT, ITEM)]
    assert {answer.status for answer in kept} == {200, 503}
    assert all(a.status == 503 for a in kept if a.sent > began + STALE)
    assert sum(answer.path == LIVE for answer in during) > 10


def test_stopped(house: House) -> None:
    with asking(house.url, *CALLERS) as seen:
        time.sleep(0.5)
        house.cluster.stop()
        began = time.monotonic()
        time.sleep(DURATION)
        ended = time.monotonic()
        house.cluster.start()
    endured(seen, began, ended)
    is_well_again(house)


def test_frozen(house: House) -> None:
    """No connection breaks, and none of the database's own time limits can help."""
    with asking(house.url, *CALLERS) as seen:
        time.sleep(0.5)
        with house.frozen():
            began = time.monotonic()
            time.sleep(DURATION)
            ended = time.monotonic()
    endured(seen, began, ended)
    is_well_again(house)


def test_only_its_sessions_frozen(house: House, tmp_path: Path) -> None:
    """Others are answered, so that it might be a slow statement: its time limit decides."""
    log, settings = tmp_path / "log", {"STATEMENT_TIMEOUT": "1"}
    others = set(house.sessions())
    with (
        served(house.database.public_url, log, **settings) as server,
        ThreadPoolExecutor(10) as callers,
    ):

        def ask_all() -> list[Seen]:
            return list(callers.map(lambda path: ask(server.url, path), pages(10)))

        assert {seen.status for seen in ask_all()} == {200}
        frozen = set(house.sessions()) - others
        assert len(frozen) > 1
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            during = ask_all()
            is_well_again(replace(house, server=server))
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
    assert 503 in {seen.status for seen in during} <= {200, 503}
    assert max(seen.seconds for seen in during) < 1 + GRACE + ALLOWANCE


def pages(count: int) -> list[str]:
    return [new_page() for _ in range(count)]


def test_away_when_the_server_starts(house: House, tmp_path: Path) -> None:
    house.cluster.stop()
    with served(house.database.public_url, tmp_path / "log") as server:
        other = replace(house, server=server)
        for path in (LIVE, KEPT, "/health/ready"):
            assert check(ask(server.url, path)).status == (200 if path == LIVE else 503)
        house.cluster.start()
        is_well_again(other)
        assert ask(server.url, "/health/ready").status == 200
    is_well_again(house)


def test_restarted_under_load(house: House) -> None:
    with asking(house.url, *CALLERS) as seen:
        for _ in range(3):
            time.sleep(0.7)
            house.cluster.stop()
            house.cluster.start()
        time.sleep(0.7)
    assert {answer.status for answer in seen if "bbox" in answer.path} <= {200, 503}
    is_well_again(house)


def test_a_restart_while_nobody_asks_costs_no_request(house: House) -> None:
    """All pooled connections are lost at once; none of them is handed to a caller."""
    with ThreadPoolExecutor(8) as callers:

        def ask_all() -> set[int]:
            seen = callers.map(lambda path: ask(house.url, path), pages(40))
            return {answer.status for answer in seen}

        assert ask_all() == {200}
        house.cluster.stop()
        house.cluster.start()
        assert ask_all() == {200}


def test_an_exhausted_pool(house: House) -> None:
    """Statements that wait for a lock have all connections; for others there is none."""
    assert check(ask(house.url, KEPT)).status == 200
    with ThreadPoolExecutor(40) as callers:
        with psycopg.connect(house.database.owner_url) as locking:
            locking.execute("LOCK TABLE published.offering IN ACCESS EXCLUSIVE MODE")
            asked = [callers.submit(ask, house.url, new_page()) for _ in range(40)]
            with asking(house.url, KEPT, LIVE) as seen:
                time.sleep(2.5)
        answers = [check(future.result()) for future in asked]
    statuses = [answer.status for answer in answers]
    assert statuses.count(503) == 30
    assert statuses.count(200) == 10  # the pool's size; they were answered when the lock was gone
    assert {answer.status for answer in seen} == {200}
    is_well_again(house)


def test_the_listening_connection_is_cut_again_and_again(house: House) -> None:
    committed: dict[int, float] = {}
    cuts = 0
    done = threading.Event()

    def cut() -> None:
        nonlocal cuts
        while not done.wait(0.1):
            cuts += house.cut_follower()

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        with asking(house.url, KEPT, ITEM, new_page, pause=0.005) as seen:
            for _ in range(8):
                number = numbered.publish_next(house.database.owner_url)
                committed[number] = time.monotonic()
                time.sleep(0.25)
            time.sleep(STALE)
    finally:
        done.set()
        cutting.join()
    assert cuts > 5
    assert {answer.status for answer in seen} == {200}
    not_older(seen, committed)
    assert check(ask(house.url, KEPT)).sequence == max(committed)
    is_well_again(house)
