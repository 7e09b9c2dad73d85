"""The tables of the tabular package, as tables.yaml declares them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

DECLARED = Path(__file__).parent / "tables.yaml"
FORMATS = ("uuid", "email", "uri")  # Table Schema: texts of a certain form
# What a row is a part of. A part that several have in common is written for each of them.
OWNERS = frozenset(
    f"{owner}_id"
    for owner in ("service", "location", "organization", "contact", "service_at_location", "phone")
) | {"link_id", "resource_id"}
# What has an identity of its own. Several may refer to it; what it says of others it says once.
ENTITIES = frozenset(
    ("organization", "program", "service", "service_at_location", "location", "taxonomy")
) | {"taxonomy_term", "unit"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and what its cells can be. `references`: the table whose id it holds."""

    name: str
    type: str
    required: bool = False
    unique: bool = False
    codes: tuple[str, ...] = ()
    references: str | None = None

    @property
    def descriptor(self) -> dict[str, Any]:
        """As Table Schema describes a field."""
        constraints: dict[str, Any] = {"required": self.required, "unique": self.unique}
        if self.codes:
            constraints["enum"] = list(self.codes)
        kind = {"type": self.type}
        if self.type in FORMATS:
            kind = {"type": "string", "format": self.type}
        return {"name": self.name, **kind, "constraints": constraints}


@dataclass(frozen=True)
class Table:
    """A table of the package. Its first column is the id of its rows."""

    name: str
    path: str
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """Where a row says what it is part of; nowhere in a table of entities."""
        if self.name in ENTITIES:
            return ()
        return tuple(index for index, name in enumerate(self.names) if name in OWNERS)

    def schema(self, present: Collection[str]) -> dict[str, Any]:
        """Its Table Schema in a package that has the tables `present`: no key leads out of it."""
        keys = [
            {"fields": column.name, "reference": {"resource": column.references, "fields": "id"}}
            for column in self.columns
            if column.references in present
        ]
        fields = [column.descriptor for column in self.columns]
        return {"fields": fields, "primaryKey": "id"} | ({"foreignKeys": keys} if keys else {})


@cache
def tables() -> Mapping[str, Table]:
    """All tables there can be, by name."""
    declared = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
    return {name: _table(name, each) for name, each in declared.items()}


def _table(name: str, declared: Mapping[str, Any]) -> Table:
    stated = {"id": {"type": "uuid", "required": True, "unique": True}} | declared["columns"]
    return Table(name, declared["path"], tuple(_column(*each) for each in stated.items()))


def _column(name: str, stated: str | dict[str, Any]) -> Column:
    if isinstance(stated, str):
        return Column(name, stated)
    return Column(name, **{**stated, "codes": tuple(stated.get("codes", ()))})
