"""Entities in the registry from records: rows, links and parts, in batches, only what differs."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.corrections import corrections
from db.lookups import owners_of_slugs, rows_of
from db.registry import Row, insert_missing, mark_seen, revive, upsert
from seed.identity import distinct_slug
from seed.imports.fields import Reader, columns_of, identity_of
from seed.imports.known import LABELS
from seed.imports.links import write_links
from seed.imports.parts import Origin, Part, part_records, write_parts
from seed.imports.places import Places
from seed.imports.provenance import Origins
from seed.mappings import ValueRefused
from seed.mappings.rules import written
from seed.readers import Record
from seed.targets import ORDERED, TARGETS, Target

ARCHIVED = "archived"
STANDING = ("slug", "status")
Standing = Mapping[UUID, tuple[Any, ...]]
"""The slug and the status of the entities that are in the registry already."""


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
    source: UUID
    parts: dict[str, list[Part]] = field(default_factory=dict)


@dataclass
class Touched:
    """Which entities a batch brought, and which it changed."""

    new: set[UUID] = field(default_factory=set)
    changed: set[UUID] = field(default_factory=set)


@dataclass
class EntityImport:
    """Writes batches of records as entities of one resource."""

    connection: Connection
    reader: Reader
    places: Places
    source: UUID
    whole: bool = False
    _origins: Origins = field(init=False)

    def __post_init__(self) -> None:
        reader = self.reader
        self._origins = Origins(self.connection, reader.mapping, self.source, reader.report)

    @property
    def target(self) -> Target:
        return self.reader.mapping.target

    def key(self, record: Record) -> str | None:
        """What tells a record from the others of its source; raises ValueRefused."""
        rule = self.reader.mapping.key
        assert rule is not None
        found = rule.read("key", record.properties)
        return None if found is None else written(found)

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        read = [draft for record in records if (draft := self._draft(record, repeated))]
        self._register_implied()
        drafts = self._without_others(read)
        if not drafts:
            return
        mark_seen(self.connection, [draft.id for draft in drafts])
        revived, standing = self._standing(drafts)
        self._correct([draft for draft in drafts if draft.id in standing])
        touched = self._write_rows(drafts, standing)
        touched.changed |= revived
        for name in self.target.links.keys() & self.reader.mapping.fields.keys():
            touched.changed |= self._write_links(drafts, name, standing)
        for name in self.reader.mapping.parts:
            touched.changed |= self._write_parts(drafts, name, standing)
        self._count(drafts, touched)

    # What a record says

    def _draft(self, record: Record, repeated: Container[str]) -> Draft | None:
        report, mapping = self.reader.report, self.reader.mapping
        try:
            key = self.key(record)
        except ValueRefused as refused:
            report.reject(refused.reason, record.position, "key", refused.value)
            return None
        if not key:
            report.reject("the row has no key", record.position, "key")
            return None
        if key in repeated:
            report.reject("several rows have this key", record.position, "key", key)
            return None
        values = self.reader.read(self.target, mapping.fields, record.properties, record.position)
        if values is None:
            return None
        self._put_in_order(values, record.position)
        return self._described(record, key, values)

    def _put_in_order(self, values: dict[str, Any], position: str) -> None:
        """Of two bounds that contradict each other neither is right by itself."""
        for first, last in ORDERED:
            low, high = values.get(first), values.get(last)
            if low is not None and high is not None and low > high:
                reason = f"{first} {low} is after {last} {high}: both left out"
                self.reader.report.flag(reason, position, first, low)
                values[first] = values[last] = None

    def _described(self, record: Record, key: str, values: dict[str, Any]) -> Draft:
        target, mapping = self.target, self.reader.mapping
        identity = identity_of(mapping, target.table, key)
        source = self._origins.of(record.properties, record.position)
        links = {name: values.pop(name) for name in target.links.keys() & values.keys()}
        slug = values.pop("slug", None)
        parts = {
            name: list(part_records(record, key, name, rule, target, self.reader))
            for name, rule in mapping.parts.items()
        }
        row = dict(columns_of(target, values))
        name = str(values[target.label])
        return Draft(record.position, key, identity, name, slug, row, links, source, parts)

    # What becomes of it

    def _register_implied(self) -> None:
        for table, named in self.reader.implied.items():
            target = next(each for each in TARGETS.values() if each.table == table)
            known = self.reader.known.entities(table)
            drafts = [
                Draft("", name, identity, name, None, {LABELS[table]: name}, {}, self.source)
                for name, identity in named.items()
            ]
            ids = [draft.id for draft in drafts]
            standing = rows_of(self.connection, target.model, ids, STANDING)
            insert_missing(self.connection, target.model, self._rows(target, drafts, standing))
            for name, identity in named.items():
                known.add(identity, name)
        self.reader.implied.clear()

    def _without_others(self, drafts: list[Draft]) -> list[Draft]:
        """Rows with ids of their own may be here already: from elsewhere, or as our own rows that
        come back from others. Those stay as they are."""
        if not self.reader.mapping.keeps_ids:
            return drafts
        ids = [draft.id for draft in drafts]
        keys = rows_of(self.connection, self.target.model, ids, ("external_key",))
        kept = [draft for draft in drafts if keys.get(draft.id, (draft.key,)) == (draft.key,)]
        if others := len(drafts) - len(kept):
            self.reader.report.left_out += others
            self.reader.report.note(f"{others} rows are here already, from elsewhere: left alone")
        return kept

    def _standing(self, drafts: Sequence[Draft]) -> tuple[frozenset[UUID], Standing]:
        """Which entities come back from the archive, and all that are there."""
        model = self.target.model
        standing = rows_of(self.connection, model, [draft.id for draft in drafts], STANDING)
        archived = [identity for identity, (_, status) in standing.items() if status == ARCHIVED]
        if not archived:
            return frozenset(), standing
        revived = revive(self.connection, model, archived)
        return revived, standing | rows_of(self.connection, model, list(revived), STANDING)

    def _correct(self, drafts: Sequence[Draft]) -> None:
        """What somebody corrected stays; a file that says otherwise is reported."""
        if not drafts:
            return
        made = corrections(self.connection, self.target.model, [draft.id for draft in drafts])
        for draft in drafts:
            for column, value in made.get(draft.id, {}).items():
                if column not in draft.row:
                    continue
                if draft.row[column] != value:
                    self.reader.report.flag(
                        f"corrected to {value!r}, which stays",
                        draft.position,
                        column,
                        draft.row[column],
                    )
                draft.row[column] = value

    def _write_rows(self, drafts: Sequence[Draft], standing: Standing) -> Touched:
        rows = self._rows(self.target, drafts, standing)
        counts = upsert(self.connection, self.target.model, rows)
        return Touched(set(counts.new_ids), set(counts.changed_ids))

    def _rows(self, target: Target, drafts: Sequence[Draft], standing: Standing) -> list[Row]:
        wanted = [draft.slug or draft.name for draft in drafts if draft.id not in standing]
        taken = _Slugs(self.connection, target, wanted)
        return [self._row(draft, standing.get(draft.id), taken) for draft in drafts]

    def _row(self, draft: Draft, standing: tuple[Any, ...] | None, taken: _Slugs) -> Row:
        """A slug is given once: addresses stay. So does what staff decided of publishing."""
        mapping = self.reader.mapping
        if standing is None:
            slug, status = taken.give(draft.slug or draft.name, draft.id), mapping.status
        else:
            slug, status = standing
        return {
            "id": draft.id,
            "slug": slug,
            "status": status,
            "source_id": draft.source,
            "external_key": draft.key,
            "lang": mapping.lang,
            **draft.row,
        }

    def _write_links(
        self, drafts: Sequence[Draft], name: str, standing: Collection[UUID]
    ) -> set[UUID]:
        goals = {draft.id: draft.links[name] for draft in drafts}
        known = self.reader.known
        return write_links(self.connection, known, self.target, name, goals, standing)

    def _write_parts(
        self, drafts: Sequence[Draft], name: str, standing: Collection[UUID]
    ) -> set[UUID]:
        parts = {draft.id: draft.parts[name] for draft in drafts}
        self.places.resolve([part for owned in parts.values() for part in owned])
        placed = self.places.placement is not None
        sources = {draft.id: draft.source for draft in drafts}
        origin = Origin(self.reader.mapping, self.source, sources)
        return write_parts(
            self.connection, self.target, name, origin, parts, standing, placed=placed
        )

    def _count(self, drafts: Sequence[Draft], touched: Touched) -> None:
        report = self.reader.report
        changed = touched.changed - touched.new
        report.new += len(touched.new)
        report.changed += len(changed)
        report.unchanged += len(drafts) - len(touched.new) - len(changed)


class _Slugs:
    """Slugs for new rows: as their names say, distinct from all others."""

    def __init__(self, connection: Connection, target: Target, names: Sequence[str]) -> None:
        plain = {distinct_slug(name, UUID(int=0), ()) for name in names}
        self._taken = set(owners_of_slugs(connection, target.model, plain))

    def give(self, name: str, identity: UUID) -> str:
        slug = distinct_slug(name, identity, self._taken)
        self._taken.add(slug)
        return slug
