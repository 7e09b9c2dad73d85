"""Several workers with a memory each, asked without pause while another process publishes."""

from __future__ import annotations

import itertools
import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import httpx2

from db.cluster import Cluster
from tests.api.processes import served
from tests.api.test_robustness import until
from tests.api.test_workers import ready
from tests.databases import Database, clone
from tests.faults import numbered
from tests.faults.callers import Seen, ask_on, connected, not_older
from tests.servers import PATIENCE

PUBLICATIONS = 20
READERS = 3
PAUSE = 0.005
"""Seconds between two requests of a reader: the publisher wants to get on as well."""
ENCODINGS = ("identity", "gzip", "br", "zstd", "gzip, br;q=0.5")
PATHS = (
    "/v1/offerings",
    "/v1/offerings?limit=3&sort=-name",
    "/v1/offerings/offering-7",
    "/v1/offerings/offering-7.geojson",
    "/v1/offerings.geojson",
    "/v1/offerings?category=advice&facets=category",
    "/v1/offerings?bbox=13.05,50,13.2,51",
    "/v1/organisations",
)
STREAMS = ("/v1/offerings.csv", "/v1/offerings?limit=all")
"""Not kept in memory: a worker may show in them what it does not know of yet."""


@contextmanager
def publisher(database: Database) -> Iterator[Pipe]:
    """A process that publishes and tells what; its end of the pipe is closed when it is done."""
    told, telling = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=numbered.publish_many, args=(database.owner_url, PUBLICATIONS, 0.1, telling)
    )
    process.start()
    telling.close()
    try:
        yield told
    finally:
        process.join(PATIENCE)
        assert process.exitcode == 0


def committed_by(publishing: Pipe) -> dict[int, float]:
    """Each number and when it was public at the latest, until there are no more."""
    committed = {}
    try:
        while True:
            number, at = publishing.recv()
            committed[number] = at
    except EOFError:
        return committed


class Reader(threading.Thread):
    """Asks a few times on a connection, which one worker has, then on another one."""

    def __init__(self, url: str, number: int, done: threading.Event) -> None:
        super().__init__()
        self.connections: list[list[Seen]] = []
        self._url = url
        self._chance = random.Random(number)  # noqa: S311 - the same on every run
        self._done = done

    def run(self) -> None:
        while not self._done.is_set():
            seen: list[Seen] = []
            self.connections.append(seen)
            with connected(self._url) as caller:
                for _ in range(6):
                    path = self._chance.choice(PATHS + STREAMS)
                    encoding = self._chance.choice(ENCODINGS)
                    seen.append(ask_on(caller, path, **{"Accept-Encoding": encoding}))
                    time.sleep(PAUSE)


def test_every_answer_is_one_publication_and_a_recent_one(cluster: Cluster, tmp_path: Path) -> None:
    done = threading.Event()
    with (
        clone(cluster, numbered.build_numbered_template(cluster)) as database,
        served(database.public_url, tmp_path / "log", WORKERS="3") as server,
    ):
        until(ready(server), PATIENCE)
        readers = [Reader(server.url, number, done) for number in range(READERS)]
        for reader in readers:
            reader.start()
        try:
            with publisher(database) as publishing:
                committed = committed_by(publishing)
            time.sleep(1)
        finally:
            done.set()
            for reader in readers:
                reader.join()
        hits = httpx2.get(server.url + "/metrics").text
    connections = [seen for reader in readers for seen in reader.connections]
    answers = list(itertools.chain(*connections))
    assert len(committed) == PUBLICATIONS
    for seen in answers:
        assert seen.status == 200, seen
        assert numbered.numbers_in(seen.text) == {seen.sequence}, seen
    not_older(answers, committed)
    assert {seen.sequence for seen in answers} >= set(committed)
    for connection in connections:
        never_back(connection)
    one_tag_one_content(answers)
    assert value(hits, 'quartier_cache_requests_total{outcome="hit"}') > len(answers) / 10


def never_back(connection: list[Seen]) -> None:
    """What one worker said on one connection."""
    sequences = [seen.sequence for seen in connection if seen.path in PATHS]
    assert sequences == sorted(sequences), connection


def one_tag_one_content(answers: list[Seen]) -> None:
    """In both directions, for each address."""
    by_tag: dict[tuple[str, str], str] = {}
    by_text: dict[tuple[str, str], str] = {}
    for seen in answers:
        tag = seen.headers["etag"]
        assert by_tag.setdefault((seen.path, tag), seen.text) == seen.text
        assert by_text.setdefault((seen.path, seen.text), tag) == tag


def value(metrics: str, name: str) -> float:
    line = next(line for line in metrics.splitlines() if line.startswith(name))
    return float(line.rpartition(" ")[2])
