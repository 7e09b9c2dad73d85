"""From a request for something worked out to its response: formats, caches, and another try."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from api import lists, responses
from api.analyses.answers.asked import Between
from api.analyses.answers.envelope import Answer, written
from api.analyses.parameters import AnalysisParameters
from api.dependencies import service
from api.errors import Unavailable
from api.formats import Format
from api.negotiation import choose_format, choose_language
from api.responses import Version

Ask = Callable[[str, Format], Awaitable[Answer | None]]
"""The answer in a language and format; None: what it is about does not exist."""


async def answered(
    request: Request,
    parameters: AnalysisParameters,
    ask: Ask,
    require: Callable[[], Awaitable[None]],
) -> Response:
    """`require` raises what is to be said if what was asked about does not exist."""
    known = service(request)
    format_ = choose_format(request, parameters.named_format, parameters.formats)
    lang = choose_language(request, parameters.lang, await known.languages())
    await known.require_known(parameters.references())
    if unchanged := await _unchanged(request, format_, lang):
        await require()
        return unchanged
    if kept := _kept(request, format_, lang):
        return kept
    for _ in range(lists.RETRIES):
        try:
            found = await ask(lang, format_)
        except Between:
            continue
        if found is None:
            await require()
            continue  # it was published since
        body = written(request, found, format_, lang)
        return responses.item(request, Version(found.state, format_, lang), body)
    raise Unavailable(lists.BETWEEN)


async def _unchanged(request: Request, format_: Format, lang: str) -> Response | None:
    if "if-none-match" not in request.headers:
        return None
    state = await service(request).current_state()
    return responses.not_modified(request, Version(state, format_, lang))


def _kept(request: Request, format_: Format, lang: str) -> Response | None:
    """The answer from memory, if somebody asked for the same in other words."""
    state = service(request).state()
    if state is None:
        return None
    key = responses.key(request, Version(state, format_, lang))
    answer = service(request).store.find(key)
    return responses.Kept(request, key, state, answer) if answer else None
