"""The columns of a table: those of CSV with their types, or what people read instead of codes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from api.artefacts.columns import Column, column_of
from api.resources import Resource
from db.flags import sign

PART = "$.breakdowns."
REFERENCE = re.compile(r"\$\.(\w+)(\[\*\])?\.slug")


def typed(resource: Resource, named: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns of CSV, by name and JSON path."""
    return tuple(_column(resource, name, path) for name, path in named.items())


def labelled(resource: Resource, named: Mapping[str, str]) -> tuple[Column, ...]:
    """With names and labels in place of slugs and codes, each once, and with signs."""
    readable: dict[str, str] = {}
    for name, path in named.items():
        label = _label(resource, path)
        if label not in readable.values():
            readable[name] = label
    columns = (_readable(resource, name, path) for name, path in readable.items())
    return tuple(_with_signs(columns))


def _readable(resource: Resource, name: str, path: str) -> Column:
    if path == PART.removesuffix("."):
        return Column(name, "string", True, "", _parts)
    return _column(resource, name, path)


def _parts(document: Any) -> list[str]:
    return [term["label"] for _, term in sorted(document["breakdowns"].items())]


def _label(resource: Resource, path: str) -> str:
    if reference := REFERENCE.fullmatch(path):
        name, each = reference.groups("")
        field = resource.schema.model_fields[name]
        member = "title" if "Titled" in str(field.annotation) else "name"
        return f"$.{name}{each}.{member}"
    return re.sub(r"\.code$", ".label", path)


def _column(resource: Resource, name: str, path: str) -> Column:
    if path.startswith(PART):
        dimension, member = path.removeprefix(PART).split(".")
        return Column(name, "string", False, "", _Part(dimension, member))
    return column_of(name, path, resource.schema)


class _Part:
    """A term of a breakdown."""

    def __init__(self, dimension: str, member: str) -> None:
        self._dimension, self._member = dimension, member

    def __call__(self, document: Any) -> Any:
        return document["breakdowns"].get(self._dimension, {}).get(self._member)


def _with_signs(columns: Iterator[Column]) -> Iterator[Column]:
    """After a value the sign of German statistics for what it is, or for why there is none."""
    for column in columns:
        yield column
        if column.name == "value":
            yield Column("sign", "string", False, "", _sign)


def _sign(document: Any) -> str | None:
    return sign([flag["code"] for flag in document["flags"]], document["value"]) or None
