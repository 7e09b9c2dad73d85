"""What requests share in a process: settings, the pool, and a little that is worth remembering."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from fastapi import Request

from api.errors import InvalidParameter
from api.parameters import Limits, Reference
from api.settings import Settings
from db import pool, queries
from db.pool import Pool
from db.statements import Selection

LANGUAGE_SECONDS = 2.0
REMEMBERED = 4096


class Service:
    """The published registry as seen by one process."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.limits = Limits(max_radius=settings.max_radius, max_vertices=settings.max_vertices)
        self.pool: Pool = pool.create(
            url,
            size=settings.pool_size,
            wait=settings.pool_timeout,
            statement_seconds=settings.statement_timeout,
        )
        self._counts: OrderedDict[Any, int] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._languages: tuple[str, ...] = ()
        self._languages_read = float("-inf")

    async def languages(self) -> tuple[str, ...]:
        """The published languages, the default first; at most two seconds old."""
        if time.monotonic() - self._languages_read > LANGUAGE_SECONDS:
            self._languages = await queries.languages(self.pool) or ("de",)
            self._languages_read = time.monotonic()
        return self._languages

    async def require_known(self, references: Sequence[Reference]) -> None:
        """Refuse names that nobody bears. Those once seen are not asked for again."""
        unseen = {(r.resource, r.name): r.parameter for r in references}
        unseen = {pair: name for pair, name in unseen.items() if pair not in self._known}
        if not unseen:
            return
        for resource, name, similar in await queries.unknown_names(self.pool, list(unseen)):
            hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
            detail = f"there is no {resource} {name!r}{hint}"
            raise InvalidParameter.named(unseen[resource, name], detail)
        _remember(self._known, dict.fromkeys(unseen))

    async def count(self, selection: Selection) -> tuple[int, int]:
        """How many match, and at which sequence."""
        return await queries.count(self.pool, selection)

    def remembered_count(self, selection: Selection, sequence: int) -> int | None:
        return self._counts.get(_count_key(selection, sequence))

    def remember_count(self, selection: Selection, sequence: int, total: int) -> None:
        _remember(self._counts, {_count_key(selection, sequence): total})


def _count_key(selection: Selection, sequence: int) -> tuple[Any, ...]:
    """Conditions on today's date are part of the answer, so the day is part of the key."""
    day = time.strftime("%F", time.gmtime())
    return sequence, day, selection.table.name, repr(selection.conditions)


def _remember(memory: OrderedDict[Any, Any], entries: dict[Any, Any]) -> None:
    memory.update(entries)
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)


def service(request: Request) -> Service:
    found = request.app.state.service
    assert isinstance(found, Service)
    return found
