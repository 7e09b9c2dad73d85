"""Observations from records: values of indicators by district and period."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.models import Indicator, Observation
from db.registry import Row, insert_missing, mark_seen, upsert
from seed import numbers
from seed.edtf import ImpreciseDate
from seed.identity import part_id
from seed.imports.fields import Reader, columns_of
from seed.imports.known import Districts, Unknown
from seed.imports.stream import Stream
from seed.keys import explain
from seed.mappings import ImportMapping, MappingError, ValueRefused
from seed.mappings.rules import written
from seed.numbers import Figure
from seed.readers import Record
from seed.targets import OBSERVATIONS

CELL = ("indicator", "district", "period")
STATED = {"value", "sign"}  # what a number, or a sign in its place, is read from


def register_indicators(connection: Connection, mapping: ImportMapping, source: UUID) -> None:
    """The indicators a mapping describes, where the registry lacks them."""
    rows = [
        {
            "id": part_id(source, "indicator", rule.slug),
            "source_id": source,
            "external_key": rule.slug,
            "status": mapping.status,
            "lang": mapping.lang,
            **rule.model_dump(),
        }
        for rule in mapping.indicators
    ]
    insert_missing(connection, Indicator, rows)


def refuse_strangers(stream: Stream, reader: Reader) -> None:
    """A file about other districts than the registry's is refused, with what it is about.

    Few of its districts may be unknown: then their rows are rejected.
    """
    rule, districts = stream.mapping.fields["district"], reader.known.districts
    stated: set[str] = set()
    for record in stream.records():
        with suppress(ValueRefused):
            stated.add(written(rule.read("district", record.properties)))
    unknown = {each for each in stated if each and not _is_known(districts, each)}
    if len(unknown) * 2 > len(stated):
        raise MappingError(
            f"{len(unknown)} of the file's {len(stated)} districts are not registered: "
            f"{explain(stated, districts.keys).text}"
        )


def _is_known(districts: Districts, stated: str) -> bool:
    try:
        districts.find(stated)
    except Unknown:
        return False
    return True


@dataclass
class ObservationImport:
    """Writes batches of records as observations. A cell of the cube is its own key."""

    connection: Connection
    reader: Reader
    source: UUID
    whole: bool = False

    def key(self, record: Record) -> str | None:
        """The cell, as far as the file states it: one cell stated twice is a contradiction."""
        mapping = self.reader.mapping
        cell = {name: mapping.fields[name] for name in CELL} | mapping.breakdowns
        stated = [
            rule.read(name, record.properties, mapping.conventions.empty)
            for name, rule in cell.items()
        ]
        return "\x1f".join(written(each) for each in stated)

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        rows = [row for record in records if (row := self._row(record, repeated))]
        if not rows:
            return
        mark_seen(self.connection, [row["id"] for row in rows])
        counts = upsert(self.connection, Observation, rows)
        report = self.reader.report
        report.new += counts.new
        report.changed += counts.changed
        report.unchanged += counts.unchanged

    def _row(self, record: Record, repeated: Container[str]) -> Row | None:
        report, mapping = self.reader.report, self.reader.mapping
        try:
            if self.key(record) in repeated:
                report.reject("several rows are of this cell", record.position, "period")
                return None
            figure = self._figure(record)
        except ValueRefused as refused:
            report.reject(refused.reason, record.position, refused.field, refused.value)
            return None
        others = {name: rule for name, rule in mapping.fields.items() if name not in STATED}
        values = self.reader.read(OBSERVATIONS, others, record.properties, record.position)
        return None if values is None else self._described(record, values, figure)

    def _figure(self, record: Record) -> Figure:
        """The number, and what stands beside it or in its place (`.` secret, `x` senseless)."""
        mapping = self.reader.mapping
        figures = mapping.conventions.of_numbers
        found = Figure(None)
        for name in STATED & mapping.fields.keys():
            rule = mapping.fields[name]
            stated = rule.read(name, record.properties, mapping.conventions.empty)
            self.reader.tell_unmatched(rule, stated, record.properties)
            try:
                value, flag = numbers.figure(stated, figures)
            except ValueError as error:
                raise ValueRefused(name, stated, str(error)) from error
            if value is not None and rule.scale is not None:
                value *= rule.scale
            found = Figure(found.value if value is None else value, found.flag or flag)
        return found

    def _described(self, record: Record, values: dict[str, Any], figure: Figure) -> Row | None:
        period: ImpreciseDate = values["period"]
        try:
            district = self.reader.known.districts.at(values["district"], period.latest)
        except Unknown as unknown:
            self.reader.report.reject(str(unknown), record.position, "district")
            return None
        flag = figure.flag or ("final" if figure.value is not None else "not_available")
        flags = list(values.pop("flags", None) or (flag,))
        if figure.value is None and "low_reliability" in flags:  # why it is not shown
            flags = list(dict.fromkeys([*flags, "not_available"]))
        row = dict(columns_of(OBSERVATIONS, values))
        breakdowns = self._breakdowns(record)
        cell = (row["indicator_id"], district, period.edtf, sorted(breakdowns.items()))
        return {
            "id": part_id(self.source, "observation", *cell),
            "source_id": self.source,
            "status": self.reader.mapping.status,
            "raw": self.reader.mapping.raw,
            "breakdowns": breakdowns,
            "value": figure.value,
            **row,
            "district_id": district,
            "flags": flags,
        }

    def _breakdowns(self, record: Record) -> dict[str, str]:
        """The dimensions a value is broken down by; a total has none of that dimension."""
        found = {
            name: rule.read(name, record.properties)
            for name, rule in self.reader.mapping.breakdowns.items()
        }
        terms = self.reader.known.terms
        return {
            name: terms.code(name, written(value))
            for name, value in found.items()
            if value is not None
        }
