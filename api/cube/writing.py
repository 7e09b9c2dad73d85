"""Which format writes a cube how."""

import asyncio
from collections.abc import Callable, Sequence

from api.cube import jsonstat, sdmx
from api.cube.model import Cube
from api.cube.reading import require_dense
from api.formats import Format

MANY = 20_000
"""Cells that take longer to write than others should wait for."""

Writer = Callable[[Cube, Sequence[jsonstat.Link]], bytes]


def _dataset(cube: Cube, linked: Sequence[jsonstat.Link]) -> bytes:
    require_dense(cube.widened)
    return jsonstat.dataset(cube, linked)


WRITERS: dict[str, Writer] = {
    "jsonstat": _dataset,
    "sdmx-csv": lambda cube, _: sdmx.table(cube),
}


async def written(cube: Cube, format_: Format, linked: Sequence[jsonstat.Link]) -> bytes:
    """The cube in a format; a large one in a thread. Raises TooLargeError."""
    write = WRITERS[format_.name]
    if len(cube.cells) < MANY:
        return write(cube, linked)
    return await asyncio.to_thread(write, cube, linked)
