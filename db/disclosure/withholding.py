"""Disclosure control within a publication: which raw observations are hidden, which are shown.

A table is decided at once: the counts of one indicator in one period, and the rates made of them.
Its sums are those of the districts (parent and children of each level, what a reform made of whom)
and of the breakdowns whose codelist is declared additive. What was decided before is kept; cells
from a source that is public already cannot be hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import class_row

from db.disclosure.additivity import Cell, cell_of, sums_of
from db.disclosure.protection import Kind, Pattern, Sum, Table, protect
from db.disclosure.reading import REGISTRY, sums_declared, tables_of

Reason = Literal["no_count", "follows_from_public_values"]


@dataclass(frozen=True, slots=True)
class Row:
    """An observation of a table, and what its indicator says of it.

    `denominator_value` is what the indicator that it is divided by has in the same cell;
    `denominator_hidden` None: that is decided in this publication.
    """

    base: UUID
    period: str
    day: date | None
    id: UUID
    indicator_id: UUID
    indicator: str
    district: str
    district_id: UUID
    breakdowns: dict[str, str]
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    raw: bool
    type: str
    factor: Decimal | None
    denominator_id: UUID | None
    is_sum: bool
    threshold: int
    kind: Kind | None
    denominator_value: Decimal | None
    denominator_hidden: bool | None

    @property
    def cell(self) -> Cell:
        return cell_of(self.district_id, self.breakdowns)

    @property
    def states_count(self) -> bool:
        return (self.value if self.type == "count" else self.numerator) is not None

    @property
    def whole(self) -> float | None:
        """The denominator, as far as anybody states one."""
        stated = self.denominator if self.denominator is not None else self.denominator_value
        return None if stated is None else float(stated)

    @property
    def count(self) -> float | None:
        """How many persons it speaks of: of a rate its numerator, of a median all of them."""
        if self.type == "count":
            return None if self.value is None else float(self.value)
        if self.numerator is not None:
            return float(self.numerator)
        if self.type != "rate" or self.whole is None:
            return self.whole
        if self.value is None or self.factor is None:
            return None
        return float(round(float(self.value) * self.whole / float(self.factor)))


class Withheld(NamedTuple):
    """A raw observation that could not be decided about, or whose value others give away."""

    indicator: str
    district: str
    period: str
    reason: Reason


@dataclass(slots=True)
class Decisions:
    """What was decided about observations, by id."""

    kinds: dict[UUID, Kind | None] = field(default_factory=dict)
    withheld: list[Withheld] = field(default_factory=list)


def withhold(cursor: Cursor[Any]) -> tuple[list[tuple[UUID, str]], list[Withheld]]:
    """Decide about the tables that changed; mark as pending what looks different from now on.

    Returns which tables that were (indicator, period), and what could not be decided well.
    """
    cursor.execute(_TABLES)
    if cursor.rowcount == 0:
        return [], []
    cursor.execute("ANALYZE undecided")
    tables = cursor.execute("SELECT base, period FROM undecided").fetchall()
    decisions, shown = Decisions(), _Denominators()
    known = sums_declared(cursor, REGISTRY)
    with cursor.connection.cursor(row_factory=class_row(Row)) as reading:
        # those that others divide by come first
        for rows in tables_of(reading.execute(_ROWS)):
            is_sum = any(row.is_sum for row in rows)
            day = max((row.day for row in rows if row.day), default=None)
            sums = list(sums_of({row.cell for row in rows}, known, day)) if is_sum else []
            _decide(rows, sums, shown, decisions)
    _record(cursor, decisions)
    return tables, decisions.withheld


# --- the counts of a table -----------------------------------------------------------------------


class _Denominators:
    """The denominators of a publication that are visible, by indicator, period and cell."""

    def __init__(self) -> None:
        self._hidden: set[tuple[UUID, str, Cell]] = set()

    def hide(self, indicator: UUID, period: str, cell: Cell) -> None:
        self._hidden.add((indicator, period, cell))

    def is_hidden(self, row: Row) -> bool:
        if row.denominator_hidden is not None:
            return bool(row.denominator_hidden)
        return (row.denominator_id, row.period, row.cell) in self._hidden


def _decide(
    rows: Sequence[Row], sums: Sequence[Sum], shown: _Denominators, decisions: Decisions
) -> None:
    values: dict[Any, float] = {}
    for row in rows:
        if row.count is not None:
            values.setdefault(row.cell, row.count)
    wholes = _wholes(rows, shown)
    values |= {("of", cell): whole for cell, whole in wholes.items()}
    opened = {row.cell for row in rows if not row.raw and row.states_count}
    threshold = max(row.threshold for row in rows)
    table = Table(
        values=values,
        sums=[*sums, *(Sum(("of", cell), (cell, ("others", cell))) for cell in wholes)],
        threshold=threshold,
        open=opened | {("of", cell) for cell in wholes},
        hidden={row.cell for row in rows if row.kind and row.cell in values},
        small={c for c, whole in wholes.items() if 0 < whole - values[c] < threshold} - opened,
        wholes=wholes,
    )
    pattern = protect(table)
    for row in rows:
        if row.raw and (row.value is None or row.cell in values):
            _note(row, pattern, shown, decisions)
        elif row.raw:
            decisions.withheld.append(_withheld(row, "no_count"))


def _wholes(rows: Sequence[Row], shown: _Denominators) -> dict[Any, float]:
    """What is visible beside a count, where that is a part of it: the rest can be subtracted."""
    return {
        row.cell: whole
        for row in rows
        if row.type in {"count", "rate"}
        and (count := row.count) is not None
        and (whole := row.whole) is not None
        and count <= whole
        and not shown.is_hidden(row)
    }


def _note(row: Row, pattern: Pattern, shown: _Denominators, decisions: Decisions) -> None:
    """A rate goes with its count, and with what it is divided by."""
    kind = pattern.hidden.get(row.cell)
    if kind is None and row.type == "rate" and shown.is_hidden(row):
        kind = "secondary"
    decisions.kinds[row.id] = kind
    if kind and row.type == "count":
        shown.hide(row.indicator_id, row.period, row.cell)
    if row.cell in pattern.exposed:
        decisions.withheld.append(_withheld(row, "follows_from_public_values"))


def _withheld(row: Row, reason: Reason) -> Withheld:
    return Withheld(row.indicator, row.district, row.period, reason)


# --- reading and writing --------------------------------------------------------------------------


def _record(cursor: Cursor[Any], decisions: Decisions) -> None:
    ids, kinds = list(decisions.kinds), list(decisions.kinds.values())
    cursor.execute(_RECORD, [ids, kinds])


# A rate belongs to the counts it is made of. Denominators matter to those that divide by them.
_TABLES: LiteralString = """
CREATE TEMPORARY TABLE undecided ON COMMIT DROP AS
WITH moved AS (
    SELECT d.id FROM pending p
    JOIN registry.public_district d ON d.id = p.id
    LEFT JOIN published.district old ON old.id = d.id
    WHERE p.resource = 'district'
      AND (old.id IS NULL OR old.parent_id IS DISTINCT FROM d.parent_id OR old.level <> d.level)
), changed AS (
    SELECT o.indicator_id, o.period
    FROM pending p JOIN registry.observation o ON o.id = p.id
    WHERE p.resource = 'observation'
    UNION
    SELECT o.indicator_id, o.period
    FROM pending p
    JOIN registry.indicator i ON i.id = p.id
    JOIN registry.observation o ON o.indicator_id = ANY (ARRAY[i.id, i.numerator_id])
    WHERE p.resource = 'indicator'
    UNION
    SELECT o.indicator_id, o.period FROM registry.observation o
    WHERE o.raw AND (
        EXISTS (SELECT FROM moved)
        OR EXISTS (SELECT FROM pending p JOIN registry.codelist c ON c.id = p.id
                   WHERE p.resource = 'codelist' AND c.additive))
), concerned AS (
    SELECT coalesce(i.numerator_id, i.id) AS base, c.period
    FROM changed c JOIN registry.indicator i ON i.id = c.indicator_id
    UNION
    SELECT coalesce(i.numerator_id, i.id), c.period
    FROM changed c JOIN registry.indicator i ON i.denominator_id = c.indicator_id
)
SELECT base, period,
       EXISTS (SELECT FROM registry.indicator d WHERE d.denominator_id = base) AS divides
