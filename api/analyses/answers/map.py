"""A choropleth map: districts with their boundaries, classes and colours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.analyses.answers.asked import (
    Asked,
    Chosen,
    about,
    at_time,
    bounded,
    day,
    features,
    indicator_of,
    opening,
    read,
    reason,
    sources,
    wanted,
)
from api.analyses.answers.envelope import Answer
from api.analyses.classes import Classes, TooFewValues, classified
from api.analyses.parameters import MapParameters
from api.analyses.reading import Area, Cell, counted
from api.analyses.sentences import Amount, Said, rest
from api.errors import InvalidParameter
from db.codes import Method, Scheme

USUAL = 5

COLUMNS = {
    "district": "slug",
    "name": "name",
    "key": "key",
    "value": "value",
    "flags": "flags.code",
    "class": "class",
    "color": "color",
}

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """How classes are made. `is_strict`: there must be as many values as classes."""

    method: Method
    scheme: Scheme
    classes: int
    is_strict: bool


async def choropleth(asked: Asked[MapParameters]) -> Answer | None:
    indicator = await indicator_of(asked)
    if indicator is None:
        return None
    parameters = asked.parameters
    drawing = _drawing(parameters, indicator.document["classification"])
    level = indicator.level(parameters.level)
    chosen = Chosen(level, indicator.period(level, parameters.time))
    is_series = parameters.scope == "series"
    known = [slot.period for slot in indicator.periods(level)] if is_series else chosen.periods
    which = replace(
        wanted(asked, indicator, known if chosen.slot else [], chosen.levels),
        day=day(asked, indicator, chosen.slot),
        geometry=parameters.geometry() if asked.format.name == "geojson" else None,
    )
    found = await read(asked, indicator, which)
    classes = _classes(drawing, found.areas)
    shown = _shown(found.areas, chosen, which.day)
    here = [cell for _, cell in shown]
    items = [_item(area, cell, classes) for area, cell in shown]
    why = reason(here)
    return Answer(
        state=found.state,
        members={
            **about(indicator, parameters.breakdowns),
            **at_time(indicator, chosen),
            **bounded(asked),
            **counted(here),
            "classification": _classification(drawing, classes, here) | {"scope": parameters.scope},
        },
        items=items,
        spoken=indicator.spoken,
        said=[opening(chosen.slot), *([Said(why)] if why else _said(here, classes))],
        sources=sources(indicator, here),
        citation=indicator.citation,
        reason=why,
        columns=COLUMNS,
        features=features(asked, [area for area, _ in shown], items),
    )


def _drawing(asked: MapParameters, usual: Mapping[str, Any]) -> Drawing:
    """What was not asked for is as the indicator says, or else as maps mostly are."""
    method = asked.method or (usual["method"]["code"] if usual["method"] else "quantile")
    return Drawing(
        method=method,
        scheme=asked.scheme or usual["scheme"] or "Blues",
        classes=asked.classes or usual["classes"] or USUAL,
        is_strict=asked.classes is not None and method != "stddev",
    )


def _shown(areas: list[Area], chosen: Chosen, today: date | None) -> list[tuple[Area, Cell | None]]:
    """Districts that existed then, or have an observation of then; not those of other periods."""
    period = chosen.slot.period if chosen.slot else ""
    return [
        (area, cell)
        for area in areas
        if (cell := area.at(period)) or (today and area.existed(today))
    ]


def _classes(drawing: Drawing, areas: list[Area]) -> Classes | None:
    """Of all values read: those of one period, or of the series. None: there is no value."""
    values = [
        cell.value for area in areas for cell in area.series.values() if cell.value is not None
    ]
    if not values:
        return None
    try:
        return classified(
            values, drawing.method, drawing.classes, drawing.scheme, strict=drawing.is_strict
        )
    except TooFewValues as error:
        raise InvalidParameter.named("classes", str(error)) from None


def _item(area: Area, cell: Cell | None, classes: Classes | None) -> Item:
    value = cell.value if cell else None
    return {
        **area.reference,
        "boundary_quality": area.document["boundary_quality"],
        "value": value,
        "flags": cell.flags if cell else [],
        **_classed(value, classes),
    }


def _classed(value: float | None, classes: Classes | None) -> Item:
    if value is None or classes is None:
        return {"class": None, "color": None, "contrast": None}
    index = classes.index(value)
    return {
        "class": index,
        "color": classes.colors[index],
        "contrast": classes.contrasts[index],
    }


def _classification(drawing: Drawing, classes: Classes | None, here: list[Cell | None]) -> Item:
    shown = [cell.value for cell in here if cell and cell.value is not None]
    counts = counted(here)
    return {
        "method": drawing.method,
        "scheme": drawing.scheme,
        "breaks": classes.breaks if classes else [],
        "colors": classes.colors if classes else [],
        "contrasts": classes.contrasts if classes else [],
        "counts": classes.counts(shown) if classes else [],
        "without_data": counts["suppressed"] + counts["missing"],
    }


def _said(here: list[Cell | None], classes: Classes | None) -> list[Said]:
    values = [cell.value for cell in here if cell and cell.value is not None]
    said = {
        "count": len(values),
        "lowest": Amount(min(values)),
        "highest": Amount(max(values)),
        "classes": len(classes.colors) if classes else 0,
    }
    return [Said("map", said), *rest(counted(here))]
