"""How many people live within a distance of an offering, and which one is nearest: as the crow
flies."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from api.gaps.parameters import CoverageParameters
from db import cells, gaps, queries
from db.codes import LEVELS
from db.gaps import Nearest, Reach, Reached

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
    found = await gaps.reach(
        asked.pool,
        parameters.offerings,
        [area.id for area in read.areas],
        distance=parameters.distance_m,
        parent=parameters.parent,
        lang=asked.lang,
    )
    if found.state != read.state:
        raise Between
    if parameters.distance_m is not None and read.areas and found.total.residents is None:
        raise Lacking(NO_GRID)
    rows = [Row(area, found.districts[area.id]) for area in read.areas]
    if parameters.order == "need":
        rows.sort(key=lambda row: (-row.uncovered, -row.metres, row.name))
    return _answer(asked, found, rows, above)


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


def _answer(
    asked: Asked[CoverageParameters], found: Reached, rows: Sequence[Row], above: Area | None
) -> Answer:
    parameters = asked.parameters
    items = [of_district(row.area) | _reached(row.reach) for row in rows]
    total = {"district": above.reference if above else None, **_counted(found.total)}
    return Answer(
        state=found.state,
        members={
            "level": rows[0].area.document["level"] if rows else None,
            "filter": chosen(parameters),
            "distance_m": parameters.distance_m,
            "distance_is": "air_line",
            "cell_m": found.width,
            "order": parameters.order,
            "left_out": {"larger_area": found.unplaced, "nowhere": found.nowhere},
            "total": total,
        },
        items=items,
        spoken=NOBODY,
        said=_said(rows, found, parameters.distance_m),
        sources=distinct(found.sources),
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


def _reached(reach: Reach) -> Item:
    return {**_counted(reach), "nearest": _nearest(reach.nearest)}


def _nearest(nearest: Nearest | None) -> Item | None:
    if nearest is None:
        return None
    return {
        "offering": nearest.offering,
        "distance_m": round(nearest.metres),
        "from": "residents" if nearest.from_residents else "point",
    }


def _said(rows: Sequence[Row], found: Reached, distance: float | None) -> list[Said]:
    if not rows:
        return [Said("gaps_nothing")]
    said = [*_covered(rows, found, distance), *_farthest(rows), Said("coverage_air_line")]
    left_out = found.unplaced + found.nowhere
    return [*said, *([Said("coverage_left_out", {"count": left_out})] if left_out else [])]


def _covered(rows: Sequence[Row], found: Reached, distance: float | None) -> list[Said]:
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
