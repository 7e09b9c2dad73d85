"""What is said of observations taken together: a sentence, sources, or why there is nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from api.analyses.reading import citation_of, own_citation, reason_of
from api.analyses.sentences import Said, rest, sentence
from api.resources import OBSERVATIONS
from api.responses import json_of
from db.observed import Extent, summary
from db.queries import Source
from db.state import State
from db.statements import Selection


def said(extent: Extent) -> Sequence[Said]:
    """Of one indicator its title, of one district its name, else how many there are."""
    if not extent.count:
        return [Said("no_observations")]
    what = _of(extent.indicators, "title", "indicators")
    if why := reason(extent):
        return [Said("about_all", {"title": what}), Said(why)]
    values = {
        "count": extent.count,
        "what": what,
        "where": _of(extent.districts, "district", "districts"),
        "when": _when(extent),
    }
    return [Said("observed", values), *rest({"suppressed": extent.hidden, "missing": 0})]


def reason(extent: Extent) -> str | None:
    return reason_of(extent.count, extent.stated, extent.hidden)


async def around(source: Source, selection: Selection) -> tuple[bytes, State]:
    """Members of the envelope of a list, as JSON without braces."""
    found = await summary(source, selection)
    stated = own_citation(found.indicator) if found.indicator else None
    members = {
        "reason": reason(found.extent),
        "sentence": sentence(found.names, said(found.extent)),
        "sources": found.sources,
        "citation": stated or citation_of(found.sources),
    }
    return json_of(members)[1:-1], found.state


def _of(count: int, one: str, several: str) -> Said:
    return Said(f"the_{one}") if count == 1 else Said(f"several_{several}", {"count": count})


def _when(extent: Extent) -> Said:
    if extent.first is None:
        return Said("undated")
    if extent.first == extent.last:
        return Said("at", {"period": {"edtf": extent.first}})
    return Said("between", {"first": {"edtf": extent.first}, "last": {"edtf": extent.last}})


AROUND: Mapping[str, Callable[[Source, Selection], Awaitable[tuple[bytes, State]]]] = {
    OBSERVATIONS.name: around
}
"""By resource, what its lists say around the page beyond what all say."""
