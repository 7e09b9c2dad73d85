"""Entities in the registry from records: rows, links and parts, in batches, only what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.imports import corrections, mark_seen
from db.lookups import owners_of_slugs, rows_of
from db.models import Base
from db.registry import Row, insert_missing, replace_parts, upsert
from seed.edtf import ImpreciseDate
from seed.identity import distinct_slug, entity_id, part_id
from seed.imports.fields import Reader
from seed.imports.sites import Sites
from seed.mappings import PartRule, ValueRefused, wanted
from seed.mappings.rules import look_up, written
from seed.readers import Record
from seed.readers.json import flattened
from seed.targets import TARGETS, Target

OWNED = ("source_id", "lang")  # columns of a part that its entity fills


@dataclass
class Draft:
    """An entity as a record describes it, before it is compared with the registry."""

    position: str
    key: str
    id: UUID
    name: str
    slug: str | None
    row: dict[str, Any]
    links: dict[str, tuple[UUID, ...]]
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass
class EntityImport:
    """Writes batches of records as entities of one resource."""

    connection: Connection
    reader: Reader
    source: UUID
    sites: Sites | None = None

    @property
    def target(self) -> Target:
        return self.reader.mapping.target

    def key(self, record: Record) -> str | None:
        """What tells a record from the others of its source; raises ValueRefused."""
        rule = self.reader.mapping.key
        assert rule is not None
        found = rule.read("key", record.properties)
        return written(found) or None

    def write(self, records: Sequence[Record], repeated: Collection[str]) -> None:
        drafts = [draft for draft in self._drafts(records, repeated) if draft is not None]
        self._register_implied()
        if not drafts:
            return
        ids = [draft.id for draft in drafts]
        mark_seen(self.connection, ids)
        self._correct(drafts)
        touched = self._write_rows(drafts)
        for name, link in self.target.links.items():
            if name in self.reader.mapping.fields:
                touched.changed |= self._write_links(drafts, name, link.model, link.column)
        for name, rule in self.reader.mapping.parts.items():
            touched.changed |= self._write_parts(drafts, name, rule)
        self._count(ids, touched)
