"""Values of parts made into the value of the whole, by the rule of the indicator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal

Rule = Literal["sum", "ratio", "weighted_mean"]
Status = Literal["complete", "partial", "none"]
Reason = Literal[
    "no_members", "all_suppressed", "no_values", "no_counts", "no_weight", "denominator_is_zero"
]

NEVER = {"median": "it is a median", "index": "it is an index"}
"""Kinds of numbers that nothing is made of, whatever their rule says."""


@dataclass(frozen=True, slots=True)
class Part:
    """A member with what is published of it; `population` of the district itself."""

    value: float | None
    numerator: float | None
    denominator: float | None
    is_hidden: bool
    population: int | None

    def counts_for(self, rule: Rule) -> bool:
        """Whether the rule can do something with it."""
        if self.value is None:
            return False
        return {
            "sum": True,
            "ratio": self.numerator is not None and self.denominator is not None,
            "weighted_mean": self.denominator is not None,
        }[rule]


@dataclass(frozen=True, slots=True)
class Whole:
    """What the parts make. Not `complete` as soon as one of them takes no part.

    `population_share`: of the people of all members, those whose member takes part; None where
    that of a member is unknown.
    """

    value: float | None
    numerator: float | None
    denominator: float | None
    status: Status
    reason: Reason | None
    used: int
    population_share: float | None


def refusal(document: Mapping[str, Any]) -> str | None:
    """Why nothing can be made of the values of an indicator; None if something can."""
    if reason := NEVER.get(document["type"]["code"]):
        return reason
    return "its rule of aggregation is none" if document["aggregation"]["code"] == "none" else None


def aggregated(rule: Rule, factor: float, parts: Sequence[Part]) -> Whole:
    used = [part for part in parts if part.counts_for(rule)]
    value, numerator, denominator = _made(rule, factor, used) if used else (None, None, None)
    status: Status = "complete" if len(used) == len(parts) else "partial"
    return Whole(
        value,
        numerator,
        denominator,
        status="none" if value is None else status,
        reason=_reason(rule, parts, used) if value is None else None,
        used=len(used),
        population_share=_share(used, parts),
    )


def _made(
    rule: Rule, factor: float, used: Sequence[Part]
) -> tuple[float | None, float | None, float | None]:
    if rule == "sum":
        return fsum(part.value or 0 for part in used), None, None
    whole = fsum(part.denominator or 0 for part in used)
    if rule == "ratio":
        count = fsum(part.numerator or 0 for part in used)
        return (count / whole * factor if whole else None), count, whole
    weighted = fsum((part.value or 0) * (part.denominator or 0) for part in used)
    return (weighted / whole if whole else None), None, whole


def _reason(rule: Rule, parts: Sequence[Part], used: Sequence[Part]) -> Reason:
    if used:
        return "denominator_is_zero"
    if not parts:
        return "no_members"
    if any(part.value is not None for part in parts):
        return "no_counts" if rule == "ratio" else "no_weight"
    return "all_suppressed" if all(part.is_hidden for part in parts) else "no_values"


def _share(used: Sequence[Part], parts: Sequence[Part]) -> float | None:
    known = [part.population for part in parts if part.population is not None]
    people = sum(known)
    if len(known) < len(parts) or not people:
        return None
    return sum(part.population or 0 for part in used) / people
