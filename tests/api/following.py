"""A copy of everything that is published, kept in step by the changes alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2

from api.resources import RESOURCES
from tests.api.calls import get, listed

Key = tuple[str, str]


def nothing() -> None: ...


class Copy:
    """What a harvester holds: documents by resource and id, and where to go on."""

    def __init__(self, resources: tuple[str, ...] = ()) -> None:
        self.documents: dict[Key, Any] = {}
        self.resources = list(resources)
        self.since: str | None = None
        self.told: list[Key] = []

    def follow(
        self, client: httpx2.Client, limit: int = 100, between: Callable[[], None] = nothing
    ) -> int:
        """Take over page after page until there is no more; returns the sequence then shown."""
        self.told = []
        while True:
            page = self._page(client, limit)
            for change in page["items"]:
                self._apply(change)
            self.since = page["next"]
            if not page["has_more"]:
                return int(page["sequence"])
            between()

    def _page(self, client: httpx2.Client, limit: int) -> Any:
        query: dict[str, Any] = {"limit": limit, "include": "document"}
        query |= {"since": self.since} if self.since else {}
        query |= {"resource": self.resources} if self.resources else {}
        return get(client, "/v1/changes", query).json()

    def _apply(self, change: Any) -> None:
        key = change["resource"], change["id"]
        self.told.append(key)
        if change["kind"] == "upsert":
            assert change["document"]["id"] == change["id"]
            self.documents[key] = change["document"]
        else:
            assert change["document"] is None
            self.documents.pop(key, None)


def published(client: httpx2.Client) -> dict[Key, Any]:
    """What the lists show, ended offerings included."""
    found: dict[Key, Any] = {}
    for resource in RESOURCES:
        query = {"include_ended": "true"} if resource.name == "offerings" else {}
        items = listed(client, f"/v1/{resource.name}", query)["items"]
        found |= {(resource.name, item["id"]): item for item in items}
    return found
