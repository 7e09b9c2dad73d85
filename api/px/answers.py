"""Answering for /px: tables, their metadata and data, each from one published state."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from fastapi import Request, Response

from api import links as addresses
from api import lists, responses
from api.cube import reading
from api.cube.reading import TooLargeError
from api.dependencies import Service, service
from api.errors import Forbidden, Moved, NotFound, Unavailable
from api.formats import FORMATS, Format
from api.negotiation import choose_format, choose_language
from api.pages.templates import language
from api.px import datasets, files, listing, older, pcaxis
from api.px.asking import Choice, in_body, in_query, of_codelists
from api.px.links import Links, links
from api.px.parameters import (
    MOST,
    ConfigParameters,
    DataParameters,
    FormatParameters,
    MetadataParameters,
    PxParameters,
    TablesParameters,
    VariablesSelection,
)
from api.px.tables import (
    MAX_DATA_CELLS,
    VALUESET,
    Table,
    codelist_id,
    default,
    placed,
    selected,
    table,
    wished,
)
from api.rate_limit import WINDOW
from api.responses import Version
from db import conditions as c
from db import published, queries
from db.codes import LEVELS
from db.conditions import Condition, called, where
from db.state import State
from db.statements import Order, Selection

API_VERSION = "2.0.0"
UNLIMITED = 1_000_000
"""Calls a minute that a client may count on where there is no limit: the format wants a number."""
SEVERAL = "Several; each table names its own."
JSON_STAT = "json-stat2"
_PX = "application/octet-stream"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRITTEN: dict[str, Format] = {
    JSON_STAT: Format(JSON_STAT, "application/json", "json", False, "application/json"),
    "csv": FORMATS["csv"],
    "xlsx": Format("xlsx", _XLSX, "json", False, _XLSX),
    "px": Format("px", _PX, "json", False, f"{_PX}; charset={pcaxis.ENCODING}"),
}
"""How data is written."""
Choosing = Callable[[Table], Choice]
FILES = {"csv": files.as_csv, "xlsx": files.as_xlsx, "px": pcaxis.as_px}

_WITH_NUMBERS = where(c.any_of, "level", list(LEVELS))
"""An indicator without an observation is no table: its variables would have no values."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request understood, as far as it does not depend on what is published."""

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


async def understood(
    request: Request, lang: str | None, format_: Format = FORMATS["json"]
) -> Wanted:
    known = service(request)
    languages = await known.languages()
    chosen = choose_language(request, lang, languages)
    return Wanted(known, chosen, languages, format_, links(request, chosen))


async def at_hand(request: Request, wanted: Wanted, name: str | None = None) -> Response | None:
    """304 if the caller has it, or the answer from memory if somebody asked in other words.

    `name`: the table that has to be there for a 304.
    """
    if request.method == "POST":
        return None
    known = wanted.service
    if "if-none-match" in request.headers:
        version = wanted.version(await known.current_state())
        if unchanged := responses.not_modified(request, version):
            if name:
                await _document(request, wanted, name)
            return unchanged
    state = known.state()
    if state is None:
        return None
    key = responses.key(request, wanted.version(state))
    kept = known.store.find(key)
    return responses.Kept(request, key, state, kept) if kept else None


def answer(request: Request, wanted: Wanted, state: State, document: object) -> Response:
    return written(request, wanted, state, _json(document))


def written(request: Request, wanted: Wanted, state: State, body: bytes) -> Response:
    version = wanted.version(state)
    here = addresses.link("self", str(addresses.address(request)), version.format.media_type)
    return responses.interchange(request, version, body, [here])


def _json(document: object) -> bytes:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


# --- what is here --------------------------------------------------------------------------------


async def answer_config(request: Request, parameters: PxParameters) -> Response:
    choose_format(request, None, ("json",))
    wanted = await understood(request, parameters.lang)
    if kept := await at_hand(request, wanted):
        return kept
    everything = Selection(published.observation, (), Order("name"), "json", limit=1)
    page = await queries.page(wanted.service.pool, everything)
    document = {
        "apiVersion": API_VERSION,
        "appVersion": request.app.version,
        "languages": [{"id": code, "label": language(code)} for code in wanted.languages],
        "defaultLanguage": wanted.languages[0],
        "maxDataCells": MAX_DATA_CELLS,
        "maxCallsPerTimeWindow": wanted.service.settings.rate_limit or UNLIMITED,
        "timeWindow": int(WINDOW),
        "license": page.license or SEVERAL,
        "sourceReferences": [
            {"language": code, "text": "; ".join(json.loads(page.attribution))}
            for code in wanted.languages
        ],
        "defaultDataFormat": JSON_STAT,
        "dataFormats": list(WRITTEN),
        "features": [{"id": "CORS", "params": [{"key": "enabled", "value": "True"}]}],
    }
    return answer(request, wanted, page.state, document)


