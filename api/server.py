"""Uvicorn around the application: one listening socket, one announcement, a graceful end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from api.settings import Settings


class CannotListen(RuntimeError):  # noqa: N818 - reads as the state it reports
    """The address is taken, not ours, or needs more rights."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def claim_address(settings: Settings) -> socket.socket:
    """Bind before anything costly is done, so that a taken port is known at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    claimed = socket.socket(family, socket.SOCK_STREAM)
    claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        claimed.bind((settings.host, settings.port))
    except OSError as error:
        claimed.close()
        raise cannot_listen(settings, error) from error
    return claimed


def run(
    app: FastAPI, settings: Settings, claimed: socket.socket, announce: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM, then let running requests finish."""
    config = configuration(app, settings)
    try:
        # Uvicorn raises KeyboardInterrupt again after it has shut down
        with suppress(KeyboardInterrupt), app.state.log.running():
            _Server(config, announce).run(sockets=[claimed])
    except OSError as error:
        raise cannot_listen(settings, error) from error


def configuration(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How Uvicorn serves the application, alone or as one of several workers."""
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,  # the application sets up logging and writes its own access log
        log_level=settings.log_level,
        access_log=False,
        proxy_headers=False,  # the application decides which proxies it believes
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )


def cannot_listen(settings: Settings, error: OSError) -> CannotListen:
    """Two servers may claim an address; the first to listen has it."""
    where = f"{settings.host}:{settings.port}"
    return CannotListen(
        f"cannot listen on {where}: {error.strerror}. Set PORT or HOST to use another address."
    )
