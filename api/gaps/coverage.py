"""How many people live within a distance of an offering, and which one is nearest: as the crow
flies."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from api.analyses import reading
from api.analyses.answers.asked import Between
from api.analyses.answers.envelope import Answer, as_features, plain
from api.analyses.reading import SPOKEN, Area, Reading
from api.analyses.sentences import Figure, Said
from api.errors import Lacking
from api.gaps.asked import Asked, chosen, distinct, of_district
from api.gaps.distances import Grid, Place, Reach, Reachable
from api.gaps.parameters import CoverageParameters
from db import cells, gaps, queries
from db.codes import LEVELS
from db.gaps import Kind, Spots
from db.state import State

COLUMNS = {
    "district": "slug",
    "name": "name",
    "key": "key",
    "residents": "residents",
    "covered": "covered",
    "uncovered": "uncovered",
    "percent": "percent",
    "nearest": "nearest.offering.slug",
    "nearest_name": "nearest.offering.name",
    "nearest_m": "nearest.distance_m",
    "nearest_from": "nearest.from",
}
NO_GRID = (
    "the population grid has not been imported for these districts: `quartier import grid`. "
    "Without distance_m the nearest offering of each district is given."
)
NOBODY = {lang: {"title": "", "unit": "1", "decimals": 0} for lang in SPOKEN}
"""No indicator is spoken of."""
ANY = UUID(int=0)
"""Of no indicator are there observations to be read."""

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What was worked out, and of which kinds of cells. `names`: references to offerings."""

    state: State
    districts: Mapping[UUID, Reach]
    total: Reach
    above: Area | None
    kinds: Sequence[Kind]
    spots: Spots
    names: Mapping[UUID, Item] = field(default_factory=dict)

    @property
    def offerings(self) -> list[UUID]:
        return [reach.nearest.offering for reach in self.districts.values() if reach.nearest]

    @property
    def left_out(self) -> dict[str, int]:
        return {"larger_area": self.spots.unplaced, "nowhere": self.spots.nowhere}


@dataclass(frozen=True, slots=True)
class Row:
    area: Area
    reach: Reach

    @property
    def name(self) -> str:
        return str(self.area.document["name"])

    @property
    def uncovered(self) -> float:
        if self.reach.residents is None or self.reach.covered is None:
            return 0.0
        return self.reach.residents - self.reach.covered

    @property
    def metres(self) -> float:
        return self.reach.nearest.metres if self.reach.nearest else -1.0


async def coverage(asked: Asked[CoverageParameters]) -> Answer:
    parameters = asked.parameters
    level = parameters.level or await gaps.usual_level(asked.pool, parameters.parent)
    read = await _districts(asked, level)
    above = await _above(asked, read.state.day)
    grid = await asked.residents.of(read.state)
    spots = await gaps.spots(asked.pool, parameters.offerings)
    found = await asyncio.to_thread(_found, grid, spots, read.areas, above, parameters.distance_m)
    if parameters.distance_m is not None and read.areas and not found.kinds:
        raise Lacking(NO_GRID)
    state, names = await gaps.named(asked.pool, found.offerings, asked.lang)
    if grid.state.sequence != read.state.sequence or {spots.state, state} != {read.state}:
        raise Between  # the grid is kept from one day to the next
    rows = [Row(area, found.districts[area.id]) for area in read.areas]
    if parameters.order == "need":
        rows.sort(key=lambda row: (-row.uncovered, -row.metres, row.name))
    return _answer(asked, replace(found, names=names), rows)


def _found(
    grid: Grid, spots: Spots, areas: Sequence[Area], above: Area | None, distance: float | None
) -> Found:
    near = Reachable(grid, spots, distance)
    ids = [area.id for area in areas]
    everywhere = [above.id] if above else ids
    return Found(
        state=grid.state,
        districts={area.id: near.district(area.id, _point(area)) for area in areas},
        total=near.people(everywhere),
        above=above,
        kinds=[grid.kinds[number] for number in grid.within(ids)],
        spots=spots,
    )


def _point(area: Area) -> Place | None:
    x, y = area.document["longitude"], area.document["latitude"]
    return None if x is None or y is None else (x, y)


