"""What geocoding found and did not find, for people and for machines."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from db.geocoding import POSTCODE, TOWN_BUT_POSTCODE, Addressed, Found, Loaded, Sought
from seed.houses import HouseFile
from seed.report import COLOURS, FILE_REFUSED, OK, ROWS_REJECTED, SHOWN, Severity

ENTITIES = ("site", "organisation")
QUALITIES = ("exact", "street")


class Reason(StrEnum):
    """Why an address has no point."""

    NO_STREET = "no street"
    NO_PLACE = "neither postcode nor town"
    NO_SUCH_TOWN = "no such town in the files"
    NO_SUCH_STREET = "no such street there"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Result:
    """An address, what was found of it or why nothing was, and what is to know about that."""

    address: Addressed
    found: Found
    reason: Reason | None
    remark: str

    @classmethod
    def of(cls, address: Addressed, sought: Sought, found: Found) -> Result:
        if found.quality:
            return cls(address, found, None, "; ".join(_remarks(sought, found)))
        return cls(address, found, *_failure(sought, found))

    def as_row(self) -> dict[str, Any]:
        address, found = self.address, self.found
        given = {name: getattr(address, name) for name in GIVEN}
        answer = {"quality": found.quality, "reason": self.reason, "remark": self.remark or None}
        if not found.quality:
            return {**given, **answer, **dict.fromkeys(FOUND)}
        point = {"longitude": found.lon, "latitude": found.lat}
        return {
            **given,
            **answer,
            "found_street": found.street,
            "found_number": _number(found),
            "found_postcode": found.postcode,
            "found_town": found.town,
            "similarity": None if found.score is None else round(found.score, 2),
            **{name: None if value is None else round(value, 6) for name, value in point.items()},
        }


GIVEN = ("entity", "id", "source", "key", "name", "street", "postcode", "town")
FOUND = (
    *("found_street", "found_number", "found_postcode", "found_town", "similarity"),
    *("longitude", "latitude"),
)
COLUMNS = (*GIVEN, "quality", "reason", "remark", *FOUND)


def _remarks(sought: Sought, found: Found) -> Iterable[str]:
    if found.score is not None:
        yield f"taken for {found.street}, similarity {found.score:.2f}"
    if sought.number is None:
        yield "without a number: the middle of the street"
    elif (sought.number, sought.suffix) != (found.number, found.suffix):
        yield f"no number {sought.number}{sought.suffix}: the nearest is {_number(found)}"
    if found.tier == TOWN_BUT_POSTCODE:
        yield f"found by town: its postcode there is {found.postcode}"
    elif found.tier == POSTCODE and sought.towns:
        yield "found by postcode: no such town is known"


def _number(found: Found) -> str:
    return f"{found.number}{found.suffix}"


def _failure(sought: Sought, found: Found) -> tuple[Reason, str]:
    if sought.street is None:
        return Reason.NO_STREET, ""
    if not (sought.postcode or sought.towns or sought.municipalities):
        return Reason.NO_PLACE, ""
    if found.apart:
        return Reason.AMBIGUOUS, f"several houses, up to {found.apart / 1000:.1f} km apart"
    if found.streets:
        return Reason.AMBIGUOUS, f"{found.streets} streets have this name"
    if found.similar is None:
        return Reason.NO_SUCH_TOWN, ""
    return Reason.NO_SUCH_STREET, f"nearest: {', '.join(found.similar)}" if found.similar else ""


# --- files ---------------------------------------------------------------------------------------


@dataclass
class HousesReport:
    """What a file of houses brought. `source` is what a newer file of that name replaces."""

    file: str
    source: str
    kind: str | None = None
    read: int = 0
    houses: int = 0
    streets: int = 0
    outside: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    refused: str | None = None

    def count(self, file: HouseFile, loaded: Loaded) -> None:
        self.read, self.houses, self.streets = file.read, loaded.houses, loaded.streets
        self.outside = loaded.outside
        self.left_out, self.rejected = dict(file.left_out), dict(file.rejected)
        self.examples = [f"line {line}: {reason}" for line, reason in file.examples]


# --- the whole -----------------------------------------------------------------------------------


@dataclass
class GeocodeReport:
    """Files of houses, and every address with what was found. `placed` sites got a point.

    `run` is the number by which `import undo` takes that back.
    """

    dry_run: bool = False
    houses: list[HousesReport] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    placed: int = 0
    run: int | None = None

    @property
    def refused(self) -> bool:
        return any(file.refused for file in self.houses) or not self.sources

    @property
    def failures(self) -> list[Result]:
        return [result for result in self.results if result.reason]

    @property
    def exit_code(self) -> int:
        """2 if nothing was looked up, 1 if an address was not found, else 0."""
        if self.refused:
            return FILE_REFUSED
        return ROWS_REJECTED if self.failures else OK

    def counts(self) -> dict[str, dict[str, int]]:
        """By entity, how many addresses were found how well, and not for which reason."""
        counted = Counter(
            (result.address.entity, result.found.quality or str(result.reason))
            for result in self.results
        )
        names = (*QUALITIES, *Reason)
        return {entity: {str(name): counted[entity, name] for name in names} for entity in ENTITIES}

    def summary(self) -> dict[str, Any]:
        """All but the single addresses."""
        return {
            "dry_run": self.dry_run,
            "import": self.run,
            "houses": [asdict(file) for file in self.houses],
            "sources": self.sources,
            "placed": self.placed,
            "counts": self.counts(),
        }

    def to_json(self) -> str:
        content = self.summary() | {"addresses": [result.as_row() for result in self.results]}
        return json.dumps(content, ensure_ascii=False, indent=2, default=str)

    def to_csv(self) -> str:
        """Addresses that were not found first, for a spreadsheet."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        for result in sorted(self.results, key=lambda each: each.reason is None):
            writer.writerow({name: _harmless(value) for name, value in result.as_row().items()})
        return text.getvalue()

    def write(self, path: Path) -> None:
        """As CSV where the name says so, marked as UTF-8 for spreadsheets; else as JSON."""
        if path.suffix.lower() == ".csv":
            path.write_text(self.to_csv(), encoding="utf-8-sig", newline="")
        else:
            path.write_text(self.to_json(), encoding="utf-8")

    def print(self, console: Console, *, all_failures: bool = False) -> None:
        for file in self.houses:
            _print_file(console, file)
        if self.refused:
            console.print(Text(_nothing_done(self), style=COLOURS[Severity.ERROR]))
            return
        for reason in Reason:
            failed = [result for result in self.failures if result.reason is reason]
            _print_failures(console, reason, failed, shown=len(failed) if all_failures else SHOWN)
        console.print(_counted(self.counts(), dry_run=self.dry_run))
        console.print(Text(_placed(self)))


