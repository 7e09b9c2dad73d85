"""Where a source states another value of a district than its parts make: both stay visible."""

from collections.abc import Sequence
from typing import Any

from api.analyses.aggregation import Part, Whole, aggregated
from api.analyses.answers.envelope import plain
from db import parts
from db.parts import Made
from db.queries import Source
from db.state import State

Item = dict[str, Any]

NOISE = 1e-9  # of binary arithmetic


def key(observation: Item) -> Item:
    """What names a value, from its document."""
    return {
        "indicator": observation["indicator"]["id"],
        "district": observation["district"]["id"],
        "period": observation["period"]["edtf"],
        "breakdowns": {name: term["code"] for name, term in observation["breakdowns"].items()},
    }


async def differing(source: Source, stated: Sequence[Item]) -> tuple[State, dict[int, Item]]:
    """Of values (by key) those that differ from what all parts make, by their place."""
    state, found = await parts.of_stated(source, stated)
    made = {each.n: _beside(each) for each in found}
    return state, {n: item for n, item in made.items() if item}


def _beside(made: Made) -> Item | None:
    """None if not all parts are known, or they make what is stated, as exactly as that is."""
    members = [Part(*each) for each in made.members]
    whole = aggregated(made.rule, made.factor or 1, members)
    apart = _together(made.apart)
    difference = beyond(whole, made.value, apart if made.apart else 0.0)
    if difference is None or abs(difference) <= 0.5 * 10.0**-made.decimals + NOISE:
        return None
    return {
        "value": plain(whole.value),
        "difference": plain(difference),
        "unassignable": plain(apart),
        "coverage": {
            "members": len(members),
            "used": whole.used,
            "published": whole.used,
            "suppressed": 0,
            "missing": 0,
            "population_share": plain(whole.population_share),
        },
    }


def _together(apart: Sequence[float | None]) -> float | None:
    """Of what is in none of the members; None: nothing is, or one part is unknown."""
    values = [value for value in apart if value is not None]
    return sum(values) if values and len(values) == len(apart) else None


def beyond(whole: Whole, stated: float | None, apart: float | None) -> float | None:
    """What is stated beyond the members, and beyond what is in none of them (0: nothing is).

    Unknown unless all members take part. Rates are not added to: what is in no district is a count.
    """
    if whole.value is None or whole.status != "complete" or stated is None:
        return None
    if whole.denominator is not None:
        return stated - whole.value
    return None if apart is None else stated - whole.value - apart
