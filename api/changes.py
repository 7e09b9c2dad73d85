"""Answering with what changed since somebody last asked: a page, or all of it as a stream."""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, WithJsonSchema

from api import cursors, links, responses
from api.dependencies import Service, service
from api.errors import Gone, InvalidParameter
from api.formats import Format
from api.negotiation import choose_format, choose_language
from api.resources import RESOURCES
from api.responses import Version
from api.types import MAX_LIMIT, SEVERAL, WHOLE, Language
from db import changes
from db.changes import Position, Standing, Wanted
from db.state import State

Number = Annotated[int, Field(ge=0, lt=2**62)]
PAYLOAD = TypeAdapter(
    tuple[
        UUID,
        Number,
        Number,
        tuple[Number, Annotated[str, Field(pattern="^[a-z]*$")], UUID],
        list[str],
    ]
)
"""Of a cursor: the registry, what was seen and what is held of it, where to go on, of what."""

NAMES = {resource.name: resource.table.name for resource in RESOURCES}
CONTEXT = "changes "
LENGTH = 100
HIGHEST = 10**18  # a bigint holds more
BEGIN = "Start again without `since`, or from a list or a bulk snapshot and its `sequence`."


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"is none of {', '.join(NAMES)}")
    return name


ResourceName = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": list(NAMES)}),
]


class ChangesParameters(BaseModel):
    """What the feed of changes understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Annotated[str, Field(pattern=r"^([0-9]{1,18}|[A-Za-z0-9_-]{8,1000})$")] | None = Field(
        None,
        description="Only what changed after this: the `next` of the answer before, or the "
        "`sequence` of any answer. Without it, or with 0, everything from the beginning.",
        json_schema_extra={"format": "since"},
    )
    resource: Annotated[list[ResourceName], SEVERAL] | None = Field(
        None, description="Only changes of this resource; repeat it for several."
    )
    include: Literal["document"] | None = Field(
        None, description="`document`: the entities themselves, as they are now."
    )
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT), WHOLE] | None = Field(
        None,
        description=f"Changes on a page, 1 to {MAX_LIMIT}; {LENGTH} if not given, as NDJSON all.",
    )
    format: Literal["json", "ndjson"] | None = Field(
        None, description="Format of the answer; a suffix (`.ndjson`) or `Accept` does the same."
    )
    lang: Language | None = Field(
        None,
        description="Language of the documents, one that is published; else `Accept-Language` "
        "decides.",
        json_schema_extra={"format": "language"},
    )


@dataclass(frozen=True, slots=True)
class Place:
    """How far a caller has come, as he says himself.

    `seen`: the latest publication that he was told of. `held`: the one up to which he knows of all
    removals; None if he holds nothing that could be removed. `registry`: whose publications these
    are, as far as a cursor says so.
    """

    position: Position
    seen: int
    held: int | None
    registry: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request understood."""

    request: Request
    service: Service
    parameters: ChangesParameters
    wanted: Wanted
    place: Place
    format: Format
    lang: str

    def version(self, state: State) -> Version:
        return Version(state, self.format, self.lang)


async def answer_changes(request: Request, parameters: ChangesParameters) -> Response:
    """A page, or as NDJSON all changes there are."""
    asked = await _understood(request, parameters)
    if at_hand := await _unchanged(asked) or _kept(asked):
        return at_hand
    is_whole = asked.format.streamed and parameters.limit is None
    return await (_everything if is_whole else _page)(asked)


async def _understood(request: Request, parameters: ChangesParameters) -> Asked:
    known = service(request)
    format_ = choose_format(request, parameters.format, ("json", "ndjson"))
    place = _place(parameters)
    languages = await known.languages()
    lang = choose_language(request, parameters.lang, languages)
    wanted = Wanted(
        {NAMES[name]: name for name in _resources(parameters) or NAMES},
        place.position,
        place.seen,
        links.base_url(request),
        documents=parameters.include == "document",
        lang=None if lang == languages[0] else lang,
    )
    return Asked(request, known, parameters, wanted, place, format_, lang)


async def _unchanged(asked: Asked) -> Response | None:
    if "if-none-match" not in asked.request.headers:
        return None
    state = await asked.service.current_state()
    return responses.not_modified(asked.request, asked.version(state))


