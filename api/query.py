"""The query of an address, taken apart once a request: names and values in UTF-8, or a problem."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

from api.errors import InvalidParameter

Pairs = list[tuple[str, str]]


def of(scope: MutableMapping[str, Any]) -> Pairs:
    """The pairs of a request's query, in the order given."""
    found: Pairs | None = scope.get("quartier.query")
    if found is None:
        found = scope["quartier.query"] = parse(scope["query_string"])
    return found


def leave_out_empty(scope: MutableMapping[str, Any]) -> None:
    """A browser sends every field of a form, also those that nobody filled in."""
    scope["quartier.query"] = [pair for pair in of(scope) if pair[1].strip()]


def parse(query: bytes) -> Pairs:
    """The names and values of a query string, in UTF-8 or not at all."""
    pairs = []
    for part in filter(None, query.split(b"&")):
        raw_name, _, raw_value = part.partition(b"=")
        name = _decoded(raw_name)
        if name is None:
            raise InvalidParameter("The query has a parameter whose name is not UTF-8.")
        value = _decoded(raw_value)
        if value is None:
            raise InvalidParameter.named(name, "is not UTF-8")
        pairs.append((name, value))
    return pairs


def _decoded(raw: bytes) -> str | None:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        return None
