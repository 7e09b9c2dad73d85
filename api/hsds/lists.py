"""Answering for /hsds: the published state in the shape that HSDS 3.1 prescribes.

Conditions and statements are those of the native API. What differs is the envelope, and that pages
have numbers: where nothing is filtered, a page is the rows whose own numbers lie in it, and those
they keep; else it is counted off.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Table

from api import links, responses
from api.dependencies import Service, service
from api.errors import InvalidParameter, NotFound, Unavailable
from api.formats import FORMATS
from api.hsds import filters
from api.hsds.parameters import HsdsParameters
from api.lists import BETWEEN, RETRIES, missing
from api.negotiation import choose_format
from api.opening import this_minute
from api.responses import Version
from db import conditions as c
from db import published, queries
from db.conditions import Condition, as_uuid, where
from db.queries import Page
from db.state import State
from db.statements import Order, Selection

HIGHEST = 2**31 - 1
Filter = Callable[[Service, Any], Awaitable[list[Condition]]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of /hsds: what it is made of, and how its parameters become conditions.

    `entity` is its name in `published.HSDS`, `native` that of the resource its tombstones are of.
    `numbered`: its rows have numbers.
    """

    name: str
    entity: str
    table: Table
    conditions: Filter
    native: str | None = None
    always: tuple[Condition, ...] = ()
    numbered: bool = True
    item: str = "whole"


_NOT_ENDED = (where(c.not_ended),)

