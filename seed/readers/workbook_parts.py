"""What calamine does not say of an XLSX workbook: how far its sheets reach, and broken cells.

A sheet is held as a full rectangle, so one cell in the last corner would take all memory.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter

from seed.readers import UnreadableError, archives

MOST_CELLS = 25_000_000  # in the rectangle of a sheet; each takes 24 bytes and more

WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"


@dataclass
class SheetPart:
    """How far the values of a sheet reach, and by row which cells have none that they should."""

    bottom: int = 0
    right: int = 0
    remarks: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def reach(self, row: int, column: int) -> None:
        self.bottom, self.right = max(self.bottom, row), max(self.right, column)
        if self.bottom * self.right > MOST_CELLS:
            raise UnreadableError(
                f"a sheet reaches to row {self.bottom:,} and column {self.right:,}: "
                "delete what is far from the table"
            )


def sheet_parts(path: Path) -> dict[str, SheetPart]:
    """Every sheet of a workbook by its name."""
    return {name: _SheetReader().read(path, member) for name, member in _members(path).items()}


def _members(path: Path) -> dict[str, str]:
    """ECMA-376, part 1, 18.2.19: a sheet names a relation, and that names a file."""
    relations = _elements(path, RELATIONS, "Relationship")
    targets = {each["Id"]: _member(each["Target"]) for each in relations}
    return {
        sheet["name"]: targets[relation]
        for sheet in _elements(path, WORKBOOK, "sheet")
        for key, relation in sheet.items()
        if key.endswith(":id") and relation in targets
    }


def _member(target: str) -> str:
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _elements(path: Path, member: str, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == name:
            found.append(attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    _parse(parser, path, member)
    return found


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _parse(parser: expat.XMLParserType, path: Path, member: str) -> None:
    try:
        with archives.opened(path, member) as file:
            parser.ParseFile(file)
    except UnreadableError:
        raise
    except (expat.ExpatError, KeyError, ValueError) as error:
        raise UnreadableError(f"the workbook is damaged: {error} ({member})") from error


class _SheetReader:
    """Follows the cells (`c`) of a sheet, with the formula (`f`) and the value (`v`, `is`) of each.

    A value is text only where it matters: in an error, and with a formula, where it may lack.
    """

    def __init__(self) -> None:
        self.part = SheetPart()
        self.row, self.column = 0, 0
        self.kind = ""
        self.formula = self.valued = False
        self.value: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def read(self, path: Path, member: str) -> SheetPart:
        _parse(self.parser, path, member)
        return self.part

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "c":
            self._start_cell(attributes)
        elif name == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
        elif name == "f":
            self.formula = True
        elif name in ("v", "is"):
            self.valued = True
            if self.formula or self.kind == "e":
                self.parser.CharacterDataHandler = self.value.append

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self.column += 1
        if reference := attributes.get("r"):
            self.row, self.column = coordinate_to_tuple(reference)
        self.kind = attributes.get("t", "")
        self.formula = self.valued = False
        self.value.clear()

    def _end(self, tag: str) -> None:
        name = _local(tag)
        if name in ("v", "is"):
            self.parser.CharacterDataHandler = None
        elif name == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        """A formula whose result is an empty text has the type `str`, and is not without one."""
        if self.valued:
            self.part.reach(self.row, self.column)
        if self.kind == "e":
            self._remark(f"is {''.join(self.value)}")
        elif self.formula and not self.value and self.kind != "str":
            self._remark("is a formula without a stored value: open and save the file")

    def _remark(self, text: str) -> None:
        cell = f"{get_column_letter(self.column)}{self.row}"
        self.part.remarks[self.row].append(f"{cell} {text}")
