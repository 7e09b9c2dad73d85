"""The overview of sources, for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from db.sources import SourceState

COLUMNS = ("source", "publisher", "rhythm", "last delivery", "rows", "unconfirmed", "")


def shown(sources: Iterable[SourceState]) -> Table:
    """A row a source: what it delivered when, and what is to be done about it."""
    table = Table()
    for column in COLUMNS:
        table.add_column(column)
    for source in sources:
        table.add_row(*map(Text, _cells(source)))
    return table


def _cells(source: SourceState) -> tuple[str, ...]:
    delivery = f"{source.last_import:%Y-%m-%d} {source.last_file}" if source.last_import else "none"
    remarks = ("overdue", bool(source.overdue)), ("licence not stated", source.not_stated)
    return (
        source.title,
        source.publisher,
        source.rhythm or "unknown",
        delivery,
        ", ".join(f"{count} {name}" for name, count in sorted(source.rows.items())),
        str(source.unconfirmed or ""),
        ", ".join(remark for remark, is_so in remarks if is_so),
    )
