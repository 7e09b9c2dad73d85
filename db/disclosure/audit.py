"""The leak audit: what somebody could find out who reads all that is public, and can calculate.

It reads `published` and nothing else. For every hidden count, linear programming finds how little
and how much it can be, given all visible counts, all sums that are declared to hold, the rates that
are shown with what they are divided by, and that no count is negative. The interval must be at
least as wide as the indicator's threshold.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import inf
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from db.disclosure.additivity import Additivity, Cell, cell_of, sums_of
from db.disclosure.protection import (
    CLOSE,
    Equation,
    Interval,
    Key,
    components,
    equations_of,
    intervals,
)
from db.disclosure.reading import PUBLISHED, sums_declared, tables_of

Solver = Callable[[Sequence[Equation], Sequence[Cell], float], dict[Key, Interval]]
"""The intervals of some cells of equations that hang together, and from where on they are wide."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A hidden count that lies between `low` and `high`, which is too close."""

    indicator: str
    district: str
    period: str
    breakdowns: Mapping[str, str]
    low: float
    high: float
    threshold: int

    def __str__(self) -> str:
        terms = "".join(f", {name} {term}" for name, term in sorted(self.breakdowns.items()))
        between = f"between {self.low:g} and {self.high:g}"
        where = f"{self.indicator} of {self.district}, {self.period}{terms}"
        return f"{where}: {between}, closer than {self.threshold}"


class LeaksFound(RuntimeError):  # noqa: N818 - reads as the state it reports
    """Hidden counts that a publication would let everybody calculate."""

    def __init__(self, leaks: Sequence[Leak]) -> None:
        super().__init__("\n".join(["Not published, as it would give away:", *map(str, leaks)]))
        self.leaks = leaks


@dataclass(frozen=True, slots=True)
class Audit:
    """How many hidden counts were looked at, and which of them are not safe."""

    hidden: int
    leaks: Sequence[Leak]


@dataclass(frozen=True, slots=True)
class Shown:
    """A published observation. `count` is what it counts, of a rate its numerator, of a median how
    many it is about, as far as shown; `whole` what a count is a part of.
    """

    base: UUID
    indicator: str
    period: str
    day: date | None
    district_id: UUID
    district: str
    breakdowns: dict[str, str]
    type: str
    is_hidden: bool
    value: Decimal | None
    count: Decimal | None
    decimals: int
    factor: Decimal | None
    whole: Decimal | None
    is_sum: bool
    threshold: int

    @property
    def cell(self) -> Cell:
        return cell_of(self.district_id, self.breakdowns)


def audit(connection: Connection[Any]) -> Audit:
    """Look at every table that hides something, by linear programming alone.

    The connection needs to see `published`, and nothing else.
    """
    return _audit(connection, None, _programmed)


def audit_tables(connection: Connection[Any], only: Collection[tuple[UUID, str]]) -> Audit:
    """The same of some tables (indicator, period), and by propagation wherever that is as exact."""
    return _audit(connection, only, _propagated)


def _audit(
    connection: Connection[Any], only: Collection[tuple[UUID, str]] | None, solve: Solver
) -> Audit:
    known = sums_declared(connection.cursor(), PUBLISHED)
    hidden, leaks = 0, []
    for rows in _tables(connection, only):
        concealed = {row.cell: row for row in rows if row.is_hidden}
        hidden += len(concealed)
        wholes = _wholes(rows)
        leaks += [
            _leak(concealed[cell], low, high)
            for cell, (low, high) in _intervals(rows, concealed.keys(), known, solve).items()
            if high - low < min(concealed[cell].threshold, wholes.get(cell, inf)) - CLOSE
        ]
    return Audit(hidden, leaks)


def _leak(row: Shown, low: float, high: float) -> Leak:
    return Leak(row.indicator, row.district, row.period, row.breakdowns, low, high, row.threshold)


def _intervals(
    rows: Sequence[Shown], concealed: Collection[Cell], known: Additivity, solve: Solver
) -> dict[Any, Interval]:
    values: dict[Any, float] = {row.cell: float(row.count) for row in rows if row.count is not None}
    is_sum = any(row.is_sum for row in rows)
    day = max((row.day for row in rows if row.day), default=None)
    sums = list(sums_of({row.cell for row in rows}, known, day)) if is_sum else []
    equations = equations_of(values, sums, concealed)
    equations += [
        Equation({cell: 1, ("others", cell): 1}, whole)
        for cell, whole in _wholes(rows).items()
        if cell not in values
    ]
    equations += [each for row in rows if row.cell not in values for each in _rate(row)]
    found: dict[Key, Interval] = {}
    enough = max(row.threshold for row in rows)
    for component in components(equations):
        unknown = {key for equation in component for key in equation.signs}
        if asked := [cell for cell in concealed if cell in unknown]:
            found |= solve(component, asked, enough)
    return {cell: found[cell] for cell in concealed if cell in found}


