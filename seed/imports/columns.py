"""The columns of a file: which are taken, which are not, and which look like those of persons."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import Any

from seed.imports.stream import CHILDREN, Stream
from seed.mappings import ImportMapping, look_up
from seed.mappings.rules import FieldRule
from seed.personal import examine
from seed.report import FileReport

SAMPLE = 500  # rows whose values are looked at


class Columns:
    """What the columns of a table hold, by a sample of its rows.

    `personal` are those that look like names, mails or numbers of persons and that the mapping
    does not take on purpose (`personal: true`).
    """

    def __init__(self, stream: Stream, mapping: ImportMapping) -> None:
        self._mapping = mapping
        self._used = {column: rule for rule in _rules(mapping) for column in rule.used}
        values: dict[str, list[Any]] = defaultdict(list)
        for record in islice(stream.records(), SAMPLE):
            for column in {*record.properties, *self._used}:
                values[column].append(look_up(record.properties, column))
        found = {column: examine(column, of) for column, of in values.items()}
        self._reasons = {column: reason for column, reason in found.items() if reason}
        self._all = set(values)

    @property
    def personal(self) -> frozenset[str]:
        return frozenset(
            column
            for column in self._reasons
            if column in self._used and not self._used[column].personal
        )

    def tell(self, report: FileReport) -> None:
        for column in sorted(self.personal):
            reason = f"left out: {self._reasons[column]}; `personal: true` would take it"
            report.flag(reason, None, column)
        unused = self._all - self._used.keys() - set(self._mapping.columns)
        left = sorted(unused - self._reasons.keys() - {*self._mapping.drop, CHILDREN})
        if left:
            report.note(f"columns not taken: {', '.join(left)}")
        for column in sorted(unused & self._reasons.keys()):
            report.note(f"column {column} not taken: {self._reasons[column]}")


def _rules(mapping: ImportMapping) -> list[FieldRule]:
    parts = [rule for part in mapping.parts.values() for rule in part.rules]
    return [*mapping.fields.values(), *([mapping.key] if mapping.key else []), *parts]
