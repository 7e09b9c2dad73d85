"""create_app(): settings, routers, error handlers. No logic."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette_compress import add_compress_type

from api import contract, errors, openapi
from api.cache import ResponseCache
from api.dependencies import Service
from api.formats import COMPRESSED, KNOWN
from api.logs import Log
from api.metrics import Metrics
from api.middleware import Compress, Frame, Guard, Preflight
from api.pages.face import Pages
from api.rate_limit import RateLimit
from api.routers import (
    analyses,
    bulk,
    catalogue,
    changes,
    dashboard,
    discovery,
    docs,
    embed,
    gaps,
    health,
    home,
    hsds,
    inbox,
    metrics,
    opening,
    pages,
    places,
    px,
    resources,
)
from api.settings import Settings

VERSION = "0.1.0"


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. It connects to the database when it starts, not before."""
    settings = settings or Settings()
    log = Log(settings)
    numbers = Metrics(VERSION)
    app = FastAPI(
        title=contract.TITLE,
        version=VERSION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Frame, log=log, metrics=numbers),
            *([Middleware(RateLimit, settings=settings)] if settings.rate_limit else []),
            Middleware(Preflight),
            Middleware(ResponseCache, settings=settings),
            Middleware(Guard, settings=settings),
            Middleware(Compress, minimum_size=1000),
        ],
    )
    for format_ in KNOWN.values():
        if format_.name not in COMPRESSED:
            add_compress_type(format_.media_type, streaming=format_.streamed)
    app.state.settings = settings
    app.state.log = log
    app.state.metrics = numbers
    app.state.pages = Pages()
    # FastAPI's own way to replace the document is to assign to the method.
    app.openapi = cache(partial(openapi.document, app))  # type: ignore[method-assign]
    errors.install(app)
    data = (changes, opening, resources, analyses, gaps, places, hsds, px, bulk, catalogue)
    faces = (*data, home, pages, dashboard, embed, inbox, docs, discovery, health)
    for face in (*faces, metrics) if settings.metrics else faces:
        # Not include_router(): FastAPI would match each route twice, at 10 µs apiece.
        app.router.routes.extend(face.router().routes)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    url = settings.database_public_url
    if url is None:
        raise RuntimeError("DATABASE_PUBLIC_URL is not set; `quartier up` sets it by itself")
    gc.collect()
    gc.freeze()  # what was made until here stays: collections need not look at it again
    app.state.service = Service(settings, url.get_secret_value())
    async with app.state.service.running():
        looking = asyncio.create_task(
            app.state.metrics.keep_looking(app.state.service, app.state.log)
        )
        yield
        looking.cancel()
