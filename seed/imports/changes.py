"""Cells that were changed in a sheet of ours: read one by one, and only their columns written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.corrections import corrections
from db.lookups import rows_of
from db.models import Base
from db.registry import Row, upsert
from seed.imports.fields import Reader, columns_of
from seed.imports.known import Unknown
from seed.imports.links import write_links
from seed.mappings import FieldRule, ValueRefused
from seed.readers import Record
from seed.report import FileReport, Severity
from seed.targets import Kind, Target
from seed.workbooks.cells import Cell
from seed.workbooks.columns import COORDINATES
from seed.workbooks.returned import Judge, Judgement, Verdict, shown

TO_WRITE = (Verdict.NEW, Verdict.CHANGED, Verdict.REMOVED)


@dataclass
class Verdicts:
    """The judgements of a sheet's rows. A row is judged once, also if writing is tried again."""

    judge: Judge
    report: FileReport
    written: dict[str, tuple[str, str]] = field(default_factory=dict)
    _found: dict[str, Judgement] = field(default_factory=dict)

    def note(self, judged: Judgement, identity: UUID, owner: str | UUID | None = None) -> None:
        """A row that was written, with its owner and id."""
        self.written[judged.record.position] = (str(owner or ""), str(identity))

    def told(self) -> dict[str, Mapping[str, Cell]]:
        """What the registry says of the rows that were written. A rejected one stays as it is."""
        findings = self.report.findings
        wrong = {each.position for each in findings if each.severity is Severity.ERROR}
        written = {row: each for row, each in self.written.items() if row not in wrong}
        return dict(self.judge.told(written)) if written else {}

    def key(self, record: Record) -> str | None:
        return self.judge.key(record)

    def sift(self, records: Sequence[Record], repeated: Container[str]) -> None:
        """Judge rows, and keep those about which something is to be done."""
        for each in self.judge.judge(records, repeated):
            if each.verdict in TO_WRITE:
                self._found[each.record.position] = each
            else:
                self._tell(each)

    def kept(self) -> Iterator[Record]:
        for each in self._found.values():
            yield each.record

    def of(
        self, records: Sequence[Record], repeated: Container[str]
    ) -> defaultdict[Verdict, list[Judgement]]:
        """The judgements, by what is to be done; where that is nothing, it is reported here."""
        if not all(record.position in self._found for record in records):
            judged = self.judge.judge(records, repeated)
            self._found = {each.record.position: each for each in judged}
        found: defaultdict[Verdict, list[Judgement]] = defaultdict(list)
        for record in records:
            judgement = self._found[record.position]
            found[judgement.verdict].append(judgement)
            self._tell(judgement)
        return found

    def _tell(self, judged: Judgement) -> None:
        position, report = judged.record.position, self.report
        if judged.verdict in (Verdict.REFUSED, Verdict.CONFLICT):
            cells = ((each.reason, each.field, each.value) for each in judged.remarks)
            report.reject_cells(position, cells)
            return
        for each in judged.remarks:
            report.flag(each.reason, position, each.field, each.value)
        report.unchanged += judged.verdict is Verdict.UNCHANGED
        report.left_out += judged.verdict is Verdict.BLANK


Texts = Mapping[str, Mapping[str, str]]
"""Translations by language and field."""


@dataclass
class Edit:
    """What is to be written of a row that was changed. A refused cell stays as it is."""

    judgement: Judgement
    columns: dict[str, Any] = field(default_factory=dict)
    links: dict[str, tuple[UUID, ...]] = field(default_factory=dict)
    refused: list[ValueRefused] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        assert self.judgement.id is not None
        return self.judgement.id

    @property
    def position(self) -> str:
        return self.judgement.record.position

    def refuse(self, name: str, reason: str) -> None:
        value = self.judgement.record.properties.get(name)
        self.refused.append(ValueRefused(name, value, reason))


