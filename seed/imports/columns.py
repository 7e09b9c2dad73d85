"""The columns of a file: which are taken, which are not, and which look like those of persons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from seed.imports.parts import records_of
from seed.imports.stream import CHILDREN, Stream
from seed.mappings import FieldRule, ImportMapping, PartRule, ValueRefused
from seed.mappings.model import ABOVE
from seed.personal import examine
from seed.readers import Record
from seed.report import FileReport

SAMPLE = 500  # rows whose values are looked at

Withheld = tuple[FieldRule, str, str]
"""A rule, the column it is withheld for, and why."""


class Columns:
    """What the columns of a table hold, by a sample of its rows.

    `withheld` are the rules that yield what looks like names, mails or numbers of persons, and do
    not take it on purpose (`personal: true`). What a rule makes of a column counts, not the column.
    """

    def __init__(self, stream: Stream, mapping: ImportMapping) -> None:
        self._mapping = mapping
        sample = list(islice(stream.records(), SAMPLE))
        self._used = {column for _, rule in _rules(mapping) for column in rule.used}
        lists = {part.records for part in mapping.parts.values() if part.records}
        paths = {column.partition("[")[0] for column in self._used | lists}
        above = {column.removeprefix(ABOVE) for column in self._used}
        self._taken = mapping.columns | paths | above
        self._withheld = list(_withheld(mapping, sample))
        values: dict[str, list[Any]] = defaultdict(list)
        for record in sample:
            for column in record.properties.keys() - self._used:
                values[column].append(record.properties[column])
        self._unused = {column: examine(column, of) for column, of in values.items()}

    @property
    def withheld(self) -> Sequence[FieldRule]:
        return [rule for rule, _, _ in self._withheld]

    def tell(self, report: FileReport) -> None:
        told = {column: reason for _, column, reason in self._withheld}
        for column, reason in sorted(told.items()):
            report.flag(f"left out: {reason}; `personal: true` would take it", None, column)
        unused = {
            column: reason
            for column, reason in self._unused.items()
            if column not in self._taken and not self._is_above(column)
        }
        plain = {column for column, reason in unused.items() if reason is None}
        left = sorted(plain - {*self._mapping.drop, CHILDREN})
        if left:
            report.note(f"columns not taken: {', '.join(left)}")
        for column in sorted(unused.keys() - plain):
            report.note(f"column {column} not taken: {unused[column]}")

    def _is_above(self, column: str) -> bool:
        """Whether it repeats a column of the row above in a tree, which has been told of."""
        return self._mapping.tree is not None and column.startswith(ABOVE)


def _withheld(mapping: ImportMapping, sample: Sequence[Record]) -> Iterator[Withheld]:
    for part, rule in _rules(mapping):
        if rule.personal or rule.constant is not None:
            continue
        rows = [each.properties for record in sample for each in _seen(record, part)]
        yielded = [value for row in rows for value in _yielded(rule, row, mapping)]
        for column in rule.used:
            if reason := examine(column, yielded):
                yield rule, column, reason
                break


def _yielded(rule: FieldRule, row: Mapping[str, Any], mapping: ImportMapping) -> Iterator[Any]:
    with suppress(ValueRefused):
        found = rule.read("", row, mapping.conventions.empty)
        yield from found if isinstance(found, tuple) else (found,)


def _seen(record: Record, part: PartRule | None) -> Iterator[Record]:
    return iter((record,)) if part is None else records_of(record, part)


def _rules(mapping: ImportMapping) -> Iterator[tuple[PartRule | None, FieldRule]]:
    """Every rule, with the part it is of: such a one reads other records."""
    for rule in [*mapping.fields.values(), *([mapping.key] if mapping.key else [])]:
        yield None, rule
    for part in mapping.parts.values():
        for rule in part.rules:
            yield part, rule
