"""What makers of files share: the state they see, and what they say of a file they made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import snapshots

if TYPE_CHECKING:
    import psycopg

    from api.settings import Settings
    from db.state import State

BASE = "https://quartier.invalid"
"""Stands in stored files where the address of the server belongs."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made. The builder fills in what follows from its bytes.

    `name` is a path below the folder. `basis` says what it was made of: as long as that is the
    same, the file need not be made again. `addressed`: it holds the placeholder `BASE`, and is a
    document of moderate size. Files of text have a compressed twin, for callers who accept gzip.
    """

    name: str
    media_type: str
    title: str
    resource: str | None = None
    format: str | None = None
    rows: int | None = None
    size: int = 0
    sha256: str = ""
    basis: str = ""
    addressed: bool = False
    gzip_size: int = 0
    gzip_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The state that was built before this one: its files may be taken over."""

    folder: Path
    files: tuple[Made, ...]

    def find(self, name: str, basis: str) -> Made | None:
        found = (made for made in self.files if made.name == name and made.basis == basis)
        return next((made for made in found if (self.folder / made.name).is_file()), None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The published registry in one state: whatever is asked on the connection belongs to it."""

    connection: psycopg.Connection[Any]
    state: State
    settings: Settings
    earlier: Earlier | None = None


Maker = Callable[[Snapshot, Path, Sequence[Made]], Iterable[Made]]
"""Writes files into the folder and names them; the third argument is what was made before."""


@contextmanager
def opened(url: str, settings: Settings) -> Iterator[Snapshot]:
    """One transaction of the role that reads."""
    with snapshots.opened(url) as (connection, state):
        yield Snapshot(connection, state, settings)
