"""Forms as browsers send them: who sends one, what it holds, and what text people typed."""

from __future__ import annotations

import math
from unicodedata import category
from urllib.parse import urlsplit

from fastapi import Request

from api import query
from api.errors import BrokenRule, Forbidden, TooManyRequests, UnsupportedBody
from api.links import base_url
from api.rate_limit import Quotas, client_of
from api.settings import Settings

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 300

Fields = dict[str, list[str]]


async def read_form(request: Request) -> Fields:
    """The fields of a form that one of our own pages showed."""
    _require_ours(request)
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != MEDIA_TYPE:
        raise UnsupportedBody(f"Send the form as {MEDIA_TYPE}.")
    pairs = query.parse(await request.body())
    if len(pairs) > MOST_FIELDS:
        raise BrokenRule(f"A form has at most {MOST_FIELDS} fields.")
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(_plain(value))
    return fields


def take(request: Request, quotas: Quotas) -> None:
    """429 for whoever sends forms too often."""
    settings: Settings = request.app.state.settings
    _, _, wait = quotas.take(client_of(request.scope, settings.trusted_proxies))
    if wait:
        seconds = math.ceil(wait)
        headers = {"Retry-After": str(seconds)}
        raise TooManyRequests(f"Too many forms from you. Please wait {seconds} s.", headers=headers)


def typed(fields: Fields, name: str) -> str:
    return "\n".join(fields.get(name, ())).strip()


def _plain(text: str) -> str:
    """With line breaks as everywhere else, and without control characters, which nobody types."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in lines if each in "\n\t" or category(each) != "Cc")


def _require_ours(request: Request) -> None:
    """There are no sessions to be misused; this keeps others from sending forms for our readers.

    A page that tells nobody where its reader came from has the origin `null`.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "null")
    if site is not None:
        is_ours = site in ("same-origin", "none")
    else:
        is_ours = origin == "null" or urlsplit(origin).netloc == urlsplit(base_url(request)).netloc
    if not is_ours:
        raise Forbidden("This form was sent from a page of somebody else.")
