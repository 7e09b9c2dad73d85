"""Copies that follow a server over HTTP while another process publishes as fast as it can."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2

from db.publication import publish
from db.registry import writer
from tests.api.following import Copy, published
from tests.api.processes import served
from tests.databases import Database
from tests.db.changes import CHANGES, make
from tests.db.village import settle

PUBLICATIONS = 25
STEADY = ("organisations", "districts", "measures", "offerings")


def publish_often(url: str) -> None:
    chance = random.Random(20)  # noqa: S311 - the same on every run
    for _ in range(PUBLICATIONS):
        drawn = [(chance.choice(CHANGES), chance.randrange(4)) for _ in range(2)]
        with writer(url, "test") as connection:
            make(connection, drawn, side=chance.randrange(2))
        publish(url)


def test_copies_that_follow_while_another_process_publishes(
    database: Database, tmp_path: Path
) -> None:
    with writer(database.owner_url, "test") as connection:
        settle(connection)
    publish(database.owner_url)
    with served(database.public_url, tmp_path / "log") as server:
        spawn = multiprocessing.get_context("spawn")
        publisher = spawn.Process(target=publish_often, args=(database.owner_url,))
        publisher.start()
        followers = [Follower(server.url, limit, publisher) for limit in (2, 50)]
        for follower in followers:
            follower.start()
        publisher.join()
        assert publisher.exitcode == 0
        for follower in followers:
            follower.join()
        with httpx2.Client(base_url=server.url, timeout=30) as client:
            sequence = _last(database)
            while client.get("/v1/changes").json()["sequence"] < sequence:
                pass
            shown = published(client)
            for follower in followers:
                assert not follower.failures
                assert len(follower.seen) > 1
                for copy in (follower.copy, *follower.walked):
                    copy.follow(client)
                    assert copy.documents == shown


class Follower(threading.Thread):
    """Follows the changes, and begins another copy from a list's pages again and again."""

    def __init__(self, url: str, limit: int, publisher: Any) -> None:
        super().__init__()
        self.url, self.limit, self.publisher = url, limit, publisher
        self.copy = Copy()
        self.walked: list[Copy] = []
        self.seen: Counter[int] = Counter()
        self.failures: list[str] = []

    def run(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=30) as client:
            while self.publisher.is_alive():
                self.seen[self.copy.follow(client, self.limit)] += 1
                self.walked = [*self.walked[-3:], self.walk(client)]

    def walk(self, client: httpx2.Client) -> Copy:
        """The lists, page by page; every page says its sequence, and the first one counts."""
        copy = Copy()
        sequences: list[int] = []
        for resource in ("codelists", "indicators", "observations", "strategies", "decisions"):
            self._take(client, copy, resource, sequences)
        for resource in STEADY:
            self._take(client, copy, resource, sequences)
        if sequences != sorted(sequences):
            self.failures.append(f"sequences went back: {sequences}")
        copy.since = str(sequences[0])
        return copy

    def _take(self, client: httpx2.Client, copy: Copy, resource: str, sequences: list[int]) -> None:
        ended = "&include_ended=true" if resource == "offerings" else ""
        address: str | None = f"/v1/{resource}?limit={self.limit}{ended}"
        while address:
            page = client.get(address).raise_for_status().json()
            sequences.append(page["sequence"])
            copy.documents |= {(resource, item["id"]): item for item in page["items"]}
            address = next((each["href"] for each in page["links"] if each["rel"] == "next"), None)


def _last(database: Database) -> int:
    return publish(database.owner_url).sequence
