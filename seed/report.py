"""What an import did, for people and for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from rich.console import Console
from rich.table import Table
from rich.text import Text

from db.duplicates import Doubles

SHOWN = 5  # findings of one kind in the terminal; the report files have all
OK, ROWS_REJECTED, FILE_REFUSED = 0, 1, 2


class Severity(StrEnum):
    """A note explains, a warning flags a row that was taken, an error is a row that was not."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")  # neither a terminal nor JSONB takes them
COLOURS = {Severity.NOTE: "cyan", Severity.WARNING: "yellow", Severity.ERROR: "red"}


@dataclass(frozen=True)
class Finding:
    """One thing to know about a row (`feature 17`) or, without a position, about the file."""

    severity: Severity
    reason: str
    position: str | None = None
    field: str | None = None
    value: str | None = None


COUNTS = ("read", "new", "changed", "unchanged", "rejected", "flagged", "left_out", "archived")
WRITTEN = ("new", "changed", "unchanged", "rejected", "left_out")


@dataclass(frozen=True)
class Loss:
    """How many values of a column a pattern did not find, and one of them that may be shown."""

    count: int = 0
    example: str | None = None


@dataclass(frozen=True)
class Mark:
    """Counts, number of findings and losses at one moment."""

    counts: dict[str, int]
    findings: int
    losses: dict[str, Loss]


@dataclass
class FileReport:
    """Every row read is new, changed, unchanged, rejected or left out; flagged ones are among them.

    `left_out` are rows that are not meant for this registry, such as another county's. `told` is
    what the sender of an export is told in the file itself, if it is given back: cells by row.
    """

    file: str
    mapping: str | None = None
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    left_out: int = 0
    archived: int = 0
    refused: bool = False
    run: int | None = None
    findings: list[Finding] = field(default_factory=list)
    doubles: list[Doubles] = field(default_factory=list)
    told: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    losses: dict[str, Loss] = field(default_factory=dict)

    @property
    def flagged(self) -> int:
        warned = {each.position for each in self.findings if each.severity is Severity.WARNING}
        return len(warned - {None})

    def note(self, reason: str, position: str | None = None) -> None:
        self.findings.append(Finding(Severity.NOTE, reason, position))

    def flag(
        self, reason: str, position: str | None, field: str | None = None, value: object = None
    ) -> None:
        self.findings.append(Finding(Severity.WARNING, reason, position, field, _shown(value)))

    def reject(
        self, reason: str, position: str, field: str | None = None, value: object = None
    ) -> None:
        self.rejected += 1
        self.findings.append(Finding(Severity.ERROR, reason, position, field, _shown(value)))

    def reject_cells(self, position: str, cells: Iterable[tuple[str, str | None, object]]) -> None:
        """One row, for several reasons, each with the field and value it is about."""
        self.rejected += 1
        for reason, name, value in cells:
            found = Finding(Severity.ERROR, reason, position, name, _shown(value))
            self.findings.append(found)

    def lose(self, column: str, value: str | None) -> None:
        """A value is not taken, as the pattern of its rule is not in it."""
        known = self.losses.get(column, Loss())
        self.losses[column] = Loss(known.count + 1, known.example or _shown(value))

    def tell_losses(self) -> None:
        for column, loss in self.losses.items():
            such = f", such as {loss.example!r}" if loss.example else ""
            values = "value" if loss.count == 1 else "values"
            self.note(f"{loss.count} {values} of {column} left out: `match` finds nothing{such}")

    def refuse(self, reason: str) -> None:
        """Nothing of this file was taken, whatever had been written before."""
        self.refused = True
        self.new = self.changed = self.unchanged = 0
        self.findings.append(Finding(Severity.ERROR, reason))

    def line(self) -> str:
        """The file in one line."""
        if self.refused:
            return f"{self.file}: refused: {self.findings[-1].reason}"
        counts = ", ".join(f"{count} {name}" for name, count in self.counts().items() if count)
        return f"{self.file}: {counts or 'nothing'}"

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTS}

    def mark(self) -> Mark:
        """Where the report stands, to come back to if what follows is undone."""
        counts = {name: getattr(self, name) for name in WRITTEN}
        return Mark(counts, len(self.findings), dict(self.losses))

    def forget(self, mark: Mark) -> None:
        for name, count in mark.counts.items():
            setattr(self, name, count)
        del self.findings[mark.findings :]
        self.losses = dict(mark.losses)

    def as_json(self) -> dict[str, Any]:
        head = {"file": self.file, "mapping": self.mapping, "refused": self.refused}
        return {
            **head,
            "import": self.run,
            "counts": self.counts(),
            "findings": [asdict(each) for each in self.findings],
            "possible_duplicates": [_doubles_as_json(each) for each in self.doubles],
        }


