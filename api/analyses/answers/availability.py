"""Where an indicator has values: a matrix of levels and periods."""

from api.analyses.answers.asked import Asked, Between, about, indicator_of, opening
from api.analyses.answers.envelope import Answer
from api.analyses.parameters import AvailabilityParameters
from api.analyses.reading import Indicator, Slot, slot_of
from api.analyses.sentences import Said
from db import cells
from db.codes import LEVELS

COLUMNS = {
    "level": "level.code",
    "level_label": "level.label",
    "period": "period.edtf",
    "published": "published",
    "suppressed": "suppressed",
    "missing": "missing",
}

Item = dict[str, object]


async def availability(asked: Asked[AvailabilityParameters]) -> Answer | None:
    indicator = await indicator_of(asked)
    if indicator is None:
        return None
    breakdowns = asked.parameters.breakdowns
    there = await cells.availability(asked.pool, indicator.id, breakdowns)
    if there.state != indicator.state:
        raise Between
    entries = there.slots
    slots = {(entry["level"], entry["period"]): slot_of(entry) for entry in entries}
    entries.sort(key=lambda entry: _order(slots[entry["level"], entry["period"]]))
    items = [
        {
            "level": indicator.levels[entry["level"]],
            "period": slots[entry["level"], entry["period"]].edtf,
            **{name: entry[name] for name in ("published", "suppressed", "missing")},
        }
        for entry in entries
    ]
    return Answer(
        state=there.state,
        members={
            **about(indicator, breakdowns),
            "known_breakdowns": [indicator.labelled(each) for each in there.breakdowns],
            "reforms": there.reforms,
        },
        items=items,
        spoken=indicator.spoken,
        said=[opening(None), *_said(indicator, items)],
        sources=[indicator.document["source"]],
        citation=indicator.citation,
        reason=None if items else "no_observations",
        columns=COLUMNS,
    )


def _order(slot: Slot) -> tuple[object, ...]:
    return LEVELS.index(slot.level), slot.order


def _said(indicator: Indicator, items: list[Item]) -> list[Said]:
    if not items:
        return [Said("no_observations")]
    periods = indicator.periods(None)
    level = indicator.level(None)
    last = next(item for item in reversed(items) if item["level"] == indicator.levels[level or ""])
    values = {
        "count": len(periods),
        "first": periods[0].edtf,
        "last": periods[-1].edtf,
        "published": last["published"],
    }
    name = "availability" if len(periods) > 1 else "availability_one"
    return [Said(name, values)]
