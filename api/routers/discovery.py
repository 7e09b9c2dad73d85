"""How machines find what is here: API catalogue, sitemap, robots.txt, security.txt."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import contract, responses, sitemap
from api.dependencies import service
from api.errors import NotFound
from api.faces import FACES, Face
from api.formats import FORMATS
from api.links import base_url
from api.pages.catalogue import described
from api.responses import Version
from api.routing import ModelRoute
from api.settings import Settings
from db import addresses

API_CATALOGUE = "/.well-known/api-catalog"
SECURITY = "/.well-known/security.txt"
PROFILE = "https://www.rfc-editor.org/info/rfc9727"
LINKSET = "application/linkset+json"
FRESH = {"Cache-Control": "public, max-age=300"}
DAILY = {"Cache-Control": "public, max-age=86400"}
XML = replace(
    FORMATS["html"], name="xml", media_type="application/xml", content_type="application/xml"
)
NUMBERED = re.compile(r"([a-z]+)-([1-9][0-9]{0,8})")


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, tags=["operations"])
    routes.add_api_route(
        API_CATALOGUE,
        _api_catalogue,
        operation_id="api_catalog",
        summary="Every API of this server",
        response_model=None,
        responses={
            200: {"content": {LINKSET: {"schema": _LINKSET_SCHEMA}}},
            **contract.problem_responses(400),
        },
    )
    for path, endpoint in (
        ("/robots.txt", _robots),
        ("/sitemap.xml", _sitemap),
        ("/sitemap-{part}.xml", _sitemap_part),
        (SECURITY, _security),
        ("/security.txt", _security_at_its_old_place),
    ):
        routes.add_api_route(path, endpoint, include_in_schema=False)
    return routes


# --- the API catalogue (RFC 9727) ----------------------------------------------------------------


async def _api_catalogue(request: Request) -> Response:
    """Where each API begins, with its contract, its documentation and its health (RFC 9727), as a
    set of links (RFC 9264)."""
    base = base_url(request)
    here = f"{base}{API_CATALOGUE}"
    listed = {"anchor": here, "item": [_target(base, face.path, face) for face in FACES]}
    document = {"linkset": [listed, *(_described(base, face) for face in FACES)]}
    return Response(
        json.dumps(document, ensure_ascii=False, indent=1).encode(),
        media_type=f'{LINKSET}; profile="{PROFILE}"',
        headers={"Link": catalogue_link(request), **FRESH},
    )


def catalogue_link(request: Request) -> str:
    """The Link header that leads to the API catalogue (RFC 9727, section 3)."""
    return f'<{base_url(request)}{API_CATALOGUE}>; rel="api-catalog"; type="{LINKSET}"'


def _target(base: str, path: str, face: Face) -> dict[str, Any]:
    """A link to a face: what it is called, in the languages known (RFC 9264, section 4.2.4.3)."""
    return {
        "href": base + path,
        "type": face.media_type,
        "title": face.titles["en"],
        "title*": [{"value": text, "language": lang} for lang, text in face.titles.items()],
    }


def _described(base: str, face: Face) -> dict[str, Any]:
    """A face with the links of RFC 8631, and the standards it keeps to (RFC 6906)."""
    described: dict[str, Any] = {"anchor": base + face.path}
    if face.contract:
        described["service-desc"] = [{"href": base + face.contract, "type": "application/json"}]
    described["service-doc"] = [{"href": base + face.reference, "type": "text/html"}]
    described["status"] = [{"href": base + face.status, "type": "application/json"}]
    if face.conforms_to:
        described["profile"] = [{"href": address} for address in face.conforms_to]
    return described


_LINKSET_SCHEMA = {
    "type": "object",
    "required": ["linkset"],
    "properties": {
        "linkset": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["anchor"],
                "properties": {"anchor": {"type": "string", "format": "uri"}},
                "additionalProperties": {
                    "type": "array",
                    "items": {"type": "object", "required": ["href"]},
                },
            },
        }
    },
}


# --- for search engines --------------------------------------------------------------------------

RULES = """\
# Everything may be read, the data above all. Not worth crawling are searches, filters upon filters,
# and what is for one person.
User-agent: *
Disallow: {prefix}/search?
Disallow: {prefix}/v1/*?*&
Disallow: {prefix}/v1/*?*cursor=
Disallow: {prefix}/dashboard?*&
Disallow: {prefix}/dashboard/
Disallow: {prefix}/embed?
Disallow: {prefix}/embed/
Disallow: {prefix}/oembed
Disallow: {prefix}/report
Disallow: {prefix}/confirm
{data}
Sitemap: {base}/sitemap.xml
"""
"""RFC 9309: of the rules that fit, the longest counts."""

DATA = tuple(name for name in FORMATS if name != "html")


async def _robots(request: Request) -> Response:
    base = base_url(request)
    prefix = urlsplit(base).path
    allowed = [f"/v1/*.{name}?" for name in DATA] + [f"/v1/*?*format={name}" for name in DATA]
    data = "\n".join(f"Allow: {prefix}{pattern}" for pattern in allowed)
    text = RULES.format(prefix=prefix, base=base, data=data)
    return Response(text, media_type="text/plain", headers=FRESH)


async def _sitemap(request: Request) -> Response:
    known = service(request)
    tables = [resource.table for resource in sitemap.LISTED]
    parts, state = await addresses.parts(known.pool, tables, sitemap.SIZE)
    version = Version(state, XML, "")
    return _listing(request, version, sitemap.index(base_url(request), parts))


async def _sitemap_part(request: Request, part: str) -> Response:
    if part == "pages":
        state = await service(request).current_state()
        return _listing(request, Version(state, XML, ""), sitemap.pages(base_url(request)))
    if part == sitemap.CATALOGUE:
        return await _of_datasets(request)
    return await _of_entities(request, part)


async def _of_datasets(request: Request) -> Response:
    """As old as the files that the pages are made of; not kept in memory beyond them."""
    known = await described(request)
    body = sitemap.datasets(
        base_url(request), [(d.slug, _moment(d.modified)) for d in known.datasets]
    )
    return Response(body, media_type=XML.content_type, headers=FRESH)


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _of_entities(request: Request, part: str) -> Response:
    named = NUMBERED.fullmatch(part)
    resource = next((each for each in sitemap.LISTED if named and each.name == named[1]), None)
    if named and resource:
        pool = service(request).pool
        found = await addresses.part(pool, resource.table, int(named[2]), sitemap.SIZE)
        if found:
            entities, state = found
            body = sitemap.entities(base_url(request), resource.name, entities)
            return _listing(request, Version(state, XML, ""), body)
    raise NotFound(f"There is nothing at /sitemap-{part}.xml")


def _listing(request: Request, version: Version, body: bytes) -> Response:
    """Kept until the next publication. It is the same in every language."""
    headers = responses.version_headers(request, version)
    del headers["Content-Language"], headers["Vary"]
    if unchanged := responses.not_modified(request, version):
        return Response(status_code=unchanged.status_code, headers=headers)
    responses.keep(request, responses.key(request, version), version.state)
    return Response(body, media_type=version.format.content_type, headers=headers)


# --- for who finds a weakness (RFC 9116) ---------------------------------------------------------


async def _security(request: Request) -> Response:
    settings: Settings = request.app.state.settings
    if not settings.security_contact:
        raise NotFound("Nobody is named here to report a weakness to.")
    lines = [
        *(f"Contact: {contact}" for contact in settings.security_contact),
        f"Expires: {expiry(datetime.now(UTC).date()).isoformat()}T23:59:59Z",
        f"Preferred-Languages: {settings.security_languages}",
        f"Canonical: {base_url(request)}{SECURITY}",
        *([f"Policy: {settings.security_policy}"] if settings.security_policy else []),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, media_type="text/plain", headers=DAILY)


def expiry(today: date) -> date:
    """The end of the half-year after this one: less than a year away, and changing twice in one."""
    return date(today.year, 12, 31) if today.month <= 6 else date(today.year + 1, 6, 30)


async def _security_at_its_old_place(request: Request) -> Response:
    return RedirectResponse(f"{base_url(request)}{SECURITY}", status_code=301)
