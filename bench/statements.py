"""Reads the SQL files of this folder: statements with a name in a comment above each."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

FOLDER = Path(__file__).parent
_NAMED = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, LiteralString]:
    """As much our own text as if it stood in the code."""
    _, *parts = _NAMED.split((FOLDER / f"{file}.sql").read_text(encoding="utf-8"))
    bodies = [body.strip().removesuffix(";") for body in parts[1::2]]
    return cast("dict[str, LiteralString]", dict(zip(parts[::2], bodies, strict=True)))


@cache
def script(file: str) -> list[LiteralString]:
    """The statements of a file that is run from top to bottom."""
    text = (FOLDER / f"{file}.sql").read_text(encoding="utf-8")
    parts = re.split(r";\n(?=\n|\Z|VACUUM|CREATE|ALTER)", text)
    return cast("list[LiteralString]", [part for part in parts if part.strip()])
