"""Lines of CSV without documents: of a resource with so many rows that those take too long to read.

The line of the columns that the resource has by itself, in the default language, is stored when it
is published. Others are put together from columns: what a document says of another entity (the
name of a district, in each of its observations) is written once for each of those, as a run of
cells.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.selectable import LateralFromClause

from db import published
from db.documents import read

Expression = ColumnElement[Any]
Origin = tuple[str, Table]
COMMA: Expression = literal_column("','", Text)
BREAKDOWNS = "$.breakdowns"
PART = f"{BREAKDOWNS}."


@cache
def stored_columns(table: Table) -> tuple[str, ...]:
    """Those of the line that is stored, as they are named beside its cells in the SQL."""
    return tuple(re.findall(r"-- (\$\..+)", read(f"{table.name}_lines")))


@dataclass(frozen=True, slots=True)
class Line:
    """A line as an expression, and what it is read from."""

    body: Expression
    rows: FromClause


def is_made_of_columns(table: Table, paths: Sequence[str]) -> bool:
    """Whether all of this is in columns."""
    known = table.name in _OWN
    return known and all(_origin(table, path) or _is_own(table, path) for path in paths)


def values(table: Table, paths: Sequence[str]) -> dict[str, Any]:
    """What a line binds: the paths of each run in the document it is read from, and dimensions."""
    runs = {
        f"run_{number}": [_within(table, path) for path in run]
        for number, (origin, run) in enumerate(_runs(table, paths))
        if origin
    }
    return runs | {_bound(path): _dimension(path) for path in paths if path.startswith(PART)}


def is_stored(table: Table, paths: Sequence[str], *, translated: bool) -> bool:
    """Whether it is the stored line, followed by nothing but parts of the breakdowns."""
    stored = stored_columns(table)
    rest = paths[len(stored) :]
    is_whole = tuple(paths[: len(stored)]) == stored
    return is_whole and not translated and all(path.startswith(PART) for path in rest)


def stored(table: Table, paths: Sequence[str]) -> Expression:
    """The stored line, from the table of lines."""
    found = published.observation_line.c
    rest = [_part(found.breakdowns, path) for path in paths[len(stored_columns(table)) :]]
    if not rest:
        return found.line
    nothing = literal_column(f"'{',' * len(rest)}'", Text)
    parts = func.concat(COMMA, *_separated(rest))
    return found.line.concat(case((_is_total(found.breakdowns), nothing), else_=parts))


def composed(table: Table, paths: Sequence[str], *, translated: bool) -> Line:
    """The cells with commas between them, from columns."""
    parts: list[Expression] = []
    rows: FromClause = table
    runs = _runs(table, paths)
    for number, (origin, run) in enumerate(runs):
        comma = [] if number == len(runs) - 1 else [COMMA]
        if origin is None:
            parts += [*_separated([_own(table, path) for path in run]), *comma]
            continue
        wanted = bindparam(f"run_{number}", type_=ARRAY(Text()))
        cells = func.published.csv_line(_document(origin[1], translated), wanted)
        found = _once(table, origin, func.concat(cells, *comma), f"run_{number}_cells")
        rows = rows.join(found, true())
        parts.append(found.c.cells)
    return Line(func.concat(*parts), rows)


def _separated(cells: Sequence[Expression]) -> list[Expression]:
    return [part for cell in cells for part in (cell, COMMA)][:-1]


def _runs(table: Table, paths: Sequence[str]) -> list[tuple[Origin | None, list[str]]]:
    """The columns in their order, parted where they come from somewhere else."""
    return [(origin, list(run)) for origin, run in groupby(paths, lambda p: _origin(table, p))]


def _origin(table: Table, path: str) -> Origin | None:
    """Where the path leads out of the row; None if it is of the row itself."""
    return next((o for start, o in _ORIGINS[table.name].items() if path.startswith(start)), None)


def _within(table: Table, path: str) -> str:
    """The path in the document it leads to: `$.district.name` is `$.name` there."""
    start = next(start for start in _ORIGINS[table.name] if path.startswith(start))
    return f"$.{path.removeprefix(start)}" if start.endswith(".") else path


def _once(table: Table, origin: Origin, cells: Expression, name: str) -> LateralFromClause:
    """Worked out once for each of them: OFFSET keeps PostgreSQL from doing it in every row, and
    lets it remember (Memoize). The rows stay in their order, as with a hash join they would not.
    """
    column, related = origin
    found = select(cells.label("cells")).where(related.c.id == table.c[column])
    return found.offset(literal_column("0")).correlate(table).lateral(name)


def _document(related: Table, translated: bool) -> Expression:
    if "document" not in related.c:
        return func.to_json(literal_column(related.name)).cast(Text)
    if not translated:
        return related.c.document
    translation = published.translation
    in_language = select(translation.c.document).where(
        translation.c.resource == literal_column(f"'{related.name}'", Text),
        translation.c.id == related.c.id,
        translation.c.lang == bindparam("lang", type_=Text()),
    )
    return func.coalesce(in_language.scalar_subquery(), related.c.document)


def _is_own(table: Table, path: str) -> bool:
    return path in _OWN[table.name] or path.startswith(PART)


def _own(table: Table, path: str) -> Expression:
    if path.startswith(PART):
        return _part(table.c.breakdowns, path)
    return _OWN[table.name][path]


def _part(breakdowns: Expression, path: str) -> Expression:
    """The code in a dimension; most rows are not broken down."""
    name = bindparam(_bound(path), type_=Text())
    code = breakdowns.cast(JSONB).op("->>", return_type=Text())(name)
    return case((_is_total(breakdowns), None), else_=func.published.csv_cell(code))


def _is_total(breakdowns: Expression) -> Expression:
    return breakdowns == literal_column("'{}'", Text)


def _dimension(path: str) -> str:
    return path.removeprefix(PART).removesuffix(".code")


def _bound(path: str) -> str:
    return f"dimension_{_dimension(path)}"


def _named(parts: Expression) -> Expression:
    """Breakdowns as filters name them: after the names of the dimensions come those with terms."""
    several = func.cardinality(parts, type_=Integer())
    first = several // literal_column("2", Integer()) + literal_column("1", Integer())
    named = func.array_to_string(parts[first:several], literal_column("'; '", Text))
    return case((several > literal_column("0"), func.published.csv_cell(named)))


def _moment(column: Expression) -> Expression:
    """As documents have it."""
    return func.to_char(column, literal_column(_MOMENT, Text))


_MOMENT = """'YYYY-MM-DD"T"HH24:MI:SS"Z"'"""
_o = published.observation.c
_OWN: dict[str, dict[str, Expression]] = {
    "observation": {
        "$.id": _o.id,
        "$.period.edtf": _o.period,
        "$.period.earliest": _o.period_earliest,
        "$.period.latest": _o.period_latest,
        BREAKDOWNS: _named(_o.breakdown),
        "$.value": _o.value,
        "$.numerator": _o.numerator,
        "$.denominator": _o.denominator,
        "$.flags[*].code": func.array_to_string(_o.flags, literal_column("'; '", Text)),
        "$.scenario": func.published.csv_cell(_o.scenario),
        "$.note": func.published.csv_cell(_o.note),
        "$.updated_at": _moment(_o.updated_at),
    }
}
"""What is in columns of the resource itself, written as in CSV."""
_ORIGINS: dict[str, dict[str, Origin]] = {
    "observation": {
        "$.indicator.": ("indicator_id", published.indicator),
        "$.district.": ("district_id", published.district),
        "$.source.": ("source_id", published.source),
        "$.unit": ("indicator_id", published.indicator),
    }
}
"""What is read elsewhere, by the beginning of its path: what ends with a dot is left off there."""
