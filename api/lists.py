"""Answering for a resource: a list, an item, a stream. One mechanism for all of them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from fastapi import Request, Response

from api import cursors, links, responses
from api.cube import reading
from api.cube.writing import written
from api.dependencies import Service, service
from api.errors import Gone, InvalidParameter, Moved, NotFound, Unavailable
from api.formats import FORMATS, PARTS, Format
from api.negotiation import choose_format, choose_language, is_named
from api.observed import around
from api.opening import Opening, this_minute
from api.pages.face import Shown, pages_of
from api.pages.search import Understood
from api.parameters import (
    ItemParameters,
    ListParameters,
    Simplified,
)
from api.resources import (
    INTERVAL_COLUMNS,
    OBSERVATIONS,
    RECALCULATED_COLUMNS,
    WIDE_COLUMNS,
    Resource,
)
from api.responses import HOURS_UNKNOWN, PLACE_UNKNOWN, Envelope, Version
from api.series import Including, SeriesParameters
from api.tables import writing as tables
from db import queries
from db.conditions import Condition, as_uuid, called, near, open_at
from db.observed import summary
from db.published import FACETS
from db.queries import Page
from db.state import State
from db.statements import Layout, Order, Selection

RETRIES = 3
ABOUT = "(about)"
BETWEEN = "The registry is being published; please try again in a moment."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request understood: what is selected, and how it is to be represented."""

    service: Service
    source: queries.Source
    resource: Resource
    selection: Selection
    format: Format
    lang: str
    languages: Sequence[str] = ()
    depth: int = 0
    minute: str = ""
    """Of the clock that the answer depends on, if it asks for what is open now."""
    opening: Opening | None = None

    @property
    def is_html(self) -> bool:
        return self.format.name == "html"

    @property
    def opened(self) -> tuple[Condition, ...]:
        return (self.opening.condition,) if self.opening else ()

    @property
    def is_feed(self) -> bool:
        return self.format.name == "atom"

    def shown(self, request: Request, state: State) -> Shown:
        """What a page needs to know of the request."""
        return Shown(request, self.service, self.resource, self.version(state), self.languages)

    def version(self, state: State) -> Version:
        return Version(state, self.format, self.lang, self.minute)


async def answer_list(
    request: Request,
    resource: Resource,
    parameters: ListParameters,
    also: Sequence[Condition] = (),
    searched: Understood | None = None,
) -> Response:
    """A page, or for CSV and NDJSON the whole filtered set. `searched`: what a person typed."""
    wanted = await _understood(request, resource, parameters, also)
    if at_hand := await _unchanged(request, wanted) or _kept(request, wanted):
        return at_hand
    if wanted.format.streamed:
        wanted = await _opened_at(
            wanted, parameters, await queries.current_state(wanted.service.pool)
        )
        return await _stream(request, wanted, parameters)
    if wanted.format.cube:
        return await _cube(request, wanted)
    if wanted.is_html:
        return await _html_list(request, wanted, parameters, also, searched)
    answer = _whole if parameters.limit == "all" else _page
    return await answer(request, wanted, parameters, also)


async def answer_item(
    request: Request, resource: Resource, name: str, parameters: ItemParameters
) -> Response:
    """One entity by id, slug or key; 404 if there is none, 410 if there was one."""
    wanted = await _understood(request, resource, parameters, [called([name])])
    if unchanged := await _unchanged(request, wanted):
        await require(request, resource, name)
        return unchanged
    if wanted.format.streamed:
        await require(request, resource, name)
        return await _stream(request, wanted, parameters)
    if kept := _kept(request, wanted):
        return kept
    if wanted.format.cube:
        await require(request, resource, name)
        return await _cube(request, wanted)
    for _ in range(RETRIES):
        found = await queries.item(wanted.service.pool, wanted.selection)
        if found is None:
            raise await missing(request, resource.table.name, resource.name, name)
        body, state = found
        if answer := await _shown(request, wanted, body, state):
            return answer
    raise Unavailable(BETWEEN)