# --- the list of tables --------------------------------------------------------------------------


async def answer_tables(request: Request, parameters: TablesParameters) -> Response:
    choose_format(request, None, ("json",))
    wanted = await understood(request, parameters.lang)
    if kept := await at_hand(request, wanted):
        return kept
    for _ in range(lists.RETRIES):
        state = await wanted.service.current_state()
        selection = _listed(wanted, parameters, state)
        page = await queries.page(wanted.service.pool, selection)
        total, counted_in = await queries.count(wanted.service.pool, selection)
        if {page.state, counted_in} == {state}:
            documents = json.loads(b"[%b]" % page.body)
            place = (parameters.page_number, parameters.length)
            asked = {
                name: str(value)
                for name, value in parameters.model_dump(by_alias=True).items()
                if value is not None and name in ("query", "pastDays")
            }
            found = listing.tables(documents, total, place, wanted.languages, wanted.links, asked)
            return answer(request, wanted, state, found)
    raise Unavailable(lists.BETWEEN)


def _listed(wanted: Wanted, parameters: TablesParameters, state: State) -> Selection:
    """Days are counted from that of the state, on which the validator of the answer depends."""
    asked: list[Condition] = []
    order = Order("name")
    if parameters.query:
        asked.append(where(c.matches_text, (), parameters.query))
        order = Order("relevance", descending=True)
    if parameters.past_days:
        day = datetime.fromisoformat(state.day).replace(tzinfo=UTC)
        since = day - timedelta(days=parameters.past_days)
        asked.append(where(c.at_least, "updated_at", since))
    skip = (parameters.page_number - 1) * parameters.length
    return wanted.selection(_WITH_NUMBERS, *asked, order=order, limit=parameters.length, skip=skip)


# --- one table -----------------------------------------------------------------------------------


async def answer_entry(request: Request, name: str, parameters: PxParameters) -> Response:
    choose_format(request, None, ("json",))
    wanted = await understood(request, parameters.lang)
    if kept := await at_hand(request, wanted, name):
        return kept
    document, state = await _document(request, wanted, name)
    found = listing.entry(document, wanted.languages, wanted.links)
    return answer(request, wanted, state, {**found, "language": wanted.lang})


async def answer_metadata(request: Request, name: str, parameters: MetadataParameters) -> Response:
    choose_format(request, None, ("json",))
    wanted = await understood(request, parameters.lang)
    if kept := await at_hand(request, wanted, name):
        return kept
    found = await _table(request, wanted, name)
    if parameters.default_selection:
        found = found.of(default(found).codes)
    if parameters.codelist:
        found = found.of(wished(found, of_codelists(parameters.codelist)))
    document = datasets.metadata(found, wanted.links, placed(found, (), ()))
    return answer(request, wanted, found.cube.state, document)


async def answer_default(request: Request, name: str, parameters: PxParameters) -> Response:
    choose_format(request, None, ("json",))
    wanted = await understood(request, parameters.lang)
    if kept := await at_hand(request, wanted, name):
        return kept
    found = await _table(request, wanted, name)
    document = datasets.selection(found, default(found), wanted.links, placed(found, (), ()))
    return answer(request, wanted, found.cube.state, document)


async def answer_codelist(request: Request, name: str, parameters: PxParameters) -> Response:
    choose_format(request, None, ("json",))
    wanted = await understood(request, parameters.lang)
    level = next((each for each in LEVELS if name.startswith(codelist_id(each, ""))), None)
    if level is None:
        raise NotFound(f"There is no codelist {name}; they begin with {VALUESET} and a level.")
    of = name.removeprefix(codelist_id(level, ""))
    try:
        if kept := await at_hand(request, wanted, of):
            return kept
        found = await _table(request, wanted, of)
    except Moved as moved:
        raise NotFound(f"There is no codelist {name}: {moved.detail}") from None
    region = found.known("Region")
    codelist = region.codelist(codelist_id(level, found.id))
    if codelist is None:
        raise NotFound(f"There is no codelist {name}: {of} has no values of this level.")
    document = datasets.codelist(region, codelist, wanted.languages, wanted.links)
    return answer(request, wanted, found.cube.state, document)


