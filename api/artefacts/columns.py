"""The columns of flat tables with their types, as the schemas of the documents have them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from api.resources import Resource

STEP = re.compile(r"\.(\w+)(\[\*\])?")
Kind = Literal["string", "integer", "number", "boolean", "date", "datetime"]
KINDS: dict[Any, Kind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    date: "date",
    datetime: "datetime",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A member of a document, or each of the members of a list."""

    name: str
    each: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the CSV. `many`: an entity can have several values in it."""

    name: str
    steps: tuple[Step, ...]
    kind: Kind
    description: str

    @property
    def many(self) -> bool:
        return any(step.each for step in self.steps)

    def values(self, document: dict[str, Any]) -> Any:
        """What a document has in this column: a list if there can be many, else one or None."""
        found = list(_found(document, self.steps))
        return found if self.many else found[0]


def columns_of(resource: Resource) -> tuple[Column, ...]:
    return tuple(_column(name, path, resource.schema) for name, path in resource.columns.items())


def _column(name: str, path: str, schema: type[BaseModel]) -> Column:
    steps = tuple(Step(step, bool(each)) for step, each in STEP.findall(path))
    assert "$" + "".join(f".{step.name}{'[*]' * step.each}" for step in steps) == path
    fields = list(_fields(schema, steps))
    kind = KINDS.get(_kernel(fields[-1].annotation), "string")
    described = [field.description for field in reversed(fields) if field.description]
    return Column(name, steps, kind, described[0] if described else "")


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


def _found(value: Any, steps: Sequence[Step]) -> Iterator[Any]:
    if not steps or value is None:
        yield value
        return
    inner = value[steps[0].name]
    for each in inner or () if steps[0].each else (inner,):
        yield from _found(each, steps[1:])
