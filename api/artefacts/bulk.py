"""Files of bulk data: a resource in a format. One that has not changed is taken over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.artefacts.snapshot import Made, Snapshot
from api.artefacts.twins import twin_of

if TYPE_CHECKING:
    from api.artefacts.manifest import Manifest
    from api.resources import Resource
    from db.snapshots import Content

FOLDER = "bulk"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource in a format, and what is published of it."""

    resource: Resource
    format: str
    content: Content

    def made(self, media_type: str) -> Made:
        return Made(
            name=name_of(self.resource, self.format),
            media_type=media_type,
            title=f"{self.resource.name.capitalize()} as {self.format}",
            resource=self.resource.name,
            format=self.format,
            rows=self.content.rows,
            basis=self.content.digest,
        )


def name_of(resource: Resource, format_: str) -> str:
    return f"{FOLDER}/{resource.name}.{format_}"


def files_of(manifest: Manifest) -> list[Made]:
    return [made for made in manifest.files if made.name.startswith(f"{FOLDER}/")]


def short(made: Made) -> str:
    """The name of a file beside the others."""
    return made.name.removeprefix(f"{FOLDER}/")


def wanted(resource: Resource, format_: str, contents: Mapping[str, Content]) -> Wanted:
    return Wanted(resource, format_, contents[resource.table.name])


def taken_over(shown: Snapshot, folder: Path, asked: Wanted) -> Made | None:
    """The file of the state before under another name, if its entities are the same."""
    name = name_of(asked.resource, asked.format)
    earlier = shown.earlier
    made = earlier.find(name, asked.content.digest) if earlier else None
    if earlier is None or made is None:
        return None
    path = folder / name
    os.link(earlier.folder / name, path)
    if made.gzip_size:
        os.link(twin_of(earlier.folder / name), twin_of(path))
    return made
