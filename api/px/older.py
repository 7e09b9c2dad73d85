"""What clients of the first version of PxWeb's API ask, among them R's pxweb as CRAN has it.

The language is in the path. A table that is asked by GET says what its variables are, by POST it
gives data, and `?config` works anywhere.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.px.datasets import Layout
from api.px.files import MISSING, plain
from api.px.parameters import Written
from api.px.tables import Asked, Table, codelist_id
from api.types import Text

FormatName = Literal["json", "json-stat2", "csv", "xlsx", "px"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Filtered(_Part):
    """Codes (`item`), patterns (`all`), how many (`top`), or codes of a list of codes (`vs:…`)."""

    filter: Text
    values: list[Written] = Field(max_length=10_000)


class Queried(_Part):
    code: Text
    selection: Filtered


class Response(_Part):
    format: FormatName = "json"


class Query(_Part):
    """Which values are wanted, and how they are to be written."""

    query: list[Queried] = Field([], max_length=50)
    response: Response = Response()


def asked(query: Query, table: Table) -> list[Asked]:
    return [
        Asked(
            wish.code,
            _expressions(wish.selection),
            _codelist(wish.selection.filter, table),
            {"pointer": f"/query/{place}"},
        )
        for place, wish in enumerate(query.query)
    ]


def _expressions(wish: Filtered) -> Sequence[str]:
    if wish.filter.lower() == "top":
        return [f"top({count})" for count in wish.values]
    return wish.values


def _codelist(name: str, table: Table) -> str | None:
    """A set of values, by its whole id or by what stands between the beginning and the table."""
    kind, colon, id_ = name.partition(":")
    if not colon:
        return None
    written = f"{kind.lower()}_{id_}"
    short = codelist_id(id_, table.id)
    known = {each.id for variable in table.variables for each in variable.codelists}
    return short if kind.lower() == "vs" and short in known else written


def config(cells: int, calls: int, seconds: int) -> dict[str, Any]:
    return {
        "maxValues": cells,
        "maxCells": cells,
        "maxCalls": calls,
        "timeWindow": seconds,
        "CORS": True,
    }


def levels(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All tables, on one level."""
    return [
        {
            "id": document["slug"],
            "type": "t",
            "text": document["title"],
            "updated": document["updated_at"],
        }
        for document in documents
    ]


def metadata(table: Table) -> dict[str, Any]:
    return {
        "title": table.document["title"],
        "variables": [
            {
                "code": variable.code,
                "text": variable.label,
                "values": list(variable.codes),
                "valueTexts": [category.label for category in variable.dimension.categories],
                "elimination": variable.elimination is not None,
                "time": variable.is_time,
            }
            for variable in table.variables
        ],
    }


def data(layout: Layout) -> dict[str, Any]:
    """A line a cell: what it is about, and its value as a text. Contents are no variable here."""
    contents = layout.cube.metrics[0]
    keys = [variable for variable in layout.variables if not variable.is_contents]
    columns = [
        {
            "code": variable.code,
            "text": variable.label,
            "type": "t" if variable.is_time else "c",
        }
        for variable in keys
    ]
    measured = {"code": contents.code, "text": contents.label, "type": "d"}
    return {
        "columns": [*columns, {**measured, "unit": contents.unit}],
        "comments": [],
        "data": [
            {"key": list(key), "values": [value]}
            for key, value in zip(_keys(layout), _values(layout), strict=True)
        ],
    }


def _keys(layout: Layout) -> Iterator[tuple[str, ...]]:
    codes = [variable.codes for variable in layout.variables if not variable.is_contents]
    return product(*codes)


def _values(layout: Layout) -> Iterator[str]:
    signs = layout.signs()
    for place, value in enumerate(layout.values()):
        yield signs.get(place, MISSING) if value is None else str(plain(value))
