"""What a page shows besides the entity or list it is about: read with the same statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.analyses.differing import differing, key
from api.common_parameters import ListParameters
from api.dependencies import Service
from api.resources import Resource
from db import queries
from db.conditions import Condition
from db.state import State
from db.statements import Layout, Selection

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """Some entities, and how many there are altogether."""

    documents: list[Document]
    total: int


@dataclass(slots=True)
class Reading:
    """Reads for one page. `states` are the publications that its parts belong to."""

    service: Service
    lang: str
    translated: bool
    states: set[State] = field(default_factory=set)

    @property
    def is_consistent(self) -> bool:
        return len(self.states) <= 1

    async def some(
        self, resource: Resource, parameters: ListParameters, limit: int, *, counted: bool = True
    ) -> Found:
        """The first of a list."""
        selection = self._selection(resource, parameters, limit)
        page = await queries.page(self.service.pool, selection)
        self.states.add(page.state)
        total = page.count
        if page.has_next and counted:
            total = await self._count(selection, page.state)
        return Found(json.loads(b"[%b]" % page.body), total)

    async def shapes(
        self, resource: Resource, conditions: Sequence[Condition], geometry: str, limit: int
    ) -> list[Document]:
        """Entities as GeoJSON Features, with simplified boundaries."""
        parameters = resource.list_parameters()
        selection = self._selection(resource, parameters, limit, "geojson", geometry, conditions)
        page = await queries.page(self.service.pool, selection)
        self.states.add(page.state)
        found: list[Document] = json.loads(b"[%b]" % page.body)
        return found

    async def facet(
        self, resource: Resource, parameters: ListParameters, name: str
    ) -> list[Document]:
        """How many entities have each value, the most frequent first."""
        selection = self._selection(resource, parameters, 1)
        counts = self.service.remembered_facet(selection, name, next(iter(self.states)))
        if counts is None:
            counts, state = await queries.facet(self.service.pool, selection, name, self.lang)
            self.states.add(state)
            self.service.remember_facet(selection, name, state, counts)
        found: list[Document] = json.loads(counts)
        return found

    async def differing(self, observations: Sequence[Document]) -> dict[str, Document]:
        """By id of the observation: what its parts make, where that is not what is stated."""
        valued = [each for each in observations if each["value"] is not None]
        if not valued:
            return {}
        state, found = await differing(self.service.pool, [key(each) for each in valued])
        self.states.add(state)
        return {valued[n]["id"]: made for n, made in found.items()}

    async def _count(self, selection: Selection, state: State) -> int:
        known = self.service.remembered_count(selection, state)
        if known is not None:
            return known
        total, counted_in = await queries.count(self.service.pool, selection)
        self.states.add(counted_in)
        self.service.remember_count(selection, counted_in, total)
        return total

    def _selection(
        self,
        resource: Resource,
        parameters: ListParameters,
        limit: int,
        layout: Layout = "json",
        geometry: str = "geojson",
        also: Sequence[Condition] = (),
    ) -> Selection:
        return Selection(
            table=resource.table,
            conditions=(*parameters.conditions(), *also),
            order=parameters.order(),
            layout=layout,
            lang=self.lang if self.translated else None,
            geometry=geometry,
            limit=limit,
        )
