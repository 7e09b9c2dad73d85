"""The columns of flat tables with their types, as the schemas of the documents have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from api.resources import Resource

STEP = re.compile(r"\.(\w+)(\[\*\])?")
Kind = Literal["string", "integer", "number", "boolean", "date", "datetime"]
Reader = Callable[[Any], Any]
KINDS: dict[Any, Kind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    date: "date",
    datetime: "datetime",
}
PARSED: dict[Kind, Callable[[str], date]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A member of a document, or each of the members of a list."""

    name: str
    each: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the CSV. `values` finds what a document has in it: one value or None, or a list
    where there can be `many`."""

    name: str
    kind: Kind
    many: bool
    description: str
    values: Reader


def columns_of(resource: Resource) -> tuple[Column, ...]:
    return tuple(column_of(name, path, resource.schema) for name, path in resource.columns.items())


def column_of(name: str, path: str, schema: type[BaseModel]) -> Column:
    """A column by the JSON path of what is in it."""
    steps = tuple(Step(step, bool(each)) for step, each in STEP.findall(path))
    assert "$" + "".join(f".{step.name}{'[*]' * step.each}" for step in steps) == path
    assert sum(step.each for step in steps) <= 1  # one list, not lists of lists
    fields = list(_fields(schema, steps))
    if get_origin(fields[-1].annotation) is dict:
        return Column(name, "string", True, fields[-1].description or "", _parts_of(steps[-1].name))
    kind = KINDS.get(_kernel(fields[-1].annotation), "string")
    described = [field.description for field in reversed(fields) if field.description]
    many = any(step.each for step in steps)
    return Column(name, kind, many, described[0] if described else "", _reader(steps))


def joined_text(values: Sequence[Any]) -> str | None:
    """Several values in one cell, as CSV has them."""
    return "; ".join(str(value) for value in values if value is not None) or None


def _fields(schema: type[BaseModel], steps: Sequence[Step]) -> Iterator[FieldInfo]:
    model: Any = schema
    for step in steps:
        field = model.model_fields[step.name]
        yield field
        model = _kernel(field.annotation)


def _kernel(annotation: Any) -> Any:
    """What is left of a type without None and lists around it."""
    options = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is Literal or not options:
        return annotation
    return _kernel(options[0])


def _reader(steps: Sequence[Step]) -> Reader:
    """Put together once: a document is read in each of some forty columns."""
    first, rest = steps[0], steps[1:]
    name = first.name
    if not (rest or first.each):
        return itemgetter(name)
    inner = _reader(rest) if rest else _itself
    missing: list[Any] | None = [] if any(step.each for step in rest) else None

    def of_each(document: Any) -> Any:
        return [None if each is None else inner(each) for each in document.get(name) or ()]

    def of_one(document: Any) -> Any:
        found = document.get(name)  # some members are there only where they mean something
        return missing if found is None else inner(found)

    return of_each if first.each else of_one


def _parts_of(name: str) -> Reader:
    """Breakdowns as filters name them, and CSV writes them: `sex:f`."""

    def parts(document: Any) -> list[str]:
        return [f"{part}:{term['code']}" for part, term in sorted(document[name].items())]

    return parts


def _itself(value: Any) -> Any:
    return value
