"""Building whenever something was published: soon, but not for each of many in a row.

Every build is a process of its own. Its memory is given back, its priority is low, and if it is
killed, nothing else is.
"""

from __future__ import annotations

import json
import logging
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psycopg

from api.artefacts import manifest as manifests
from api.artefacts.keys import key_of
from api.artefacts.manifest import FAILURE, Failure
from api.logs import Log
from api.settings import Settings
from db import snapshots
from db.state import State

QUIET = 3.0
LATEST = 60.0
"""Seconds after the last publication of a series, and at most after its first."""
POLL = 1.0
RETRY = 2.0
SHORTEST_DELAY, LONGEST_DELAY = 5.0, 300.0
"""Seconds until a build that failed is tried again: more each time."""
PATIENCE = 5.0
NICENESS = 10
BUSY = 75  # EX_TEMPFAIL of sysexits.h

log = logging.getLogger("quartier")


class Following:
    """Follows publications with the rights of the reader, and builds, until it is stopped."""

    def __init__(
        self, settings: Settings, url: str, folder: Path, stopped: threading.Event
    ) -> None:
        self._settings = settings
        self._url = url
        self._folder = folder
        self._stopped = stopped
        self._key: str | None = None
        self._done: str | None = None
        self._changed = self._first = 0.0
        self._retry = -math.inf
        self._failures = 0

    def run(self) -> None:
        """Over any loss of the database, and over anything unforeseen."""
        while not self._stopped.is_set():
            try:
                self._follow()
            except (psycopg.Error, OSError) as error:
                details = {"reason": str(error).strip()[:200]}
                log.warning("lost sight of publications to make files of", extra=details)
            except Exception:
                log.exception("following publications failed")
            self._stopped.wait(RETRY)

    def _follow(self) -> None:
        with snapshots.listening(self._url) as connection:
            while not self._stopped.is_set():
                if self._is_due(snapshots.state(connection), time.monotonic()):
                    self._build()
                for _ in connection.notifies(timeout=POLL, stop_after=1):
                    pass

    def _is_due(self, state: State, now: float) -> bool:
        """Whether files are missing, and it has been quiet long enough to make them.

        What this process has made and another release has made anew is left to that.
        """
        key, built = key_of(state, self._settings), manifests.current_key(self._folder)
        if key == built or (built and key == self._done):
            self._key = None
            return False
        if key != self._key:
            self._first = self._first if self._key else now
            self._key, self._changed = key, now
        waiting = min(self._changed + QUIET, self._first + LATEST) if built else now
        return now >= max(waiting, self._retry)

    def _build(self) -> None:
        code, reason = build_apart(self._settings, self._url, self._folder, self._stopped)
        if code == 0:
            self._done, self._key = self._key, None
            self._failures, self._retry = 0, -math.inf
            with suppress(OSError):
                (self._folder / FAILURE).unlink(missing_ok=True)
        elif code == BUSY or self._stopped.is_set():
            self._retry = time.monotonic() + POLL
        else:
            self._failed(reason or f"the process ended with {code}")

    def _failed(self, reason: str) -> None:
        self._failures += 1
        delay = min(SHORTEST_DELAY * 2 ** min(self._failures - 1, 10), LONGEST_DELAY)
        self._retry = time.monotonic() + delay
        details = {"reason": reason, "failures": self._failures, "retry_in": delay}
        log.error("the files of this publication could not be made", extra=details)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(OSError):  # on a full disk, the log must do
            text = json.dumps(asdict(Failure(self._failures, now, reason)))
            (self._folder / FAILURE).write_text(text, encoding="utf-8")


@contextmanager
def in_background(settings: Settings, url: str) -> Iterator[None]:
    """Follow beside what the block does, in a thread that costs next to nothing while it waits."""
    if not settings.artefacts_build or settings.artefacts is None:
        yield
        return
    stopped = threading.Event()
    following = Following(settings, url, settings.artefacts, stopped)
    thread = threading.Thread(target=following.run, name="artefacts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(2 * PATIENCE)


def build_apart(
    settings: Settings, url: str, folder: Path, stopped: threading.Event
) -> tuple[int | None, str]:
    """A process that builds: how it ended, and what it said of it."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_work, args=(settings, url, folder, its), name="artefacts"
    )
    process.start()
    its.close()
    try:
        while process.is_alive() and not stopped.wait(0.1):
            pass
        return process.exitcode, _said(ours) if not process.is_alive() else ""
    finally:
        _end(process)
        ours.close()


def _said(ours: Connection) -> str:
    try:
        return str(ours.recv()) if ours.poll() else ""
    except EOFError:
        return ""


def _end(process: SpawnProcess) -> None:
    process.terminate()
    process.join(PATIENCE)
    process.kill()
    process.join()


def _work(settings: Settings, url: str, folder: Path, telling: Connection) -> None:
    """The life of a process that builds. It ends with the one that started it."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with, args=(telling,), daemon=True).start()
    os.nice(NICENESS)
    _become_owner_of(folder)
    from api.artefacts.building import Busy, build  # noqa: PLC0415 - who follows does without

    with Log(settings).running():
        try:
            made = build(settings, url, folder)
        except Busy:
            raise SystemExit(BUSY) from None
        except Exception as error:
            if not isinstance(error, OSError | psycopg.OperationalError):
                log.exception("making files failed")
            telling.send(f"{type(error).__name__}: {error}"[:500])
            raise SystemExit(1) from None
        details = {"sequence": made.sequence, "files": len(made.files), "seconds": made.seconds}
        log.info("files are made", extra=details)


def _become_owner_of(folder: Path) -> None:
    """Root builds as whoever the folder belongs to, who else could not clean up after it."""
    if os.geteuid() != 0 or not folder.is_dir():
        return
    owner = folder.stat()
    if owner.st_uid:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(1)


def _end_with(telling: Connection) -> None:
    """Nothing ever comes through this pipe but its end."""
    with suppress(EOFError, OSError):
        telling.recv()
    os._exit(1)
