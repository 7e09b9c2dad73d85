"""Absolute links, as the public sees the server: PUBLIC_URL, or what a trusted proxy says."""

from ipaddress import ip_address
from urllib.parse import urlencode

from fastapi import Request

from api.settings import Settings


def base_url(request: Request) -> str:
    """Scheme, host and path prefix of the public address, without a slash at the end."""
    settings: Settings = request.app.state.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    headers = request.headers if _is_trusted(request, settings) else {}
    scheme = headers.get("x-forwarded-proto", request.url.scheme).split(",")[0].strip()
    host = headers.get("x-forwarded-host", request.url.netloc).split(",")[0].strip()
    prefix = headers.get("x-forwarded-prefix", "").split(",")[0].strip().rstrip("/")
    return f"{scheme}://{host}{prefix}"


def _is_trusted(request: Request, settings: Settings) -> bool:
    try:
        client = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return any(client in network for network in settings.trusted_proxies)


def address(request: Request, **changes: str | None) -> str:
    """This request's own address with some parameters changed or, where None, left out."""
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in changes
    ]
    kept += [(name, value) for name, value in changes.items() if value is not None]
    path = request.scope.get("quartier.path", request.url.path)
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{base_url(request)}{path}{query}"


def link(rel: str, href: str, media_type: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": media_type}


def header(links: list[dict[str, str]]) -> str:
    """The links as an RFC 8288 Link header."""
    return ", ".join(f'<{l["href"]}>; rel="{l["rel"]}"; type="{l["type"]}"' for l in links)
