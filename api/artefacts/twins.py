"""The compressed twin of a file of text, for callers who accept gzip."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

LEVEL = 5
SMALLEST = 1000
"""Bytes from which it is worth it."""
TEXTS = ("text/", "application/json", "application/x-ndjson", "application/geo+json")


def has_twin(media_type: str, size: int) -> bool:
    return size >= SMALLEST and media_type.startswith(TEXTS)


def twin_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def compress(path: Path) -> Path:
    """The same bytes always: neither name nor time are in them."""
    twin = twin_of(path)
    with (
        path.open("rb") as plain,
        twin.open("wb") as file,
        gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, 1 << 20)
    return twin