async def answer_data(
    request: Request,
    name: str,
    parameters: DataParameters | FormatParameters,
    body: VariablesSelection | None = None,
) -> Response:
    wanted = await understood(request, parameters.lang, _format(request, parameters))
    options = files.options(wanted.format.name, parameters.output_format_params or ())
    if kept := await at_hand(request, wanted, name):
        return kept

    def choose(found: Table) -> Choice:
        if body is not None:
            return in_body(body, found)
        assert isinstance(parameters, DataParameters)
        return in_query(parameters, found)

    return await _written_data(request, wanted, name, choose, options)


async def _written_data(
    request: Request, wanted: Wanted, name: str, choose: Choosing, options: files.Options
) -> Response:
    """In a thread: a large table takes some time, and others wait for theirs."""
    found, choice = await _filled(request, wanted, name, choose)
    format_ = wanted.format.name
    body = await asyncio.to_thread(_rendered, found, choice, wanted.links, format_, options)
    file = written(request, wanted, found.cube.state, body)
    if format_ in FILES:
        file_name = f"{found.id}{wanted.format.suffix}"
        file.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return file


def _rendered(
    found: Table, choice: Choice, links: Links, format_: str, options: files.Options
) -> bytes:
    layout = datasets.laid_out(found, choice.chosen, choice.placement)
    if format_ in FILES:
        return FILES[format_](layout, found.document["title"], options)
    write = older.data if format_ == "json" else partial(datasets.data, found, links=links)
    return _json(write(layout))


def _format(request: Request, parameters: FormatParameters) -> Format:
    if parameters.output_format:
        return WRITTEN[parameters.output_format]
    choose_format(request, None, ("json",))
    return WRITTEN[JSON_STAT]


async def _table(request: Request, wanted: Wanted, name: str) -> Table:
    """The table of this name without its numbers, its document and outline from one state."""
    for _ in range(lists.RETRIES):
        document, state = await _document(request, wanted, name)
        try:
            cube = await wanted.service.outlines.of(document["id"], wanted.lang, state)
        except TooLargeError as problem:
            raise Forbidden(f"This table is too large for this address: {problem}.") from None
        if cube.state == state:
            return table(document, cube)
    raise Unavailable(lists.BETWEEN)


async def _filled(
    request: Request, wanted: Wanted, name: str, choose: Choosing
) -> tuple[Table, Choice]:
    """With the numbers that are chosen, from the same state."""
    for _ in range(lists.RETRIES):
        found = await _table(request, wanted, name)
        choice = choose(found)
        id_, codes = found.document["id"], choice.chosen.codes
        cube = await reading.part(wanted.service.pool, id_, found.cube, codes)
        if cube:
            return table(found.document, cube), choice
    raise Unavailable(lists.BETWEEN)


async def _document(request: Request, wanted: Wanted, name: str) -> tuple[dict[str, Any], State]:
    found = await queries.item(wanted.service.pool, wanted.selection(called([name]), limit=1))
    if found is None:
        raise await lists.missing(request, "indicator", "tables", name)
    body, state = found
    document = json.loads(body)
    if not document["observations_count"]:
        raise NotFound(f"There are no values of {name}, so it is not among the tables.")
    return document, state


# --- the first version ---------------------------------------------------------------------------


async def answer_older_list(request: Request, lang: str, parameters: ConfigParameters) -> Response:
    """All tables, or how much may be asked for."""
    wanted = await understood(request, lang)
    if kept := await at_hand(request, wanted):
        return kept
    if parameters.config is not None:
        return await _answer_older_config(request, wanted)
    page = await queries.page(wanted.service.pool, wanted.selection(_WITH_NUMBERS, limit=MOST))
    document = older.levels(json.loads(b"[%b]" % page.body))
    return answer(request, wanted, page.state, document)


async def _answer_older_config(request: Request, wanted: Wanted) -> Response:
    calls = wanted.service.settings.rate_limit or UNLIMITED
    document = older.config(MAX_DATA_CELLS, calls, int(WINDOW))
    return answer(request, wanted, await wanted.service.current_state(), document)


async def answer_older_metadata(
    request: Request, lang: str, name: str, parameters: ConfigParameters
) -> Response:
    wanted = await understood(request, lang)
    if kept := await at_hand(request, wanted, name):
        return kept
    if parameters.config is not None:
        return await _answer_older_config(request, wanted)
    found = await _table(request, wanted, name)
    return answer(request, wanted, found.cube.state, older.metadata(found))


async def answer_older_data(request: Request, lang: str, name: str, query: older.Query) -> Response:
    format_ = WRITTEN.get(query.response.format, FORMATS["json"])
    wanted = await understood(request, lang, format_)

    def choose(found: Table) -> Choice:
        chosen = selected(found, older.asked(query, found), {"pointer": "/query"})
        return Choice(chosen, placed(found, (), ()))

    return await _written_data(request, wanted, name, choose, files.Options())
