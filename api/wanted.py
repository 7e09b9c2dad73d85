"""A request for a list or an item understood: what is selected, and how it is to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from fastapi import Request

from api import cursors
from api.common_parameters import ItemParameters, ListParameters, Simplified
from api.dependencies import Service, service
from api.errors import InvalidParameter
from api.formats import PARTS, Format
from api.negotiation import choose_format, choose_language
from api.opening import Opening, this_minute
from api.pages.face import Shown
from api.resources import Resource
from api.responses import Version
from api.series import Including, SeriesParameters
from db import queries
from db.conditions import Condition, open_at
from db.state import State
from db.statements import Layout, Order, Selection


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


async def understood(
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


async def opened_at(wanted: Wanted, parameters: ListParameters, state: State) -> Wanted:
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