FROM concerned
WHERE EXISTS (
    SELECT FROM registry.indicator i
    JOIN registry.observation o ON o.indicator_id = i.id AND o.period = concerned.period
    WHERE coalesce(i.numerator_id, i.id) = base AND o.raw AND o.status = 'published')
"""

_ROWS: LiteralString = """
WITH divisor AS MATERIALIZED (
    SELECT DISTINCT ON (n.indicator_id, n.period, n.district_id, n.breakdowns)
           n.indicator_id, n.period, n.district_id, n.breakdowns, n.value,
           CASE WHEN NOT n.raw THEN false
                WHEN (n.indicator_id, n.period) IN (SELECT base, period FROM undecided) THEN NULL
                ELSE c.kind IS NOT NULL OR c.observation_id IS NULL END AS hidden
    FROM registry.observation n
    LEFT JOIN registry.disclosure c ON c.observation_id = n.id
    WHERE n.indicator_id IN (SELECT i.denominator_id FROM undecided t
                             JOIN registry.indicator i ON coalesce(i.numerator_id, i.id) = t.base)
      AND n.period IN (SELECT period FROM undecided)
      AND n.status = 'published'
    ORDER BY n.indicator_id, n.period, n.district_id, n.breakdowns, n.raw
), divided AS MATERIALIZED (
    SELECT i.*, coalesce(i.denominator_id, (
        SELECT r.denominator_id FROM registry.indicator r
        WHERE r.numerator_id = i.id AND r.type = 'rate' ORDER BY r.id LIMIT 1)) AS divided_by
    FROM registry.indicator i
)
SELECT t.base, o.period, o.period_latest AS day, o.id, o.indicator_id,
       i.slug AS indicator, d.slug AS district,
       o.district_id, o.breakdowns, o.value, o.numerator, o.denominator, o.raw,
       i.type, i.factor, i.divided_by AS denominator_id,
       i.aggregation = 'sum' OR i.type <> 'count' AS is_sum,
       i.disclosure_threshold AS threshold, c.kind,
       divisor.value AS denominator_value, divisor.hidden AS denominator_hidden
FROM undecided t
JOIN divided i ON coalesce(i.numerator_id, i.id) = t.base
JOIN registry.observation o ON o.indicator_id = i.id AND o.period = t.period
JOIN registry.public_district d ON d.id = o.district_id
JOIN registry.public_source s ON s.id = o.source_id
LEFT JOIN registry.disclosure c ON c.observation_id = o.id
LEFT JOIN divisor ON divisor.indicator_id = i.divided_by AND divisor.period = o.period
      AND divisor.district_id = o.district_id AND divisor.breakdowns = o.breakdowns
WHERE o.status = 'published'
ORDER BY t.divides DESC, t.base, o.period, i.type <> 'count', o.id
"""

_RECORD: LiteralString = """
WITH decided AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[]) AS d(id, kind)
), recorded AS (
    INSERT INTO registry.disclosure AS old (observation_id, kind)
    SELECT id, kind FROM decided
    ON CONFLICT (observation_id) DO UPDATE SET kind = excluded.kind, decided_at = now()
    WHERE old.kind IS DISTINCT FROM excluded.kind
    RETURNING observation_id
)
INSERT INTO pending SELECT 'observation', observation_id FROM recorded ON CONFLICT DO NOTHING
"""
