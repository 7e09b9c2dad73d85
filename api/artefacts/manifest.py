"""What is in the folder of artefacts: states, each with its files and a manifest that lists them.

`current` is a symbolic link to the newest complete state. It is replaced in one step, so whoever
follows it finds all files of one state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from api.artefacts.snapshot import Made

MANIFEST = "manifest.json"
CURRENT = "current"
FAILURE = "failure.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A state that was built. `key` names its folder, `code` the code that wrote its files."""

    key: str
    code: str
    sequence: int
    published_at: str
    built_at: str
    seconds: float
    files: tuple[Made, ...]

    def find(self, name: str) -> Made | None:
        return next((made for made in self.files if made.name == name), None)

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """The last attempt did not succeed: how many in a row, since when, and why."""

    count: int
    at: str
    reason: str


def read(folder: Path) -> Manifest | None:
    """The manifest of one state; None if there is none that can be read."""
    try:
        members = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = tuple(Made(**file) for file in members.pop("files"))
        return Manifest(**members, files=files)
    except (OSError, ValueError, TypeError, KeyError):  # of another version
        return None


def current_key(folder: Path) -> str | None:
    """Which state `current` leads to, if it is there."""
    if not (folder / CURRENT / MANIFEST).is_file():
        return None
    try:
        return (folder / CURRENT).readlink().name
    except OSError:
        return None


def current(folder: Path) -> Manifest | None:
    """The newest complete state."""
    key = current_key(folder)
    return read(folder / key) if key else None


def kept(folder: Path) -> list[Manifest]:
    """All complete states, the newest first."""
    return sorted(_kept(folder), key=lambda manifest: manifest.built_at, reverse=True)


def _kept(folder: Path) -> Iterator[Manifest]:
    for path in folder.glob(f"*/{MANIFEST}"):
        manifest = read(path.parent)
        if manifest and manifest.key == path.parent.name:
            yield manifest


def failure(folder: Path) -> Failure | None:
    try:
        members: dict[str, Any] = json.loads((folder / FAILURE).read_text(encoding="utf-8"))
        return Failure(**members)
    except (OSError, ValueError, TypeError):
        return None
