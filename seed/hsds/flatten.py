"""Rows of the tables from HSDS 3.1 JSON: what is nested is taken apart, as it comes.

Nothing is remembered: what several documents have within is yielded as often as they have it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from seed.hsds.tables import Column, Table, tables
from seed.identity import NAMESPACE, part_id

Json = Mapping[str, Any]

# Lists of parts, and the table of these.
LISTS = {
    "additional_urls": "url",
    "additional_websites": "url",
    "accessibility": "accessibility",
    "addresses": "address",
    "attributes": "attribute",
    "capacities": "service_capacity",
    "contacts": "contact",
    "cost_options": "cost_option",
    "funding": "funding",
    "languages": "language",
    "locations": "location",
    "metadata": "metadata",
    "organization_identifiers": "organization_identifier",
    "phones": "phone",
    "programs": "program",
    "required_documents": "required_document",
    "schedules": "schedule",
    "service_areas": "service_area",
    "service_at_locations": "service_at_location",
    "services": "service",
}
# What a document refers to and has within: the table of that.
REFERRED = {
    "location": "location",
    "organization": "organization",
    "program": "program",
    "service": "service",
    "taxonomy_detail": "taxonomy",
    "taxonomy_term": "taxonomy_term",
    "unit": "unit",
}


class Row(NamedTuple):
    """A row of a table: a text for each of its columns, empty where there is no value."""

    table: str
    cells: tuple[str, ...]


class Owner(NamedTuple):
    """The row that another is part of."""

    table: str
    id: str


def flatten(table: str, document: Json, owner: Owner | None = None) -> Iterator[Row]:
    """The row of a document, those of its parts, and those of what it refers to."""
    shape, identity = tables()[table], _identity(table, document, owner)
    own = Owner(table, identity)
    within = _within(table, document)
    links = _owned(table, owner) | {
        f"{REFERRED[name]}_id": each.get("id") for name, each in within.items()
    }
    yield Row(table, _cells(shape, {**document, **links, "id": identity}))
    for name, of in LISTS.items():
        for each in _objects(document.get(name)):
            yield from flatten(of, each, own)
    for name, each in within.items():
        yield from flatten(REFERRED[name], each, _above(name, document))


def _within(table: str, document: Json) -> dict[str, Json]:
    """What it refers to. The table of attributes demands a term; of one that is but a label and a
    value the label is."""
    found = {name: document[name] for name in REFERRED if isinstance(document.get(name), dict)}
    label = document.get("label")
    if table == "attribute" and label and not found and not document.get("taxonomy_term_id"):
        identity = str(part_id(NAMESPACE, "label", label))
        return {"taxonomy_term": {"id": identity, "name": label, "description": label}}
    return found


def _identity(table: str, document: Json, owner: Owner | None) -> str:
    """The id; of a part that has none, one that is the same the next time."""
    if document.get("id"):
        return str(document["id"])
    return str(part_id(NAMESPACE, table, owner and owner.id, json.dumps(document, sort_keys=True)))


def _owned(table: str, owner: Owner | None) -> dict[str, Any]:
    """The columns that say what a row is part of."""
    if owner is None:
        return {}
    if table == "attribute":
        return {"link_id": owner.id, "link_entity": owner.table}
    if table == "metadata":
        return {"resource_id": owner.id, "resource_type": owner.table}
    return {f"{owner.table}_id": owner.id}


def _above(name: str, document: Json) -> Owner | None:
    """Of all that a document refers to, only a program is part of something: of who runs it."""
    organization = document.get("organization")
    if name != "program" or not isinstance(organization, dict):
        return None
    return Owner("organization", str(organization.get("id")))


def _objects(value: Any) -> Iterator[Json]:
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            yield each


# --- cells ---------------------------------------------------------------------------------------


def _cells(table: Table, values: Json) -> tuple[str, ...]:
    return tuple(_cell(column, values.get(column.name)) for column in table.columns)


def _cell(column: Column, value: Any) -> str:
    """The text of a value; none for what is not of the column's type, so that it can be read."""
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    written = WRITTEN.get(column.type)
    return text if written is None else written(text)


_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_EMAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{{2,63}}", re.I)
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.I)  # RFC 3986, section 3.1
_TIME = re.compile(r"(\d?\d):(\d\d)(:\d\d)?(.*)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda text: text if pattern.fullmatch(text) else ""


def _time(text: str) -> str:
    """Table Schema, `time`: with seconds."""
    found = _TIME.fullmatch(text)
    if found is None:
        return ""
    hour, minute, second, offset = found.groups()
    return f"{hour:0>2}:{minute}{second or ':00'}{offset}"


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


WRITTEN: Mapping[str, Callable[[str], str]] = {
    "email": _matching(_EMAIL),
    "uri": _matching(_URI),
    "number": _matching(_NUMBER),
    "time": _time,
    "date": _date,
}