def _placed(report: GeocodeReport) -> str:
    if report.dry_run:
        return f"{report.placed} sites would get a point"
    if report.run is None:
        return "No site got a point"
    undo = f"./quartier import undo {report.run}"
    return f"{report.placed} sites got a point (import {report.run}; to take it back: {undo})"


def _harmless(value: object) -> object:
    """A spreadsheet must not take a text for a formula."""
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value


def _nothing_done(report: GeocodeReport) -> str:
    if report.houses:
        return "Nothing was done: a file was refused"
    return "There are no house coordinates yet: name a file of them with --houses"


def _print_file(console: Console, file: HousesReport) -> None:
    console.print(Text(Path(file.file).name, style="bold"))
    if file.refused:
        _print_line(console, Severity.ERROR, file.refused)
    else:
        told = f"{file.kind}: {file.houses} houses in {file.streets} streets, of {file.read} rows"
        _print_line(console, Severity.NOTE, told)
    for reason, count in file.left_out.items():
        _print_line(console, Severity.NOTE, f"{count} rows left out: {reason}")
    if file.outside:
        _print_line(console, Severity.WARNING, f"{file.outside} houses left out: not in Germany")
    for reason, count in file.rejected.items():
        _print_line(console, Severity.WARNING, f"{count} rows not understood: {reason}")
    for example in file.examples[:SHOWN]:
        _print_line(console, Severity.WARNING, example)


def _print_line(console: Console, severity: Severity, text: str) -> None:
    line = Text(f"  {severity:8}", style=COLOURS[severity])
    console.print(line.append(text, style="default"), soft_wrap=True)


def _print_failures(console: Console, reason: Reason, failed: list[Result], *, shown: int) -> None:
    if not failed:
        return
    console.print(Text(f"{reason} ({len(failed)})", style="bold"))
    for result in failed[:shown]:
        address = result.address
        written = ", ".join(filter(None, [address.street, _joined(address)])) or "no address"
        named = f"{address.entity} {address.key or address.id} ({address.name or 'unnamed'})"
        told = f": {result.remark}" if result.remark else ""
        console.print(Text(f"  {named}: {written}{told}"), soft_wrap=True)
    if len(failed) > shown:
        console.print(Text(f"  … and {len(failed) - shown} more; --all-failures lists them"))


def _joined(address: Addressed) -> str:
    return " ".join(filter(None, [address.postcode, address.town]))


def _counted(counts: Mapping[str, Mapping[str, int]], *, dry_run: bool) -> Table:
    table = Table(title="Dry run: nothing was changed" if dry_run else None)
    for name in ("addresses of", *QUALITIES, "not found"):
        table.add_column(name, justify="left" if name == "addresses of" else "right")
    for entity, by_outcome in counts.items():
        found = [by_outcome[quality] for quality in QUALITIES]
        missing = sum(by_outcome.values()) - sum(found)
        table.add_row(f"{entity}s", *map(str, [*found, missing]))
    return table
