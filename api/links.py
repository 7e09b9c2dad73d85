"""Absolute links, as the public sees the server: PUBLIC_URL, or what a trusted proxy says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import quote, quote_plus, unquote_plus

from fastapi import Request

from api import query
from api.formats import CUBES, PARTS
from api.settings import Networks, Settings

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
    scheme = said.get("proto", request.scope["scheme"])
    host = said.get("host") or request.headers.get("host") or request.url.netloc
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
    if not settings.trusted_proxies or request.client is None:
        return False
    return is_within(request.client.host, settings.trusted_proxies)


@lru_cache(maxsize=1024)
def is_within(client: str, networks: Networks) -> bool:
    """Whether the address of a peer lies in one of the networks."""
    try:
        found = ip_address(client)
    except ValueError:
        return False
    return any(found in network for network in networks)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request was made to, in one canonical form: parameters sorted by name and value."""

    place: str
    parameters: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self._with(self.parameters)

    def changed(self, **changes: str | None) -> str:
        """The same with some parameters replaced or, where None, left out."""
        kept = [pair for pair in self.parameters if pair[0] not in changes]
        kept += [(name, quote_plus(value)) for name, value in changes.items() if value is not None]
        return self._with(sorted(kept))

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters as a person would write them."""
        return [(unquote_plus(name), unquote_plus(value)) for name, value in self.parameters]

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.pairs() if each == name]

    def without(self, name: str, value: str) -> str:
        """The same without one value of a parameter, on its first page."""
        gone = (quote_plus(name), quote_plus(value))
        return self._with(
            [pair for pair in self.parameters if pair != gone and pair[0] != "cursor"]
        )

    def in_format(self, name: str) -> str:
        """The same as data, from the first page on."""
        gone = PARTS if name in CUBES else ("cursor",)
        return self.changed(**dict.fromkeys(gone), format=name)

    def at(self, place: str, **changes: str | None) -> str:
        """The same question, asked elsewhere, perhaps in other words."""
        return replace(self, place=place).changed(cursor=None, **changes)

    def _with(self, parameters: Sequence[tuple[str, str]]) -> str:
        if not parameters:
            return self.place
        return f"{self.place}?{'&'.join(f'{name}={value}' for name, value in parameters)}"


def address(request: Request) -> Address:
    """This request's own address; worked out once."""
    found: Address | None = request.scope.get("quartier.address")
    if found is None:
        path = quote(request.scope.get("quartier.path", request.scope["path"]), safe="/:")
        pairs = [(quote_plus(name), quote_plus(value)) for name, value in query.of(request.scope)]
        found = Address(f"{base_url(request)}{path}", tuple(sorted(pairs)))
        request.scope["quartier.address"] = found
    return found


def link(rel: str, href: str, media_type: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": media_type}


def header(links: list[dict[str, str]]) -> str:
    """The links as an RFC 8288 Link header."""
    return ", ".join(
        f'<{entry["href"]}>; rel="{entry["rel"]}"; type="{entry["type"]}"' for entry in links
    )
