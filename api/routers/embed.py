"""What other sites embed: the scripts of the custom elements."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.errors import NotFound
from api.routing import ModelRoute
from api.validators import matches

DIST = Path(__file__).parents[2] / "web" / "dist"
SCRIPT = re.compile(r"[a-z]+(\.classic|-[A-Z0-9]{8})?")
LASTING = "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800"
FOREVER = "public, max-age=31536000, immutable"


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("/embed/{name}.js", _script)
    return routes


async def _script(request: Request, name: str) -> Response:
    """A script that web/build.py made. Those with a hash in their name never change."""
    path = DIST / f"{name}.js"
    if not SCRIPT.fullmatch(name) or not path.is_file():
        raise NotFound(f"There is no script at /embed/{name}.js")
    content, tag = _content(path, path.stat().st_mtime_ns)
    headers = {"ETag": tag, "Cache-Control": FOREVER if "-" in name else LASTING}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/javascript", headers=headers)


@lru_cache(maxsize=32)
def _content(path: Path, _written: int) -> tuple[bytes, str]:
    """What is in it, with its validator. A build while the server runs is noticed."""
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:20]}"'
