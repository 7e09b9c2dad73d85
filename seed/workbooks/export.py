"""Takes a resource out of the registry: one file, or one for every municipality or provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from db import exports
from db.exports import Inapplicable, Plain, Reading, Scope
from seed.imports.known import Known, Unknown
from seed.targets import OBSERVATIONS, TARGETS
from seed.workbooks.choices import Choices, choices
from seed.workbooks.columns import Sheet, sheets
from seed.workbooks.delimited import CsvStyle, write_csv
from seed.workbooks.lines import Line, Lines
from seed.workbooks.markers import Marker
from seed.workbooks.xlsx import Filled, TooLarge, write_workbook

XLSX, CSV = ".xlsx", ".csv"

Progress = Callable[[str], None]


class Each(StrEnum):
    """What has a file of its own, every one of it."""

    municipality = "municipality"
    provider = "provider"


class CannotExport(ValueError):  # noqa: N818 - reads as the state it reports
    """Not in this way. The message is for the person who asked."""


@dataclass(frozen=True)
class Order:
    """What to export, and how. Municipality and provider are given as files name them.

    `registry` is what the export says it comes from, such as the address of the registry.
    `unsuppressed`: raw values with what was decided about each; `actor`, who wants them, is logged.
    """

    resource: str
    municipality: str | None = None
    provider: str | None = None
    private: bool = False
    csv: CsvStyle = field(default_factory=CsvStyle)
    registry: str = "quartier"
    unsuppressed: bool = False
    actor: str = ""


@dataclass(frozen=True)
class Written:
    """A file, and how many rows it has."""

    file: Path
    rows: int


@dataclass
class Exported:
    """The files that were written. `left_out` are rows that belong into none of them."""

    files: list[Written] = field(default_factory=list)
    left_out: int = 0


def export_file(url: str, order: Order, file: Path) -> Exported:
    """Write one file: a workbook, or CSV with a file of its own for every kind of parts."""
    if file.suffix.lower() not in (XLSX, CSV):
        raise CannotExport(f"{file.name}: a file to export to ends in {XLSX} or {CSV}")
    if not order.unsuppressed:
        return _export_file(url, order, file)
    if order.resource != OBSERVATIONS.name:
        raise CannotExport(f"nothing of {order.resource} is suppressed, only observations are")
    try:
        with exports.logged(url, order.resource, str(file.resolve()), order.actor) as rows:
            done = _export_file(url, replace(order, private=True), file)
            rows += [each.rows for each in done.files]
            return done
    except ProgrammingError as error:
        raise CannotExport("only who owns the registry may take out what is hidden") from error


def _export_file(url: str, order: Order, file: Path) -> Exported:
    with exports.snapshot(url) as connection:
        source = _Source(connection, order)
        try:
            return Exported(source.write(file, source.scope))
        except (Inapplicable, TooLarge) as error:
            raise CannotExport(str(error)) from error


def export_each(
    url: str, order: Order, each: Each, folder: Path, *, progress: Progress = lambda _: None
) -> Exported:
    """Write a workbook for every municipality or provider that has any rows.

    A row that belongs to several (an offering with sites in two towns) is in each of them.
    """
    exported, seen = Exported(), set[str]()
    with exports.snapshot(url) as connection:
        source = _Source(connection, order)
        try:
            for scope, slug in source.scopes(each):
                progress(slug)
                file = folder / f"{order.resource}-{slug}{XLSX}"
                exported.files += source.write(file, scope, seen, skip_empty=True)
            exported.left_out = len(source.identities() - seen)
        except (Inapplicable, TooLarge) as error:
            raise CannotExport(str(error)) from error
    return exported


class _Source:
    """The registry at one moment, as an order wants it."""

    def __init__(self, connection: Connection, order: Order) -> None:
        self._connection = connection
        self._order = order
        self._target = TARGETS[order.resource]
        self._sheets = sheets(
            order.resource,
            self._languages(),
            private=order.private,
            unsuppressed=order.unsuppressed,
        )
        self.scope = self._scope(order)

    def _scope(self, order: Order) -> Scope:
        known = Known(self._connection)
        return Scope(
            district=_district(known, order.municipality),
            provider=_provider(known, order.provider),
            private=order.private,
        )

    def _languages(self) -> list[str]:
        """Those that texts are translated into: all but the one that rows are written in."""
        own, *others = exports.languages(self._connection)
        models = [self._target.model, *(part.model for part in self._target.parts.values())]
        written: set[str] = set()
        for model in models:
            if "lang" in model.__table__.columns:
                written |= exports.languages_of_rows(self._connection, model)
        return [*others, own] if written - {own} else others

    def scopes(self, each: Each) -> Iterator[tuple[Scope, str]]:
        if each is Each.municipality:
            for identity, slug in exports.municipalities(self._connection):
                yield replace(self.scope, district=identity), slug
        else:
            for identity, slug in exports.providers(self._connection, self._target.model):
                yield replace(self.scope, provider=identity), slug

    def identities(self) -> set[str]:
        """The ids of all rows that this order could export."""
        identity = Plain(self._target.model, "id")
        reading = Reading(self._target.model, (identity,), (identity,))
        return {str(row[0]) for row in exports.rows(self._connection, reading, self.scope)}

    def write(
        self, file: Path, scope: Scope, seen: set[str] | None = None, *, skip_empty: bool = False
    ) -> list[Written]:
        filled = [Filled(sheet, self._lines(sheet, scope)) for sheet in self._sheets]
        if skip_empty:
            first = next(iter(filled[0].lines), None)
            if first is None:
                return []
            filled[0] = Filled(filled[0].sheet, chain([first], filled[0].lines))
        if seen is not None:
            filled[0] = Filled(filled[0].sheet, _noted(filled[0].lines, seen))
        if file.suffix.lower() == CSV:
            return list(self._write_csv(file, filled))
        rows = write_workbook(file, filled, self._choices(), self._marker())
        return [Written(file, rows[self._sheets[0].name])]

    def _write_csv(self, file: Path, filled: Sequence[Filled]) -> Iterator[Written]:
        for each in filled:
            own = self._sheets[0] is each.sheet
            path = file if own else file.with_stem(f"{file.stem}-{each.sheet.name}")
            yield Written(path, write_csv(path, each.sheet, each.lines, self._order.csv))

    def _lines(self, sheet: Sheet, scope: Scope) -> Iterator[Line]:
        return Lines(sheet).all_of(exports.rows(self._connection, sheet.reading, scope))

    def _choices(self) -> Choices:
        connection = self._connection
        return choices(self._sheets, exports.terms(connection), exports.source_slugs(connection))

    def _marker(self) -> Marker:
        now = exports.moment(self._connection)
        return Marker(self._order.registry, self._order.resource, now.at, now.sequence)


def _noted(lines: Iterable[Line], seen: set[str]) -> Iterator[Line]:
    """The lines as they pass; their ids are noted."""
    for line in lines:
        seen.add(str(line[0]))
        yield line


def _district(known: Known, stated: str | None) -> UUID | None:
    try:
        return None if stated is None else known.districts.find(stated).id
    except Unknown as unknown:
        raise CannotExport(f"{stated}: {unknown}") from unknown


def _provider(known: Known, stated: str | None) -> UUID | None:
    try:
        found = None if stated is None else known.entities("organisation").find(stated)
    except Unknown as unknown:
        raise CannotExport(f"{stated}: {unknown}") from unknown
    if stated is not None and found is None:
        raise CannotExport(f"{stated}: no organisation has this slug or name")
    return found