@dataclass
class Report:
    """The files of one import, in the order they were taken."""

    dry_run: bool = False
    files: list[FileReport] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """2 if a file was refused as a whole, 1 if rows were rejected, else 0."""
        if any(file.refused for file in self.files):
            return FILE_REFUSED
        return ROWS_REJECTED if any(file.rejected for file in self.files) else OK

    def to_json(self) -> str:
        files = [file.as_json() for file in self.files]
        return json.dumps({"dry_run": self.dry_run, "files": files}, ensure_ascii=False, indent=2)

    def to_html(self) -> str:
        """A page for people, which needs nothing from anywhere else."""
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
        )
        return environment.get_template("report.html").render(
            report=self, counts=COUNTS, doubtful=doubtful
        )

    def write(self, path: Path) -> None:
        """As HTML where the name says so, else as JSON."""
        is_page = path.suffix.lower() in (".html", ".htm")
        path.write_text(self.to_html() if is_page else self.to_json(), encoding="utf-8")

    def print(self, console: Console) -> None:
        for file in self.files:
            _print_findings(console, file)
            _print_doubles(console, file)
        console.print(_counted(self.files, dry_run=self.dry_run))


def _print_findings(console: Console, file: FileReport) -> None:
    if not file.findings:
        return
    console.print(Text(Path(file.file).name, style="bold"))
    for kind in _kinds(file.findings):
        for each in kind[:SHOWN]:
            console.print(_line(each), soft_wrap=True)
        if len(kind) > SHOWN:
            console.print(Text(f"           … and {len(kind) - SHOWN} more like this"))


def doubtful(doubles: Doubles) -> str:
    """What is to be looked at, in one line."""
    return (
        f"{doubles.doubtful} of {doubles.compared} new {doubles.resource}s may be there twice; "
        f"`quartier duplicates {doubles.resource}s` lists all"
    )


def _doubles_as_json(doubles: Doubles) -> dict[str, Any]:
    """The ids as text, which is how JSON has them."""
    ids = ("id", "other_id")
    pairs = [
        {name: str(of) if name in ids else of for name, of in asdict(pair).items()}
        for pair in doubles.pairs
    ]
    return asdict(doubles) | {"pairs": pairs}


def _print_doubles(console: Console, file: FileReport) -> None:
    for doubles in file.doubles:
        console.print(Text(f"  {doubtful(doubles)}", style="yellow"), soft_wrap=True)
        for pair in doubles.pairs:
            why = f"({', '.join(pair.reasons)})"
            line = Text(f"    {pair.score:.2f} {pair.name}: {pair.other_name} {why}")
            console.print(line, soft_wrap=True)


def _kinds(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings that differ only in their row and value, together, in order of the first."""
    kinds: dict[tuple[str, str, str | None], list[Finding]] = {}
    for each in findings:
        kinds.setdefault((each.severity, each.reason, each.field), []).append(each)
    return list(kinds.values())


def _line(finding: Finding) -> Text:
    """Built as Text, never as markup: a value may hold brackets."""
    line = Text(f"  {finding.severity:8}", style=COLOURS[finding.severity])
    for part in (finding.position, finding.field, finding.value):
        if part is not None:
            line.append(f"{part}: ", style="default")
    return line.append(finding.reason, style="default")


def _counted(files: Iterable[FileReport], *, dry_run: bool) -> Table:
    table = Table(title="Dry run: nothing was changed" if dry_run else None)
    table.add_column("file")
    for name in FileReport("").counts():
        table.add_column(name.replace("_", " "), justify="right")
    for file in files:
        numbers = ["-" if file.refused else str(count) for count in file.counts().values()]
        table.add_row(Text(Path(file.file).name), *numbers)
    return table


def _shown(value: object) -> str | None:
    """A value short enough for a line."""
    if value is None:
        return None
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return text if len(text) <= 80 else f"{text[:79]}…"
