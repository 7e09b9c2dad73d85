"""What text files and sheets have in common: names of columns, and cells that become properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

Properties = dict[str, Any]


def column_names(header: Sequence[Sequence[Any]]) -> list[str]:
    """One name a column: the header's cells joined, without what is empty at the end.

    Above the last row, an empty cell belongs to the one on its left, as merged cells do.
    """
    width = max((len(row) for row in header), default=0)
    rows = [[_name(cell) for cell in row] + [""] * (width - len(row)) for row in header]
    upper = [_carried(row) for row in rows[:-1]]
    joined = [
        " / ".join(dict.fromkeys(part for part in parts if part))
        if any(row[index] for row in rows)
        else ""
        for index, parts in enumerate(zip(*upper, *rows[-1:], strict=True))
    ]
    while joined and not joined[-1]:
        joined.pop()
    return list(_distinct(name or f"column {number}" for number, name in enumerate(joined, 1)))


def _name(cell: Any) -> str:
    return "" if cell is None else " ".join(_text(cell).split())


def _text(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _carried(row: Sequence[str]) -> list[str]:
    carried: list[str] = []
    for cell in row:
        carried.append(cell or (carried[-1] if carried else ""))
    return carried


def _distinct(names: Iterable[str]) -> Iterator[str]:
    given: set[str] = set()
    for name in names:
        distinct, number = name, 1
        while distinct in given:
            number += 1
            distinct = f"{name} ({number})"
        given.add(distinct)
        yield distinct


def properties(columns: Sequence[str], cells: Sequence[Any]) -> tuple[Properties, str | None]:
    """The cells by column, and what is odd about their number. An empty cell is None."""
    found = dict(zip(columns, [None if cell == "" else cell for cell in cells], strict=False))
    if len(cells) == len(columns):
        return found, None
    if len(cells) < len(columns):
        found |= dict.fromkeys(columns[len(cells) :])
        return found, f"only {len(cells)} of {len(columns)} cells"
    beyond = [cell for cell in cells[len(columns) :] if cell not in ("", None)]
    return found, _surplus(beyond) if beyond else None


def _surplus(cells: Sequence[Any]) -> str:
    shown = ", ".join(repr(cell)[:40] for cell in cells[:3])
    more = ", …" if len(cells) > 3 else ""
    return f"{len(cells)} cells beyond the last column, not taken: {shown}{more}"
