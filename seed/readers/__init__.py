"""Readers: a file of one format becomes tables of records, or is refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shapely.geometry.base import BaseGeometry


class UnreadableError(ValueError):
    """The file as a whole cannot be read. The message is for the person who brought it."""


@dataclass(frozen=True)
class Record:
    """One entry of a file: where it stands there, its properties, its geometry.

    The geometry is as the file has it, x before y, in the coordinate system of its table.
    `flaw` says why a stated geometry could not be read, `remark` what is odd about the entry.
    """

    position: str
    properties: Mapping[str, Any]
    geometry: BaseGeometry | None = None
    flaw: str | None = None
    remark: str | None = None


@dataclass(frozen=True)
class Hints:
    """How to read a file, as far as that is known; None is found out."""

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_rows: int = 1
    skip_rows: int = 0
    table: str | None = None
    records: str | None = None


class Table(Protocol):
    """A table of a file: a sheet, a layer, a CSV file as a whole. Its records can be read again.

    `crs` is the coordinate system the file states for it (None: none).
    """

    @property
    def name(self) -> str: ...

    @property
    def columns(self) -> Sequence[str]: ...

    @property
    def crs(self) -> str | None: ...

    def records(self) -> Iterator[Record]: ...


@dataclass(frozen=True)
class Document:
    """What a file holds. `notes` say what was found out about it, such as its encoding."""

    format: str
    tables: Sequence[Table]
    notes: Sequence[str] = field(default=())

    def table(self, name: str | None = None) -> Table:
        """The table of a name, or the only one."""
        found = [table for table in self.tables if name is None or table.name == name]
        if len(found) == 1:
            return found[0]
        names = ", ".join(repr(table.name) for table in self.tables)
        lacking = f"there is no table {name!r}" if name else "the file has several tables"
        raise UnreadableError(f"{lacking}; name one in the mapping: {names}")
