"""What a list of observations says around them: a sentence, its sources, or why it is empty."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from api.analyses.reading import citation_of
from api.analyses.sentences import Said, rest, sentence
from db.observed import Summary


def around(summary: Summary) -> bytes:
    """Members of the envelope, as JSON without braces."""
    members = {
        "reason": summary.reason,
        "sentence": sentence(summary.names, _said(summary)),
        "sources": summary.sources,
        "citation": summary.citation or citation_of(summary.sources),
    }
    text = json.dumps(members, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text[1:-1].encode()


def _said(summary: Summary) -> Sequence[Said]:
    if not summary.count:
        return [Said(str(summary.reason))]
    values: Mapping[str, Any] = {
        "count": summary.count,
        "what": _of(summary.indicators, "title", "indicators"),
        "where": _of(summary.districts, "district", "districts"),
        "when": _when(summary),
    }
    hidden = {"suppressed": summary.hidden, "missing": 0}
    return [Said("observed", values), *rest(hidden)]


def _of(count: int, one: str, several: str) -> Said:
    return Said(f"the_{one}") if count == 1 else Said(f"several_{several}", {"count": count})


def _when(summary: Summary) -> Said:
    if summary.first is None:
        return Said("undated")
    if summary.first == summary.last:
        return Said("at", {"period": {"edtf": summary.first}})
    return Said("between", {"first": {"edtf": summary.first}, "last": {"edtf": summary.last}})
