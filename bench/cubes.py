"""The cases of indicators: a cube, and maps, each beside what it is held to."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from api.analyses.reading import SPOKEN
from bench.checks import read
from bench.dataset import COUNTY
from bench.load import WrongAnswer
from bench.observations import YEARS, Statistics, name_of
from bench.questions import ARGUMENTS
from bench.results import LIST, SQL, UNCACHED
from bench.servers import Server
from db import conditions, cube
from db.conditions import where

MUNICIPALITIES = 53
BOUNDARIES = ("0", "200")  # exact ones, and simplified
_QUOTED = re.compile(r"'[^']*'")

Check = Callable[[Any], int]


@dataclass(frozen=True)
class Race:
    """Addresses of ours, uncached, and what they are held to: others of ours, or a statement.

    `size` counts what an answer holds: as many as `expected`, in each.
    """

    name: str
    title: str
    paths: Mapping[str, Sequence[str]]
    statement: str | None
    size: Check
    expected: int

    @property
    def contestants(self) -> list[str]:
        return [*self.paths, *([SQL] if self.statement else [])]


def races(connection: psycopg.Connection[Any], statistics: Statistics) -> Iterator[Race]:
    names = [name_of(number) for number in statistics.plain][:ARGUMENTS]
    yield Race(
        "jsonstat",
        "an indicator, all districts and years, as JSON-stat",
        {UNCACHED: [f"/v1/indicators/{name}/observations?format=jsonstat" for name in names]},
        _of_indicators(connection, names),
        _cells,
        len(statistics.areas) * len(YEARS),
    )
    for tolerance in BOUNDARIES:
        yield _map(statistics, names, tolerance)


def _map(statistics: Statistics, names: Sequence[str], tolerance: str) -> Race:
    drawn = f"simplify={tolerance}"
    year = YEARS[-1]
    parents = "&".join(f"parent={region}" for region in statistics.regions)
    existing = f"level=municipality&{parents}&valid_on={year}-12-31&limit=100"
    asked = f"level=municipality&parent={COUNTY}&time={year}"
    return Race(
        f"map-{tolerance}",
        f"map of {MUNICIPALITIES} districts, {drawn}",
        {
            UNCACHED: [f"/v1/indicators/{name}/map.geojson?{asked}&{drawn}" for name in names],
            LIST: [f"/v1/districts.geojson?{existing}&{drawn}"],
        },
        None,
        _shapes,
        MUNICIPALITIES,
    )


def check(race: Race, server: Server) -> None:
    """Every address must answer, and say as much as the others."""
    for path in (path for paths in race.paths.values() for path in paths):
        body, _ = read(server.url + path)
        found = race.size(json.loads(body))
        if found != race.expected:
            raise WrongAnswer(f"{path} holds {found}, not {race.expected}")


def _cells(answer: Any) -> int:
    return len(answer["value"])


def _shapes(answer: Any) -> int:
    return sum(bool(feature["geometry"]) for feature in answer["features"])


# --- the statement that a cube is read by --------------------------------------------------------


class _Recorded(Exception):  # noqa: N818 - reads as what happened
    """What would have been sent."""


class _Recorder:
    """A source of connections that sends nothing, and remembers what it should have sent."""

    def __init__(self) -> None:
        self.statement = ""
        self.arguments: Sequence[object] = ()

    @asynccontextmanager
    async def query(self) -> AsyncIterator[Any]:
        yield self

    async def execute(
        self, statement: str, arguments: Sequence[object], **_options: object
    ) -> object:
        self.statement, self.arguments = statement, arguments
        raise _Recorded


def _of_indicators(connection: psycopg.Connection[Any], names: Sequence[str]) -> str:
    """For pgbench: what the server sends for each of these, `:i` saying which."""
    asked = where(conditions.refers_to, ("indicator_id", "indicator"), [names[0]])
    recorder = _Recorder()
    with suppress(_Recorded):
        asyncio.run(cube.read(recorder, cube.Wanted((asked,), "de", SPOKEN)))
    listed = sql.SQL(", ").join(map(sql.Literal, names))
    one = sql.SQL("ARRAY[(ARRAY[{}])[:i]]").format(listed).as_string(connection)
    values = [
        one if value == [names[0]] else sql.Literal(value).as_string(connection)
        for value in recorder.arguments
    ]
    statement = _QUOTED.sub(_without_colons, recorder.statement)
    return re.sub(r"\$(\d+)", lambda found: values[int(found[1]) - 1], statement).strip()


def _without_colons(text: re.Match[str]) -> str:
    """pgbench takes a colon before a letter for a variable, even between quotes."""
    return f"E{text[0]}".replace(":", r"\x3a") if ":" in text[0] else text[0]
