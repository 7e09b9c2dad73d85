"""Districts beside what is around them, and beside the mean of their level."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.analyses.answers.asked import (
    Asked,
    Chosen,
    about,
    at_time,
    bounded,
    day,
    indicator_of,
    opening,
    read,
    reason,
    sources,
    wanted,
)
from api.analyses.answers.envelope import Answer, plain
from api.analyses.comparison import Standing, compared, standing
from api.analyses.parameters import CompareParameters
from api.analyses.reading import Area, counted
from api.analyses.sentences import Amount, Said, Term
from api.errors import InvalidParameter
from db import cells

COLUMNS = {
    "district": "district.slug",
    "name": "district.name",
    "key": "district.key",
    "value": "value",
    "flags": "flags.code",
    "mean": "standing.mean",
    "deviation": "standing.deviation",
    "z_score": "standing.z_score",
    "with": "with",
    "with_district": "reference.slug",
    "with_value": "reference_value",
    "difference": "difference",
    "ratio": "ratio",
    "index": "index",
}

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Beside:
    """All that was read, by id, and the values of the level."""

    areas: Mapping[str, Area]
    period: str
    peers: list[float]

    def reference(self, area: Area, name: str) -> Area | None:
        """The parent of a district, or its ancestor of a level."""
        above = area.document["ancestors"]
        found = (
            above[-1:]
            if name == "parent"
            else [each for each in above if each["level"]["code"] == name]
        )
        return self.areas.get(found[0]["id"]) if found else None


async def comparison(asked: Asked[CompareParameters]) -> Answer | None:
    indicator = await indicator_of(asked)
    if indicator is None:
        return None
    parameters = asked.parameters
    named = await cells.levels_of(asked.pool, parameters.district)
    level = _level(named.values())
    chosen = Chosen(level, indicator.period(level, parameters.time))
    which = replace(
        wanted(asked, indicator, chosen.periods, chosen.levels),
        above=parameters.district,
        day=day(asked, indicator, chosen.slot),
    )
    found = await read(asked, indicator, which)
    period = chosen.slot.period if chosen.slot else ""
    areas = {str(area.id): area for area in found.areas}
    peers = [area.at(period) for area in found.areas if area.document["level"]["code"] == level]
    chosen_areas = [area for area in found.areas if area.id in named]
    here = [area.at(period) for area in chosen_areas]
    beside = Beside(
        areas, period, [cell.value for cell in peers if cell and cell.value is not None]
    )
    items = [_item(area, beside, parameters.with_) for area in chosen_areas]
    return Answer(
        state=found.state,
        members={
            **about(indicator, parameters.breakdowns),
            **at_time(indicator, chosen),
            **bounded(asked),
            **counted(peers),
        },
        items=_lines(items) if asked.format.name == "csv" else items,
        spoken=indicator.spoken,
        said=[opening(chosen.slot), *(each for item in items for each in _said(item))],
        sources=sources(indicator, [*here, *peers]),
        citation=indicator.citation,
        reason=reason(here),
        columns=COLUMNS,
    )


def _level(levels: Collection[str]) -> str | None:
    """Of districts of several levels nothing would be comparable, nor is there one mean."""
    if len(set(levels)) > 1:
        found = ", ".join(sorted(set(levels)))
        raise InvalidParameter.named("district", f"must be districts of one level, not {found}")
    return next(iter(levels), None)


def _item(area: Area, beside: Beside, references: Sequence[str]) -> Item:
    cell = area.at(beside.period)
    value = cell.value if cell else None
    place = standing(value, beside.peers)
    return {
        "district": area.reference,
        "value": value,
        "flags": cell.flags if cell else [],
        "standing": {
            "mean": plain(place.mean),
            "deviation": plain(place.deviation),
            "z_score": plain(place.z_score),
            "missing": place.missing,
        },
        "comparisons": [
            _beside_mean(value, place)
            if name == "mean"
            else _beside_district(name, value, beside.reference(area, name), beside.period)
            for name in references
        ],
    }


def _beside_district(name: str, value: float | None, area: Area | None, period: str) -> Item:
    cell = area.at(period) if area else None
    reference = area.reference if area else None
    flags = cell.flags if cell else []
    return _compared(name, value, cell.value if cell else None, reference) | {"flags": flags}


def _beside_mean(value: float | None, place: Standing) -> Item:
    return _compared("mean", value, place.mean, None) | {"flags": []}


def _compared(name: str, value: float | None, other: float | None, reference: Item | None) -> Item:
    found = compared(value, other)
    return {
        "with": name,
        "reference": reference,
        "reference_value": plain(other),
        "difference": plain(found.difference),
        "ratio": plain(found.ratio),
        "index": plain(found.index),
        "missing": found.missing,
    }


def _lines(items: Sequence[Item]) -> list[Item]:
    """A line for each district and what it is compared with."""
    return [
        item | each | {"flags": item["flags"]} for item in items for each in item["comparisons"]
    ]


def _said(item: Item) -> list[Said]:
    name = item["district"]["name"]
    if item["value"] is None:
        is_hidden = any(flag["code"] == "suppressed" for flag in item["flags"])
        return [Said("value_hidden" if is_hidden else "value_missing", {"district": name})]
    own = Said("value", {"district": name, "value": Amount(item["value"])})
    return [own, *(_said_beside(each) for each in item["comparisons"] if not each["missing"])]


def _said_beside(each: Item) -> Said:
    difference = each["difference"]
    said = {
        "difference": Amount(abs(difference)),
        "reference": each["reference"]["name"] if each["reference"] else Term("mean"),
        "other": Amount(each["reference_value"]),
    }
    return Said("more" if difference > 0 else "less" if difference < 0 else "same", said)
