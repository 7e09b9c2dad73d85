"""Where the bytes of a file are: on disk, or in a zip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any
from zipfile import ZipInfo

from seed.readers import UnreadableError, archives, json_values

BEGINNING = 1 << 20  # bytes
LARGEST_JSON = 256 * 10**6  # bytes; in memory a parsed file takes about eight times as much


@dataclass(frozen=True)
class Source:
    """A file to be read, what it begins with, and what it holds if it is a zip or JSON."""

    path: Path
    member: str | None = None
    title: str | None = None

    @property
    def name(self) -> str:
        return self.path.name if self.member is None else PurePosixPath(self.member).name

    @property
    def label(self) -> str:
        """What its table is called, unless the format has a name for it."""
        return self.title or PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        if self.member is None:
            with self.path.open("rb") as file:
                yield file
        else:
            with archives.opened(self.path, self.member) as unpacked:
                yield unpacked

    @cached_property
    def size(self) -> int:
        if self.member is None:
            return self.path.stat().st_size
        return archives.directory(self.path)[self.member].file_size

    @cached_property
    def beginning(self) -> bytes:
        with self.opened() as file:
            return file.read(BEGINNING)

    @cached_property
    def members(self) -> Mapping[str, ZipInfo]:
        """The files in a zip; none if it is no zip."""
        if not self.beginning.startswith(archives.BEGINNINGS):
            return {}
        if self.member is not None:
            raise UnreadableError(f"{self.name!r} is a zip within the zip: unpack it first")
        return archives.directory(self.path)

    @cached_property
    def json(self) -> Any:
        if self.size > LARGEST_JSON:
            raise UnreadableError(
                f"{self.size / 1e6:,.0f} MB of JSON are more than {LARGEST_JSON / 1e6:.0f} MB: "
                "split the file, or write one object a line"
            )
        with self.opened() as file:
            return json_values.parse(file.read())
