"""Several server processes on one listening socket, and the one that starts and replaces them.

Why not with Uvicorn's own supervisor: docs/adr/0017-workers-are-supervised-by-quartier.md.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from tempfile import TemporaryDirectory
from types import FrameType

import uvicorn
from prometheus_client.multiprocess import mark_process_dead

from api.logs import Log
from api.server import cannot_listen, configuration
from api.settings import Settings

BEATS_MISSED = 30
"""Seconds without a sign of life after which a worker is replaced."""
BEATS_TO_START = 60
"""Seconds a worker may take until it answers."""
SHORT_LIFE = 10.0
"""Who ends sooner than after so many seconds is likely to do so again."""
LONGEST_DELAY = 30.0
ORPHANED = 1.0
"""Seconds running requests get when the supervisor was killed."""
MARGIN = 7.0
"""Seconds a worker may take to end, besides those its requests get."""

log = logging.getLogger("quartier")


class CannotStart(RuntimeError):  # noqa: N818 - reads as the state it reports
    """A worker ended before it could answer; the others would as well."""


@dataclass
class _Worker:
    """A process, and the pipe from which its heartbeats come: the first says that it answers."""

    process: SpawnProcess
    beats: Connection
    began: float
    answers: bool = False
    missed: int = 0


@dataclass
class _Place:
    """One of the workers that there shall be; now and then its process is another one."""

    number: int
    worker: _Worker | None = None
    failures: int = 0
    due: float = 0.0


class Supervisor:
    """Keeps `settings.workers` processes answering until a signal ends it."""

    def __init__(
        self, settings: Settings, claimed: socket.socket, announce: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._claimed = claimed
        self._announce = announce
        self._announced = False
        self._places = [_Place(number) for number in range(settings.workers)]
        self._signals = 0
        self._next_count = 0.0

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP, then let running requests finish."""
        with (
            Log(self._settings).running(),
            self._signals_wake() as self._woken,
            TemporaryDirectory(prefix="quartier-", dir=_memory()) as self._numbers,
        ):
            try:
                while not self._signals:
                    self._start_missing()
                    self._listen()
                    self._count_missed()
            finally:
                self._stop()

    @contextmanager
    def _signals_wake(self) -> Iterator[Connection]:
        woken, wake = multiprocessing.Pipe(duplex=False)
        os.set_blocking(wake.fileno(), False)
        signal.set_wakeup_fd(wake.fileno())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup asked to ignore SIGHUP
                signal.signal(number, self._note)
        try:
            yield woken
        finally:
            signal.set_wakeup_fd(-1)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _start_missing(self) -> None:
        for place in self._places:
            if place.worker is None and time.monotonic() >= place.due:
                place.worker = self._started(place.number)

    def _started(self, number: int) -> _Worker:
        beats, beating = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(
            target=_work,
            args=(self._settings, self._claimed, beating, self._numbers, number),
            name=f"worker {number}",
        )
        process.start()
        beating.close()  # so that its end is the end of the pipe
        return _Worker(process, beats, time.monotonic())

    def _listen(self) -> None:
        """Wait for heartbeats, ends and signals, at most a second."""
        speaking = {
            place.worker.beats: (place, place.worker) for place in self._places if place.worker
        }
        for ready in wait([*speaking, self._woken], timeout=1.0):
            if place_and_worker := speaking.get(ready):  # type: ignore[call-overload]  # both kinds of what wait() takes
                self._hear(*place_and_worker)

    def _hear(self, place: _Place, worker: _Worker) -> None:
        if not os.read(worker.beats.fileno(), 4096):
            self._bury(place, worker)
            return
        worker.missed = 0
        worker.answers = True
        workers = [place.worker for place in self._places]
        if not self._announced and all(worker and worker.answers for worker in workers):
            self._announced = True
            self._announce()

    def _bury(self, place: _Place, worker: _Worker) -> None:
        """A worker that ended is replaced at once; one that ends again and again, less and less."""
        worker.process.join()
        worker.beats.close()
        mark_process_dead(place.number, self._numbers)
        place.worker = None
        if not (self._announced or worker.answers or self._signals):
            raise CannotStart("A server process ended before it could answer; its message is above")
        lived = time.monotonic() - worker.began
        place.failures = place.failures + 1 if lived < SHORT_LIFE else 0
        delay = min(2.0 ** (place.failures - 1), LONGEST_DELAY) if place.failures else 0.0
        place.due = time.monotonic() + delay
        details = {"pid": worker.process.pid, "exit": worker.process.exitcode, "restart_in": delay}
        log.warning("a server process ended", extra=details)

    def _count_missed(self) -> None:
        """Counted, not timed: after the machine slept, nobody has missed more than one."""
        if time.monotonic() < self._next_count:
            return
        self._next_count = time.monotonic() + 1
        for worker in self._living():
            worker.missed += 1
            if worker.missed > (BEATS_MISSED if worker.answers else BEATS_TO_START):
                log.error("a server process is silent", extra={"pid": worker.process.pid})
                worker.process.kill()

    def _living(self) -> list[_Worker]:
        return [place.worker for place in self._places if place.worker]

    def _stop(self) -> None:
        self._claimed.close()
        for worker in self._living():
            worker.process.terminate()
        asked = self._signals
        end = time.monotonic() + self._settings.shutdown_timeout + MARGIN
        while self._signals <= max(asked, 1) and (left := end - time.monotonic()) > 0:
            running = [w.process.sentinel for w in self._living() if w.process.is_alive()]
            if not running:
                break
            wait([*running, self._woken], timeout=left)
            self._drain()
        for worker in self._living():
            worker.process.kill()
            worker.process.join()

    def _drain(self) -> None:
        if self._woken.poll():
            os.read(self._woken.fileno(), 4096)


def _memory() -> str | None:
    """Shared numbers are written through a memory map, which a full disk would make deadly."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - private folders are made in it


def _work(
    settings: Settings, claimed: socket.socket, beats: Connection, numbers: str, number: int
) -> None:
    """The life of a worker. Signals of the terminal are for the supervisor, who passes them on."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    gc.set_threshold(10_000)  # as in cli.py, which this process was not started by
    from api.app import create_app  # noqa: PLC0415 - the supervisor does without
    from api.metrics import share  # noqa: PLC0415 - nor this

    share(numbers, number)
    app = create_app(settings)
    try:
        with app.state.log.running():
            _Server(configuration(app, settings), beats, numbers).run(sockets=[claimed])
    except OSError as error:
        raise SystemExit(str(cannot_listen(settings, error))) from error


class _Server(uvicorn.Server):
    """Says every second that it lives, and ends when nobody is there to hear it."""

    def __init__(self, config: uvicorn.Config, beats: Connection, numbers: str) -> None:
        super().__init__(config)
        self._beats = beats
        self._numbers = numbers
        os.set_blocking(beats.fileno(), False)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signal.signal(signal.SIGTERM, self.handle_exit)
        yield

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self._beat()
        return await super().on_tick(counter)

    def _beat(self) -> None:
        try:
            with suppress(BlockingIOError):  # a supervisor that was stopped reads them later
                os.write(self._beats.fileno(), b".")
        except BrokenPipeError:
            self._end_alone()

    def _end_alone(self) -> None:
        """The supervisor was killed: give the port free before somebody starts another one."""
        log.error("the supervisor is gone")
        shutil.rmtree(self._numbers, ignore_errors=True)
        self.should_exit = True
        self.config.timeout_graceful_shutdown = 1
        asyncio.get_running_loop().call_later(ORPHANED, os._exit, 1)
