"""An import: files are opened, understood by a mapping, and written, each in one transaction."""

from __future__ import annotations

import gc
import hashlib
from array import array
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol
from uuid import UUID

import numpy as np
import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from db.duplicates import Kind, duplicates_of_import
from db.imports import begin_run, finish_run, run_of
from db.registry import archive_vanished, vanished, writer
from seed.imports.additions import AlreadyThere
from seed.imports.codelists import CodelistImport
from seed.imports.columns import Columns
from seed.imports.districts import DistrictImport
from seed.imports.entities import EntityImport
from seed.imports.fields import Reader
from seed.imports.known import Known
from seed.imports.observations import ObservationImport, refuse_strangers, register_indicators
from seed.imports.parts import stated_points
from seed.imports.places import placement_of, places_of
from seed.imports.provenance import register_source
from seed.imports.returning import Returned, returned, steps
from seed.imports.stream import Stream
from seed.mappings import (
    FieldRule,
    FileRule,
    ImportMapping,
    MappingError,
    ValueRefused,
    fitting,
    named,
    recognises,
)
from seed.readers import Document, Hints, Record, Table, UnreadableError
from seed.readers.formats import open_file
from seed.report import FileReport, Report
from seed.workbooks.marks import CannotMark, mark_rejected

BATCH = 10_000  # records at a time: memory stays flat, statements stay few
VANISHED = 0.2  # of a source's rows: more than that is a question, not a snapshot
DOUBLED: Mapping[str, Kind] = {"offerings": "offering", "organisations": "organisation"}

Progress = Callable[[str, int, int | None], None]
"""Told of a file's name, how many of its rows are done, and of how many, where that is known."""


@dataclass(frozen=True)
class Order:
    """What to import, and how. No resource: the one of the ready mapping that fits.

    `snapshot`: what a file no longer has is archived, up to a share (`threshold`) of the source.
    `resume` passes over a file that was imported, unless something newer came from its source;
    the files `beside` it (their sums) are not newer. `marked` is where a copy of the file goes, in
    which what was not taken is marked.
    """

    resource: str | None
    mapping: str | None = None
    dry_run: bool = False
    snapshot: bool = False
    threshold: float = VANISHED
    resume: bool = False
    beside: tuple[str, ...] = ()
    marked: Path | None = None
    actor: str = "quartier import"


class Importer(Protocol):
    """Writes the records of one resource. `whole`: all at once, as they refer to each other."""

    @property
    def reader(self) -> Reader: ...
    @property
    def whole(self) -> bool: ...
    def key(self, record: Record) -> str | None: ...
    def write(self, records: Sequence[Record], repeated: Container[str]) -> None: ...


Step = tuple[Importer, Stream]
"""What writes the records of a table, and the table."""


@dataclass(frozen=True)
class Understood:
    """A file, the mapping that explains it, and the table it is about; or that it was ours."""

    file: Path
    mapping: ImportMapping
    table: Table
    document: Document
    export: Returned | None = None


def import_files(
    url: str, files: Sequence[Path], order: Order, *, progress: Progress = lambda *_: None
) -> Report:
    """Import files, each in one transaction. A file that is refused does not stop the next."""
    report = Report(order.dry_run)
    if order.resume:
        order = replace(order, beside=tuple(_digests(files)))
    for file in files:
        report.files.append(_import_file(url, file, order, progress))
    return report


def _import_file(url: str, file: Path, order: Order, progress: Progress) -> FileReport:
    report = FileReport(str(file))
    try:
        understood = _understand(file, order)
        report.mapping = understood.mapping.title
        for note in understood.document.notes:
            report.note(note)
        with writer(url, order.actor) as connection:
            attempt = connection.begin_nested()
            _write(connection, understood, order, report, progress)
            if order.dry_run:
                attempt.rollback()
        if order.marked:
            _mark(understood, order.marked, report)
    except (UnreadableError, MappingError, OSError) as error:
        report.refuse(str(error))
    return report


def _mark(understood: Understood, out: Path, report: FileReport) -> None:
    try:
        marked = mark_rejected(
            understood.file, report.findings, out, mapping=understood.mapping, told=report.told
        )
    except CannotMark as refused:
        report.note(f"not marked: {refused}")
        return
    for lost in marked.lost:
        report.note(f"{out.name} has lost something of the file: {lost}")


# --- what the file is ----------------------------------------------------------------------------


