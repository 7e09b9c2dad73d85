"""Exports that come back: what their senders changed is written, and nothing else.

A file is one of ours by its columns, whatever it is called. Each of its sheets is judged row by row
(`Judge`) and written in its own way; all of it is the same import, with the same report.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection

from db import exports
from db.boundaries import lock_boundaries
from db.models import Base
from db.registry import hold
from seed.imports.additions import Additions, Newcomers
from seed.imports.changes import Changes, Edit, Verdicts
from seed.imports.districts import redraw
from seed.imports.fields import Reader
from seed.imports.known import Known
from seed.imports.returned_parts import ReturnedParts
from seed.imports.stream import Stream
from seed.mappings import FileRule, ImportMapping, MappingError, SourceRule
from seed.mappings.model import SAMPLE
from seed.readers import Document, Record, Table
from seed.report import FileReport
from seed.targets import TARGETS
from seed.workbooks.cells import SPELLINGS
from seed.workbooks.columns import Role, Sheet
from seed.workbooks.markers import marker_of
from seed.workbooks.returned import (
    ENTERED,
    REASONS,
    Judge,
    Verdict,
    is_own,
    own_mapping,
    own_part,
    own_sheet,
)

WORKBOOKS = ("xlsx", "xls")
CHECKSUM = re.compile("q[0-9a-f]{16}")


@dataclass(frozen=True)
class Page:
    """A sheet of an export: of the resource itself, or of its parts."""

    table: Table
    resource: str
    part: str | None = None


@dataclass(frozen=True)
class Returned:
    """An export that came back, its main sheet first, and the mapping it is read by."""

    mapping: ImportMapping
    pages: tuple[Page, ...]

    @property
    def first(self) -> Table:
        return self.pages[0].table


# --- what the file is ----------------------------------------------------------------------------


def returned(
    file: Path, document: Document, resource: str | None, source: SourceRule | None = None
) -> Returned | None:
    """The file as an export of a resource; None if it is none. `source` is that of new rows.

    Raises MappingError for an export of something else, or one that cannot be told.
    """
    own = [table for table in document.tables if _is_export(table)]
    if not own:
        return None
    marker = marker_of(file)
    stated = resource or (marker.resource if marker else None)
    pages = [_page(table, stated) for table in own]
    found = {page.resource for page in pages}
    if len(found) > 1 or (stated and found != {stated}):
        raise MappingError(f"this is an export of {', '.join(sorted(found))}, not of {stated}")
    parts = [page.part for page in pages]
    if len(set(parts)) < len(parts):
        names = ", ".join(repr(page.table.name) for page in pages)
        raise MappingError(f"several sheets are of the same rows ({names}): keep one of them")
    pages.sort(key=lambda page: page.part or "")
    return Returned(_mapping(pages, document, source or ENTERED), _named(pages, document))


def _is_export(table: Table) -> bool:
    """By its columns; a checksum that somebody else made is none of ours."""
    if not is_own(table.columns):
        return False
    header = next(each.header for each in SPELLINGS if each.header in table.columns)
    found = (record.properties.get(header) for record in islice(table.records(), SAMPLE))
    stated = [str(checksum) for checksum in found if checksum is not None]
    return not stated or any(map(CHECKSUM.fullmatch, stated))


def _page(table: Table, stated: str | None) -> Page:
    """The sheet that a table is: the one that has the most of its columns."""
    columns = set(table.columns)
    fits = [
        (page, len(columns.intersection(each.name for each in sheet.columns)))
        for page, sheet in _all_pages(table)
        if {each.name for each in sheet.columns if each.role is Role.IDENTITY} <= columns
    ]
    most = max(common for _, common in fits)
    best = [page for page, common in fits if common == most]
    asked = [page for page in best if page.resource == stated] or best
    if len(asked) > 1:
        names = ", ".join(page.part or page.resource for page in asked)
        raise MappingError(f"too few columns to tell what this is: {names}; name the resource")
    return asked[0]


def _all_pages(table: Table) -> Iterator[tuple[Page, Sheet]]:
    for name, target in TARGETS.items():
        yield Page(table, name), own_sheet(name, table.columns)
        for part in target.parts:
            yield Page(table, name, part), own_sheet(name, table.columns, part)


def _mapping(pages: Sequence[Page], document: Document, source: SourceRule) -> ImportMapping:
    """The mapping of the main sheet; of a file that has only parts, as if it had that as well."""
    first = pages[0]
    if first.part is None:
        mapping = own_mapping(first.resource, first.table.columns, source=source)
        rule = FileRule(table=first.table.name if document.format in WORKBOOKS else None)
        return mapping.model_copy(update={"file": rule})
    spelled = [each.header for each in SPELLINGS if each.header in first.table.columns]
    columns = [each.name for each in own_sheet(first.resource, ()).columns]
    return own_mapping(first.resource, [*columns, *spelled], source=source)


def _named(pages: Sequence[Page], document: Document) -> tuple[Page, ...]:
    """Rows of a second sheet of a workbook say in which one they stand."""
    if document.format not in WORKBOOKS:
        return tuple(pages)
    return tuple(replace(page, table=_Second(page.table)) if page.part else page for page in pages)


@dataclass(frozen=True)
class _Second:
    table: Table

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> Sequence[str]:
        return self.table.columns

    @property
    def crs(self) -> str | None:
        return self.table.crs

    def records(self) -> Iterator[Record]:
        for record in self.table.records():
            yield replace(record, position=f"{self.name}, {record.position}")


# --- what becomes of it --------------------------------------------------------------------------

Step = tuple["ReturnedEntities | ReturnedParts | Sieve", Stream]


def steps(
    connection: Connection, file: Returned, report: FileReport, *, telling: bool
) -> Iterator[Step]:
    """What writes each sheet, and the sheet; the main one first, as others name its new rows.

    Nobody else writes meanwhile: a row is what it was when it was compared. `telling`: the sender
    is to be told of what was written, so that the rest can be mended and sent again.
    """
    target = file.mapping.target
    if target.name == "districts":
        lock_boundaries(connection)
    hold(connection, _models(file))
    own, *_ = exports.languages(connection)
    mapping = file.mapping.model_copy(update={"lang": own})
    known, newcomers = Known(connection), Newcomers()
    for page in file.pages:
        _tell_columns(page, report)
        judge = Judge(connection, page.resource, page.table.columns, page.part)
        verdicts = Verdicts(judge, report)
        reader = Reader(mapping, known, report, strict=True)
        importer: ReturnedEntities | ReturnedParts
        if page.part is None:
            additions = Additions(connection, mapping, known, report, newcomers)
            changes = Changes(connection, reader, target, mapping.fields)
            importer = ReturnedEntities(changes, additions, verdicts)
        else:
            rules = own_part(page.resource, page.part, page.table.columns).fields
            changes = Changes(connection, reader, target.parts[page.part], rules)
            importer = ReturnedParts(changes, newcomers, verdicts)
        yield from _passes(importer, Stream(page.table, mapping))
        if telling:  # all of the sheet is written by now
            report.told |= verdicts.told()


def _passes(importer: ReturnedEntities | ReturnedParts, stream: Stream) -> Iterator[Step]:
    """Where rows are about each other, all are judged before one is written."""
    if not importer.whole:
        yield importer, stream
        return
    yield Sieve(importer.reader, importer.verdicts), stream
    yield importer, Kept(stream.table, stream.mapping, importer.verdicts)


@dataclass
class Sieve:
    """Judges the rows of a sheet. Only those that are to be written are kept in memory."""

    reader: Reader
    verdicts: Verdicts
    whole: bool = False

    def key(self, record: Record) -> str | None:
        return self.verdicts.key(record)

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        self.verdicts.sift(records, repeated)


@dataclass(frozen=True)
class Kept(Stream):
    """The rows that a sieve has kept; they were counted before."""

    verdicts: Verdicts

    def records(self, _: FileReport | None = None) -> Iterator[Record]:
        return self.verdicts.kept()


def _tell_columns(page: Page, report: FileReport) -> None:
    """Which columns of a sheet are its sender's own."""
    known = {each.name for each in own_sheet(page.resource, page.table.columns, page.part).columns}
    known |= {REASONS, *(each.header for each in SPELLINGS)}
    if own := [name for name in page.table.columns if name not in known]:
        report.note(f"columns not taken: {', '.join(own)}")


