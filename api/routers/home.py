"""The landing page: what is here, for people and for machines."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel

from api import contract
from api.links import base_url, link
from api.negotiation import prefers_html
from api.resources import RESOURCES
from api.routing import ModelRoute
from api.schemas.page import Link

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Quartier</title>
<h1>Quartier</h1>
<p>Social offerings, districts, indicators and measures: one published source.</p>
<ul>
{entries}
</ul>
</html>
"""


class Landing(BaseModel):
    title: str
    description: str
    links: list[Link]


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, tags=["operations"])
    routes.add_api_route(
        "/",
        _home,
        operation_id="landing_page",
        summary="What is here",
        response_model=Landing,
        responses={200: {"content": {"text/html": {}}}, **contract.problem_responses(400)},
    )
    return routes


async def _home(request: Request) -> Response:
    """Links to every resource and to the contract: HTML for people, JSON for machines."""
    base = base_url(request)
    found = [
        link("service-desc", f"{base}/openapi.json", "application/json"),
        link("service-doc", f"{base}/docs", "text/html"),
        *(link(entry.name, f"{base}/v1/{entry.name}", "application/json") for entry in RESOURCES),
    ]
    headers = {"Vary": "Accept"}
    if prefers_html(request):
        entries = "\n".join(
            f'<li><a href="{escape(entry["href"])}">{escape(entry["rel"])}</a>' for entry in found
        )
        return HTMLResponse(PAGE.format(entries=entries), headers=headers)
    title = {"title": contract.TITLE, "description": contract.TAGS["offerings"]}
    return JSONResponse({**title, "links": found}, headers=headers)