def _programmed(
    component: Sequence[Equation], cells: Sequence[Cell], _enough: float
) -> dict[Key, Interval]:
    from db.disclosure.programming import extremes  # noqa: PLC0415 - see there

    signs = [equation.signs for equation in component]
    return extremes(signs, [equation.constant for equation in component], cells)


def _propagated(
    component: Sequence[Equation], cells: Sequence[Cell], enough: float
) -> dict[Key, Interval]:
    return intervals(component, cells, enough)


def _wholes(rows: Sequence[Shown]) -> dict[Cell, float]:
    """What is visible beside a count as that which it is a part of."""
    return {
        row.cell: float(row.whole)
        for row in rows
        if row.type in {"count", "rate"} and row.whole is not None
    }


def _rate(row: Shown) -> Iterator[Equation]:
    """A rate says what its count is, as far as its decimals go."""
    if row.type == "rate" and row.whole is not None and row.value is not None and row.factor:
        cell, per_unit = row.cell, float(row.whole) / float(row.factor)
        half = 0.5 * 10**-row.decimals
        least = max(0.0, (float(row.value) - half) * per_unit)
        most = (float(row.value) + half) * per_unit
        yield Equation({cell: 1, ("above", cell): -1}, least)
        yield Equation({cell: 1, ("below", cell): 1}, most)


def _tables(
    connection: Connection[Any], only: Collection[tuple[UUID, str]] | None
) -> Iterator[list[Shown]]:
    named = [[each[part] for each in only or ()] for part in (0, 1)]
    query, values = (_ALL_ROWS, None) if only is None else (_SOME_ROWS, named)
    with connection.cursor(row_factory=class_row(Shown)) as cursor:
        yield from tables_of(cursor.execute(query, values))


# Medians and indices speak of as many as their denominator says. A count is a part of what a rate
# of it is divided by, though nobody states that rate.
_INDICATORS: LiteralString = """
WITH described AS MATERIALIZED (
    SELECT id, slug, coalesce((d -> 'numerator' ->> 'id')::uuid, id) AS base,
           (d -> 'denominator' ->> 'id')::uuid AS divided_by,
           d -> 'type' ->> 'code' AS type, d -> 'aggregation' ->> 'code' AS aggregation,
           (d ->> 'decimals')::int AS decimals, (d ->> 'factor')::numeric AS factor,
           (d ->> 'disclosure_threshold')::int AS threshold
    FROM (SELECT id, slug, document::jsonb AS d FROM published.indicator) AS document
), indicator AS MATERIALIZED (
    SELECT i.*, coalesce(i.divided_by, (
        SELECT r.divided_by FROM described r
        WHERE r.base = i.id AND r.type = 'rate' ORDER BY r.id LIMIT 1)) AS denominator_id
    FROM described i
), concealing AS MATERIALIZED (
    SELECT DISTINCT i.base, o.period
    FROM indicator i JOIN published.observation o ON o.indicator_id = i.id
    WHERE o.flags && ARRAY['suppressed_primary', 'suppressed_secondary']
"""

# By the index of observations, not through all years: OFFSET keeps the planner from merging those.
_DECIDED: LiteralString = """
      AND (i.base, o.period) IN (SELECT * FROM unnest(%s::uuid[], %s::text[]))
"""

_OF_THESE: LiteralString = """
)
SELECT i.base, i.slug AS indicator, o.period, o.period_latest AS day,
       o.district_id, d.slug AS district,
       o.breakdowns::jsonb AS breakdowns, i.type,
       o.flags && ARRAY['suppressed_primary', 'suppressed_secondary'] AS is_hidden,
       o.value,
       CASE i.type WHEN 'count' THEN o.value
                   WHEN 'rate' THEN o.numerator
                   ELSE o.denominator END AS count,
       i.decimals, i.factor,
       coalesce(o.denominator, whole.value) AS whole,
       i.aggregation = 'sum' OR i.type <> 'count' AS is_sum, i.threshold
FROM concealing t
JOIN indicator i ON i.base = t.base
CROSS JOIN LATERAL (
    SELECT * FROM published.observation
    WHERE (indicator_id, period) = (i.id, t.period)
    OFFSET 0
) AS o
JOIN published.district d ON d.id = o.district_id
LEFT JOIN LATERAL (
    SELECT value FROM published.observation
    WHERE (indicator_id, district_id, period, breakdowns)
        = (i.denominator_id, o.district_id, o.period, o.breakdowns)
    OFFSET 0
) AS whole ON true
ORDER BY t.base, o.period, i.type <> 'count', o.id
"""

_ALL_ROWS: LiteralString = _INDICATORS + _OF_THESE
_SOME_ROWS: LiteralString = _INDICATORS + _DECIDED + _OF_THESE