def _models(file: Returned) -> Iterator[type[Base]]:
    target = file.mapping.target
    yield target.model
    for page in file.pages:
        if page.part:
            yield target.parts[page.part].model


@dataclass
class ReturnedEntities:
    """Writes the rows of a main sheet: new ones first, as others may name them."""

    changes: Changes
    additions: Additions
    verdicts: Verdicts

    @property
    def reader(self) -> Reader:
        return self.changes.reader

    @property
    def whole(self) -> bool:
        """Whether rows name others of their sheet: then all are judged before one is written."""
        target = self.changes.target
        fields = target.all_fields
        return "parent" in fields or any(each.table == target.table for each in fields.values())

    def key(self, record: Record) -> str | None:
        return self.verdicts.key(record)

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        found = self.verdicts.of(records, repeated)
        for each, identity in self.additions.write(found[Verdict.NEW]):
            self.verdicts.note(each, identity)
        edits = self.changes.edits(found[Verdict.CHANGED])
        changed = self.changes.write(edits)
        for edit in edits:
            taken = bool(edit.columns or edit.links)
            self.changes.tell(edit, taken=taken, changed=edit.id in changed)
            self.verdicts.note(edit.judgement, edit.id)
        if self.changes.target.name == "districts" and (found[Verdict.NEW] or _moved(edits)):
            redraw(self.changes.connection, self.changes.report)


def _moved(edits: Sequence[Edit]) -> bool:
    """Whether boundaries that are made from others may be others now."""
    return any(edit.columns.keys() & {"parent_id", "valid_from", "valid_to"} for edit in edits)
