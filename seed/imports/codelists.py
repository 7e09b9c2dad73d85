"""Terms of codelists from records."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.models import Codelist, CodelistTerm
from db.registry import Row, insert_missing, upsert
from seed.imports.fields import Reader, columns_of
from seed.imports.known import as_uuid
from seed.mappings.rules import written
from seed.readers import Record
from seed.targets import CODELISTS
from seed.vocabulary import codelist_id, term_id


@dataclass
class CodelistImport:
    """Writes terms: those of lists that are known, and of new lists by their name."""

    connection: Connection
    reader: Reader
    whole: bool = True
    _ids: dict[tuple[str, str], UUID] = field(default_factory=dict)

    def key(self, record: Record) -> str | None:
        fields = self.reader.mapping.fields
        stated = [fields[name].read(name, record.properties) for name in ("codelist", "code")]
        return ":".join(written(each) for each in stated)

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        drafts = [row for record in records if (row := self._read(record, repeated))]
        if not drafts:
            return
        self._register_lists({row["codelist"] for row in drafts})
        self._ids = {(row["codelist"], row["code"]): row["id"] for row in drafts}
        write = insert_missing if self.reader.mapping.only_new else upsert
        counts = write(self.connection, CodelistTerm, [self._row(values) for values in drafts])
        report = self.reader.report
        report.new += counts.new
        report.changed += counts.changed
        report.unchanged += counts.unchanged

    def _read(self, record: Record, repeated: Container[str]) -> dict[str, Any] | None:
        report = self.reader.report
        if (key := self.key(record)) in repeated:
            report.reject("several rows are of this term", record.position, "code", key)
            return None
        fields = self.reader.mapping.fields
        values = self.reader.read(CODELISTS, fields, record.properties, record.position)
        return None if values is None else values | {"id": self._identity(record, values)}

    def _identity(self, record: Record, values: Mapping[str, Any]) -> UUID:
        """A term may bring its id, as rows of other resources do."""
        mapping = self.reader.mapping
        if mapping.keeps_ids and mapping.key:
            stated = as_uuid(written(mapping.key.read("key", record.properties)))
            if stated:
                return stated
        return term_id(values["codelist"], values["code"])

    def _register_lists(self, names: set[str]) -> None:
        lists = [
            {"id": codelist_id(name), "name": name, "title": name, "lang": self.reader.mapping.lang}
            for name in sorted(names)
        ]
        insert_missing(self.connection, Codelist, lists)

    def _row(self, values: dict[str, Any]) -> Row:
        identity = values.pop("id")
        codelist, parent = values.pop("codelist"), values.pop("parent", None)
        row = dict(columns_of(CODELISTS, values))
        if "exact_match" in row:
            row["exact_match"] = list(row["exact_match"])
        return {
            "id": identity,
            "codelist_id": codelist_id(codelist),
            "parent_id": self._named(codelist, parent) if parent else None,
            "lang": self.reader.mapping.lang,
            **row,
        }

    def _named(self, codelist: str, code: str) -> UUID:
        """A term by its code: of this file, or as all vocabularies know it."""
        return self._ids.get((codelist, code), term_id(codelist, code))
