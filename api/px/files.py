"""Chosen cells as a table for people: CSV and Excel, with lines and columns as they were placed."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from api.cube.model import Category
from api.errors import InvalidParameter
from api.px.datasets import Layout
from api.px.tables import Variable
from api.tables.workbook import Sheet

Cell = str | int | float
MISSING = ".."
"""What PxWeb writes where nothing is known, nor why."""
DELIMITERS = {"SeparatorTab": "\t", "SeparatorSpace": " ", "SeparatorSemicolon": ";"}
LABELS = ("UseCodes", "UseTexts", "UseCodesAndTexts")
PARAMETER = "outputFormatParams"


@dataclass(frozen=True, slots=True)
class Options:
    """How values are called, what stands between cells, and whether the title comes first."""

    labels: str = "UseTexts"
    delimiter: str = ","
    with_title: bool = False


def options(format_: str, written: Sequence[str]) -> Options:
    """The parameters of a format, as far as it has any. Their capitals do not matter."""
    known = {"csv": (*LABELS, "IncludeTitle", *DELIMITERS), "xlsx": (*LABELS, "IncludeTitle")}
    names = {name.lower(): name for name in known.get(format_, ())}
    for each in written:
        if each.lower() not in names:
            there = ", ".join(names.values()) or "none"
            raise InvalidParameter.named(PARAMETER, f"{each} is not one of {format_}: {there}")
    found = [names[each.lower()] for each in written]
    for group in (LABELS, tuple(DELIMITERS)):
        if len({*group} & {*found}) > 1:
            raise InvalidParameter.named(PARAMETER, f"only one of {', '.join(group)}")
    return Options(
        labels=next((name for name in found if name in LABELS), "UseTexts"),
        delimiter=next((DELIMITERS[name] for name in found if name in DELIMITERS), ","),
        with_title="IncludeTitle" in found,
    )


def as_csv(layout: Layout, title: str, asked: Options) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, delimiter=asked.delimiter, quoting=csv.QUOTE_NONNUMERIC)
    lines.writerows(rows(layout, title, asked))
    return text.getvalue().encode()


def as_xlsx(layout: Layout, title: str, asked: Options) -> bytes:
    sheet, file = Sheet(), io.BytesIO()
    for row in rows(layout, title, asked):
        sheet.append(row)
    sheet.save(file)
    return file.getvalue()


def rows(layout: Layout, title: str, asked: Options) -> Iterator[Sequence[Cell]]:
    """A line of names, then the lines of cells, each after the values it is about."""
    if asked.with_title:
        yield [title]
    columns = [" ".join(names) for names in _names(layout.heading, asked)]
    yield [_name_of(variable, asked) for variable in layout.stub] + columns
    cells = iter(_cells(layout))
    for names in _names(layout.stub, asked):
        yield [*names, *(next(cells) for _ in columns)]


def _names(variables: Sequence[Variable], asked: Options) -> Iterator[tuple[str, ...]]:
    return product(
        *(
            [_name(category, asked) for category in variable.dimension.categories]
            for variable in variables
        )
    )


def _name(category: Category, asked: Options) -> str:
    written = {
        "UseCodes": category.code,
        "UseTexts": category.label,
        "UseCodesAndTexts": f"{category.code} {category.label}",
    }
    return written[asked.labels]


def _name_of(variable: Variable, asked: Options) -> str:
    return variable.code if asked.labels == "UseCodes" else variable.label


def _cells(layout: Layout) -> Iterator[Cell]:
    signs = layout.signs()
    for place, value in enumerate(layout.values()):
        yield signs.get(place, MISSING) if value is None else plain(value)


def plain(value: float) -> int | float:
    """A whole number as one."""
    return int(value) if value == int(value) else value
