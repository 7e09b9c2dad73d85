"""The filters of a list as a page shows them: what is chosen, what else could be, with counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.links import Address

SHOWN = 40  # choices of a facet, and all that are chosen
NO_FILTERS = frozenset(
    ("lang", "format", "limit", "sort", "count", "fields", "radius", "layout", "simplify")
)
PAGING = frozenset(("cursor", "facets"))

Counts = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to filter by. `count` is unknown where a chosen value matches nothing."""

    value: str
    label: str
    count: int | None
    is_chosen: bool
    without: str


@dataclass(frozen=True, slots=True)
class Group:
    """The choices of one parameter."""

    name: str
    choices: list[Choice]

    @property
    def is_open(self) -> bool:
        return any(choice.is_chosen for choice in self.choices)


def groups(facets: Mapping[str, Counts], here: Address) -> list[Group]:
    return [Group(name, _choices(name, counts, here)) for name, counts in facets.items()]


def _choices(name: str, counts: Counts, here: Address) -> list[Choice]:
    chosen = here.values(name)
    known = {str(entry["value"]): entry for entry in counts}
    values = [*dict.fromkeys([*chosen, *list(known)[: SHOWN + len(chosen)]])]
    return [
        Choice(
            value,
            str(known[value]["label"]) if value in known else value,
            known[value]["count"] if value in known else None,
            value in chosen,
            here.without(name, value),
        )
        for value in values
    ]


def unseen(here: Address, shown: Sequence[str]) -> list[Group]:
    """Filters in use that have no field of their own, so that they can be taken away as well."""
    return [
        Group(name, [Choice(value, value, None, True, _without(here, name, value))])
        for name, value in kept(here, shown)
        if name not in NO_FILTERS
    ]


def _without(here: Address, name: str, value: str) -> str:
    """Without a point there is no distance from it either."""
    if name == "near":
        return here.changed(near=None, radius=None, sort=None, cursor=None)
    return here.without(name, value)


def kept(here: Address, shown: Sequence[str]) -> list[tuple[str, str]]:
    """What a form must send along, as it has no field for it."""
    return [
        (name, value) for name, value in here.pairs() if name not in shown and name not in PAGING
    ]
