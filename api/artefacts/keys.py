"""What decides the files of a state: the publication, the settings that matter, and the code."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.settings import Settings
    from db.state import State

DECISIVE: tuple[str, ...] = (
    "catalog_codelists_license",
    "catalog_contact",
    "catalog_contact_email",
    "catalog_contact_url",
    "catalog_contributor_id",
    "catalog_frequency",
    "catalog_hvd",
    "catalog_indicators",
    "catalog_publisher",
    "catalog_publisher_email",
    "catalog_publisher_type",
    "catalog_publisher_url",
    "catalog_title",
    "max_url_bytes",
)
"""Settings that decide what is in the files."""
CODE = ("api/**/*.py", "db/**/*.py", "db/**/*.sql", "seed/**/*.py")
"""What may write the same publication in another way."""


def key_of(state: State, settings: Settings) -> str:
    """The name of the folder of a state: a number for people, and all that decides its files."""
    chosen = settings.model_dump_json(include=set(DECISIVE))
    parts = "\n".join((str(state.sequence), state.published_at, chosen, code()))
    return f"{state.sequence}-{_digest(parts.encode())}"


@cache
def code() -> str:
    """Changes whenever the same publication may come out differently."""
    root = Path(__file__).parents[2]
    files = sorted(path for pattern in CODE for path in root.glob(pattern))
    return _digest(b"\0".join(path.read_bytes() for path in files))


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]
