"""The contract and its reference page. Every file of the page comes from this server."""

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.errors import NotFound
from api.links import base_url
from api.routing import ModelRoute

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Quartier: API reference</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="reference"></div>
<noscript>The same as a file: <a href="openapi.json">openapi.json</a></noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""

START = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
    "start.js": "text/javascript",
}


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("/openapi.json", _contract)
    routes.add_api_route("/docs", _page)
    routes.add_api_route("/docs/{name}", _file)
    return routes


async def _contract(request: Request) -> Response:
    """The OpenAPI document, with the public address as its server."""
    document = request.app.openapi() | {"servers": [{"url": base_url(request)}]}
    return JSONResponse(document, headers={"Cache-Control": "public, max-age=300"})


async def _page(request: Request) -> Response:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


async def _file(request: Request, name: str) -> Response:
    if name not in TYPES:
        raise NotFound(f"There is nothing at /docs/{name}")
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(_content(name), media_type=TYPES[name], headers=headers)


@cache
def _content(name: str) -> bytes:
    """A file of the reference page; Swagger UI comes with the package fastapi-offline."""
    if name == "start.js":
        return START.encode()
    return files("fastapi_offline").joinpath("static", name).read_bytes()
