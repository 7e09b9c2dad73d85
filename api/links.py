"""Absolute links, as the public sees the server: PUBLIC_URL, or what a trusted proxy says."""

import re
from ipaddress import ip_address
from urllib.parse import quote, urlencode

from fastapi import Request

from api.settings import Settings

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(:[0-9]{1,5})?")
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


def is_host(text: str) -> bool:
    """A host as links can hold it: a name or address, perhaps with a port."""
    return HOST.fullmatch(text) is not None


def base_url(request: Request) -> str:
    """Scheme, host and path prefix of the public address, without a slash at the end."""
    settings: Settings = request.app.state.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    said = _said_by_proxy(request) if _is_trusted(request, settings) else {}
    scheme = said.get("proto", request.url.scheme)
    host = said.get("host", request.url.netloc)
    return f"{scheme}://{host}{said.get('prefix', '').rstrip('/')}"


def _said_by_proxy(request: Request) -> dict[str, str]:
    """What the nearest proxy says of the public address, as far as it makes sense."""
    said = {
        name: request.headers.get(f"x-forwarded-{name}", "").split(",")[0].strip()
        for name in ("proto", "host", "prefix")
    }
    sensible = {
        "proto": said["proto"] in ("http", "https"),
        "host": is_host(said["host"]),
        "prefix": PREFIX.fullmatch(said["prefix"]) is not None,
    }
    return {name: value for name, value in said.items() if sensible[name]}


def _is_trusted(request: Request, settings: Settings) -> bool:
    try:
        client = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return any(client in network for network in settings.trusted_proxies)


def address(request: Request, **changes: str | None) -> str:
    """This request's own address with some parameters changed or, where None, left out."""
    kept = [
        (name, value) for name, value in request.query_params.multi_items() if name not in changes
    ]
    kept += [(name, value) for name, value in changes.items() if value is not None]
    path = quote(request.scope.get("quartier.path", request.scope["path"]), safe="/:")
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{base_url(request)}{path}{query}"


def link(rel: str, href: str, media_type: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": media_type}


def header(links: list[dict[str, str]]) -> str:
    """The links as an RFC 8288 Link header."""
    return ", ".join(
        f'<{entry["href"]}>; rel="{entry["rel"]}"; type="{entry["type"]}"' for entry in links
    )