async def _shown(
    request: Request, wanted: Wanted, document: bytes, state: State
) -> Response | None:
    """An entity in the format asked for; None if a publication came between parts of its page."""
    shown = wanted.shown(request, state)
    if wanted.is_html:
        page = await pages_of(request).of_item(shown, document)
        return responses.html(request, shown.version, page) if page else None
    body = pages_of(request).entry(shown, document) if wanted.is_feed else document
    return responses.item(request, shown.version, body)


async def require(request: Request, resource: Resource, name: str) -> None:
    """404 or 410, unless there is such an entity."""
    known = service(request)
    found = Selection(resource.table, (called([name]),), Order("name"), "json", limit=1)
    if await queries.item(known.pool, found) is None:
        raise await missing(request, resource.table.name, resource.name, name)


async def missing(request: Request, entity: str, among: str, name: str) -> Exception:
    """308 to where it is now, 410 if it was taken off, 404 if nobody knows of it."""
    former = await queries.former(service(request).pool, entity, name)
    if former is None:
        return NotFound(f"There is no {name} among the {among}.")
    if former.id is None:
        assert former.tombstone is not None  # else it would be published
        reason = f"{name} is no longer published."
        return Gone(reason, tombstone=responses.parsed(former.tombstone))
    now = str(former.id if as_uuid(name) else former.slug)
    if now == name:
        return Unavailable(BETWEEN)  # it has just come back
    place = _elsewhere(request, name, now)
    return Moved(f"{name} is now {now}.", headers={"Location": place})


def _elsewhere(request: Request, name: str, now: str) -> str:
    """The address of the request for another entity, its format and query as they are."""
    names = {key: now if value == name else value for key, value in request.path_params.items()}
    place = request.scope["quartier.exchange"].template.format(**names)
    suffix, query = request.scope.get("quartier.suffix"), request.scope["query_string"].decode()
    return "".join(
        (
            *(links.base_url(request), place),
            *((".", suffix) if suffix else ()),
            *(("?", query) if query else ()),
        )
    )


async def _understood(
    request: Request,
    resource: Resource,
    parameters: ItemParameters,
    also: Sequence[Condition],
) -> Wanted:
    known = service(request)
    format_ = choose_format(request, parameters.format, resource.formats)
    _check_fields(resource, parameters)
    if format_.cube:
        _require_whole(format_, parameters)
    languages = await known.languages()
    lang = choose_language(request, parameters.lang, languages)
    selection = Selection(
        table=resource.table,
        conditions=tuple(also),
        order=Order("name"),
        layout=format_.layout,
        lang=None if lang == languages[0] else lang,
        fields=("id", *parameters.fields) if parameters.fields and format_.picks else (),
        include=parameters.include or () if isinstance(parameters, Including) else (),
        geometry=parameters.geometry() if isinstance(parameters, Simplified) else "geojson",
        limit=1,
    )
    wanted = Wanted(known, known.pool, resource, selection, format_, lang, languages)
    return await _listed(wanted, parameters) if isinstance(parameters, ListParameters) else wanted


def _check_fields(resource: Resource, parameters: ItemParameters) -> None:
    known = resource.schema.model_fields
    for name in parameters.fields or ():
        if name not in known:
            raise InvalidParameter.named("fields", f"{name} is none of {', '.join(known)}")


def _require_whole(format_: Format, parameters: ItemParameters) -> None:
    """What asks for a part of a list has no meaning for a cube."""
    for name in PARTS:
        if getattr(parameters, name, None) not in (None, "all"):
            raise InvalidParameter.named(name, f"{format_.name} is whole, in an order of its own")


