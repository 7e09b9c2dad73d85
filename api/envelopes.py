"""What is around the entities of a list: counts, facets, what is left out, links."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Request

from api import cursors, links
from api.common_parameters import ListParameters
from api.observed import AROUND
from api.opening import Opening
from api.responses import HOURS_UNKNOWN, PLACE_UNKNOWN, Envelope
from api.wanted import Wanted
from db import queries
from db.conditions import Condition
from db.queries import Page
from db.state import State
from db.statements import Selection

T = TypeVar("T")
ABOUT = "(about)"


async def envelope_of(
    wanted: Wanted,
    parameters: ListParameters,
    also: Sequence[Condition],
    state: State,
    total: int | None,
) -> Envelope | None:
    """None if a publication came between: entities and counts would not belong together."""
    envelope = Envelope()
    states = {state, wanted.opening.state if wanted.opening else state}
    if parameters.count is None:
        if total is None:
            total = await _counted(wanted, wanted.selection, state, states)
        envelope.total = total
        envelope.gave_up = total is None
        if total is not None and (selection := _possible(wanted, parameters, also)):
            possible = await _counted(wanted, selection, state, states)
            envelope.gave_up = possible is None
            envelope.leave_out(PLACE_UNKNOWN, 0 if possible is None else possible - total)
        if wanted.opening:
            selection = _perhaps_open(wanted, wanted.opening, parameters, also)
            perhaps = await _counted(wanted, selection, state, states)
            envelope.gave_up |= perhaps is None
            envelope.leave_out(HOURS_UNKNOWN, perhaps or 0)
        if wanted.resource.name in AROUND and wanted.format.name in ("json", "geojson"):
            envelope.about = await _about(wanted, state, states)
            envelope.gave_up |= not envelope.about
    if parameters.facets:
        envelope.facets = await _facets(wanted, parameters, also, state, states)
    return envelope if len(states) == 1 else None


async def _about(wanted: Wanted, state: State, states: set[State]) -> bytes:
    """What this resource says around its lists; nothing if finding out takes too long."""
    known, selection = wanted.service, wanted.selection
    at_hand = known.remembered_facet(selection, ABOUT, state)
    if at_hand is not None:
        return at_hand
    around = AROUND[wanted.resource.name]
    found = await _in_time(wanted, selection, state, around)
    if found is None:
        return b""
    text, read_in = found
    known.remember_facet(selection, ABOUT, read_in, text)
    states.add(read_in)
    return text


def _possible(
    wanted: Wanted, parameters: ListParameters, also: Sequence[Condition]
) -> Selection | None:
    """What matches or may match, where a place is filtered by."""
    possible = parameters.possible()
    if possible is None:
        return None
    return replace(wanted.selection, conditions=(*also, *possible, *wanted.opened))


def _perhaps_open(
    wanted: Wanted, opening: Opening, parameters: ListParameters, also: Sequence[Condition]
) -> Selection:
    """What matches but for its hours, which are unknown."""
    conditions = (*also, *parameters.conditions(), opening.perhaps)
    return replace(wanted.selection, conditions=conditions)


async def _counted(
    wanted: Wanted, selection: Selection, state: State, states: set[State]
) -> int | None:
    """How many are selected; None if counting them takes too long."""
    total = wanted.service.remembered_count(selection, state)
    if total is not None:
        return total
    found = await _in_time(wanted, selection, state, queries.count)
    if found is None:
        return None
    total, counted_in = found
    wanted.service.remember_count(selection, counted_in, total)
    states.add(counted_in)
    return total


async def _in_time(
    wanted: Wanted,
    selection: Selection,
    state: State,
    read: Callable[[queries.Source, Selection], Awaitable[T]],
) -> T | None:
    """What takes too long is not tried again in this state."""
    known = wanted.service
    if known.is_too_much_to_count(selection, state):
        return None
    try:
        async with asyncio.timeout(known.settings.count_timeout):
            return await read(wanted.source, selection)
    except TimeoutError:
        known.remember_too_much(selection, state)
        return None


async def _facets(
    wanted: Wanted,
    parameters: ListParameters,
    also: Sequence[Condition],
    state: State,
    states: set[State],
) -> dict[str, bytes]:
    """A facet ignores its own filter, so that the other choices keep their counts."""
    facets = {}
    for name in parameters.facets or ():
        others = parameters.model_copy(update={name: None}).conditions()
        selection = replace(wanted.selection, conditions=(*also, *others, *wanted.opened))
        counts = wanted.service.remembered_facet(selection, name, state)
        if counts is None:
            counts, counted_in = await queries.facet(wanted.source, selection, name, wanted.lang)
            wanted.service.remember_facet(selection, name, counted_in, counts)
            states.add(counted_in)
        facets[name] = counts
    return facets


def links_of(request: Request, wanted: Wanted, page: Page | None) -> list[dict[str, Any]]:
    here, media_type = links.address(request), wanted.format.media_type
    found: list[dict[str, Any]] = [links.link("self", str(here), media_type)]
    if request.method != "POST":
        found.append(links.link("first", here.changed(cursor=None), media_type))
    if page and page.has_next and page.last:
        cursor = cursors.encode(
            wanted.selection.table,
            wanted.selection.order,
            page.last,
            wanted.depth + page.count,
        )
        found.append(_next(request, media_type, cursor))
    return found


def _next(request: Request, media_type: str, cursor: str) -> dict[str, Any]:
    """A search by POST goes on by POST: the same body with the cursor merged into it."""
    here = links.address(request)
    if request.method == "POST":
        onward: dict[str, Any] = links.link("next", str(here), media_type)
        return onward | {"method": "POST", "body": {"cursor": cursor}}
    return links.link("next", here.changed(cursor=cursor), media_type)
