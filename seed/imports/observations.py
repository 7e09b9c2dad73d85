"""Observations from records: values of indicators by district and period."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
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
from seed.imports.known import Unknown
from seed.mappings import FieldRule, ImportMapping, ValueRefused
from seed.mappings.rules import written
from seed.readers import Record
from seed.targets import OBSERVATIONS

CELL = ("indicator", "district", "period")
FINAL = ("final",)
HIDDEN = {"suppressed", "not_available", "not_applicable"}


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
        report = self.reader.report
        try:
            if self.key(record) in repeated:
                report.reject("several rows are of this cell", record.position, "period")
                return None
            flags, rules = self._sign(record.properties)
        except ValueRefused as refused:
            report.reject(refused.reason, record.position, refused.field, refused.value)
            return None
        values = self.reader.read(OBSERVATIONS, rules, record.properties, record.position)
        if values is None:
            return None
        return self._described(record, values, flags)

    def _sign(self, properties: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, FieldRule]]:
        """What stands in place of a number says why there is none (`.` secret, `x` senseless)."""
        rules = dict(self.reader.mapping.fields)
        rule = rules.get("sign") or rules["value"]
        rules.pop("sign", None)
        stated = rule.read("value", properties, self.reader.mapping.conventions.empty)
        if stated is None:
            return ("not_available",), rules
        sign = numbers.sign(stated) if isinstance(stated, str) else None
        if sign is None:
            return FINAL, rules
        if sign in HIDDEN:
            rules.pop("value")
        return (sign,), rules

    def _described(
        self, record: Record, values: dict[str, Any], flags: tuple[str, ...]
    ) -> Row | None:
        period: ImpreciseDate = values["period"]
        try:
            district = self.reader.known.districts.at(values["district"], period.latest)
        except Unknown as unknown:
            self.reader.report.reject(str(unknown), record.position, "district")
            return None
        stated = values.pop("flags", None) or flags
        row = dict(columns_of(OBSERVATIONS, values))
        breakdowns = self._breakdowns(record)
        cell = (row["indicator_id"], district, period.edtf, sorted(breakdowns.items()))
        return {
            "id": part_id(self.source, "observation", *cell),
            "source_id": self.source,
            "status": self.reader.mapping.status,
            "raw": self.reader.mapping.raw,
            "breakdowns": breakdowns,
            "value": None,
            **row,
            "district_id": district,
            "flags": list(stated),
        }

    def _breakdowns(self, record: Record) -> dict[str, str]:
        """The dimensions a value is broken down by; a total has none of that dimension."""
        found = {
            name: rule.read(name, record.properties)
            for name, rule in self.reader.mapping.breakdowns.items()
        }
        return {name: written(value) for name, value in found.items() if value is not None}
