"""The rows of a table, each once and in order, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from itertools import groupby
from pathlib import Path

from seed.hsds.tables import Table
from seed.identity import NAMESPACE, part_id

IN_MEMORY = 10_000  # rows of a table; more lie in files

Cells = Sequence[str]


class Pile:
    """Takes the rows of a table as they come and gives them by id, one for each.

    Rows of one id are one: shared by documents, or had by a service as well as by its location. A
    part that has several owners of a kind becomes as many rows, as a row can name but one: all but
    the first get an id that is made of both. A row is a line, JSON that begins with its id; so
    lines in order are rows in order, and files of them can be merged.
    """

    def __init__(self, table: Table, folder: Path) -> None:
        self.table = table
        self._folder = folder
        self._lines: set[str] = set()
        self._files: list[Path] = []

    def __bool__(self) -> bool:
        return bool(self._lines or self._files)

    def add(self, cells: Cells) -> None:
        self._lines.add(json.dumps(cells) + "\n")
        if len(self._lines) >= IN_MEMORY:
            self._put_away()

    def rows(self) -> Iterator[list[str]]:
        with ExitStack() as opened:
            files = [opened.enter_context(each.open(encoding="ascii")) for each in self._files]
            lines = merge(sorted(self._lines), *files)
            rows = (json.loads(line) for line, _ in groupby(lines))
            for identity, same in groupby(rows, key=lambda row: row[0]):
                yield from _told_apart(self.table, identity, same)

    def _put_away(self) -> None:
        file = self._folder / f"{self.table.name}-{len(self._files)}"
        with file.open("w", encoding="ascii") as lines:
            lines.writelines(sorted(self._lines))
        self._files.append(file)
        self._lines.clear()


def _told_apart(table: Table, identity: str, rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """One row of all that have this id, and one more for every further owner of a kind."""
    kept: list[list[str]] = []
    for row in rows:
        fits = next((each for each in kept if _is_same(table, each, row)), None)
        if fits is None:
            kept.append(row)
        else:
            fits[:] = [old or new for old, new in zip(fits, row, strict=True)]
    first, *others = kept
    yield first
    for row in others:
        owners = [row[index] for index in table.owners]
        yield [str(part_id(NAMESPACE, table.name, identity, *owners)), *row[1:]]


def _is_same(table: Table, one: Cells, other: Cells) -> bool:
    return all(
        not one[index] or not other[index] or one[index] == other[index] for index in table.owners
    )
