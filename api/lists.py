"""Answering for a resource: a list, an item, a stream. One mechanism for all of them."""

from collections.abc import Sequence

from fastapi import Request, Response

from api import links, responses
from api.common_parameters import ItemParameters, ListParameters
from api.cube import reading
from api.cube.writing import written
from api.dependencies import service
from api.envelopes import envelope_of, links_of
from api.errors import Gone, InvalidParameter, Moved, NotFound, Unavailable
from api.formats import FORMATS
from api.negotiation import is_named
from api.pages.face import pages_of
from api.pages.search import Understood
from api.resources import Resource
from api.responses import Envelope
from api.streams import stream, whole
from api.wanted import Wanted, opened_at, understood
from db import queries
from db.conditions import Condition, as_uuid, called
from db.published import FACETS
from db.queries import Page
from db.state import State
from db.statements import Order, Selection

RETRIES = 3
BETWEEN = "The registry is being published; please try again in a moment."


async def answer_list(
    request: Request,
    resource: Resource,
    parameters: ListParameters,
    also: Sequence[Condition] = (),
    searched: Understood | None = None,
) -> Response:
    """A page, or for CSV and NDJSON the whole filtered set. `searched`: what a person typed."""
    wanted = await understood(request, resource, parameters, also)
    if at_hand := await _unchanged(request, wanted) or _kept(request, wanted):
        return at_hand
    if wanted.format.streamed:
        wanted = await opened_at(
            wanted, parameters, await queries.current_state(wanted.service.pool)
        )
        return await stream(request, wanted, parameters)
    if wanted.format.cube:
        return await _cube(request, wanted)
    if wanted.is_html:
        return await _html_list(request, wanted, parameters, also, searched)
    answer = whole if parameters.limit == "all" else _page
    return await answer(request, wanted, parameters, also)


async def answer_item(
    request: Request, resource: Resource, name: str, parameters: ItemParameters
) -> Response:
    """One entity by id, slug or key; 404 if there is none, 410 if there was one."""
    wanted = await understood(request, resource, parameters, [called([name])])
    if unchanged := await _unchanged(request, wanted):
        await require(request, resource, name)
        return unchanged
    if wanted.format.streamed:
        await require(request, resource, name)
        return await stream(request, wanted, parameters)
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
    wanted = await opened_at(wanted, parameters, await wanted.service.current_state())
    page = await queries.page(wanted.service.pool, wanted.selection)
    if wanted.opening and wanted.opening.state.sequence != page.state.sequence:
        wanted = await opened_at(wanted, parameters, page.state)
        page = await queries.page(wanted.service.pool, wanted.selection)
    is_all = not wanted.selection.after and not page.has_next
    total = page.count if is_all else None
    envelope = await envelope_of(wanted, parameters, also, page.state, total)
    if envelope is not None:
        envelope.links = links_of(request, wanted, page)
    return page, envelope


async def _cube(request: Request, wanted: Wanted) -> Response:
    """All that is selected in one document, arranged by what it is about: one statement."""
    conditions, lang = wanted.selection.conditions, wanted.lang
    linked = [*links_of(request, wanted, None)[:1], *_otherwise(request)]
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
