"""What requests share in a process: settings, the pool, and a little that is worth remembering."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import Request

from api.artefacts.manifest import Manifest
from api.artefacts.shelf import Shelf
from api.cache import Answer, Key, Spelling, Store
from api.common_parameters import Limits, Reference
from api.confirm_links import ConfirmLinks
from api.cube.reading import Outlines
from api.errors import InvalidParameter
from api.gaps.distances import Residents
from api.opening import OpeningTimes
from api.rate_limit import Quotas
from api.settings import Settings
from api.spool import Budget, Spool
from db import pool, queries
from db.pool import Pool
from db.state import Follower, State
from db.statements import Selection

LANGUAGE_SECONDS = 2.0
UNCOUNTED_SECONDS = 60.0
REMEMBERED = 4096
REMEMBERED_FACETS = 512  # of some kilobytes each
FORM_SECONDS = 600.0
REPORTS = 10
CONFIRMATIONS = 60
"""Forms that a client may send to this process in so many seconds."""


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
        self.store = Store(settings.cache_bytes)
        self.shelf = Shelf(settings.artefacts)
        self.follower = Follower(
            url,
            pool.options(settings.statement_timeout),
            on_answer=self.pool.hear,
            on_state=self._follow,
        )
        self.opening = OpeningTimes(self.pool)
        self.residents = Residents(self.pool)
        self.outlines = Outlines(self.pool)
        self.reports = Quotas(REPORTS, window=FORM_SECONDS)
        self.confirmations = Quotas(CONFIRMATIONS, window=FORM_SECONDS)
        self.confirm_links = (
            ConfirmLinks(settings.secret_key.get_secret_value()) if settings.secret_key else None
        )
        self._spooled = Budget(settings.spool_bytes)
        self._counts: OrderedDict[Any, int] = OrderedDict()
        self._facets: OrderedDict[Any, bytes] = OrderedDict()
        self._followed: State | None = None
        self._uncounted: OrderedDict[Any, float] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._languages: tuple[str, ...] = ()
        self._languages_read = float("-inf")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the pool and follow publications, as long as the block lasts."""
        await self.pool.open(wait=False)
        following = asyncio.create_task(self.follower.run())
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await self.pool.close()

    def _follow(self, state: State, asked: float) -> None:
        """What was remembered of the names and languages of another publication is forgotten, and
        all answers when there are other artefacts, which come some time after it."""
        self.store.follow(state, asked)
        if self.shelf.follow():
            self.store.clear()
        if state != self._followed:  # the store may have heard of it before, from an answer
            self._followed = state
            self._known.clear()
            self._languages_read = float("-inf")

    def state(self) -> State | None:
        """The current state as far as it may be answered from memory: it is sure, and kept."""
        return self.store.state if self.store.limit and self.follower.state() else None

    def recall(self, spelling: Spelling) -> Answer | None:
        """The answer to a request written just so."""
        return self.store.recall(spelling) if self.state() else None

    def keep(self, key: Key, spelling: Spelling, state: State, answer: Answer) -> None:
        if not self.shelf.outdated(key[1]):
            self.store.keep(key, spelling, state, answer, time.monotonic())

    @property
    def artefacts(self) -> Manifest | None:
        """The files that were made of a publication, most likely the current one."""
        return self.shelf.current()

    def spool(self) -> Spool:
        return Spool(self._spooled)

    async def current_state(self) -> State:
        return self.state() or await queries.current_state(self.pool)

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

    def remembered_count(self, selection: Selection, state: State) -> int | None:
        return self._counts.get(_count_key(selection, state))

    def remember_count(self, selection: Selection, state: State, total: int) -> None:
        _remember(self._counts, {_count_key(selection, state): total})

    def remembered_number(self, name: str, state: State) -> int | None:
        return self._counts.get((name, state))

    def remember_number(self, name: str, state: State, number: int) -> None:
        _remember(self._counts, {(name, state): number})

    def remembered_facet(self, selection: Selection, name: str, state: State) -> bytes | None:
        return self._facets.get(_facet_key(selection, name, state))

    def remember_facet(self, selection: Selection, name: str, state: State, counts: bytes) -> None:
        _remember(self._facets, {_facet_key(selection, name, state): counts}, REMEMBERED_FACETS)

    def is_too_much_to_count(self, selection: Selection, state: State) -> bool:
        return self._uncounted.get(_count_key(selection, state), 0.0) > time.monotonic()

    def remember_too_much(self, selection: Selection, state: State) -> None:
        """Whoever pages on need not wait again for a total that does not come."""
        until = time.monotonic() + UNCOUNTED_SECONDS
        _remember(self._uncounted, {_count_key(selection, state): until})


def _count_key(selection: Selection, state: State) -> tuple[Any, ...]:
    return state, selection.table.name, *(part.identity for part in selection.conditions)


def _facet_key(selection: Selection, name: str, state: State) -> tuple[Any, ...]:
    return name, selection.lang, *_count_key(selection, state)


def _remember(
    memory: OrderedDict[Any, Any], entries: dict[Any, Any], most: int = REMEMBERED
) -> None:
    memory.update(entries)
    while len(memory) > most:
        memory.popitem(last=False)


def service(request: Request) -> Service:
    found = request.app.state.service
    assert isinstance(found, Service)
    return found
