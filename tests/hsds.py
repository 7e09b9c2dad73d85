"""The compiled schemas of HSDS 3.1, and the rules that need no file to be checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parents[2] / "shared" / "standards" / "hsds" / "schema"


@cache
def validator(name: str) -> Draft202012Validator:
    """One of the standard's own schemas; skips where the shared data is absent."""
    if not FOLDER.exists():
        pytest.skip(f"needs {FOLDER}")
    taxonomy = DRAFT202012.create_resource(_schema("taxonomy"))
    registry: Registry[Any] = Registry().with_resource("taxonomy.json", taxonomy)
    return Draft202012Validator(_schema(name), registry=registry, format_checker=FormatChecker())


def _schema(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def invalid(name: str, document: object) -> list[str]:
    """What the schema has against a document."""
    found = validator(name).iter_errors(document)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


IDENTITIES = {"id", "link_id"}


def flaws(value: object, place: str = "") -> Iterator[str]:
    """What HSDS documents must not hold anywhere: null, "", [], {}, and ids that are no UUIDs."""
    if value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
        yield f"{place} is {value!r}"
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from flaws(part, f"{place}/{index}")
    if isinstance(value, dict):
        for name, part in value.items():
            yield from flaws(part, f"{place}/{name}")
            if name in IDENTITIES or name.endswith("_id"):
                yield from _not_an_id(part, f"{place}/{name}")


def _not_an_id(value: object, place: str) -> Iterator[str]:
    try:
        usual = str(UUID(str(value)))
    except ValueError:
        usual = None
    if usual != value:
        yield f"{place} is {value!r}"
