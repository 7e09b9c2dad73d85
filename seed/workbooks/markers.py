"""What an exported workbook says of itself: where it is from, of when, and of which rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from openpyxl.packaging.custom import CustomPropertyList
from openpyxl.xml.constants import ARC_CUSTOM
from openpyxl.xml.functions import fromstring

from seed.workbooks.lines import Line

PREFIX = "Quartier"


@dataclass
class Tally:
    """How many rows were written, and one checksum of theirs, in whichever order they stand."""

    rows: int = 0
    sum: int = 0

    def counted(self, lines: Iterable[Line], checksum: int) -> Iterator[Line]:
        """The lines as they pass; `checksum` is the position of that cell."""
        for line in lines:
            self.rows += 1
            self.sum ^= int(str(line[checksum])[1:], 16)
            yield line


@dataclass(frozen=True)
class Marker:
    """The registry, the resource and the moment of an export; later the rows of every sheet."""

    registry: str
    resource: str
    exported_at: datetime
    sequence: int
    sheets: Mapping[str, Tally] = field(default_factory=dict)

    def properties(self) -> dict[str, str]:
        """As custom properties of a document."""
        rows = {
            f"{PREFIX}Rows {name}": f"{tally.rows} {tally.sum:016x}"
            for name, tally in self.sheets.items()
        }
        return {
            f"{PREFIX}Registry": self.registry,
            f"{PREFIX}Resource": self.resource,
            f"{PREFIX}Exported": self.exported_at.isoformat(timespec="seconds"),
            f"{PREFIX}Sequence": str(self.sequence),
            **rows,
        }


def marker_of(workbook: Path) -> Marker | None:
    """What a workbook says of itself; None if it is no export, or lost its marker on the way."""
    try:
        with ZipFile(workbook) as archive:
            stated = CustomPropertyList.from_tree(fromstring(archive.read(ARC_CUSTOM)))
        found = {each.name.removeprefix(PREFIX): str(each.value) for each in stated.props}
        return Marker(
            found["Registry"],
            found["Resource"],
            datetime.fromisoformat(found["Exported"]),
            int(found["Sequence"]),
            dict(_tallies(found)),
        )
    except (BadZipFile, KeyError, SyntaxError, TypeError, ValueError):
        return None


def _tallies(found: Mapping[str, str]) -> Iterator[tuple[str, Tally]]:
    for name, value in found.items():
        kind, _, sheet = name.partition(" ")
        if kind == "Rows":
            rows, _, checksum = value.partition(" ")
            yield sheet, Tally(int(rows), int(checksum, 16))
