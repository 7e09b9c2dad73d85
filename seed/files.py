"""Reads the files of seed/data: CSV for tables, YAML for what nests.

A key `name@en` holds the English translation of `name`, in both. An empty cell is None.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"

Entry = Mapping[str, Any]
"""A row of a CSV file or a mapping of a YAML file."""


def read_csv(name: str) -> list[dict[str, str | None]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(file)]


def read_yaml(name: str) -> Any:
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))


def read_folder(name: str) -> list[Any]:
    """Every YAML file of a folder, by name."""
    return [read_yaml(f"{name}/{path.name}") for path in sorted((DATA / name).glob("*.yaml"))]


def translations(entry: Entry) -> dict[str, dict[str, str]]:
    """`{"name@en": "…"}` -> `{"en": {"name": "…"}}`."""
    found: dict[str, dict[str, str]] = {}
    for key, text in entry.items():
        field, _, language = key.partition("@")
        if language and text:
            found.setdefault(language, {})[field] = text
    return found
