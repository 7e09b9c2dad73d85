"""Mappings: small YAML files that say what the columns of a file mean.

A ready mapping is used by itself where it is the only one whose columns a file has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from seed.mappings.model import (
    FileRule,
    ImportMapping,
    PartRule,
    SourceRule,
    explained,
    nearest,
    recognises,
    wanted,
)
from seed.mappings.rules import FieldRule, ValueRefused, look_up
from seed.readers import Table

__all__ = [
    "READY",
    "FieldRule",
    "FileRule",
    "ImportMapping",
    "MappingError",
    "PartRule",
    "SourceRule",
    "ValueRefused",
    "fitting",
    "load",
    "look_up",
    "named",
    "ready",
    "recognises",
    "wanted",
]

READY = Path(__file__).parent


class MappingError(ValueError):
    """A mapping is missing, ambiguous or wrong. The message is for the person who chose it."""


def load(path: Path) -> ImportMapping:
    try:
        return ImportMapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        listed = "; ".join(explained(error.errors()))
        raise MappingError(f"{path.name}: {listed}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name}: {error}") from error


def ready() -> dict[str, ImportMapping]:
    """The mappings that come with Quartier, by name."""
    return {path.stem: load(path) for path in sorted(READY.glob("*.yaml"))}


def named(name: str) -> ImportMapping:
    """A ready mapping by its name, or one's own by its path."""
    known = ready()
    if name in known:
        return known[name]
    if Path(name).suffix in {".yaml", ".yml"}:
        return load(Path(name))
    raise MappingError(f"no mapping is called {name!r}{nearest(name, known)}")


Tables = Callable[[FileRule], Sequence[Table]]
"""The tables of a file, if it is read by these rules; none if it cannot be."""


def fitting(resource: str | None, tables: Tables) -> ImportMapping:
    """The one ready mapping (of a resource) that recognises one of a file's tables."""
    known = {
        name: mapping
        for name, mapping in ready().items()
        if resource is None or mapping.resource == resource
    }
    fits = _closest(
        {
            name: mapping
            for name, mapping in known.items()
            if any(recognises(mapping, table) for table in tables(mapping.file))
        }
    )
    if len(fits) == 1:
        return known[fits[0]]
    if fits:
        raise MappingError(f"several mappings fit ({', '.join(fits)}): name one")
    seen = {name for table in tables(FileRule()) for name in table.columns}
    listed = ", ".join(sorted(seen)) or "none"
    raise MappingError(f"no ready mapping fits the columns ({listed}): name one")


def _closest(fits: Mapping[str, ImportMapping]) -> list[str]:
    """Those that no other outdoes: one that needs all the columns of another, and more, or that
    takes the file by the other as well."""
    return [
        name
        for name, mapping in fits.items()
        if not any(
            mapping.columns < other.columns or name in other.after for other in fits.values()
        )
    ]
