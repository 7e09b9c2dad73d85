"""What comes back: the mapping of one of our own sheets, and what its sender changed in it.

Every row carries the checksum of what it was when it was exported. Compared with the row as the
registry has it now, that tells three things apart: what the sender changed (to be written), what
the registry changed since (to be left alone), and what both did (a conflict, for people to solve).
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection

from db import exports
from db.exports import Scope
from seed.mappings import FieldRule, ImportMapping, MappingError, PartRule, SourceRule
from seed.mappings.model import explained
from seed.mappings.rules import Convention
from seed.readers import Record
from seed.targets import TARGETS, Kind
from seed.workbooks.cells import (
    FALSE,
    SPELLINGS,
    TRUE,
    UNQUOTED,
    WORKBOOK,
    YES,
    Cell,
    Spelling,
    checksum,
    meaning,
)
from seed.workbooks.columns import (
    AT_SITE,
    BREAKDOWNS,
    COORDINATES,
    EXTERNAL_KEY,
    ID,
    PRIVATE,
    REMOVE,
    SEPARATOR,
    SOURCE,
    Column,
    Role,
    Sheet,
    sheets,
)
from seed.workbooks.lines import Line, Lines

REASONS = "Quartier"  # the column that `mark_rejected` adds
JOINT = "|"
SHOWN = 60  # characters of a value in a reason

KEYS: Mapping[str, tuple[str, ...]] = {
    "offerings": ("name", "organisation"),
    "organisations": ("name", "town"),
    "indicators": ("title",),
    "strategies": ("title",),
    "measures": ("strategy", "number", "title"),
    "decisions": ("title", "date", "body"),
}
"""What a new row is known by, where it states no key of its own and has none by nature."""

_NATURAL: Mapping[str, tuple[str, ...]] = {
    "districts": ("scheme", "key"),
    "codelists": ("codelist", "code"),
    "observations": ("indicator", "district", "period", BREAKDOWNS),
    "sites": ("name", "street", "postcode", "town"),
    "statements": ("kind", "text"),
}
"""What no two new rows may have in common, of an owner where they are parts."""

ENTERED = SourceRule(
    slug="entered-in-spreadsheets",
    title="Entered in spreadsheets",
    publisher="not stated",
    license="not_stated",
    attribution="not stated",
)
"""The source of new rows that state none: they cannot be published before somebody says more."""

_TOLD = {Role.IDENTITY, Role.ORIGIN, Role.INFORMATION}
_SPELLED_AS_TEXT = {Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.BOOLEAN}


# --- what the columns mean -----------------------------------------------------------------------


def is_own(columns: Collection[str]) -> bool:
    """Whether a table is one of our own exports."""
    return ID in columns and any(spelling.header in columns for spelling in SPELLINGS)


def own_sheet(resource: str, columns: Collection[str], part: str | None = None) -> Sheet:
    """The sheet of a resource, or of its parts, with the columns that a file of it has."""
    languages = {name.partition("@")[2] for name in columns} - {""}
    found = sheets(resource, sorted(languages), private=True)
    return next(sheet for sheet in found if sheet.name == (part or resource))


def own_mapping(
    resource: str, columns: Collection[str], *, source: SourceRule = ENTERED
) -> ImportMapping:
    """The mapping by which an import understands a sheet that was exported from here.

    Its key is for new rows; rows with an `id` are that entity. Raises MappingError.
    """
    if ID not in columns:
        raise MappingError(f"this is no export of {resource}: it has no column {ID!r}")
    sheet, spelling = own_sheet(resource, columns), _spelling(columns)
    key = KEYS.get(resource)
    fields = _rules(sheet, columns, spelling)
    taken = {column.name for column in sheet.columns if column.name in fields}
    try:
        return ImportMapping(
            resource=resource,
            title=f"Quartier's own sheet of {resource}",
            source=source,
            crs="OGC:CRS84",
            key=FieldRule(columns=key, join=JOINT) if key else None,
            fields=fields,
            conventions=_conventions(spelling),
            drop=tuple(name for name in columns if name not in taken),
            recognised_by=(ID,),
        )
    except ValidationError as error:
        listed = "; ".join(explained(iter(error.errors())))
        raise MappingError(f"own sheet of {resource}: {listed}") from error


def own_part(resource: str, part: str, columns: Collection[str]) -> PartRule:
    """The same for the sheet of parts, whose rows name their owner."""
    if part not in TARGETS[resource].parts:
        raise MappingError(f"{resource} have no part {part!r}")
    sheet = own_sheet(resource, columns, part)
    return PartRule(key=FieldRule(column=ID), fields=_rules(sheet, columns, _spelling(columns)))


def _spelling(columns: Collection[str]) -> Spelling:
    return next((each for each in SPELLINGS if each.header in columns), WORKBOOK)


def _conventions(spelling: Spelling) -> Convention:
    decimal = "," if spelling.decimal == "," else "."
    return Convention(decimal=decimal, true=TRUE, false=FALSE)


def _rules(sheet: Sheet, columns: Collection[str], spelling: Spelling) -> dict[str, FieldRule]:
    fields = sheet.target.all_fields
    return {
        column.name: _rule(column, spelling)
        for column in sheet.columns
        if column.name in columns
        and column.plain in fields
        and column.role in (Role.FIELD, Role.ORIGIN)
    }


def _rule(column: Column, spelling: Spelling) -> FieldRule:
    """Mapped on purpose: the registry had all of these columns before."""
    is_text = column.field.kind not in _SPELLED_AS_TEXT
    return FieldRule(
        column=column.name,
        separator=SEPARATOR.strip() if column.field.many else None,
        match=UNQUOTED if spelling.quoted and is_text else None,
        personal=True,
    )


# --- what the sender changed ---------------------------------------------------------------------


class Verdict(StrEnum):
    """What is to be done about a row. A blank one says nothing."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    CONFLICT = "conflict"
    REFUSED = "refused"
    BLANK = "blank"


