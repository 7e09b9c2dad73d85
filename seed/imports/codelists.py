"""Terms of codelists from records."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from db.models import Codelist, CodelistTerm
from db.registry import Row, insert_missing, upsert
from seed.imports.fields import Reader, columns_of
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

    def key(self, record: Record) -> str | None:
        fields = self.reader.mapping.fields
        stated = [fields[name].read(name, record.properties) for name in ("codelist", "code")]
        return ":".join(written(each) for each in stated)

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        drafts = [row for record in records if (row := self._read(record, repeated))]
        if not drafts:
            return
        self._register_lists({row["codelist"] for row in drafts})
        counts = upsert(self.connection, CodelistTerm, [self._row(values) for values in drafts])
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
        return self.reader.read(CODELISTS, fields, record.properties, record.position)

    def _register_lists(self, names: set[str]) -> None:
        lists = [
            {"id": codelist_id(name), "name": name, "title": name, "lang": self.reader.mapping.lang}
            for name in sorted(names)
        ]
        insert_missing(self.connection, Codelist, lists)

    def _row(self, values: dict[str, Any]) -> Row:
        codelist, parent = values.pop("codelist"), values.pop("parent", None)
        row = dict(columns_of(CODELISTS, values))
        if "exact_match" in row:
            row["exact_match"] = list(row["exact_match"])
        return {
            "id": term_id(codelist, values["code"]),
            "codelist_id": codelist_id(codelist),
            "parent_id": term_id(codelist, parent) if parent else None,
            "lang": self.reader.mapping.lang,
            **row,
        }
