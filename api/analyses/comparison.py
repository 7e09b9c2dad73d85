"""A value beside others: how far from a reference, and where among its peers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

Missing = Literal["no_value", "reference_is_zero", "no_peers", "peers_are_equal"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`difference` is in the unit of the value; `index` is 100 where both are equal."""

    difference: float | None
    ratio: float | None
    index: float | None
    missing: dict[str, Missing]


@dataclass(frozen=True, slots=True)
class Standing:
    """Mean and standard deviation of peers (as a population), and the place among them."""

    mean: float | None
    deviation: float | None
    z_score: float | None
    missing: dict[str, Missing]


def compared(value: float | None, reference: float | None) -> Comparison:
    if value is None or reference is None:
        reasons: dict[str, Missing] = dict.fromkeys(("difference", "ratio", "index"), "no_value")
        return Comparison(None, None, None, reasons)
    if not reference:
        reasons = dict.fromkeys(("ratio", "index"), "reference_is_zero")
        return Comparison(value - reference, None, None, reasons)
    ratio = value / reference
    return Comparison(value - reference, ratio, 100 * ratio, {})


def standing(value: float | None, peers: Sequence[float]) -> Standing:
    """Of a value among all of its level, itself included."""
    if not peers:
        return Standing(None, None, None, dict.fromkeys(("mean", "z_score"), "no_peers"))
    mean = sum(peers) / len(peers)
    deviation = sqrt(sum((each - mean) ** 2 for each in peers) / len(peers))
    if value is None:
        return Standing(mean, deviation, None, {"z_score": "no_value"})
    if deviation == 0:
        return Standing(mean, deviation, None, {"z_score": "peers_are_equal"})
    return Standing(mean, deviation, (value - mean) / deviation, {})
