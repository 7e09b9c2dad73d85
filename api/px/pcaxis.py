"""Chosen cells as a PC-Axis file (PX, version 2013), which PxWin, pxR and others read.

A statement is a keyword and its value, texts in quotes. A missing value is points in quotes: their
number says why, and which sign stands for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from api.cube.model import Category
from api.px.datasets import Layout, publishers
from api.px.files import Options, plain
from api.px.listing import time_unit
from api.px.tables import Variable

SYMBOLS = {".": 1, "": 2, "…": 3, "x": 4, "/": 5}
"""How many points each sign is."""
ENCODING = "utf-8"


def as_px(layout: Layout, title: str, _: Options) -> bytes:
    statements = [*_head(layout, title), *_variables(layout), *_values(layout)]
    text = "".join(f"{keyword}={value};\n" for keyword, value in statements)
    return text.encode(ENCODING)


def _head(layout: Layout, title: str) -> Iterator[tuple[str, str]]:
    cube, contents = layout.cube, layout.cube.metrics[0]
    yield "CHARSET", _text("ANSI")
    yield "AXIS-VERSION", _text("2013")
    yield "CODEPAGE", _text(ENCODING)
    yield "LANGUAGE", _text(cube.lang.split("-")[0])
    yield "CREATION-DATE", _text(_moment(cube.updated))
    yield "DECIMALS", str(contents.decimals)
    yield "SHOWDECIMALS", str(contents.decimals)
    yield "MATRIX", _text(contents.code)
    yield "SUBJECT-CODE", _text(contents.code)
    yield "SUBJECT-AREA", _text(title)
    yield "TITLE", _text(title)
    yield "CONTENTS", _text(contents.label)
    yield "UNITS", _text(contents.unit)
    yield "LAST-UPDATED", _text(_moment(cube.updated))
    yield "SOURCE", _text("; ".join(publishers(cube)))
    for sign, count in SYMBOLS.items():
        yield f"DATASYMBOL{count}", _text(sign or "." * count)


def _variables(layout: Layout) -> Iterator[tuple[str, str]]:
    for keyword, variables in (("STUB", layout.stub), ("HEADING", layout.heading)):
        if variables:
            yield keyword, _texts(variable.label for variable in variables)
    for variable in layout.variables:
        categories = variable.dimension.categories
        yield _of("VALUES", variable), _texts(category.label for category in categories)
        yield _of("CODES", variable), _texts(category.code for category in categories)
        yield _of("VARIABLECODE", variable), _text(variable.code)
        yield from _kind(variable, categories)


def _kind(variable: Variable, categories: Sequence[Category]) -> Iterator[tuple[str, str]]:
    codes = [category.code for category in categories]
    if variable.is_contents:
        yield "CONTVARIABLE", _text(variable.label)
    elif variable.is_time and time_unit(codes) == "Annual":
        yield _of("TIMEVAL", variable), f"TLIST(A1),{_texts(codes)}"
    elif variable.elimination in codes:
        label = categories[codes.index(variable.elimination)].label
        yield _of("ELIMINATION", variable), _text(label)


def _values(layout: Layout) -> Iterator[tuple[str, str]]:
    """A line of cells for each line of the stub."""
    signs, cells = layout.signs(), layout.values()
    width = len(cells)
    for variable in layout.stub:
        width //= len(variable.dimension.categories)
    written = [
        f'"{"." * SYMBOLS.get(signs.get(place, ""), 2)}"' if value is None else str(plain(value))
        for place, value in enumerate(cells)
    ]
    lines = (" ".join(written[n : n + width]) for n in range(0, len(written), width))
    yield "DATA", "\n" + "\n".join(lines) + "\n"


def _of(keyword: str, variable: Variable) -> str:
    return f"{keyword}({_text(variable.label)})"


def _texts(texts: Iterable[str]) -> str:
    return ",\n".join(map(_text, texts))


def _text(text: str) -> str:
    """In quotes, of which there can be none within it, on one line."""
    return f'"{" ".join(text.replace(chr(34), chr(39)).split())}"'


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y%m%d %H:%M}"
