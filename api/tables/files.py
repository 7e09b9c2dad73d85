"""Formats that are finished only at their end wait in a temporary file."""

from collections.abc import Iterator
from typing import IO

PIECE = 1 << 18


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece
