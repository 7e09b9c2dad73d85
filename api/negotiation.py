"""Which format and language a request gets: by parameter or suffix first, else by header."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from fastapi import Request

from api import query
from api.errors import InvalidParameter, NotAcceptable
from api.formats import FORMATS, KNOWN, Format

ENCODINGS = ("zstd", "br", "gzip")
"""Best first, as the compressing layer (starlette-compress) has it."""


def choose_format(request: Request, named: str | None, offered: Sequence[str]) -> Format:
    """`format=` or the suffix, else the best of Accept, else the first offered. Or 406.

    Some addresses are pages, and nothing else.
    """
    if "quartier.page" in request.scope:
        return FORMATS["html"]
    suffix = request.scope.get("quartier.suffix")
    if suffix and named and suffix != named:
        raise InvalidParameter.named("format", f"is {named}, but the address ends in .{suffix}")
    name = suffix or named
    if name is None:
        return _accepted(request.headers.get("accept") or "*/*", offered)
    if name not in offered:
        raise NotAcceptable(f"{name} is not available here, only {', '.join(offered)}")
    return KNOWN[name]


def is_named(request: Request) -> bool:
    """Whether the address (or the body of a search) itself says which format is wanted."""
    if "quartier.page" in request.scope:
        return "quartier.frame" in request.scope
    if "quartier.suffix" in request.scope:
        return True
    return request.method == "POST" or any(name == "format" for name, _ in query.of(request.scope))


def _accepted(header: str, offered: Sequence[str]) -> Format:
    ranked = [(_fit(header, KNOWN[name].media_type), name) for name in offered]
    best = max(fit for fit, _ in ranked)
    if best.quality <= 0:
        types = ", ".join(KNOWN[name].media_type for name in offered)
        raise NotAcceptable(f"This address offers {types}")
    return KNOWN[next(name for fit, name in ranked if fit == best)]


class Fit(NamedTuple):
    """How well a media type suits. Of two that suit as well, the one that was named is meant."""

    quality: float
    is_named: bool


def _fit(header: str, media_type: str) -> Fit:
    """RFC 9110, section 12.5.1: the most specific range that matches decides."""
    ranges = dict(_weighted(header))
    for pattern in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if pattern in ranges:
            return Fit(ranges[pattern], pattern == media_type)
    return Fit(0.0, False)


@lru_cache(maxsize=1024)
def choose_encoding(header: str) -> str:
    """The best of those served that the caller accepts (RFC 9110, section 12.5.3)."""
    accepted = dict(_weighted(header))
    rest = accepted.get("*", 0.0)
    return next((name for name in ENCODINGS if accepted.get(name, rest) > 0), "identity")


def accepts_encoding(request: Request, name: str) -> bool:
    """Whether a caller takes what is stored in this encoding, as its best or not."""
    accepted = dict(_weighted(request.headers.get("accept-encoding", "")))
    return accepted.get(name, accepted.get("*", 0.0)) > 0


def choose_language(request: Request, named: str | None, available: Sequence[str]) -> str:
    """`lang=`, else the best of Accept-Language, else the default, which comes first."""
    if named is not None:
        if named not in available:
            raise InvalidParameter.named("lang", f"is one of {', '.join(available)}")
        return named
    wanted = _weighted(request.headers.get("accept-language", ""))
    for tag, _ in sorted((pair for pair in wanted if pair[1] > 0), key=lambda pair: -pair[1]):
        for name in (tag, tag.split("-")[0]):  # RFC 4647, section 3.4: lookup
            if found := [language for language in available if language.lower() == name]:
                return found[0]
    return available[0]


def _weighted(header: str) -> list[tuple[str, float]]:
    """The elements of a header with their q-values; a malformed q counts as 1."""
    pairs = []
    for element in header.lower().split(","):
        value, *parameters = [part.strip() for part in element.split(";")]
        weights = [p.removeprefix("q=") for p in parameters if p.startswith("q=")]
        if value:
            pairs.append((value, _number(weights[0]) if weights else 1.0))
    return pairs


def _number(text: str) -> float:
    """RFC 9110, section 12.4.2: 0 to 1 with up to three decimals."""
    return float(text) if re.fullmatch(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", text) else 1.0


def prefers_html(request: Request) -> bool:
    """Whether a person's browser asks, rather than a program that takes anything."""
    header = request.headers.get("accept", "")
    html = _fit(header, "text/html")
    return html.quality > 0 and html > _fit(header, "application/json")
