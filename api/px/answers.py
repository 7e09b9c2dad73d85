"""Answering for /px: tables, their metadata and data, each from one published state."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

from api import lists
from api.cube import reading
from api.cube.reading import TooLargeError
from api.errors import Forbidden, Moved, NotFound, Unavailable
from api.formats import FORMATS, Format
from api.negotiation import choose_format
from api.pages.templates import language
from api.px import datasets, files, listing, older, pcaxis
from api.px.answering import Made, Wanted, answered, at_hand, document_of, understood, written
from api.px.asking import Choice, in_body, in_query, of_codelists
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
from api.responses import json_of
from db import conditions as c
from db import published, queries
from db.codes import LEVELS
from db.conditions import Condition, where
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
FILES = {"csv": files.as_csv, "xlsx": files.as_xlsx, "px": pcaxis.as_px}

_WITH_NUMBERS = where(c.any_of, "level", list(LEVELS))
"""An indicator without an observation is no table: its variables would have no values."""


# --- what is here --------------------------------------------------------------------------------


async def config(wanted: Wanted, _parameters: PxParameters) -> Made:
    everything = Selection(published.observation, (), Order("name"), "json", limit=1)
    page = await queries.page(wanted.service.pool, everything)
    attribution = "; ".join(json.loads(page.attribution))
    return page.state, {
        "apiVersion": API_VERSION,
        "appVersion": wanted.request.app.version,
        "languages": [{"id": code, "label": language(code)} for code in wanted.languages],
        "defaultLanguage": wanted.languages[0],
        "maxDataCells": MAX_DATA_CELLS,
        "maxCallsPerTimeWindow": wanted.service.settings.rate_limit or UNLIMITED,
        "timeWindow": int(WINDOW),
        "license": page.license or SEVERAL,
        "sourceReferences": [{"language": code, "text": attribution} for code in wanted.languages],
        "defaultDataFormat": JSON_STAT,
        "dataFormats": list(WRITTEN),
        "features": [{"id": "CORS", "params": [{"key": "enabled", "value": "True"}]}],
    }


# --- the list of tables --------------------------------------------------------------------------


async def tables(wanted: Wanted, parameters: TablesParameters) -> Made:
    for _ in range(lists.RETRIES):
        state = await wanted.service.current_state()
        selection = _listed(wanted, parameters, state)
        page = await queries.page(wanted.service.pool, selection)
        total, counted_in = await queries.count(wanted.service.pool, selection)
        if {page.state, counted_in} == {state}:
            documents = json.loads(b"[%b]" % page.body)
            place = (parameters.page_number, parameters.length)
            asked = parameters.model_dump(
                include={"query", "past_days"}, by_alias=True, exclude_none=True
            )
            query = {name: str(value) for name, value in asked.items()}
            found = listing.tables(documents, total, place, wanted.languages, wanted.links, query)
            return state, found
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


async def entry(wanted: Wanted, _parameters: PxParameters, name: str) -> Made:
    document, state = await document_of(wanted, name)
    found = listing.entry(document, wanted.languages, wanted.links)
    return state, {**found, "language": wanted.lang}


async def metadata(wanted: Wanted, parameters: MetadataParameters, name: str) -> Made:
    found = await _table(wanted, name)
    if parameters.default_selection:
        found = found.of(default(found).codes)
    if parameters.codelist:
        found = found.of(wished(found, of_codelists(parameters.codelist)))
    document = datasets.metadata(found, wanted.links, placed(found, (), ()))
    return found.cube.state, document


async def default_selection(wanted: Wanted, _parameters: PxParameters, name: str) -> Made:
    found = await _table(wanted, name)
    document = datasets.selection(found, default(found), wanted.links, placed(found, (), ()))
    return found.cube.state, document


async def answer_codelist(request: Request, name: str, parameters: PxParameters) -> Response:
    """Of the table that it names behind its level."""
    level = next((each for each in LEVELS if name.startswith(codelist_id(each, ""))), None)
    if level is None:
        raise NotFound(f"There is no codelist {name}; they begin with {VALUESET} and a level.")
    of = name.removeprefix(codelist_id(level, ""))

    async def make(wanted: Wanted) -> Made:
        found = await _table(wanted, of)
        region = found.known("Region")
        codelist = region.codelist(codelist_id(level, found.id))
        if codelist is None:
            raise NotFound(f"There is no codelist {name}: {of} has no values of this level.")
        document = datasets.codelist(region, codelist, wanted.languages, wanted.links)
        return found.cube.state, document

    try:
        return await answered(request, parameters.lang, make, of)
    except Moved as moved:
        raise NotFound(f"There is no codelist {name}: {moved.detail}") from None


async def answer_data(
    request: Request,
    name: str,
    parameters: DataParameters | FormatParameters,
    body: VariablesSelection | None = None,
) -> Response:
    wanted = await understood(request, parameters.lang, _format(request, parameters))
    options = files.options(wanted.format.name, parameters.output_format_params or ())
    if kept := await at_hand(wanted, name):
        return kept

    def choose(found: Table) -> Choice:
        if body is not None:
            return in_body(body, found)
        assert isinstance(parameters, DataParameters)
        return in_query(parameters, found)

    return await _data(wanted, name, choose, options)


def _format(request: Request, parameters: FormatParameters) -> Format:
    if parameters.output_format:
        return WRITTEN[parameters.output_format]
    choose_format(request, None, ("json",))
    return WRITTEN[JSON_STAT]


async def _data(
    wanted: Wanted, name: str, choose: Callable[[Table], Choice], options: files.Options
) -> Response:
    """In a thread: a large table takes some time, and others wait for theirs."""
    for _ in range(lists.RETRIES):
        found = await _table(wanted, name)
        choice = choose(found)
        id_, codes = found.document["id"], choice.chosen.codes
        cube = await reading.part(wanted.service.pool, id_, found.cube, codes)
        if cube is None:
            continue
        filled = table(found.document, cube)
        body = await asyncio.to_thread(_rendered, filled, choice, wanted, options)
        return _file(wanted, filled, body)
    raise Unavailable(lists.BETWEEN)


def _rendered(found: Table, choice: Choice, wanted: Wanted, options: files.Options) -> bytes:
    format_ = wanted.format.name
    layout = datasets.laid_out(found, choice.chosen, choice.placement)
    if format_ in FILES:
        return FILES[format_](layout, found.document["title"], options)
    return json_of(
        older.data(layout) if format_ == "json" else datasets.data(found, layout, wanted.links)
    )


def _file(wanted: Wanted, found: Table, body: bytes) -> Response:
    file = written(wanted, found.cube.state, body)
    if wanted.format.name in FILES:
        name = f"{found.id}{wanted.format.suffix}"
        file.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return file


async def _table(wanted: Wanted, name: str) -> Table:
    """The table of this name without its numbers, its document and outline from one state."""
    for _ in range(lists.RETRIES):
        document, state = await document_of(wanted, name)
        try:
            cube = await wanted.service.outlines.of(document["id"], wanted.lang, state)
        except TooLargeError as problem:
            raise Forbidden(f"This table is too large for this address: {problem}.") from None
        if cube.state == state:
            return table(document, cube)
    raise Unavailable(lists.BETWEEN)


# --- the first version ---------------------------------------------------------------------------


async def answer_older_list(request: Request, lang: str, parameters: ConfigParameters) -> Response:
    """All tables, or how much may be asked for."""
    return await answered(request, lang, _older_config if parameters.is_asked else _older_list)


async def _older_list(wanted: Wanted) -> Made:
    page = await queries.page(wanted.service.pool, wanted.selection(_WITH_NUMBERS, limit=MOST))
    return page.state, older.levels(json.loads(b"[%b]" % page.body))


async def _older_config(wanted: Wanted) -> Made:
    calls = wanted.service.settings.rate_limit or UNLIMITED
    state = await wanted.service.current_state()
    return state, older.config(MAX_DATA_CELLS, calls, int(WINDOW))


async def answer_older_metadata(
    request: Request, lang: str, name: str, parameters: ConfigParameters
) -> Response:
    async def make(wanted: Wanted) -> Made:
        found = await _table(wanted, name)
        return found.cube.state, older.metadata(found)

    return await answered(request, lang, _older_config if parameters.is_asked else make, name)


async def answer_older_data(request: Request, lang: str, name: str, query: older.Query) -> Response:
    format_ = WRITTEN.get(query.response.format, FORMATS["json"])
    wanted = await understood(request, lang, format_)

    def choose(found: Table) -> Choice:
        chosen = selected(found, older.asked(query, found), {"pointer": "/query"})
        return Choice(chosen, placed(found, (), ()))

    return await _data(wanted, name, choose, files.Options())