def _understand(file: Path, order: Order) -> Understood:
    """Open a file by the named mapping, or by the only ready one that fits its columns."""
    opened: dict[Hints, Document] = {}

    def document(hints: Hints) -> Document:
        known = replace(hints, table=None)  # one table is chosen later
        if known not in opened:
            opened[known] = open_file(file, known)
        return opened[known]

    def tables(rule: FileRule) -> Sequence[Table]:
        if rule.records and not plain.format.startswith("json"):
            return ()
        try:
            return document(rule.hints).tables
        except UnreadableError:
            return ()

    plain = document(Hints())  # what cannot be read at all is refused for that reason
    chosen = named(order.mapping) if order.mapping else None
    if chosen and order.resource not in (None, chosen.resource):
        raise MappingError(f"this mapping is one of {chosen.resource}, not of {order.resource}")
    resource, source = (chosen.resource, chosen.source) if chosen else (order.resource, None)
    if export := returned(file, plain, resource, source):
        return Understood(file, export.mapping, export.first, plain, export)
    mapping = chosen or fitting(order.resource, tables)
    found = document(mapping.file.hints)
    return Understood(file, mapping, _table(found, mapping), found)


def _table(document: Document, mapping: ImportMapping) -> Table:
    """The table of the mapping: by its name, or the only one with the mapping's columns."""
    if mapping.file.table is None:
        fits = [table for table in document.tables if recognises(mapping, table)]
        if len(fits) == 1:
            return fits[0]
    table = document.table(mapping.file.table)
    if lacking := mapping.columns - set(table.columns):
        raise MappingError(f"the file lacks columns of the mapping: {', '.join(sorted(lacking))}")
    return table


# --- what becomes of it --------------------------------------------------------------------------


def _write(
    connection: Connection,
    understood: Understood,
    order: Order,
    report: FileReport,
    progress: Progress,
) -> None:
    mapping, file = understood.mapping, understood.file
    digest = _digest(file)
    if order.resume and run_of(
        connection, digest, mapping.title, mapping.resource, beside=order.beside
    ):
        report.note("imported before with this mapping, and not changed since: passed over")
        return
    source, tables = _steps(connection, understood, order, report)
    run = begin_run(
        connection,
        resource=mapping.resource,
        file=file.name,
        sha256=digest,
        mapping=mapping.title,
        source_id=source,
        actor=order.actor,
    )
    done = 0
    for importer, stream in tables:
        progress(file.name, done, None)
        repeated, rows = _repeated(importer, stream)
        before = done
        for batch in _batches(stream.records(report), importer):
            _write_batch(connection, importer, batch, repeated, report)
            done += len(batch)
            progress(file.name, done, before + rows)
    if order.snapshot or mapping.snapshot:
        _archive(connection, mapping, source, order, report)
    report.tell_losses()
    if not report.read:
        report.flag("the file holds no rows", None)
    if source is not None and mapping.resource in DOUBLED:
        _tell_doubles(connection, run, source, report)
    report.run = run
    finish_run(connection, run, report.counts(), report.as_json())


def _steps(
    connection: Connection, understood: Understood, order: Order, report: FileReport
) -> tuple[UUID | None, Iterator[Step]]:
    """The source of the file, and what writes each of its tables. Rows of an export have their own
    sources."""
    if understood.export is not None:
        telling = order.marked is not None and not order.dry_run
        return None, steps(connection, understood.export, report, telling=telling)
    source = register_source(connection, understood.mapping.source, report)
    return source, _own_steps(connection, understood, source, report)


def _own_steps(
    connection: Connection, understood: Understood, source: UUID, report: FileReport
) -> Iterator[Step]:
    """What comes first of a file that has several resources, and then what it is about."""
    for name in understood.mapping.after:
        mapping = named(name)
        for table in understood.document.tables:
            if table.name == mapping.file.table and recognises(mapping, table):
                first = replace(understood, mapping=mapping, table=table)
                yield from _only_step(connection, first, source, report)
    yield from _only_step(connection, understood, source, report)


def _only_step(
    connection: Connection, understood: Understood, source: UUID, report: FileReport
) -> Iterator[Step]:
    stream = Stream(understood.table, understood.mapping)
    columns = Columns(stream, understood.mapping)
    columns.tell(report)
    yield _importer(connection, understood, stream, source, columns.withheld, report), stream


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _digests(files: Sequence[Path]) -> Iterator[str]:
    for file in files:
        with suppress(OSError):  # is reported when its turn comes
            yield _digest(file)