def _kept(asked: Asked) -> Response | None:
    """The answer from memory, if somebody asked for the same in other words."""
    state = asked.service.state()
    if state is None:
        return None
    key = responses.key(asked.request, asked.version(state))
    found = asked.service.store.find(key)
    return responses.Kept(asked.request, key, state, found) if found else None


async def _page(asked: Asked) -> Response:
    limit, is_json = asked.parameters.limit or LENGTH, not asked.format.streamed
    found = await changes.page(asked.service.pool, asked.wanted, limit, "," if is_json else "\n")
    state = found.standing.state
    _check(asked, found.standing)
    onward = _cursor(asked, found.standing, found.last)
    linked = _links(asked, onward)
    if is_json:
        tail = {"sequence": state.sequence, "has_more": found.last is not None, "next": onward}
        rest = json.dumps(tail | {"links": linked}, separators=(",", ":")).encode()
        body = b'{"items":[' + found.body + b"]," + rest[1:]
    else:
        body = found.body + b"\n" if found.body else b""
    return responses.answer(asked.request, asked.version(state), body, linked)


async def _everything(asked: Asked) -> Response:
    """A line a change, and in the header where to go on from there."""
    async with AsyncExitStack() as stack:
        opened = changes.stream(asked.service.pool, asked.wanted)
        standing, batches = await stack.enter_async_context(opened)
        _check(asked, standing)
        version = asked.version(standing.state)
        chunks, spool = responses.lines(version, b"", batches), asked.service.spool()
        answer = responses.Stream(asked.request, version, chunks, stack.pop_all(), spool, "changes")
    answer.headers["Link"] = links.header(_links(asked, _cursor(asked, standing, None)))
    return answer


def _links(asked: Asked, onward: str) -> list[dict[str, str]]:
    here, media_type = links.address(asked.request), asked.format.media_type
    return [
        links.link("self", str(here), media_type),
        links.link("first", here.changed(since=None), media_type),
        links.link("next", here.changed(since=onward), media_type),
    ]


# --- how far somebody has come -------------------------------------------------------------------


def _resources(parameters: ChangesParameters) -> list[str]:
    """Those that were named; none means all of them."""
    return sorted(set(parameters.resource or ()))


def _place(parameters: ChangesParameters) -> Place:
    """What `since` says, or a problem."""
    since = parameters.since or "0"
    if since.isdecimal():
        number = min(int(since), HIGHEST)
        return Place(Position.after(number), number, number or None)
    try:
        found = PAYLOAD.validate_json(cursors.unseal(CONTEXT, since))
    except ValueError:
        detail = f"is neither a number nor a cursor of the changes, or was altered. {BEGIN}"
        raise InvalidParameter.named("since", detail) from None
    registry, seen, held, position, resources = found
    if resources != _resources(parameters):
        detail = f"is a cursor of the changes of {', '.join(resources) or 'everything'}. {BEGIN}"
        raise InvalidParameter.named("since", detail)
    return Place(Position(*position), seen, held, registry)


def _cursor(asked: Asked, standing: Standing, last: Position | None) -> str:
    """Where to go on: behind the last change of a page, or behind all there are."""
    now = standing.state.sequence
    held, position = now, last or Position.after(now)
    if last and asked.place.held is not None:
        held = max(asked.place.held, last.sequence - 1)
    place = position.sequence, position.resource, position.id
    payload = standing.registry, now, held, place, _resources(asked.parameters)
    return cursors.seal(CONTEXT, PAYLOAD.dump_json(payload))


def _check(asked: Asked, standing: Standing) -> None:
    """Refuse one who would miss something, and say why."""
    place, now = asked.place, standing.state.sequence
    if place.registry not in (None, standing.registry):
        detail = f"is a cursor of another registry. {BEGIN}"
        raise InvalidParameter.named("since", detail)
    if place.seen > now and place.registry is None:
        detail = f"is a publication that has not been; the current one is number {now}"
        raise InvalidParameter.named("since", detail)
    if place.seen > now or standing.lost:
        raise _gone(asked, f"Publication {place.seen} was taken back when a backup was restored.")
    if place.held is not None and place.held < standing.forgotten:
        raise _gone(asked, f"What was removed up to publication {standing.forgotten} is forgotten.")


def _gone(asked: Asked, reason: str) -> Gone:
    anew = links.address(asked.request).changed(since=None)
    return Gone(
        f"{reason} {BEGIN}",
        errors=[{"parameter": "since", "detail": reason}],
        links=[links.link("first", anew, asked.format.media_type)],
    )
