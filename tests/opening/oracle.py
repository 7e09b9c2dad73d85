"""opening_hours.js, which knows the holidays of German states, as an independent evaluator."""

from __future__ import annotations

import json
import os
import subprocess
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from db.cluster import default_data_folder
from db.opening.calendars import Calendar, Holiday
from db.opening.times import Place, spans
from seed.demonstration.holidays import holiday_batch
from tests.servers import ROOT
from web import build as building
from web.build import WEB

_NAMES = {"close": "closed"}
ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class State:
    """A federal state, and a town in it."""

    region: str
    name: str
    latitude: float
    longitude: float
    country: str = "de"


SAXONY = State("DE-SN", "Sachsen", 50.91, 13.34)
NORTH_RHINE = State("DE-NW", "Nordrhein-Westfalen", 51.26, 7.18)
LOWER_SAXONY = State("DE-NI", "Niedersachsen", 53.14, 8.21)
SCHLESWIG = State("DE-SH", "Schleswig-Holstein", 53.87, 10.69)
STATES = (SAXONY, NORTH_RHINE, LOWER_SAXONY, SCHLESWIG)


def theirs(cases: Sequence[tuple[str, State, int]]) -> list[list[tuple[float, str]] | str]:
    """What opening_hours.js finds; a text is why it refuses."""
    questions = [
        asdict(state) | {"hours": hours, "state": state.name, "year": year}
        for hours, state, year in cases
    ]
    folder = default_data_folder(ROOT)
    node = building._find_node() or building._node_from_wheel(folder, lambda _: None)
    done = subprocess.run(
        [node.programs / "node", Path(__file__).with_name("evaluate.mjs"), WEB],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TZ": ZONE.key},
    )
    found: list[list[tuple[float, str]] | str] = json.loads(done.stdout)
    return found


def ours(hours: str, state: State, year: int, calendar: Calendar) -> list[tuple[float, str]]:
    begins, ends = (datetime(y, 1, 1, tzinfo=ZONE) for y in (year, year + 1))
    place = Place(state.region, (state.latitude, state.longitude))
    found = spans(hours, place, calendar, begins, ends)
    return [(span.begins.timestamp() / 60, span.state) for span in found]


def differences(
    a: Sequence[tuple[float, str]], b: Sequence[tuple[float, str]], year: int
) -> Iterator[tuple[str, str, str]]:
    """Every quarter-hour of the year in which the two do not say the same."""
    moment, end = (int(datetime(y, 1, 1, tzinfo=ZONE).timestamp() // 60) for y in (year, year + 1))
    starts = [[minute for minute, _ in one] for one in (a, b)]
    for minute in range(moment, end, 15):
        first, second = (
            _NAMES.get(state := one[bisect(start, minute) - 1][1], state)
            for one, start in zip((a, b), starts, strict=True)
        )
        if first != second:
            shown = datetime.fromtimestamp(minute * 60, ZONE)
            yield shown.strftime("%a %Y-%m-%d %H:%M"), first, second


def demonstration_calendar() -> Calendar:
    """School holidays as the demonstration set has them."""
    rows = holiday_batch().rows
    return Calendar(tuple(Holiday(*(row[name] for name in Holiday._fields)) for row in rows))
