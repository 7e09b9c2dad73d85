"""The settings that commands run with, and the address that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands.console import stop

if TYPE_CHECKING:
    from api.settings import Settings


def read_settings() -> Settings:
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        stop("\n".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()))


def home_of(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"
