"""Lines of CSV from columns: of a resource with so many rows that their documents had better not be
read.

What a document says of another entity (the name of a district, in each of its observations) is
written once for each of them, as a run of cells; what it says of itself is in columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Lateral,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db import published

Expression = ColumnElement[Any]
COMMA = literal_column("','", Text)
END = literal_column(r"E'\r\n'", Text)
DIMENSION = "$.breakdowns."


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a member of a document comes from: `$.district.name` is `$.name` of a district.

    `table` is None where it is a document of its own, in the column.
    """

    column: str
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line as an expression, and what it is read from: the rows, and what belongs to each."""

    body: Expression
    rows: FromClause


def is_made_of_columns(table: Table, paths: Sequence[str]) -> bool:
    """Whether all of this is in columns."""
    return table.name in _OWN and all(
        path in _OWN[table.name] or _origin(table, path) for path in paths
    )


def values(table: Table, paths: Sequence[str]) -> dict[str, list[str]]:
    """What the line binds: the paths of each run, within the document it is read from."""
    return {
        f"run_{number}": [_within(table, path) for path in run]
        for number, (origin, run) in enumerate(_runs(table, paths))
        if origin
    }


def line(table: Table, paths: Sequence[str], *, translated: bool) -> Line:
    """The cells, with commas between them and the end that RFC 4180 wants."""
    runs = _runs(table, paths)
    parts: list[Expression] = []
    rows: FromClause = table
    for number, (origin, run) in enumerate(runs):
        is_last = number == len(runs) - 1
        if origin is None:
            parts += _own(table, run, END if is_last else COMMA)
            continue
        cells = func.published.csv_line(
            _document(table, origin, translated), bindparam(f"run_{number}", type_=ARRAY(Text()))
        )
        written = cells.concat(END if is_last else COMMA).label("cells")
        found = _source(table, origin, written, f"run_{number}_cells")
        rows = rows.outerjoin(found, true())
        parts.append(func.coalesce(found.c.cells, _blank(len(run), is_last)))
    return Line(func.concat(*parts), rows)


def _own(table: Table, paths: Sequence[str], end: Expression) -> list[Expression]:
    separated = [part for path in paths for part in (_OWN[table.name][path], COMMA)]
    return [*separated[:-1], end]


def _quoted(expression: Expression) -> Expression:
    """As RFC 4180 has it, where a text of somebody's needs it; numbers, days and codes never do."""
    mark, marks = literal_column("""'"'""", Text), literal_column("""'""'""", Text)
    quoted = func.concat(mark, func.replace(expression, mark, marks), mark)
    needs = expression.op("~")(literal_column(r"""E'[",\r\n]'""", Text))
    return case((needs, quoted), else_=expression)


def _blank(count: int, is_last: bool) -> Expression:
    text = "," * (count - 1) + ("" if is_last else ",")
    blank: Expression = literal_column(f"'{text}'", Text)
    return blank.concat(END) if is_last else blank


def _runs(table: Table, paths: Sequence[str]) -> list[tuple[Origin | None, list[str]]]:
    """The columns in their order, parted where they come from somewhere else."""
    return [(origin, list(run)) for origin, run in groupby(paths, lambda p: _origin(table, p))]


def _origin(table: Table, path: str) -> Origin | None:
    """Where the path leads out of the row; None if it is of the row itself."""
    if path in _OWN[table.name]:
        return None
    return next((o for start, o in _ORIGINS[table.name].items() if path.startswith(start)), None)


def _within(table: Table, path: str) -> str:
    """The path in the document it leads to: `$.district.name` is `$.name` there."""
    start = next(start for start in _ORIGINS[table.name] if path.startswith(start))
    if not start.endswith("."):
        return path
    inner = f"$.{path.removeprefix(start)}"
    return inner if _ORIGINS[table.name][start].table is not None else inner.removesuffix(".code")


def _source(table: Table, origin: Origin, cells: Expression, name: str) -> Lateral:
    """Worked out once for each of them: OFFSET keeps PostgreSQL from doing it in every row, and lets
    it remember (Memoize). The rows stay in their order, as they would not with a hash join.
    """
    found = select(cells)
    if origin.table is not None:
        found = found.where(origin.table.c.id == table.c[origin.column])
    return found.offset(literal_column("0")).correlate(table).lateral(name)


def _document(table: Table, origin: Origin, translated: bool) -> Expression:
    related = origin.table
    if related is None:
        return table.c[origin.column]
    if "document" not in related.c:
        return func.to_json(related.table_valued()).cast(Text)
    if not translated:
        return related.c.document
    translation = published.translation
    in_language = select(translation.c.document).where(
        translation.c.resource == literal_column(f"'{related.name}'", Text),
        translation.c.id == related.c.id,
        translation.c.lang == bindparam("lang", type_=Text()),
    )
    return func.coalesce(in_language.scalar_subquery(), related.c.document)


def _moment(column: Expression) -> Expression:
    """As documents have it."""
    return func.to_char(column, literal_column(_MOMENT, Text))


def _named(parts: Expression) -> Expression:
    """Breakdowns as filters name them: after the names of the dimensions come those with terms."""
    several = func.cardinality(parts)
    first = several / literal_column("2") + literal_column("1")
    return func.array_to_string(parts[first:several], literal_column("'; '", Text))


_MOMENT = """'YYYY-MM-DD"T"HH24:MI:SS"Z"'"""
_o = published.observation.c
_OWN: dict[str, dict[str, Expression]] = {
    "observation": {
        "$.id": _o.id,
        "$.period.edtf": _o.period,
        "$.period.earliest": _o.period_earliest,
        "$.period.latest": _o.period_latest,
        "$.breakdowns": _quoted(_named(_o.breakdown)),
        "$.value": _o.value,
        "$.numerator": _o.numerator,
        "$.denominator": _o.denominator,
        "$.flags[*].code": func.array_to_string(_o.flags, literal_column("'; '", Text)),
        "$.scenario": _quoted(_o.scenario),
        "$.note": _quoted(_o.note),
        "$.updated_at": _moment(_o.updated_at),
    }
}
"""What is in columns of the resource itself, written as in CSV."""
_ORIGINS: dict[str, dict[str, Origin]] = {
    "observation": {
        "$.indicator.": Origin("indicator_id", published.indicator),
        "$.district.": Origin("district_id", published.district),
        "$.source.": Origin("source_id", published.source),
        "$.breakdowns.": Origin("breakdowns"),
        "$.unit": Origin("indicator_id", published.indicator),
    }
}
"""What is read elsewhere, by the beginning of its path: what ends with a dot is left off there."""
