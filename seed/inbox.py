"""The inbox, for people and for machines. What strangers wrote is shown as text, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from db.inbox import Entry

COLUMNS = ("id", "arrived", "kind", "about", "from", "says", "outcome")
SHORT = 120


def shown(entries: Iterable[Entry]) -> Table:
    """A row an entry."""
    table = Table()
    for column in COLUMNS:
        table.add_column(column)
    for entry in entries:
        table.add_row(*(Text(visible(cell)) for cell in _cells(entry)))
    return table


def details(entry: Entry) -> Iterator[str]:
    """All of an entry, a line a fact; the text comes last."""
    facts = asdict(entry) | {
        "offerings": ", ".join(entry.offerings),
        "topics": ", ".join(entry.topics),
        "text": None,
    }
    for name, value in facts.items():
        if value:
            yield f"{name}: {visible(str(value))}"
    for line in (entry.text or "").splitlines():
        yield f"  {visible(line)}"


def as_json(entries: Iterable[Entry]) -> str:
    listed = [asdict(entry) for entry in entries]
    return json.dumps(listed, indent=2, ensure_ascii=False, default=str)


def visible(text: str) -> str:
    """On one line, without characters that a terminal obeys or that turn the text around."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _cells(entry: Entry) -> tuple[str, ...]:
    offerings = entry.offerings
    about = offerings[0] if len(offerings) == 1 else f"{len(offerings)} offerings"
    says = " ".join((f"[{', '.join(entry.topics)}]" if entry.topics else "", entry.text or ""))
    return (
        str(entry.id),
        f"{entry.arrived_at:%Y-%m-%d %H:%M}",
        entry.kind,
        about,
        entry.organisation or entry.reply_to or "",
        " ".join(says.split())[:SHORT],
        entry.outcome or "",
    )
