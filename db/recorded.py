"""The tables whose changes are recorded, and how their rows hang together."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from sqlalchemy import Table, Text, UniqueConstraint, Uuid

from db.models import Base
from db.models.base import Part


class Reference(NamedTuple):
    """A foreign key. If it cascades, the row is a part of the other, and goes with it."""

    table: str
    column: str
    target: str
    cascades: bool


class Identifying(NamedTuple):
    """Columns that no two rows of a table share."""

    table: str
    columns: Sequence[str]
    text: str | None  # one of them that can hold any text


def recorded() -> list[Table]:
    """The tables whose rows have revisions, those that others refer to first."""
    tables = Base.metadata.sorted_tables
    return [table for table in tables if "id" in table.c and isinstance(table.c.id.type, Uuid)]


def tables_of(kind: type) -> dict[str, Table]:
    """The tables of a kind of model, by name."""
    found = (mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, kind))
    return {table.name: table for table in (cast("Table", one.local_table) for one in found)}


def references() -> Iterator[Reference]:
    """From where to where rows refer."""
    for table in recorded():
        yield from _references_of(table)


def owners() -> dict[str, Reference]:
    """Whose part a row is, by table: what its first cascading key refers to."""
    return {
        name: next(reference for reference in _references_of(table) if reference.cascades)
        for name, table in tables_of(Part).items()
    }


def _references_of(table: Table) -> Iterator[Reference]:
    for column in table.c:
        for key in column.foreign_keys:
            cascades = key.ondelete == "CASCADE"
            yield Reference(table.name, column.name, key.column.table.name, cascades)


def identifying() -> Iterator[Identifying]:
    """What no two rows of a table share, beside their ids."""
    for table in recorded():
        constraints = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
        indexes = [index.columns for index in table.indexes if index.unique]
        for columns in (*constraints, *indexes):
            texts = [column.name for column in columns if isinstance(column.type, Text)]
            yield Identifying(table.name, [c.name for c in columns], texts[-1] if texts else None)
