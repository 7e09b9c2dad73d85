"""Records in JSON: found by a JSONPath, or as the only array of objects there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonpath
from jsonpath import JSONPath, JSONPathMatch
from jsonpath.path import CompoundJSONPath

from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.json_values import DEEPEST, flatten
from seed.readers.sources import Source

FORMAT = "json"

Step = str | int
Steps = tuple[Step, ...]
Enclosing = tuple[tuple[Any, Step], ...]
"""What a value is within, the nearest first, each with the key or index that leads to it."""


@dataclass(frozen=True)
class Found:
    steps: Steps
    value: Any
    enclosing: Enclosing

    @property
    def position(self) -> str:
        return path_of(self.steps)

    def elements(self) -> Iterator[Found]:
        for index, each in enumerate(self.value):
            yield Found((*self.steps, index), each, ((self.value, index), *self.enclosing))


@dataclass(frozen=True)
class JsonTable:
    name: str
    columns: Sequence[str]
    found: Sequence[Found]
    crs: str | None = None

    def records(self) -> Iterator[Record]:
        return records(self.found)


def open_json(source: Source, hints: Hints) -> Document:
    found = list(find(source.json, hints.records))
    table = JsonTable(source.label, columns_of(records(found)), found)
    return Document(FORMAT, [table])


def columns_of(found: Iterable[Record]) -> list[str]:
    """Every key that occurs, in the order of first appearance."""
    return list(dict.fromkeys(key for record in found for key in record.properties))


def path_of(steps: Steps) -> str:
    """`$.schools[3]['post code']`: a normalized path (RFC 9535, section 2.7), but short."""
    return "$" + "".join(_step(step) for step in steps)


def _step(step: Step) -> str:
    plain = isinstance(step, str) and step.isidentifier()
    return f".{step}" if plain else f"[{step!r}]"


# --- where the records are -----------------------------------------------------------------------


def find(value: Any, path: str | None) -> Iterator[Found]:
    if path is None:
        yield from _only_array(value).elements()
        return
    for match in _matches(value, path):
        found = _found(match)
        if isinstance(found.value, list) and _has_objects(found.value):
            yield from found.elements()
        else:
            yield found


def _matches(value: Any, path: str) -> Iterator[JSONPathMatch]:
    try:
        yield from _compiled(path).finditer(value)
    except (jsonpath.JSONPathError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableError(f"the path {path!r} cannot be followed: {reason}") from error


@cache
def _compiled(path: str) -> JSONPath | CompoundJSONPath:
    return jsonpath.compile(path)


def _found(match: JSONPathMatch) -> Found:
    enclosing: list[Any] = []
    parent = match.parent
    while parent is not None:
        enclosing.append(parent.obj)
        parent = parent.parent
    return Found(match.parts, match.obj, tuple(zip(enclosing, reversed(match.parts), strict=True)))


def _only_array(value: Any) -> Found:
    """The array at the top, or the only one of objects that is within objects."""
    if isinstance(value, list):
        return Found((), value, ())
    arrays = list(_arrays(Found((), value, ()), DEEPEST))
    full = [each for each in arrays if _has_objects(each.value)]
    choice = full or [each for each in arrays if not each.value]
    if len(choice) == 1:
        return choice[0]
    if not choice:
        raise UnreadableError("the file holds no array of objects; name the records in the mapping")
    paths = ", ".join(f"{each.position}[*]" for each in choice[:10])
    raise UnreadableError(
        f"several arrays may be meant; name in the mapping one of {paths}, or $ for the whole"
    )


def _arrays(found: Found, levels: int) -> Iterator[Found]:
    if isinstance(found.value, list):
        yield found
    elif isinstance(found.value, dict) and levels:
        for key, each in found.value.items():
            inner = Found((*found.steps, key), each, ((found.value, key), *found.enclosing))
            yield from _arrays(inner, levels - 1)


def _has_objects(values: list[Any]) -> bool:
    return any(isinstance(each, dict) for each in values)


# --- what is in them -----------------------------------------------------------------------------


def records(found: Iterable[Found], *, place: str = "") -> Iterator[Record]:
    """Each with its own members, and with those of `^`, the object around it, and of `^.^`."""
    around: tuple[Enclosing, dict[str, Any]] = ((), {})
    for each in found:
        if not _same(each.enclosing, around[0]):
            around = (each.enclosing, _from_enclosing(each.enclosing))
        position = place + each.position
        if isinstance(each.value, dict):
            yield Record(position, flatten(each.value) | around[1])
        else:
            yield Record(position, {"value": each.value} | around[1], remark="not an object")


def _same(one: Enclosing, other: Enclosing) -> bool:
    """Siblings in an array differ in their index only, which is not shown."""
    return len(one) == len(other) and all(
        a is b and (i == j or isinstance(a, list))
        for (a, i), (b, j) in zip(one, other, strict=True)
    )


def _from_enclosing(enclosing: Enclosing) -> dict[str, Any]:
    objects = [(value, key) for value, key in enclosing if isinstance(value, Mapping)]
    return {
        f"{'^.' * level}{path}": each
        for level, (value, key) in enumerate(objects, 1)
        for path, each in flatten({k: v for k, v in value.items() if k != key}).items()
    }
