"""Commands that serve the registry."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from commands.artefacts import folder_of
from commands.checkout import build_scripts
from commands.console import notes
from commands.databases import databases, prepare
from commands.settings import home_of, read_settings
from commands.signals import end_cleanly_on_signals

if TYPE_CHECKING:
    import socket

    from pydantic import SecretStr

    from api.settings import Settings


def up(
    demonstration: Annotated[
        bool, typer.Option(help="Load the demonstration set if the registry has none.")
    ] = True,
) -> None:
    """Set up what is missing, then serve the registry."""
    from api.server import claim_address

    settings = read_settings()
    end_cleanly_on_signals()
    claimed = claim_address(settings)
    build_scripts()
    with databases(settings) as both:
        prepare(both, demonstration=demonstration)
        serve_until_stopped(settings, both.public_url, both.secret_key, claimed)


def serve() -> None:
    """Serve what is published; changes nothing in the database."""
    from api.server import claim_address

    settings = read_settings()
    end_cleanly_on_signals()
    claimed = claim_address(settings)
    build_scripts()
    if settings.database_public_url is not None:
        url = settings.database_public_url.get_secret_value()
        serve_until_stopped(settings, url, settings.secret_key, claimed)
        return
    with databases(settings) as both:
        serve_until_stopped(settings, both.public_url, both.secret_key, claimed)


def serve_until_stopped(
    settings: Settings, public_url: str, secret_key: SecretStr | None, claimed: socket.socket
) -> None:
    """The server gets the reader's URL only: what it does not know, it cannot leak."""
    from pydantic import SecretStr

    from api.artefacts.following import in_background

    known = {
        "database_url": None,
        "database_public_url": SecretStr(public_url),
        "secret_key": secret_key,
        "artefacts": folder_of(settings),
    }
    os.environ.pop("DATABASE_URL", None)  # workers inherit the environment
    serving = settings.model_copy(update=known)
    with in_background(serving, public_url):
        _serve(serving, claimed)


def _serve(serving: Settings, claimed: socket.socket) -> None:
    if serving.workers > 1:
        from api.workers import Supervisor

        Supervisor(serving, claimed, lambda: say_where(serving)).run()
    else:
        from api.app import create_app
        from api.server import run

        run(create_app(serving), serving, claimed, lambda: say_where(serving))


def say_where(settings: Settings) -> None:
    home = home_of(settings)
    notes.print(f"Quartier is ready: {home}  (API reference: {home}/docs)", style="bold")
