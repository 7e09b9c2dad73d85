"""Territorial reforms: which district is meant by a key at a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from seed.keys import UnclearKeyError

WHOLE = Decimal("0.999")  # shares are rounded


@dataclass(frozen=True)
class Succession:
    """On `valid_on`, `share` of the predecessor went to the successor."""

    predecessor: str
    successor: str
    valid_on: date
    share: Decimal = Decimal(1)


class Reforms:
    """What became of districts, by their keys.

    A district ends with a reform in which all of it went elsewhere; one that gave a part away
    stays. The other way round is not followed: of a district with one predecessor nothing here
    says whether it is that one renamed, or older and merely larger since.
    """

    def __init__(self, successions: Iterable[Succession]) -> None:
        self._departures: dict[str, dict[date, list[Succession]]] = defaultdict(dict)
        for each in sorted(successions, key=lambda each: each.valid_on):
            self._departures[each.predecessor].setdefault(each.valid_on, []).append(each)

    def valid_at(self, key: str, on: date) -> str:
        """The district a key stands for at a date; before a reform that is the key itself.

        UnclearKeyError if the district was divided by then.
        """
        since, passed = date.min, set()
        while end := self._end(key, since, on):
            if (key, end[0].valid_on) in passed:
                raise UnclearKeyError(f"the successors of {key} go round in a circle")
            passed.add((key, end[0].valid_on))
            key, since = _only_successor(end), end[0].valid_on
        return key

    def _end(self, key: str, since: date, on: date) -> list[Succession]:
        """How a district ended between two dates; empty if it did not."""
        for day, departed in self._departures.get(key, {}).items():
            if since <= day <= on and sum(each.share for each in departed) >= WHOLE:
                return departed
        return []


def _only_successor(end: list[Succession]) -> str:
    if len(end) == 1:
        return end[0].successor
    key, day = end[0].predecessor, end[0].valid_on
    parts = ", ".join(sorted(each.successor for each in end))
    raise UnclearKeyError(f"{key} was divided on {day} ({parts}): name the one that is meant")
