"""Ratios with their spread. Rounds are compared one by one, so that a busy minute hurts both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, the least and the most."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


def ratio(these: Sequence[float], those: Sequence[float]) -> Spread:
    """How many times those; both were measured in the same rounds, in this order."""
    return spread([this / that for this, that in zip(these, those, strict=True)])