async def _listed(wanted: Wanted, parameters: ListParameters) -> Wanted:
    """The filter, the order and the page of a list."""
    try:
        parameters.check(wanted.service.limits)
    except ValueError as error:
        name, _, reason = str(error).partition(": ")
        raise InvalidParameter.named(name, reason) from None
    await wanted.service.require_known(parameters.references())
    if wanted.format.newest_first and parameters.sort is None:
        parameters = parameters.model_copy(update={"sort": "-updated_at"})
    order = parameters.order()
    cursor = _cursor(wanted, parameters, order)
    limit = _limit(wanted.format, parameters)
    selection = replace(
        wanted.selection,
        layout=_layout(wanted.format, parameters),
        conditions=(*wanted.selection.conditions, *parameters.conditions()),
        order=order,
        after=cursor.keys if cursor else (),
        limit=None if limit == "all" else limit,
        boundary=parameters.boundary if isinstance(parameters, SeriesParameters) else None,
    )
    depth = cursor.depth if cursor else 0
    minute = this_minute().isoformat() if parameters.opening == "now" else ""
    return replace(wanted, selection=selection, depth=depth, minute=minute)


async def _opened_at(wanted: Wanted, parameters: ListParameters, state: State) -> Wanted:
    """With what is open at the time asked for, as of this publication at least."""
    moment = parameters.opening
    if moment is None:
        return wanted
    if moment == "now":
        moment = datetime.fromisoformat(wanted.minute)
    opening = await wanted.service.opening.at(moment, state)
    others = [part for part in wanted.selection.conditions if part.builder is not open_at]
    selection = replace(wanted.selection, conditions=(*others, opening.condition))
    return replace(wanted, selection=selection, opening=opening)


def _limit(format_: Format, parameters: ListParameters) -> int | Literal["all"]:
    longest = format_.longest
    if parameters.limit is None:
        return "all" if format_.streamed else format_.length
    if longest and (parameters.limit == "all" or parameters.limit > longest):
        raise InvalidParameter.named("limit", f"is at most {longest} as {format_.name}")
    return parameters.limit


def _layout(format_: Format, parameters: ListParameters) -> Layout:
    if not isinstance(parameters, SeriesParameters) or parameters.layout == "long":
        return format_.layout
    if format_.name != "csv":
        raise InvalidParameter.named("layout", "wide is a layout of CSV; add format=csv")
    return "wide"


def _cursor(wanted: Wanted, parameters: ListParameters, order: Order) -> cursors.Cursor | None:
    """Where to go on; `near` and `q` end at a depth, for each page reads all before it."""
    if parameters.cursor is None:
        return None
    cursor = cursors.decode(wanted.selection.table, order, parameters.cursor)
    deepest = wanted.service.settings.max_depth
    if order.name in ("distance", "relevance") and cursor.depth >= deepest:
        detail = f"a list by {order.name} ends after {deepest} entities; narrow the filter"
        raise InvalidParameter.named("cursor", detail)
    return cursor


async def _unchanged(request: Request, wanted: Wanted) -> Response | None:
    if "if-none-match" not in request.headers:
        return None
    state = await wanted.service.current_state()
    return responses.not_modified(request, wanted.version(state))


def _kept(request: Request, wanted: Wanted) -> Response | None:
    """The answer from memory, if somebody asked for the same in other words."""
    state = wanted.service.state()
    if state is None or request.method == "POST":
        return None
    key = responses.key(request, wanted.version(state))
    answer = wanted.service.store.find(key)
    return responses.Kept(request, key, state, answer) if answer else None


async def _page(
    request: Request,
    wanted: Wanted,
    parameters: ListParameters,
    also: Sequence[Condition],
) -> Response:
    """The page and what is counted around it, all in one state."""
    for _ in range(RETRIES):
        page, envelope = await _read(request, wanted, parameters, also)
        if envelope is not None:
            return _written(request, wanted, page, envelope)
    raise Unavailable(BETWEEN)


def _written(request: Request, wanted: Wanted, page: Page, envelope: Envelope) -> Response:
    version = wanted.version(page.state)
    if not wanted.is_feed:
        return responses.page(request, version, page, envelope)
    body = pages_of(request).feed(wanted.shown(request, page.state), page, envelope)
    return responses.answer(request, version, body, envelope.links, lasting=not envelope.gave_up)