def _importer(
    connection: Connection,
    understood: Understood,
    stream: Stream,
    source: UUID,
    withheld: Sequence[FieldRule],
    report: FileReport,
) -> Importer:
    mapping = understood.mapping
    known = Known(connection, mapping.within)
    reader = Reader(mapping, known, report, withheld)
    if mapping.resource == "codelists":
        return CodelistImport(connection, reader)
    if mapping.resource == "observations":
        refuse_strangers(stream, reader)
        register_indicators(connection, mapping, source)
        return ObservationImport(connection, reader, source)
    kind = understood.document.format
    if mapping.resource == "districts":
        shapes = (record.geometry for record in stream.records())
        placement = placement_of(stream, shapes, kind, report)
        return DistrictImport(connection, reader, placement, source)
    placement = placement_of(stream, stated_points(stream), kind, report)
    names = {each.id: each.name for each in known.districts.all.values()}
    places = places_of(connection, placement, names, report)
    return EntityImport(connection, reader, places, source, whole=_refers_to_itself(mapping))


def _refers_to_itself(mapping: ImportMapping) -> bool:
    """Whether rows name rows of the same table, such as a parent, so that none may come first."""
    fields = mapping.target.fields
    return any(
        fields[name].table == mapping.target.table for name in mapping.fields if name in fields
    )


def _tell_doubles(connection: Connection, run: int, source: UUID, report: FileReport) -> None:
    """What another source has as well is named, and never merged."""
    for kind in DOUBLED.values():
        doubles = duplicates_of_import(connection, kind, run, source)
        if doubles is None:
            report.note(f"not compared with the {kind}s of other sources: that takes too long")
        elif doubles.doubtful:
            report.doubles.append(doubles)


def _repeated(importer: Importer, stream: Stream) -> tuple[Container[str], int]:
    """The keys that several rows have: neither is right by itself, so all of them are rejected.
    And how many rows have a key.

    Hashes of eight bytes, as a million keys would not fit into flat memory.
    """
    hashes = array("q")
    for record in stream.records():
        with suppress(ValueRefused):
            if key := importer.key(record):
                hashes.append(hash(key))
    if importer.whole:
        importer.reader.own = Hashes({*hashes})
    values, counts = np.unique(np.frombuffer(hashes, dtype=np.int64), return_counts=True)
    return Hashes({int(value) for value in values[counts > 1]}), len(hashes)


@dataclass(frozen=True)
class Hashes(Container[str]):
    """Texts by their hashes."""

    values: Collection[int]

    def __contains__(self, text: object) -> bool:
        return hash(text) in self.values


def _batches(records: Iterator[Record], importer: Importer) -> Iterator[list[Record]]:
    if importer.whole:
        yield list(records)
        return
    while batch := list(islice(records, BATCH)):
        yield batch


def _write_batch(
    connection: Connection,
    importer: Importer,
    batch: Sequence[Record],
    repeated: Container[str],
    report: FileReport,
) -> None:
    """Write a batch; what the database refuses is looked for by halves, and rejected alone."""
    before = report.mark()
    attempt = connection.begin_nested()
    try:
        with _uncollected():
            importer.write(batch, repeated)
    except (IntegrityError, DataError, AlreadyThere) as error:
        attempt.rollback()
        report.forget(before)
        importer.reader.forget()
        if len(batch) == 1:
            report.reject(_refusal(error), batch[0].position)
            return
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            _write_batch(connection, importer, half, repeated, report)
    else:
        attempt.commit()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cycles: it would go through all rows of the batch and find none."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def _refusal(error: DBAPIError | AlreadyThere) -> str:
    """The rule that a row breaks, by the name PostgreSQL gives it: `offering_age_max_check`."""
    if isinstance(error, AlreadyThere):
        return str(error)
    said = error.orig
    if isinstance(said, psycopg.Error) and said.diag.constraint_name:
        return f"breaks a rule of the registry: {said.diag.constraint_name}"
    return f"cannot be stored: {str(said).splitlines()[0]}"


def _archive(
    connection: Connection,
    mapping: ImportMapping,
    source: UUID | None,
    order: Order,
    report: FileReport,
) -> None:
    """What a full snapshot no longer has is archived; a source that lost much is a question."""
    if source is None:
        report.note("an export is no snapshot: what it no longer has is not archived")
        return
    if mapping.origin is not None:
        report.note("rows name their own sources: what the file no longer has is not archived")
        return
    model = mapping.target.model
    gone = vanished(connection, model, source)
    if gone.count > order.threshold * gone.live:
        raise MappingError(
            f"{gone.count} of {gone.live} rows of this source are no longer in the file (such as "
            f"{', '.join(gone.sample)}), more than {order.threshold:.0%}: if that is right, "
            "import with a higher --threshold"
        )
    report.archived = len(archive_vanished(connection, model, source))
    if report.archived:
        report.note(f"{report.archived} rows are no longer in the file and were archived")
