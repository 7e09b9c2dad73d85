"""A first mapping for a file nobody has mapped yet, from its headers and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from seed.geometry.placement import fitting_systems
from seed.identity import slugify
from seed.personal import examine
from seed.readers import Record, Table
from seed.readers.formats import open_file
from seed.targets import TARGETS, Kind, Target

SAMPLE = 500
HEADERS = Path(__file__).parent / "headers.yaml"
POSTCODE = re.compile(r"\d{5}|\d{3} \d{2}")
CHOICES = 30  # a column with at most so many different values may be translated by `values`


@dataclass(frozen=True)
class Column:
    """A column of the file and some of what is in it."""

    name: str
    values: Sequence[Any]

    @property
    def folded(self) -> str:
        return _folded(self.name.rpartition(".")[2])

    @property
    def texts(self) -> list[str]:
        return [str(value).strip() for value in self.values if value not in (None, "")]

    @property
    def is_distinct(self) -> bool:
        texts = self.texts
        return len(texts) == len(self.values) and len(set(texts)) == len(texts)


def suggest(path: Path, resource: str = "offerings") -> str:
    """A mapping as YAML, to be read and completed by a person before it is used.

    It loads as it stands. Its source has no licence yet, so what is imported with it stays private.
    """
    document = open_file(path)
    table = max(document.tables, key=lambda each: len(each.columns))
    target = TARGETS[resource]
    records = list(islice(table.records(), SAMPLE))
    columns = [_column(name, records) for name in table.columns]
    personal = {column.name: reason for column in columns if (reason := _reason(column))}
    taken = _Taken([column for column in columns if column.name not in personal])
    found = {
        "resource": resource,
        "title": path.stem,
        "source": _source(path),
        **_reading(table, document.format, records),
        **_conventions(columns),
        **_fields(target, taken),
    }
    if target.name not in ("observations", "districts", "codelists"):
        found["key"] = _key(taken)
    found["drop"] = sorted(column.name for column in taken.left) + sorted(personal)
    found["recognised_by"] = list(table.columns)[:8]
    return _comments(personal) + yaml.safe_dump(
        found, allow_unicode=True, sort_keys=False, width=100
    )


class _Taken:
    """The columns of a file, each given to one field only."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self.left = list(columns)
        self.all = list(self.left)
        self._headers: Mapping[str, list[str]] = yaml.safe_load(HEADERS.read_text(encoding="utf-8"))

    def find(self, field: str) -> Column | None:
        """The column of a field: called like it, or by one of the names such columns have."""
        for name in (_folded(field), *self._headers.get(field, ())):
            for column in self.left:
                if column.folded == name and column.texts:
                    self.left.remove(column)
                    return column
        return None


def _column(name: str, records: Sequence[Record]) -> Column:
    return Column(name, [record.properties.get(name) for record in records])


def _reason(column: Column) -> str | None:
    return examine(column.name, column.values)


def _source(path: Path) -> dict[str, str]:
    unknown = "to be stated"
    return {
        "slug": slugify(path.stem),
        "title": path.stem,
        "publisher": unknown,
        "license": "not_stated",
        "attribution": unknown,
    }


def _reading(table: Table, kind: str, records: Sequence[Record]) -> dict[str, Any]:
    """How to read the file, and which coordinate system its places are in."""
    found: dict[str, Any] = {}
    if table.name:
        found["file"] = {"table": table.name}
    shapes = [record.geometry for record in records if record.geometry is not None]
    if shapes and table.crs is None and kind != "geojson":
        found["crs"] = next(iter(fitting_systems(shapes)), None)
    return {name: value for name, value in found.items() if value}


def _conventions(columns: Iterable[Column]) -> dict[str, Any]:
    commas = any(
        column.texts and all(re.fullmatch(r"-?\d+,\d+", text) for text in column.texts)
        for column in columns
    )
    return {"conventions": {"decimal": ","}} if commas else {}


def _fields(target: Target, taken: _Taken) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, field in target.all_fields.items():
        if column := taken.find(name):
            fields[name] = _rule(column, many=field.many, coded=field.kind is Kind.CODE)
        elif field.required:
            fields[name] = {"constant": next(iter(field.codes), "to be stated")}
    sites = _sites(target, fields, taken)
    return {"fields": fields, **({"parts": {"sites": {"fields": sites}}} if sites else {})}


def _sites(target: Target, fields: Mapping[str, Any], taken: _Taken) -> dict[str, Any]:
    """Where the rows of a file of offerings say they are."""
    part = target.parts.get("sites")
    wanted = [name for name in part.fields if name not in fields] if part else []
    sites: dict[str, Any] = {
        name: column.name for name in wanted if (column := taken.find(name)) is not None
    }
    if "street" in sites and (number := taken.find("house_number")):
        sites["street"] = {"columns": [sites["street"], number.name]}
    return sites


def _rule(column: Column, *, many: bool, coded: bool) -> Any:
    rule: dict[str, Any] = {"column": column.name}
    texts = column.texts
    if many and (separator := _separator(texts)):
        rule["separator"] = separator
        texts = [part.strip() for text in texts for part in text.split(separator)]
    distinct = sorted(set(texts))
    if coded or (many and len(distinct) <= CHOICES):
        rule["values"] = {text: text for text in distinct}
    return rule if len(rule) > 1 else column.name


def _separator(texts: Sequence[str]) -> str | None:
    return next((mark for mark in (";", "|", ",") if any(mark in text for text in texts)), None)


def _key(taken: _Taken) -> Any:
    """What tells rows apart: an identifier without repetitions, else what name them together."""
    headers = ("identity", "name")
    for column in (*filter(None, map(taken.find, headers)), *taken.all):
        if column.is_distinct:
            return column.name
    return {"columns": [column.name for column in taken.all[:3]]}


def _comments(personal: Mapping[str, str]) -> str:
    lines = [
        "# A suggestion, made from headers and values. Read it, complete the source and its",
        "# licence (without one nothing is published), and give codes for the listed values.",
    ]
    lines += [f"# Left out: {name}: {reason}" for name, reason in sorted(personal.items())]
    return "\n".join(lines) + "\n"


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", slugify(name))
