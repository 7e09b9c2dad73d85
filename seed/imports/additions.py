"""Rows that are new in a sheet of ours: written as any import does, source by source.

A row that the registry has already by this key, and that says otherwise, is never overwritten: the
sheet of a new row has no checksum, so nothing tells who was there first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.lookups import KnownDistrict
from db.models import Source
from db.registry import ids_by_slug
from seed.geometry.territory import Territory
from seed.identity import entity_id
from seed.imports.codelists import CodelistImport
from seed.imports.entities import Draft, EntityImport
from seed.imports.fields import Reader
from seed.imports.known import Known, Unknown
from seed.imports.observations import ObservationImport
from seed.imports.places import Places
from seed.imports.provenance import register_source
from seed.mappings import FieldRule, ImportMapping
from seed.readers import Record
from seed.report import FileReport
from seed.vocabulary import term_id
from seed.workbooks.columns import BREAKDOWNS, SEPARATOR, SOURCE
from seed.workbooks.returned import JOINT, Judgement

KEY = "key of a new row"  # a column that no sheet has
PAIR = re.compile(r"([a-z][a-z0-9_]*)=(.+)")


class AlreadyThere(ValueError):  # noqa: N818 - reads as the state it reports
    """The registry has this row, and it says otherwise."""

    def __init__(self) -> None:
        super().__init__(
            "this row is in the registry already, and says otherwise there: export anew, and "
            "change it in the row that has its id"
        )


@dataclass
class Newcomers:
    """The entities that are new in a file, by what its other rows call them."""

    ids: dict[str, set[UUID]] = field(default_factory=dict)

    def add(self, identity: UUID, *names: object) -> None:
        for name in filter(None, names):
            self.ids.setdefault(_folded(name), set()).add(identity)

    def find(self, stated: str) -> UUID | None:
        found = self.ids.get(_folded(stated), set())
        if len(found) > 1:
            raise Unknown(f"{len(found)} new rows are called that: give each an external_key")
        return next(iter(found), None)


@dataclass(frozen=True)
class Kind:
    """What rows have in common that are written together."""

    source: str | None
    dimensions: tuple[str, ...] = ()


@dataclass
class Additions:
    """Writes the new rows of the main sheet."""

    connection: Connection
    mapping: ImportMapping
    known: Known
    report: FileReport
    newcomers: Newcomers

    def write(self, judged: Sequence[Judgement]) -> list[tuple[Judgement, UUID]]:
        """Returns the rows whose ids are known, with these. Raises AlreadyThere."""
        written: list[tuple[Judgement, UUID]] = []
        alike: dict[Kind, list[Record]] = defaultdict(list)
        registered = ids_by_slug(self.connection, Source) if judged else {}
        for each in judged:
            source = self._source(each, registered)
            identity = self._introduce(each, source)
            written += [(each, identity)] if identity else []
            breakdowns = self._breakdowns(each.record)
            if breakdowns is not None:
                record = self._keyed(each, breakdowns)
                alike[Kind(source, tuple(sorted(breakdowns)))].append(record)
        before = self.report.changed
        for kind, records in alike.items():
            self._writer(kind).write(records, ())
        if self.report.changed != before:
            raise AlreadyThere
        return written

    def _source(self, judged: Judgement, registered: Mapping[str, UUID]) -> str | None:
        if judged.source is None or judged.source in registered:
            return judged.source
        reason = f"no source has this slug: taken as {self.mapping.source.title!r}"
        self.report.flag(reason, judged.record.position, SOURCE, judged.source)
        return None

    def _keyed(self, judged: Judgement, breakdowns: Mapping[str, str]) -> Record:
        cells = {_dimension(name): code for name, code in breakdowns.items()}
        properties = {**judged.record.properties, KEY: self._key(judged), **cells}
        return replace(judged.record, properties=properties)

    def _key(self, judged: Judgement) -> str | None:
        """Districts are known by `scheme:key`, as where their boundaries are imported."""
        if judged.key and self.mapping.resource == "districts":
            return judged.key.replace(JOINT, ":")
        return judged.key

    def _breakdowns(self, record: Record) -> dict[str, str] | None:
        """`sex=female; age=0-17` by dimension; None if it is not that, which is reported."""
        stated = str(record.properties.get(BREAKDOWNS) or "")
        if self.mapping.resource != "observations":
            return {}
        pieces = [piece.strip() for piece in stated.split(SEPARATOR.strip()) if piece.strip()]
        pairs = [PAIR.fullmatch(piece) for piece in pieces]
        if not all(pairs):
            reason = "not breakdowns, such as sex=female"
            self.report.reject(reason, record.position, BREAKDOWNS, stated)
            return None
        return {pair[1]: pair[2] for pair in pairs if pair}

    # Who is new

    def _introduce(self, judged: Judgement, source: str | None) -> UUID | None:
        """Other rows of the file may name a new one, also rows that come before it."""
        target, properties = self.mapping.target, judged.record.properties
        if target.name == "codelists":
            codelist, code = (str(properties.get(name) or "") for name in ("codelist", "code"))
            self.known.terms.add(codelist, code, term_id(codelist, code))
            return term_id(codelist, code)
        if not target.addressed or not (key := self._key(judged)):
            return None
        identity = entity_id(target.table, source or self.mapping.source.slug, key)
        name = str(properties.get(target.label) or "")
        self.newcomers.add(identity, *{key, name})
        if target.name == "districts":
            self.known.districts.add(_district(identity, name, properties))
        else:
            for called in {key, name} - {""}:
                self.known.entities(target.table).add(identity, called)
        return identity

    # The usual way

    def _writer(self, kind: Kind) -> CodelistImport | ObservationImport | EntityImport:
        mapping, connection = self._mapping(kind), self.connection
        reader = Reader(mapping, self.known, self.report, strict=True)
        if mapping.resource == "codelists":
            return CodelistImport(connection, reader)
        source = self._registered(kind)
        if mapping.resource == "observations":
            return ObservationImport(connection, reader, source)
        nowhere: Territory[UUID] = Territory({})
        places = Places(None, nowhere, nowhere, {}, self.report)
        of = DistrictEntities if mapping.resource == "districts" else EntityImport
        return of(connection, reader, places, source)

    def _registered(self, kind: Kind) -> UUID:
        if kind.source is not None:
            return ids_by_slug(self.connection, Source)[kind.source]
        return register_source(self.connection, self.mapping.source, self.report)

    def _mapping(self, kind: Kind) -> ImportMapping:
        source = self.mapping.source
        named = source.model_copy(update={"slug": kind.source}) if kind.source else source
        breakdowns = {name: FieldRule(column=_dimension(name)) for name in kind.dimensions}
        return self.mapping.model_copy(
            update={"source": named, "key": FieldRule(column=KEY), "breakdowns": breakdowns}
        )


class DistrictEntities(EntityImport):
    """Districts as staff enter them, one by one: an import of districts is one of boundaries."""

    def _described(self, record: Record, key: str, values: dict[str, Any]) -> Draft:
        parent = values.pop("parent", None)
        draft = super()._described(record, key, values)
        draft.row["parent_id"] = None if parent is None else self._parent(record, str(parent))
        return draft

    def _parent(self, record: Record, stated: str) -> UUID | None:
        try:
            return self.reader.known.districts.find(stated).id
        except Unknown as unknown:
            self.reader.report.flag(str(unknown), record.position, "parent", stated)
            return None


def _district(identity: UUID, name: str, properties: Mapping[str, Any]) -> KnownDistrict:
    scheme, key, level = (str(properties.get(each) or "") for each in ("scheme", "key", "level"))
    return KnownDistrict(identity, "", name, level, scheme, key, None, None, None)


def _dimension(name: str) -> str:
    """A column that no sheet has."""
    return f"{BREAKDOWNS} {name}"


def _folded(text: object) -> str:
    return " ".join(str(text).casefold().split())
