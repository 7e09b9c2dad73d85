"""What an operator watches, in the words of Prometheus. docs/reference/metrics.md lists it.

Times and bytes are counted with each answer. What has a state (pool, cache, publication) is looked
at when somebody asks, and with several workers once a second as well, for their siblings.
"""

from __future__ import annotations

import asyncio
import os
import platform
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

from api.dependencies import Service
from api.logs import Log

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
METHODS = frozenset(("GET", "HEAD", "POST", "OPTIONS"))
UNMATCHED = "unmatched"
SECONDS_BETWEEN = 1.0
ATTEMPTS = 10

Mode = Literal["livesum", "livemin", "livemax"]
Labels = tuple[str, str, int, str]
Count = Callable[[float], None]


def share(directory: str, number: int) -> None:
    """Keep the numbers of this process where its siblings can read them; before they are made.

    By the number of the worker, not of the process: one that replaces another counts on.
    """
    os.environ[DIRECTORY] = directory
    values.ValueClass = values.MultiProcessValue(lambda: number)


class Metrics:
    """The numbers of one process, and those of its siblings if they are shared."""

    def __init__(self, version: str) -> None:
        # When a series began has no meaning where several processes count.
        disable_created_metrics()
        self._is_shared = values.ValueClass._multiprocess
        self.registry = CollectorRegistry()
        self.running = 0
        self._resolved: dict[Labels, tuple[Count, Count, Count]] = {}
        self._evicted = self._lost = 0
        self._make(version)

    def _make(self, version: str) -> None:
        to = self.registry
        self._seconds = Histogram(
            "quartier_request_seconds",
            "Time from the request to the end of its answer.",
            ("route", "method", "status"),
            buckets=BUCKETS,
            registry=to,
        )
        self._bytes = Counter(
            "quartier_response_bytes", "Bytes of bodies sent.", ("route",), registry=to
        )
        self._cache = Counter(
            "quartier_cache_requests",
            "Requests that could be answered from the cache: hit, miss, or bypass.",
            ("outcome",),
            registry=to,
        )
        for outcome in ("hit", "miss", "bypass"):
            self._cache.labels(outcome)
        self._evictions = Counter(
            "quartier_cache_evictions", "Answers that had to make room for others.", registry=to
        )
        self._log_lost = Counter(
            "quartier_log_lines_lost", "Lines of the log that could not be written.", registry=to
        )
        self._make_gauges(version)

    def _make_gauges(self, version: str) -> None:
        def gauge(name: str, text: str, mode: Mode) -> Gauge:
            return Gauge(
                f"quartier_{name}",
                text,
                multiprocess_mode=mode,
                registry=self.registry,
            )

        self._running = gauge("requests_running", "Requests being answered.", "livesum")
        self._workers = gauge("workers", "Server processes.", "livesum")
        self._pool_size = gauge("pool_connections", "Connections in the pools.", "livesum")
        self._pool_free = gauge("pool_available", "Connections that nobody uses.", "livesum")
        self._pool_limit = gauge("pool_limit", "Connections there may be.", "livesum")
        self._waiting = gauge("pool_waiting", "Requests waiting for a connection.", "livesum")
        self._cached = gauge("cache_bytes", "Size of the answers in the cache.", "livesum")
        self._entries = gauge("cache_entries", "Answers in the cache.", "livesum")
        self._sequence = gauge(
            "published_sequence", "Number of the publication that is served.", "livemin"
        )
        self._age = gauge("publication_age_seconds", "Time since that publication.", "livemax")
        self._confirmed = gauge(
            "confirmed_age_seconds",
            "Time since the database last said which publication is the current one.",
            "livemax",
        )
        self._files = gauge(
            "artefacts_sequence",
            "Number of the publication that the files show; 0: none.",
            "livemin",
        )
        self._files_behind = gauge(
            "artefacts_behind_seconds",
            "Time since the publication that is served, while the files do not show it yet.",
            "livemax",
        )
        self._files_failed = gauge(
            "artefacts_failures", "Attempts to make files that failed, in a row.", "livemax"
        )
        build = Gauge(
            "quartier_build_info",
            "1; the labels say what is running.",
            ("version", "python"),
            multiprocess_mode="livemax",
            registry=self.registry,
        )
        build.labels(version, platform.python_version()).set(1)

    def observe(
        self, template: str, method: str, status: int, cache: str, seconds: float, size: int
    ) -> None:
        """Count an answer. `cache` is hit, miss or bypass, or nothing."""
        labels = (template, method, status // 100, cache)
        count = self._resolved.get(labels) or self._resolve(labels)
        count[0](seconds)
        count[1](size)
        count[2](1)

    def _resolve(self, labels: Labels) -> tuple[Count, Count, Count]:
        """Looked up once: finding a series by its labels takes longer than counting."""
        template, method, status, cache = labels
        route = template or UNMATCHED
        method = method if method in METHODS else "other"
        found = (
            self._seconds.labels(route, method, f"{status}xx" if status else "none").observe,
            self._bytes.labels(route).inc,
            self._cache.labels(cache).inc if cache else _nothing,
        )
        if method != "other":  # a caller may invent methods without end
            self._resolved[labels] = found
        return found

    def look(self, service: Service, log: Log) -> None:
        """Take down what has a state."""
        self._workers.set(1)
        self._running.set(self.running)
        stats = service.pool.get_stats()
        self._pool_size.set(stats["pool_size"])
        self._pool_free.set(stats["pool_available"])
        self._pool_limit.set(stats["pool_max"])
        self._waiting.set(stats.get("requests_waiting", 0))
        self._cached.set(service.store.size)
        self._entries.set(len(service.store))
        self._confirmed.set(service.follower.age)
        made, failure = service.artefacts, service.shelf.failure()
        self._files.set(made.sequence if made else 0)
        self._files_failed.set(failure.count if failure else 0)
        if state := service.follower.state():
            self._sequence.set(state.sequence)
            published = datetime.fromisoformat(state.published_at)
            age = max(0.0, time.time() - published.timestamp())
            self._age.set(age)
            is_shown = made is not None and made.published_at >= state.published_at
            self._files_behind.set(0.0 if is_shown else age)
        self._evictions.inc(service.store.evictions - self._evicted)
        self._log_lost.inc(log.lost - self._lost)
        self._evicted, self._lost = service.store.evictions, log.lost

    async def keep_looking(self, service: Service, log: Log) -> None:
        """For siblings, who cannot ask this process."""
        while self._is_shared:
            self.look(service, log)
            await asyncio.sleep(SECONDS_BETWEEN)

    def text(self) -> bytes:
        """All numbers in Prometheus' text format; takes milliseconds."""
        if not self._is_shared:
            return generate_latest(self.registry)
        for _ in range(ATTEMPTS):
            with suppress(struct.error):
                return self._together()
            time.sleep(0.002)
        return self._together()

    def _together(self) -> bytes:
        """struct.error: a sibling has just begun its file, and it is still empty."""
        together = CollectorRegistry()
        MultiProcessCollector(together, os.environ[DIRECTORY])
        return generate_latest(together)


def _nothing(_: float) -> None:
    """What is counted of a request that has nothing to do with the cache."""