@dataclass(frozen=True)
class Remark:
    """What is to be said of a row, or of one of its cells."""

    reason: str
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Judgement:
    """A row that came back, and what is to be done about it.

    `changed` are the fields to write, with what the registry has in them now; of a new row all that
    it states. `owner` is the id of the entity that a part belongs to; of a new part it may be the
    key or the label of a new entity. `key` and `source` are those of a new row, if it states any.
    """

    record: Record
    verdict: Verdict
    id: UUID | None = None
    changed: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    owner: str | None = None
    key: str | None = None
    source: str | None = None


Cells = Mapping[str, Cell]
"""Cells by the names of their columns."""

Row = Mapping[str, str]
"""What the cells of a row mean, by the names of their columns."""


@dataclass(frozen=True)
class Standing:
    """A row as the registry has it now: what its cells mean, and all of them as exported now."""

    meanings: Row
    line: Line


class Judge:
    """Compares rows that came back with what the registry has now."""

    def __init__(
        self,
        connection: Connection,
        resource: str,
        columns: Collection[str],
        part: str | None = None,
    ) -> None:
        spoken = [f"@{language}" for language in exports.languages(connection)]
        sheet = own_sheet(resource, [*columns, *spoken], part)
        if lacking := {sheet.owner or ID, ID} - set(columns):
            raise MappingError(f"the sheet {sheet.name} lacks {', '.join(sorted(lacking))}")
        self._connection = connection
        self._sheet = sheet
        self._header = _spelling(columns).header
        self._lines = Lines(sheet)
        self._columns = {each.name: each for each in sheet.columns if each.name in columns}
        self._read = {
            name: meaning(column, _spelling(columns)) for name, column in self._columns.items()
        }
        self._plain = {column.name: meaning(column) for column in sheet.columns}
        self._key = KEYS.get(sheet.name) or _NATURAL[sheet.name]
        self._shared: dict[tuple[UUID, str], str] = {}

    def key(self, record: Record) -> str | None:
        """What no two rows may have in common."""
        row = self._row(record)
        return JOINT.join(self._identity(row)) if row[ID] else self._own_key(row)

    def judge(
        self, records: Sequence[Record], repeated: Container[str] = ()
    ) -> Iterator[Judgement]:
        """A judgement for every record, given the keys that several have."""
        rows = [(record, self._row(record)) for record in records]
        standing = self._standing([row for _, row in rows])
        for record, row in rows:
            if not row[ID]:
                yield self._judged_new(record, row, repeated)
                continue
            judged = self._judged(record, row, standing.get(self._identity(row)))
            yield self._alone(judged, row, repeated)

    def told(self, identities: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, Cells]]:
        """What the registry says of rows by now beside their fields, such as ids and checksums.

        The rows are given, and told, by their positions, each with its owner and id; what is told
        are cells by column.
        """
        owner = self._sheet.owner or ""
        standing = self._standing([{owner: each[0], ID: each[1]} for each in identities.values()])
        for position, identity in identities.items():
            if identity in standing:
                yield position, self._told(standing[identity].line)

    def _told(self, line: Line) -> Cells:
        cells = self._lines.named(line)
        told = {name: cells[name] for name, each in self._columns.items() if each.role in _TOLD}
        return told | {self._header: line[self._sheet.checksum]}

    # What a row says, and what the registry says

    def _row(self, record: Record) -> Row:
        found = record.properties
        return {name: read(found.get(name)) for name, read in self._read.items()}

    def _identity(self, row: Row) -> tuple[str, str]:
        owner = row[self._sheet.owner] if self._sheet.owner else ""
        return owner.lower(), row[ID].lower()

    def _own_key(self, row: Row) -> str | None:
        """Of a part it begins with the owner; one without an address is known by all it says."""
        if stated := row.get(EXTERNAL_KEY):
            return stated
        named = [row[name] for name in self._key if row.get(name)]
        if self._sheet.owner:
            named = named or [
                value for name, value in row.items() if value and self._is_field(name)
            ]
            named = [row[self._sheet.owner], *named] if named else []
        return JOINT.join(named) or None

    def _standing(self, rows: Sequence[Row]) -> dict[tuple[str, str], Standing]:
        """The rows that the registry has of these, read as an export would read them."""
        stated = (_uuid(row[self._sheet.owner or ID]) for row in rows)
        scope = Scope(ids=[identity for identity in stated if identity], private=True)
        lines = self._lines.all_of(exports.rows(self._connection, self._sheet.reading, scope))
        return dict(map(self._described, lines))

    def _described(self, line: Line) -> tuple[tuple[str, str], Standing]:
        cells = self._lines.named(line)
        meanings = {name: self._plain[name](cells[name]) for name in self._columns}
        return self._identity(meanings), Standing(meanings, line)

    # A new row

    def _judged_new(self, record: Record, row: Row, repeated: Container[str]) -> Judgement:
        stated = {name: "" for name, value in row.items() if value and self._is_stated(name)}
        if not stated or row.get(REMOVE) == YES:
            return Judgement(record, Verdict.BLANK)
        key, owner = self._own_key(row), self._sheet.owner
        if key in repeated:
            return _refused(record, self._doubled(), self._sheet.target.label, key)
        if owner and not row[owner]:
            return _refused(record, f"name its {owner}: by id or, if that is new, by name", owner)
        return Judgement(
            record,
            Verdict.NEW,
            changed=stated,
            owner=row[owner] if owner else None,
            key=key,
            source=row.get(SOURCE) or None,
        )

    def _doubled(self) -> str:
        if EXTERNAL_KEY in self._columns:
            return f"several new rows are called this: give each a key in {EXTERNAL_KEY}"
        return "several new rows are of this: keep one of them"

    def _is_stated(self, name: str) -> bool:
        return self._is_field(name) or name in self._sheet.target.all_fields

    # A row that is known

    def _judged(self, record: Record, row: Row, standing: Standing | None) -> Judgement:
        identity = _uuid(row[ID])
        if identity is None:
            return _refused(record, "not an id; leave it empty in a new row", ID, row[ID])
        if standing is None:
            reason = "not in this registry, or archived; leave it empty in a new row"
            return _refused(record, reason, ID, row[ID])
        origin = tuple(self._origin(row, standing.meanings))
        if any(each.field in self._sheet.target.all_fields for each in origin):
            return Judgement(record, Verdict.REFUSED, identity, remarks=origin)
        changed = self._changed(row, standing.meanings)
        verdict = self._verdict(record, row, standing, changed)
        if verdict is Verdict.CHANGED and (against := self._against(identity, row, changed)):
            return Judgement(record, Verdict.REFUSED, identity, remarks=against)
        remarks = _conflict(changed, row) if verdict is Verdict.CONFLICT else ()
        owner = row[self._sheet.owner] if self._sheet.owner else None
        return Judgement(record, verdict, identity, changed, (*origin, *remarks), owner)

    def _origin(self, row: Row, standing: Row) -> Iterator[Remark]:
        """What differs although only a new row may state it."""
        for name, was in standing.items():
            if self._columns[name].role is Role.ORIGIN and not _same(was, row[name]):
                reason = f"stays {shown(was)}: a row cannot become another; add a new one"
                yield Remark(reason, name, row[name])

    def _changed(self, row: Row, standing: Row) -> dict[str, str]:
        changed = {
            name: was
            for name, was in standing.items()
            if self._is_field(name) and not _same(was, row[name])
        }
        if not changed.keys().isdisjoint(COORDINATES):  # a point is written as a whole
            changed |= {name: standing[name] for name in COORDINATES if name in standing}
        return changed

    def _verdict(self, record: Record, row: Row, standing: Standing, changed: Row) -> Verdict:
        removed = row.get(REMOVE) == YES
        if not changed and not removed:
            return Verdict.UNCHANGED
        exported = record.properties.get(self._header)
        if exported and exported not in self._checksums(standing):
            # The registry has changed since. That may be all that has.
            untouched = not removed and exported == self._checksum(row)
            return Verdict.UNCHANGED if untouched else Verdict.CONFLICT
        return Verdict.REMOVED if removed else Verdict.CHANGED

    def _against(self, identity: UUID, row: Row, changed: Row) -> tuple[Remark, ...]:
        """What another row says otherwise of the same part: a site that several offerings share."""
        if self._sheet.reading.through is None:
            return ()
        stated = {name: row[name] for name in changed if name not in AT_SITE}
        before = {name: self._shared.setdefault((identity, name), stated[name]) for name in stated}
        return tuple(
            Remark(f"another row of this {ID} says {shown(before[name])}", name, stated[name])
            for name in stated
            if before[name] != stated[name]
        )

    def _alone(self, judged: Judgement, row: Row, repeated: Container[str]) -> Judgement:
        """A row that is there twice is harmless while neither was changed."""
        if judged.verdict is Verdict.UNCHANGED or JOINT.join(self._identity(row)) not in repeated:
            return judged
        reason = "several rows have this id; leave it empty in a new row"
        return _refused(judged.record, reason, ID, row[ID])

    def _checksum(self, row: Row) -> str:
        return checksum((name, value) for name, value in row.items() if self._is_field(name))

    def _checksums(self, standing: Standing) -> set[str]:
        """Those an export may have given the row: with private fields or without, or just these.

        The file may lack columns by now that its checksum is of.
        """
        cells = self._lines.named(standing.line)
        fields = {
            each.name: self._plain[each.name](cells[each.name]) for each in self._sheet.fields
        }
        public = ((name, value) for name, value in fields.items() if name not in PRIVATE)
        private = str(standing.line[self._sheet.checksum])
        return {private, checksum(public), self._checksum(standing.meanings)}

    def _is_field(self, name: str) -> bool:
        return self._columns[name].role is Role.FIELD


def _conflict(changed: Row, row: Row) -> tuple[Remark, ...]:
    """What the row says and the registry says otherwise, where both have changed."""
    if not changed:
        return (Remark("not removed: changed in the registry since the export", REMOVE),)
    reason = "changed in the registry too since the export; there it is now"
    return tuple(Remark(f"{reason} {shown(was)}", name, row[name]) for name, was in changed.items())


def _refused(record: Record, reason: str, name: str, value: str | None = None) -> Judgement:
    return Judgement(record, Verdict.REFUSED, remarks=(Remark(reason, name, value),))


def _same(was: str, now: str) -> bool:
    """Also if a spreadsheet took a key for a number, and its leading zeros away."""
    return was == now or (was[:1] == "0" and was.isdigit() and was.lstrip("0") == now)


def shown(text: str) -> str:
    """A value of the registry in a reason."""
    short = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return repr(short) if short else "empty"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
