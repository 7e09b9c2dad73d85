"""Asking for a cube: by the conditions of a list, or of an indicator and chosen codes."""

from collections.abc import Sequence
from datetime import date

from api.analyses.reading import SPOKEN
from api.cube.making import cube
from api.cube.model import Cube
from db import cube as database
from db.conditions import Condition
from db.queries import Source

MOST = 1_000_000
"""Cells: more would be a document that neither side can hold."""
MOST_INCLUDING = 50_000
"""Observations whose counts are looked up before a statement takes too long."""
NARROW = "narrow indicator, district, level or time"


class TooLargeError(ValueError):
    """More than a cube may have; says how much, and how to ask for less."""


async def read(
    source: Source,
    conditions: Sequence[Condition],
    lang: str,
    boundary: date | None = None,
    include: Sequence[str] = (),
) -> Cube:
    """All observations that match. Raises TooLargeError where there are more than may be read."""
    most = MOST_INCLUDING if include else MOST
    wanted = database.Wanted(tuple(conditions), lang, SPOKEN, most, boundary, bool(include))
    found = await database.read(source, wanted)
    if found.count > most:
        raise TooLargeError(f"there are more than {most:,} observations; {NARROW}")
    return cube(found, lang, include)


async def outline(source: Source, conditions: Sequence[Condition], lang: str) -> Cube:
    """The dimensions of the same cube, without a cell."""
    wanted = database.Wanted(tuple(conditions), lang, SPOKEN, MOST)
    return cube(await database.outline(source, wanted), lang)


def require_dense(found: Cube) -> None:
    """Raises TooLargeError if there are more positions than may be written, empty or not."""
    if found.size <= MOST:
        return
    sides = " × ".join(
        f"{len(dimension.categories)} ({dimension.id})" for dimension in found.dimensions
    )
    raise TooLargeError(f"{sides} are {found.size:,} cells, of {MOST:,} at most; {NARROW}")