async def _html_list(
    request: Request,
    wanted: Wanted,
    parameters: ListParameters,
    also: Sequence[Condition],
    searched: Understood | None,
) -> Response:
    """A page for people, with counts of what can be filtered by, or a fragment for other pages."""
    if not is_named(request):
        parameters = parameters.model_copy(update={"facets": list(FACETS[parameters.resource])})
    for _ in range(RETRIES):
        page, envelope = await _read(request, wanted, parameters, also)
        if envelope is None:
            continue
        shown = wanted.shown(request, page.state)
        body = await pages_of(request).of_list(shown, page, envelope, searched)
        if body is not None:
            return responses.html(request, shown.version, body, envelope)
    raise Unavailable(BETWEEN)


async def _read(
    request: Request, wanted: Wanted, parameters: ListParameters, also: Sequence[Condition]
) -> tuple[Page, Envelope | None]:
    wanted = await _opened_at(wanted, parameters, await wanted.service.current_state())
    page = await queries.page(wanted.service.pool, wanted.selection)
    if wanted.opening and wanted.opening.state.sequence != page.state.sequence:
        wanted = await _opened_at(wanted, parameters, page.state)
        page = await queries.page(wanted.service.pool, wanted.selection)
    is_all = not wanted.selection.after and not page.has_next
    total = page.count if is_all else None
    envelope = await _envelope(wanted, parameters, also, page.state, total)
    if envelope is not None:
        envelope.links = _links(request, wanted, page)
    return page, envelope


async def _envelope(
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
        if wanted.resource is OBSERVATIONS and wanted.format.name in ("json", "geojson"):
            envelope.about = await _about(wanted, state, states)
            envelope.gave_up |= not envelope.about
    if parameters.facets:
        envelope.facets = await _facets(wanted, parameters, also, state, states)
    return envelope if len(states) == 1 else None


async def _about(wanted: Wanted, state: State, states: set[State]) -> bytes:
    """What observations are, taken together; nothing if finding out takes too long."""
    known, selection = wanted.service, wanted.selection
    at_hand = known.remembered_facet(selection, ABOUT, state)
    if at_hand is not None or known.is_too_much_to_count(selection, state):
        return at_hand or b""
    try:
        async with asyncio.timeout(known.settings.count_timeout):
            found = await summary(wanted.source, selection)
    except TimeoutError:
        known.remember_too_much(selection, state)
        return b""
    text = around(found)
    known.remember_facet(selection, ABOUT, found.state, text)
    states.add(found.state)
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
    known = wanted.service
    total = known.remembered_count(selection, state)
    if total is not None or known.is_too_much_to_count(selection, state):
        return total
    try:
        async with asyncio.timeout(known.settings.count_timeout):
            total, counted_in = await queries.count(wanted.source, selection)
    except TimeoutError:
        known.remember_too_much(selection, state)
        return None
    known.remember_count(selection, counted_in, total)
    states.add(counted_in)
    return total


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


def _links(request: Request, wanted: Wanted, page: Page | None) -> list[dict[str, Any]]:
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


async def _stream(request: Request, wanted: Wanted, parameters: ItemParameters) -> Response:
    """CSV and NDJSON: a line an entity; and tables."""
    async with AsyncExitStack() as stack:
        lines = await stack.enter_async_context(_opened(wanted, _columns(wanted, parameters)))
        version = wanted.version(lines.state)
        if wanted.format.table:
            chunks = await _table(wanted, lines)
        else:
            head = responses.csv_line(tuple(lines.columns)) if wanted.format.name == "csv" else b""
            chunks = responses.lines(version, head, lines.batches)
        spool = wanted.service.spool()
        name = wanted.resource.name
        return responses.Stream(request, version, chunks, stack.pop_all(), spool, name)


async def _table(wanted: Wanted, lines: queries.Lines) -> AsyncIterator[bytes]:
    """XLSX and the like: made of the documents, in threads."""
    most, selection = wanted.format.most, wanted.selection
    if most and (selection.limit is None or selection.limit > most):
        total, _ = await queries.count(lines.snapshot, selection)
        if total > most:
            detail = f"{wanted.format.name} has at most {most} rows, and this are {total}; "
            raise InvalidParameter.named("format", f"{detail}ask for csv, or for less")
    dimensions = await queries.dimension_labels(lines.snapshot, wanted.lang)
    made = tables.writer(wanted.format, wanted.resource, lines.columns, wanted.lang, dimensions)
    return tables.written(made, lines.batches)


async def _whole(
    request: Request,
    wanted: Wanted,
    parameters: ListParameters,
    also: Sequence[Condition],
) -> Response:
    """JSON and GeoJSON with `limit=all`: one document, however long, of one snapshot."""
    wanted = await _opened_at(wanted, parameters, await queries.current_state(wanted.service.pool))

    async def envelope(lines: queries.Lines, count: int) -> Envelope:
        total = None if wanted.selection.after else count
        within = replace(wanted, source=lines.snapshot)
        found = await _envelope(within, parameters, also, lines.state, total)
        assert found is not None  # a snapshot has one state
        found.links = _links(request, wanted, None)
        return found

    async with AsyncExitStack() as stack:
        lines = await stack.enter_async_context(_opened(wanted, {}))
        version = wanted.version(lines.state)
        chunks = responses.whole(version, lines, envelope)
        spool, name = wanted.service.spool(), wanted.resource.name
        return responses.Stream(request, version, chunks, stack.pop_all(), spool, name)


async def _cube(request: Request, wanted: Wanted) -> Response:
    """All that is selected in one document, arranged by what it is about: one statement."""
    conditions, lang = wanted.selection.conditions, wanted.lang
    linked = [*_links(request, wanted, None)[:1], *_otherwise(request)]
    try:
        cube = await reading.read(
            wanted.service.pool,
            conditions,
            lang,
            boundary=wanted.selection.boundary,
            include=wanted.selection.include,
        )
        body = await written(cube, wanted.format, linked)
    except reading.TooLargeError as error:
        raise InvalidParameter.named("format", f"as {wanted.format.name}, {error}") from None
    return responses.interchange(request, wanted.version(cube.state), body, linked[:1])


def _otherwise(request: Request) -> list[dict[str, str]]:
    """The same as a list, whole."""
    here, suffix = links.address(request), request.scope.get("quartier.suffix")
    place = here.place.removesuffix(f".{suffix}") if suffix else here.place
    return [
        links.link("alternate", here.at(place, format=name), FORMATS[name].media_type)
        for name in ("csv", "ndjson")
    ]


def _opened(
    wanted: Wanted, columns: Mapping[str, str]
) -> AbstractAsyncContextManager[queries.Lines]:
    return queries.stream(wanted.service.pool, wanted.selection, columns)


def _columns(wanted: Wanted, parameters: ItemParameters) -> dict[str, str]:
    """The columns of a table; `fields` keeps those made from the members it names."""
    if wanted.selection.layout == "wide":
        return WIDE_COLUMNS
    columns = wanted.resource.columns
    if any(condition.builder is near for condition in wanted.selection.conditions):
        columns = columns | {"distance_m": "$.distance_m"}
    if wanted.selection.boundary:
        columns = columns | RECALCULATED_COLUMNS
    if "interval" in wanted.selection.include:
        columns = columns | INTERVAL_COLUMNS
    if wanted.opening:
        columns = columns | {"open_until": "$.opening.next_change"}
    if not parameters.fields:
        return columns
    kept = {"id", "distance_m", "opening", "recalculation", "interval", *parameters.fields}
    return {
        name: path
        for name, path in columns.items()
        if path.removeprefix("$.").split(".")[0].removesuffix("[*]") in kept
    }
