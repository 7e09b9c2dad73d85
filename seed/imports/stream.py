"""The records of a table as a mapping wants them: a tree nested, wide rows made long, filtered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from seed.mappings import ImportMapping, wanted
from seed.mappings.model import ABOVE, Tree, Unpivot
from seed.readers import Record, Table
from seed.report import FileReport

CHILDREN = "children"


@dataclass(frozen=True)
class Stream:
    """The wanted records of a table, which can be read again. `report` is told of them once."""

    table: Table
    mapping: ImportMapping

    def records(self, report: FileReport | None = None) -> Iterator[Record]:
        found: Iterator[Record] = self.table.records()
        if report is not None:
            found = _remarked(found, report)
        if self.mapping.tree:
            found = _nested(found, self.mapping.tree)
        if self.mapping.only:
            found = self._filtered(found, report)
        if self.mapping.unpivot:
            found = _long(found, self.mapping.unpivot)
        return found if report is None else _counted(found, report)

    def _filtered(self, records: Iterable[Record], report: FileReport | None) -> Iterator[Record]:
        only, unwanted = self.mapping.only, 0
        parts: set[int] = set()
        for record in records:
            if wanted(only, record.properties):
                parts |= set(_below(record.properties))
                yield record
            else:
                unwanted += id(record.properties) not in parts
        if unwanted and report is not None:
            report.read += unwanted
            report.left_out += unwanted
            taken = ", ".join(f"{column}: {rule}" for column, rule in only.items())
            report.note(f"{unwanted} rows left out: the mapping takes only {taken}")


def _remarked(records: Iterable[Record], report: FileReport) -> Iterator[Record]:
    for record in records:
        if record.remark:
            report.flag(record.remark, record.position)
        yield record


def _counted(records: Iterable[Record], report: FileReport) -> Iterator[Record]:
    for record in records:
        report.read += 1
        yield record


def _below(properties: Mapping[str, Any]) -> Iterator[int]:
    """The rows of a tree that are parts of a row, by their identity."""
    for child in properties.get(CHILDREN) or ():
        yield id(child)
        yield from _below(child)


def _nested(records: Iterable[Record], tree: Tree) -> Iterator[Record]:
    """Every row with the rows below it in `children`, which read like rows themselves.

    What its parent has it finds under `^.`. A row whose parent is not in the file is a root like
    those without one.
    """
    all_of = list(records)
    rows = {_text(record.properties.get(tree.id)) or None: record.properties for record in all_of}
    rows.pop(None, None)  # rows without an id are above nobody
    children: dict[str, list[dict[str, Any]]] = {}
    nested = []
    for record in all_of:
        above = rows.get(_text(record.properties.get(tree.parent)) or None, {})
        below = children.setdefault(_text(record.properties.get(tree.id)), [])
        own = {**record.properties, **{f"{ABOVE}{name}": each for name, each in above.items()}}
        nested.append({**own, CHILDREN: below})
    for properties in nested:
        if parent := _text(properties.get(tree.parent)):
            children.setdefault(parent, []).append(properties)
    for record, properties in zip(all_of, nested, strict=True):
        yield replace(record, properties=properties)


def _text(identity: Any) -> str:
    return str(identity or "")


def _long(records: Iterable[Record], unpivot: Unpivot) -> Iterator[Record]:
    pattern = re.compile(unpivot.columns)
    for record in records:
        kept: dict[str, Any] = {}
        cells: list[tuple[str, str, Any]] = []
        for column, value in record.properties.items():
            if found := pattern.fullmatch(column):
                cells.append((column, found[1] if pattern.groups else column, value))
            else:
                kept[column] = value
        for column, name, value in cells:
            if value is None or value == "":
                continue
            position = f"{record.position}, column {column}"
            row = {**kept, unpivot.into: name, unpivot.value: value}
            yield replace(record, position=position, properties=row)