@dataclass
class Changes:
    """Reads what was changed in the rows of a sheet, and writes it."""

    connection: Connection
    reader: Reader
    target: Target
    rules: Mapping[str, FieldRule]

    @property
    def report(self) -> FileReport:
        return self.reader.report

    @property
    def model(self) -> type[Base]:
        return self.target.model

    def edits(self, judged: Sequence[Judgement]) -> list[Edit]:
        ids = [each.id for each in judged if each.id is not None]
        corrected = corrections(self.connection, self.model, ids)
        texts: dict[UUID, tuple[Any, ...]] = {}
        if "translations" in self.model.__table__.columns:
            texts = rows_of(self.connection, self.model, ids, ("translations",))
        edits = [Edit(each) for each in judged]
        for edit in edits:
            (standing,) = texts.get(edit.id, ({},))
            self._read(edit, standing, corrected.get(edit.id, {}))
        return edits

    def write(self, edits: Iterable[Edit]) -> set[UUID]:
        """Returns the ids of the rows for which that was a change."""
        edits = list(edits)
        rows = ({"id": edit.id, **edit.columns} for edit in edits if edit.columns)
        changed = update_rows(self.connection, self.model, rows)
        for name in self.target.links:
            changed |= self._link([edit for edit in edits if name in edit.links], name)
        return changed

    def tell(self, edit: Edit, *, taken: bool, changed: bool) -> None:
        """A row of which nothing could be taken is rejected, else its refused cells are flagged."""
        if edit.refused and not taken:
            cells = ((self._stays(edit, each), each.field, each.value) for each in edit.refused)
            self.report.reject_cells(edit.position, cells)
            return
        for each in edit.refused:
            self.report.flag(self._stays(edit, each), edit.position, each.field, each.value)
        self.report.changed += changed
        self.report.unchanged += not changed

    def _stays(self, edit: Edit, refused: ValueRefused) -> str:
        return f"{refused.reason}; stays {shown(edit.judgement.changed.get(refused.field, ''))}"

    # What the cells say

    def _read(self, edit: Edit, standing: Texts, corrected: Mapping[str, Any]) -> None:
        texts: dict[str, str | None] = {}
        for name in edit.judgement.changed:
            found = self._found(edit, name)
            if "@" in name:
                texts |= found
            elif not self._stays_corrected(edit, name, found, corrected):
                edit.columns |= found
        if texts:
            merged = {"translations": _merged(standing, texts)}
            if not self._stays_corrected(edit, "translations", merged, corrected):
                edit.columns |= merged

    def _found(self, edit: Edit, name: str) -> dict[str, Any]:
        """What a cell says; nothing if it is refused, which is noted."""
        if name in COORDINATES:  # a point is read as a whole
            return {}
        try:
            return self._columns(edit, name)
        except ValueRefused as refused:
            edit.refused.append(refused)
        except Unknown as unknown:
            edit.refuse(name, str(unknown))
        return {}

    def _columns(self, edit: Edit, name: str) -> dict[str, Any]:
        """The columns of a field, or the text of a translation. Links are noted apart."""
        properties = edit.judgement.record.properties
        value = self.reader.cell(self.target, name, self.rules[name], properties)
        if name in self.target.links:
            edit.links[name] = value
            return {}
        if "@" in name:
            return {name: value}
        if name == "parent" and self.target.fields[name].kind is Kind.TEXT:
            return {"parent_id": self._parent(value, properties)}
        if isinstance(value, tuple) and self.target.fields[name].many:
            return {name: list(value)}
        return dict(columns_of(self.target, {name: value}))

    def _parent(self, stated: str | None, properties: Mapping[str, Any]) -> UUID | None:
        """Of a district, or of a term within its list."""
        if stated is None:
            return None
        if "codelist" not in self.target.fields:
            return self.reader.known.districts.find(stated).id
        return self.reader.known.terms.find(str(properties["codelist"]), stated)

    def _stays_corrected(
        self, edit: Edit, name: str, found: Mapping[str, Any], corrected: Mapping[str, Any]
    ) -> bool:
        if all(corrected[each] == found[each] for each in found.keys() & corrected.keys()):
            return False
        was = edit.judgement.changed.get(name, "")
        value = edit.judgement.record.properties.get(name)
        self.report.flag(f"corrected to {was!r}, which stays", edit.position, name, value)
        return True

    # What becomes of it

    def _link(self, edits: Sequence[Edit], name: str) -> set[UUID]:
        goals = {edit.id: edit.links[name] for edit in edits}
        known = self.reader.known
        return write_links(self.connection, known, self.target, name, goals, list(goals))


def update_rows(connection: Connection, model: type[Base], rows: Iterable[Row]) -> set[UUID]:
    """Write rows of which each has columns of its own; returns which of them that changed."""
    alike: dict[frozenset[str], list[Row]] = defaultdict(list)
    for row in rows:
        alike[frozenset(row)].append(row)
    return {
        each for group in alike.values() for each in upsert(connection, model, group).changed_ids
    }


def _merged(standing: Texts, texts: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
    """The translations that stand, with those of a row in their place; an empty cell ends one."""
    merged = {language: dict(each) for language, each in standing.items()}
    for name, text in texts.items():
        plain, _, language = name.partition("@")
        if text is None:
            merged.get(language, {}).pop(plain, None)
        else:
            merged.setdefault(language, {})[plain] = text
    return {language: each for language, each in merged.items() if each}
