"""Which opening hours are open at a moment: worked out once a publication and minute.

All strings of all regions are evaluated here, not by PostgreSQL, which cannot read them; a request
then asks for offerings that have one of those found open.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from db import conditions as c
from db.conditions import Condition, where
from db.opening import queries as opening_queries
from db.opening.calendars import Calendar
from db.opening.queries import Hours
from db.opening.times import Place, soon
from db.pool import Pool
from db.state import State

REMEMBERED = 32  # moments
NOBODY = UUID(int=0)
"""Stands in a list that would be empty: no id is it."""


@dataclass(frozen=True)
class Opening:
    """What is open at a moment, with when it closes (ISO 8601; None: not soon), and what may be."""

    state: State
    closes: dict[UUID, str | None]
    unknown: list[UUID]

    @property
    def condition(self) -> Condition:
        """Open at one of its sites."""
        closes = json.dumps({str(id_): ends for id_, ends in self.closes.items()})
        return where(c.open_at, (), list(self.closes) or [NOBODY], closes)

    @property
    def plain(self) -> Condition:
        """The same, of documents that do not say until when."""
        return where(c.is_open, (), list(self.closes) or [NOBODY])

    @property
    def perhaps(self) -> Condition:
        """Not found open, but not known to be closed either."""
        return where(c.perhaps_open, (), list(self.closes) or [NOBODY], self.unknown or [NOBODY])


class Published(NamedTuple):
    """Everything that opening times follow from, as of one publication."""

    state: State
    hours: Sequence[Hours]
    calendar: Calendar


class OpeningTimes:
    """What one process knows of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._published: Published | None = None
        self._found: OrderedDict[datetime, asyncio.Task[Opening]] = OrderedDict()

    async def at(self, moment: datetime, state: State) -> Opening:
        """At a moment, which is by the clock of each place if it has no zone."""
        published = await self._current(state)
        task = self._found.get(moment)
        if task is None or _failed(task):
            task = asyncio.create_task(asyncio.to_thread(evaluate, published, moment))
            self._found[moment] = task
            while len(self._found) > REMEMBERED:
                self._found.popitem(last=False)
        return await asyncio.shield(task)

    async def _current(self, state: State) -> Published:
        known = self._published
        if known is None or known.state.sequence < state.sequence:
            read = await opening_queries.everything(self._pool)
            known = self._published = Published(read.state, read.hours, Calendar(read.holidays))
            self._found.clear()
        return known

    async def calendar(self, state: State) -> Calendar:
        return (await self._current(state)).calendar


def _failed(task: asyncio.Task[Opening]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def evaluate(published: Published, moment: datetime) -> Opening:
    """In a thread: some thousand strings take some tenths of a second."""
    closes: dict[UUID, str | None] = {}
    unknown = []
    for row in published.hours:
        place = Place(row.region)
        at = moment if moment.tzinfo else moment.replace(tzinfo=place.zone)
        state, ends = soon(row.hours, place, published.calendar, at)
        if state == "open":
            closes[row.id] = ends.isoformat() if ends else None
        elif state == "unknown":
            unknown.append(row.id)
    return Opening(published.state, closes, unknown)


def this_minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)
