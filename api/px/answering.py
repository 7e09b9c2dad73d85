"""From a request to /px to its response: language, caches, and the table it is about."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from api import links as addresses
from api import lists, responses
from api.dependencies import Service, service
from api.errors import NotFound
from api.formats import FORMATS, Format
from api.negotiation import choose_language
from api.px.links import Links, links
from api.responses import Version, json_of
from db import published, queries
from db.conditions import Condition, called
from db.state import State
from db.statements import Order, Selection


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request understood, as far as it does not depend on what is published."""

    request: Request
    service: Service
    lang: str
    languages: Sequence[str]
    format: Format
    links: Links

    def version(self, state: State) -> Version:
        return Version(state, self.format, self.lang)

    def selection(self, *asked: Condition, **more: Any) -> Selection:
        """Documents of indicators in the language of the answer."""
        lang = None if self.lang == self.languages[0] else self.lang
        return Selection(
            published.indicator,
            asked,
            more.pop("order", Order("name")),
            "json",
            lang=lang,
            **more,
        )


Made = tuple[State, object]
"""A document, and the state it shows."""


async def answered(
    request: Request,
    lang: str | None,
    make: Callable[[Wanted], Awaitable[Made]],
    table: str | None = None,
) -> Response:
    """What is made of a request. `table`: the one it is about."""
    wanted = await understood(request, lang)
    if kept := await at_hand(wanted, table):
        return kept
    state, document = await make(wanted)
    return written(wanted, state, json_of(document))


async def understood(
    request: Request, lang: str | None, format_: Format = FORMATS["json"]
) -> Wanted:
    known = service(request)
    languages = await known.languages()
    chosen = choose_language(request, lang, languages)
    return Wanted(request, known, chosen, languages, format_, links(request, chosen))


async def at_hand(wanted: Wanted, table: str | None) -> Response | None:
    """304 if the caller has it, or the answer from memory if somebody asked in other words.

    `table`: has to be there for a 304.
    """
    request = wanted.request
    if request.method == "POST":
        return None
    known = wanted.service
    if "if-none-match" in request.headers:
        version = wanted.version(await known.current_state())
        if unchanged := responses.not_modified(request, version):
            if table:
                await document_of(wanted, table)
            return unchanged
    state = known.state()
    if state is None:
        return None
    key = responses.key(request, wanted.version(state))
    kept = known.store.find(key)
    return responses.Kept(request, key, state, kept) if kept else None


def written(wanted: Wanted, state: State, body: bytes) -> Response:
    here = str(addresses.address(wanted.request))
    itself = addresses.link("self", here, wanted.format.media_type)
    return responses.interchange(wanted.request, wanted.version(state), body, [itself])


async def document_of(wanted: Wanted, name: str) -> tuple[dict[str, Any], State]:
    found = await queries.item(wanted.service.pool, wanted.selection(called([name]), limit=1))
    if found is None:
        raise await lists.missing(wanted.request, "indicator", "tables", name)
    body, state = found
    document = json.loads(body)
    if not document["observations_count"]:
        raise NotFound(f"There are no values of {name}, so it is not among the tables.")
    return document, state