async def _districts(asked: Asked[CoverageParameters], level: str | None) -> Reading:
    state = await queries.current_state(asked.pool)
    wanted = _wanted(
        asked,
        levels=[level] if level else [],
        parent=asked.parameters.parent,
        districts=asked.parameters.district,
        day=date.fromisoformat(state.day),
        geometry=asked.geometry,
    )
    found = await reading.read(asked.pool, wanted)
    if found.state != state:
        raise Between
    return found


async def _above(asked: Asked[CoverageParameters], day: str) -> Area | None:
    if asked.parameters.parent is None:
        return None
    today = date.fromisoformat(day)
    wanted = _wanted(asked, levels=LEVELS, districts=[asked.parameters.parent], day=today)
    return next(iter((await reading.read(asked.pool, wanted)).areas), None)


def _wanted(asked: Asked[CoverageParameters], **which: Any) -> cells.Wanted:
    return cells.Wanted(indicator=ANY, lang=asked.lang, breakdowns={}, periods=[], **which)


def _answer(asked: Asked[CoverageParameters], found: Found, rows: Sequence[Row]) -> Answer:
    parameters = asked.parameters
    items = [of_district(row.area) | _reached(row.reach, found.names) for row in rows]
    above = found.above.reference if found.above else None
    widths = [kind.width for kind in found.kinds]
    return Answer(
        state=found.state,
        members={
            "level": rows[0].area.document["level"] if rows else None,
            "filter": chosen(parameters),
            "distance_m": parameters.distance_m,
            "distance_is": "air_line",
            "cell_m": max((width for width in widths if width), default=None),
            "order": parameters.order,
            "left_out": found.left_out,
            "total": {"district": above, **_counted(found.total)},
        },
        items=items,
        spoken=NOBODY,
        said=_said(rows, found, parameters.distance_m),
        sources=distinct([*(kind.source for kind in found.kinds), *found.spots.sources]),
        reason=_reason(rows),
        columns=COLUMNS,
        features=as_features([row.area for row in rows], items) if asked.geometry else None,
    )


def _reason(rows: Sequence[Row]) -> str | None:
    if not rows:
        return "no_districts"
    return None if any(row.reach.nearest for row in rows) else "no_points"


def _counted(reach: Reach) -> Item:
    residents, covered = reach.residents, reach.covered
    uncovered = percent = None
    if residents and covered is not None:
        uncovered, percent = residents - covered, 100 * covered / residents
    return {
        "residents": plain(residents),
        "covered": plain(covered),
        "uncovered": plain(uncovered),
        "percent": plain(percent),
    }


def _reached(reach: Reach, names: Mapping[UUID, Item]) -> Item:
    nearest = reach.nearest
    return {
        **_counted(reach),
        "nearest": nearest
        and {
            "offering": names[nearest.offering],
            "distance_m": round(nearest.metres),
            "from": "residents" if nearest.from_residents else "point",
        },
    }


def _said(rows: Sequence[Row], found: Found, distance: float | None) -> list[Said]:
    if not rows:
        return [Said("gaps_nothing")]
    said = [*_covered(rows, found, distance), *_farthest(rows), Said("coverage_air_line")]
    left_out = sum(found.left_out.values())
    return [*said, *([Said("coverage_left_out", {"count": left_out})] if left_out else [])]


def _covered(rows: Sequence[Row], found: Found, distance: float | None) -> list[Said]:
    counts = _counted(found.total)
    if distance is None or counts["percent"] is None:
        return []
    values = {
        "percent": Figure(counts["percent"], 1),
        "covered": Figure(counts["covered"], 0),
        "residents": Figure(counts["residents"], 0),
        "metres": Figure(distance, 0),
    }
    worst = max(rows, key=lambda row: row.uncovered)
    if not worst.uncovered:
        return [Said("coverage", values)]
    most = {"district": worst.name, "uncovered": Figure(worst.uncovered, 0)}
    return [Said("coverage", values), Said("coverage_most", most)]


def _farthest(rows: Sequence[Row]) -> list[Said]:
    farthest = max(rows, key=lambda row: row.metres)
    if farthest.reach.nearest is None:
        return [Said("coverage_no_points")]
    values = {"district": farthest.name, "metres": Figure(farthest.metres, 0)}
    return [Said("coverage_farthest", values)]
