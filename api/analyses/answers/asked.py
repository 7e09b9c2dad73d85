"""What analyses of an indicator have in common: what was asked, which level, period and cells."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Generic, TypeVar

from api.analyses import reading
from api.analyses.answers.envelope import as_features
from api.analyses.parameters import AnalysisParameters, Below, Bounded, Broken
from api.analyses.reading import Area, Cell, Indicator, Reading, Slot, counted, reason_of
from api.analyses.sentences import Said
from api.formats import Format
from db import cells
from db.pool import Pool

P_co = TypeVar("P_co", bound=AnalysisParameters, covariant=True)


class Between(Exception):  # noqa: N818 - says what happened
    """A publication came between two statements, whose answers do not belong together."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was read for a question, so that no other analysis that it is put to reads it again."""

    indicators: list[tuple[tuple[str, str, Mapping[str, str]], Indicator]] = field(
        default_factory=list
    )
    readings: list[tuple[cells.Wanted, Reading]] = field(default_factory=list)

    def reading(self, which: cells.Wanted) -> Reading | None:
        """The same cells, perhaps with geometries that are not wanted."""
        return next(
            (
                found
                for known, found in self.readings
                if which in (known, replace(known, geometry=None))
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Asked(Generic[P_co]):
    """A question understood: of which entity, in which language and format."""

    pool: Pool
    name: str
    lang: str
    format: Format
    parameters: P_co
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A level and a period of it; no period: nothing is observed there."""

    level: str | None
    slot: Slot | None

    @property
    def periods(self) -> list[str]:
        return [self.slot.period] if self.slot else []

    @property
    def levels(self) -> list[str]:
        return [self.level] if self.level else []


async def indicator_of(asked: Asked[Broken]) -> Indicator | None:
    key = asked.name, asked.lang, asked.parameters.breakdowns
    for known, indicator in asked.memory.indicators:
        if known == key:
            return indicator
    found = await reading.indicator(asked.pool, *key)
    if found:
        asked.memory.indicators.append((key, found))
    return found


def wanted(
    asked: Asked[Broken], indicator: Indicator, periods: Sequence[str], levels: Sequence[str]
) -> cells.Wanted:
    parent = asked.parameters.parent if isinstance(asked.parameters, Below) else None
    return cells.Wanted(
        indicator=indicator.id,
        lang=asked.lang,
        breakdowns=asked.parameters.breakdowns,
        periods=periods,
        levels=levels,
        parent=parent,
        parts=(indicator.part("numerator"), indicator.part("denominator")),
        boundary=boundary(asked),
    )


def boundary(asked: Asked[Any]) -> date | None:
    """The day whose districts are meant, if that was asked for."""
    return asked.parameters.boundary if isinstance(asked.parameters, Bounded) else None


def day(asked: Asked[Any], indicator: Indicator, slot: Slot | None) -> date:
    """On which districts exist that are meant: that of `boundary`, or of the period."""
    return boundary(asked) or last_day(indicator, slot)


def last_day(indicator: Indicator, slot: Slot | None) -> date:
    """Of the period; today where it has none."""
    return (slot and slot.latest) or date.fromisoformat(indicator.state.day)


async def read(asked: Asked[Broken], indicator: Indicator, which: cells.Wanted) -> Reading:
    found = asked.memory.reading(which) or await reading.read(asked.pool, which)
    if found.state != indicator.state:
        raise Between
    asked.memory.readings.append((which, found))
    return found


def reason(found: Sequence[Cell | None]) -> str | None:
    """Why nothing can be worked out, if nothing can."""
    counts, stated = counted(found), sum(cell is not None for cell in found)
    return reason_of(stated, counts["published"], counts["suppressed"])


def about(indicator: Indicator, breakdowns: Mapping[str, str]) -> dict[str, Any]:
    return {"indicator": indicator.reference, "breakdowns": indicator.labelled(breakdowns)}


def bounded(asked: Asked[Any]) -> dict[str, Any]:
    on = boundary(asked)
    return {"boundary": on.isoformat() if on else None}


def at_time(indicator: Indicator, chosen: Chosen) -> dict[str, Any]:
    level = indicator.levels.get(chosen.level or "")
    return {"level": level, "period": chosen.slot.edtf if chosen.slot else None}


def opening(slot: Slot | None) -> Said:
    return Said("about", {"period": slot.edtf}) if slot else Said("about_all")


def sources(indicator: Indicator, used: Iterable[Cell | None]) -> list[dict[str, Any]]:
    """Those of the values, once each; of the indicator itself, if there are none."""
    found = {json.dumps(cell.source): cell.source for cell in used if cell}
    return list(found.values()) or [indicator.document["source"]]


def features(
    asked: Asked[Any], areas: Iterable[Area], items: Iterable[dict[str, Any]]
) -> list[bytes] | None:
    """GeoJSON, if that was asked for."""
    if asked.format.name != "geojson":
        return None
    return as_features(areas, items)
