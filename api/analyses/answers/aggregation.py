"""Values of districts made into those of the districts above them, beside what is stated there."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.analyses.aggregation import Part, aggregated, refusal
from api.analyses.answers.asked import (
    Asked,
    Chosen,
    about,
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
from api.analyses.answers.envelope import Answer, plain
from api.analyses.differing import beyond
from api.analyses.parameters import AggregationParameters
from api.analyses.reading import Area, Cell, Indicator, Reading, counted
from api.analyses.sentences import Amount, Said, rest
from api.errors import InvalidParameter
from db.codes import LEVELS, UNASSIGNABLE

COLUMNS = {
    "district": "district.slug",
    "name": "district.name",
    "key": "district.key",
    "calculated": "calculated",
    "numerator": "numerator",
    "denominator": "denominator",
    "status": "status",
    "reason": "reason",
    "members": "coverage.members",
    "used": "coverage.used",
    "suppressed": "coverage.suppressed",
    "missing": "coverage.missing",
    "population_share": "coverage.population_share",
    "unassignable": "unassignable.value",
    "stated": "stated.value",
    "stated_flags": "stated.flags.code",
    "difference": "difference",
}

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """The cells of wholes and members, and of what is in a whole but in none of its members."""

    indicator: Indicator
    period: str
    wholes: Sequence[Area]
    members: Mapping[str, Sequence[Area]]
    unassignable: Mapping[str, Sequence[Cell]]

    def cells(self) -> list[Cell | None]:
        """Of the members, each once."""
        found = {area.id: area for areas in self.members.values() for area in areas}
        return [area.at(self.period) for area in found.values()]


async def aggregation(asked: Asked[AggregationParameters]) -> Answer | None:
    indicator = await indicator_of(asked)
    if indicator is None:
        return None
    if why := refusal(indicator.document):
        raise InvalidParameter.named("level", _refused(indicator, why))
    parameters = asked.parameters
    of = _below(indicator, parameters)
    chosen = Chosen(of, indicator.period(of, parameters.time) if of else None)
    found = await _read(asked, indicator, chosen)
    items = [_item(found, area) for area in found.wholes]
    _require_weights(indicator, items)
    here = found.cells()
    nothing = reason(here)
    return Answer(
        state=indicator.state,
        members={
            **about(indicator, parameters.breakdowns),
            "level": _label(indicator, parameters.level, found.wholes),
            "of": indicator.levels.get(of or ""),
            "period": chosen.slot.edtf if chosen.slot else None,
            **bounded(asked),
            **counted(here),
            "rule": indicator.document["aggregation"],
            "weighted_by": _weight(indicator),
        },
        items=items,
        spoken=indicator.spoken,
        said=[opening(chosen.slot), *([Said(nothing)] if nothing else _said(items, here))],
        sources=sources(indicator, [*here, *(area.at(found.period) for area in found.wholes)]),
        citation=indicator.citation,
        reason=nothing,
        columns=COLUMNS,
        features=features(asked, found.wholes, items),
    )


def _below(indicator: Indicator, parameters: AggregationParameters) -> str | None:
    """The level of the members; None: nothing is observed below.

    A level that has values, if not of this breakdown, may be asked for.
    """
    if parameters.of:
        is_known = parameters.of in indicator.levels
        return parameters.of if is_known else indicator.level(parameters.of)
    lower = LEVELS[LEVELS.index(parameters.level) + 1 :]
    slots = [slot for slot in indicator.slots if slot.level in lower]
    return replace(indicator, slots=slots).level(None)


async def _read(asked: Asked[AggregationParameters], indicator: Indicator, chosen: Chosen) -> Read:
    level, on = asked.parameters.level, day(asked, indicator, chosen.slot)
    both = replace(
        wanted(asked, indicator, chosen.periods, [level, *chosen.levels]),
        day=on,
        geometry=asked.parameters.geometry() if asked.format.name == "geojson" else None,
    )
    apart = replace(
        both,
        levels=_between(level, chosen.level),
        geometry=None,
        breakdowns=asked.parameters.breakdowns | dict([UNASSIGNABLE]),
    )
    found, left = await read(asked, indicator, both), await read(asked, indicator, apart)
    return _arranged(indicator, chosen, level, on, (found, left))


def _between(level: str, of: str | None) -> tuple[str, ...]:
    """The levels of districts that members may be missing from: all above theirs."""
    return LEVELS[LEVELS.index(level) : LEVELS.index(of)] if of else ()


def _arranged(
    indicator: Indicator, chosen: Chosen, level: str, on: date, found: tuple[Reading, Reading]
) -> Read:
    """Wholes with their members, as far as they existed on that day: a district and what it became
    a part of are not counted both."""
    period = chosen.slot.period if chosen.slot else ""
    there, left = ([area for area in each.areas if area.existed(on)] for each in found)
    by_level: dict[str, list[Area]] = {level: []}
    for area in there:
        by_level.setdefault(area.document["level"]["code"], []).append(area)
    members: dict[str, list[Area]] = {str(area.id): [] for area in by_level[level]}
    for area in by_level.get(chosen.level or "", []):
        for whole in _wholes(area, members):
            members[whole].append(area)
    unassignable: dict[str, list[Cell]] = {whole: [] for whole in members}
    for area in left:
        if cell := area.at(period):
            for whole in _wholes(area, members):
                unassignable[whole].append(cell)
    return Read(indicator, period, by_level[level], members, unassignable)


def _wholes(area: Area, known: Container[str]) -> list[str]:
    """The district itself, and those it lies in, as far as values are worked out for them."""
    around = (str(area.id), *(each["id"] for each in area.document["ancestors"]))
    return [each for each in around if each in known]


def _item(read: Read, area: Area) -> Item:
    members = read.members[str(area.id)]
    parts = [_part(member, member.at(read.period)) for member in members]
    document = read.indicator.document
    whole = aggregated(document["aggregation"]["code"], document["factor"] or 1, parts)
    stated, apart = area.at(read.period), _together(read.unassignable[str(area.id)])
    counts = counted([member.at(read.period) for member in members])
    return {
        "district": area.reference,
        "calculated": plain(whole.value),
        "numerator": plain(whole.numerator),
        "denominator": plain(whole.denominator),
        "status": whole.status,
        "reason": whole.reason,
        "coverage": {
            "members": len(members),
            "used": whole.used,
            **counts,
            "population_share": plain(whole.population_share),
        },
        "unassignable": apart,
        "stated": {"value": stated.value, "flags": stated.flags} if stated else None,
        "difference": plain(
            beyond(whole, stated.value if stated else None, apart["value"] if apart else 0.0)
        ),
    }


def _part(area: Area, cell: Cell | None) -> Part:
    population = area.document["population"]
    if cell is None:
        return Part(None, None, None, is_hidden=False, population=population)
    return Part(cell.value, cell.numerator, cell.denominator, cell.is_hidden, population)


def _together(apart: Sequence[Cell]) -> Item | None:
    """All that is in none of the members; unknown if one part of it is."""
    if not apart:
        return None
    values = [cell.value for cell in apart if cell.value is not None]
    flags = {flag["code"]: flag for cell in apart for flag in cell.flags}
    value = sum(values) if len(values) == len(apart) else None
    return {"value": value, "flags": list(flags.values())}


def _label(indicator: Indicator, level: str, wholes: Sequence[Area]) -> Item | None:
    """Of a level that may have no values of its own."""
    found: Item | None = next((area.document["level"] for area in wholes), None)
    return found or indicator.levels.get(level)


def _weight(indicator: Indicator) -> Item | None:
    """What the values of a mean are weighted by, as far as the indicator names it."""
    document = indicator.document
    weight: Item | None = document["denominator"]
    return weight if document["aggregation"]["code"] == "weighted_mean" else None


def _require_weights(indicator: Indicator, items: Sequence[Item]) -> None:
    """A mean that nothing weights would be a mean of rates."""
    reasons = {item["reason"] for item in items}
    if "no_weight" in reasons and _weight(indicator) is None:
        detail = "nothing says by what its values are weighted"
        raise InvalidParameter.named("level", _refused(indicator, detail))


def _refused(indicator: Indicator, why: str) -> str:
    return f"{indicator.document['title']} cannot be aggregated because {why}"


def _said(items: Sequence[Item], here: Sequence[Cell | None]) -> list[Said]:
    if len(items) == 1 and items[0]["calculated"] is not None:
        said = [_said_one(items[0])]
    else:
        complete = sum(item["status"] == "complete" for item in items)
        said = [Said("aggregated", {"areas": len(items), "complete": complete})]
    differing = sum(bool(item["difference"]) for item in items)
    return [
        *said,
        *([Said("differing", {"count": differing})] if differing else []),
        *rest(counted(here)),
    ]


def _said_one(item: Item) -> Said:
    values = {
        "district": item["district"]["name"],
        "value": Amount(item["calculated"]),
        "used": item["coverage"]["used"],
        "members": item["coverage"]["members"],
    }
    return Said("aggregated_one", values)