SERVICES = Listing(
    "services", "service", published.hsds_services, filters.of_services, "offering", _NOT_ENDED
)
SERVICE_AT_LOCATIONS = Listing(
    "service_at_locations",
    "service_at_location",
    published.hsds_service_at_locations,
    filters.of_places,
    None,
    _NOT_ENDED,
)
ORGANIZATIONS = Listing(
    "organizations",
    "organization",
    published.hsds_organizations,
    filters.of_organizations,
    "organisation",
)
TAXONOMIES = Listing(
    "taxonomies",
    "taxonomy",
    published.HSDS["taxonomy"],
    filters.of_all,
    "codelist",
    numbered=False,
    item="document",
)
TAXONOMY_TERMS = Listing(
    "taxonomy_terms",
    "taxonomy_term",
    published.HSDS["taxonomy_term"],
    filters.of_terms,
    numbered=False,
    item="document",
)
LISTINGS = (SERVICES, ORGANIZATIONS, SERVICE_AT_LOCATIONS, TAXONOMIES, TAXONOMY_TERMS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request understood: which entities, in which form, on which page."""

    service: Service
    listing: Listing
    selection: Selection
    lang: str
    number: int
    length: int
    minute: str = ""

    @property
    def by_number(self) -> bool:
        """Whether the page is a range of numbers: nothing is filtered or ranked."""
        return self.listing.numbered and self.selection.conditions == self.listing.always

    @property
    def before(self) -> int:
        """How many entities, or numbers, come before this page."""
        return (self.number - 1) * self.length

    def version(self, state: State, format_: str = "json") -> Version:
        return Version(state, FORMATS[format_], self.lang, self.minute)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many entities there are, and how many places on pages they take. None: too many to count.

    They take more where some have left: the others keep their places.
    """

    total: int | None
    places: int | None


async def answer_list(request: Request, listing: Listing, parameters: HsdsParameters) -> Response:
    """A numbered page, or everything as NDJSON."""
    format_ = choose_format(request, parameters.format, ("json", "ndjson"))
    if format_.streamed and (parameters.page or parameters.per_page):
        name = "page" if parameters.page else "per_page"
        raise InvalidParameter.named(name, "ndjson is not paged, it holds everything")
    wanted = await _understood(request, listing, parameters)
    if "if-none-match" in request.headers:
        version = wanted.version(await wanted.service.current_state(), format_.name)
        if unchanged := responses.not_modified(request, version):
            return unchanged
    if format_.streamed:
        return await _stream(request, wanted)
    for _ in range(RETRIES):
        answer = await _page(request, wanted)
        if answer is not None:
            return answer
    raise Unavailable(BETWEEN)


async def answer_item(
    request: Request, listing: Listing, name: str, column: str | None = None
) -> Response:
    """One entity with everything that is known of it; 404 if there is none, 410 if there was."""
    choose_format(request, None, ("json",))
    known = service(request)
    id_ = as_uuid(name)
    if id_ is None:
        raise NotFound(f"There is no {name} among the {listing.name}; ids are UUIDs.")
    selection = Selection(
        listing.table,
        (where(c.equals, "id", id_),),
        _order(listing, None),
        "json",
        limit=1,
        column=column or listing.item,
    )
    found = await queries.item(known.pool, selection)
    if found is None:
        raise await _missing(request, listing, name)
    body, state = found
    version = Version(state, FORMATS["json"], (await known.languages())[0])
    here = [links.link("self", str(links.address(request)), version.format.media_type)]
    return responses.not_modified(request, version) or responses.interchange(
        request, version, body, here
    )


async def _missing(request: Request, listing: Listing, name: str) -> Exception:
    if listing.native:
        return await missing(request, listing.native, listing.name, name)
    return NotFound(f"There is no {name} among the {listing.name}.")


async def _understood(request: Request, listing: Listing, parameters: HsdsParameters) -> Wanted:
    known = service(request)
    asked = await listing.conditions(known, parameters)
    selection = Selection(
        listing.table,
        (*listing.always, *asked),
        _order(listing, parameters.search),
        "json",
        limit=parameters.length,
        column=parameters.column,
    )
    lang = (await known.languages())[0]
    minute = this_minute().isoformat() if parameters.opening == "now" else ""
    page, length = parameters.page or 1, parameters.length
    return Wanted(known, listing, selection, lang, page, length, minute)


def _order(listing: Listing, search: str | None) -> Order:
    if search:
        return Order("relevance", descending=True)
    return Order("number" if listing.numbered else "name")


async def _page(request: Request, wanted: Wanted) -> Response | None:
    """None if a publication came between: page and counts would not belong together."""
    page = await queries.page(wanted.service.pool, _of_page(wanted))
    states = {page.state}
    extent = await _extent(wanted, page.state, states)
    if len(states) > 1:
        return None
    body, last = _envelope(wanted, extent, page)
    return responses.interchange(
        request,
        wanted.version(page.state),
        body,
        _links(request, wanted.number, last),
        lasting=extent.total is not None,
    )


def _of_page(wanted: Wanted) -> Selection:
    if not wanted.by_number:
        return replace(wanted.selection, skip=wanted.before)
    first = min(wanted.before, HIGHEST - 1) + 1
    numbered = where(c.numbered, (), first, min(first + wanted.length - 1, HIGHEST))
    return replace(wanted.selection, conditions=(*wanted.selection.conditions, numbered))


async def _extent(wanted: Wanted, state: State, states: set[State]) -> Extent:
    total = await _total(wanted, state, states)
    if not wanted.by_number:
        return Extent(total, total)
    known, entity = wanted.service, wanted.listing.entity
    places = known.remembered_number(entity, state)
    if places is None:
        places, counted_in = await queries.highest_number(known.pool, entity)
        known.remember_number(entity, counted_in, places)
        states.add(counted_in)
    return Extent(total, places)


async def _total(wanted: Wanted, state: State, states: set[State]) -> int | None:
    """How many match; None if counting them takes too long."""
    known, selection = wanted.service, wanted.selection
    total = known.remembered_count(selection, state)
    if total is not None or known.is_too_much_to_count(selection, state):
        return total
    try:
        async with asyncio.timeout(known.settings.count_timeout):
            total, counted_in = await queries.count(known.pool, selection)
    except TimeoutError:
        known.remember_too_much(selection, state)
        return None
    known.remember_count(selection, counted_in, total)
    states.add(counted_in)
    return total


def _envelope(wanted: Wanted, extent: Extent, page: Page) -> tuple[bytes, int]:
    """The page in the members that HSDS gives it, and the number of the last one."""
    count = page.count
    last = None if extent.places is None else -(-extent.places // wanted.length)
    is_last = wanted.number >= last if last is not None else not page.has_next
    members = [b"{"]
    if extent.total is not None and last is not None:
        members.append(b'"total_items":%d,"total_pages":%d,' % (extent.total, last))
    members += [
        b'"page_number":%d,"size":%d,' % (wanted.number, count),
        b'"first_page":%s,' % _truth(wanted.number == 1),
        b'"last_page":%s,"empty":%s,' % (_truth(is_last), _truth(count == 0)),
        b'"contents":[' + page.body + b"]}",
    ]
    return b"".join(members), last if last is not None else wanted.number + (not is_last)


def _truth(value: bool) -> bytes:
    return b"true" if value else b"false"


def _links(request: Request, number: int, last: int) -> list[dict[str, str]]:
    here, media_type = links.address(request), FORMATS["json"].media_type
    others = {"first": 1, "prev": number - 1, "next": number + 1, "last": max(last, 1)}
    apart = {"prev": 1 < number <= max(last, 1) + 1, "next": number < last}
    return [
        links.link("self", str(here), media_type),
        *(
            links.link(rel, here.changed(page=str(page)), media_type)
            for rel, page in others.items()
            if apart.get(rel, True)
        ),
    ]


async def _stream(request: Request, wanted: Wanted) -> Response:
    """Everything that matches from one snapshot, a line an entity."""
    selection = replace(wanted.selection, limit=None)
    async with AsyncExitStack() as stack:
        lines = await stack.enter_async_context(queries.stream(wanted.service.pool, selection, {}))
        version = wanted.version(lines.state, "ndjson")
        chunks = responses.lines(version, b"", lines.batches)
        spool = wanted.service.spool()
        answer = responses.Stream(
            request, version, chunks, stack.pop_all(), spool, wanted.listing.name
        )
        answer.headers[responses.SEQUENCE] = str(lines.state.sequence)
        return answer
