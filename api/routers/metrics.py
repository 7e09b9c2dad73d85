"""/metrics, for Prometheus. Not part of the public contract."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool

from api.dependencies import service
from api.routing import ModelRoute


def router() -> APIRouter:
    routes = APIRouter(route_class=ModelRoute, include_in_schema=False)
    routes.add_api_route("/metrics", _metrics)
    return routes


async def _metrics(request: Request) -> Response:
    state = request.app.state
    state.metrics.look(service(request), state.log)
    text = await run_in_threadpool(state.metrics.text)
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)
