"""What both sides of disclosure control read: the sums that are declared to hold, table by table.

Deciding reads them of the registry, the audit of what is published.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, LiteralString, NamedTuple, Protocol, TypeVar
from uuid import UUID

from psycopg import Cursor

from db.disclosure.additivity import Additivity, additivity


class InTable(Protocol):
    """A row of the table of an indicator and period."""

    @property
    def base(self) -> UUID: ...
    @property
    def period(self) -> str: ...


Row = TypeVar("Row", bound=InTable)


class Declared(NamedTuple):
    """Where a schema says what adds up to what: relations of the same columns, as SQL."""

    districts: LiteralString
    reforms: LiteralString
    terms: LiteralString


REGISTRY = Declared(
    districts="registry.public_district",
    reforms="""(
    SELECT s.successor_id, s.predecessor_id, s.share, s.valid_on, d.valid_from
    FROM registry.district_succession s JOIN registry.district d ON d.id = s.successor_id
)""",
    terms="""(
    SELECT c.name AS dimension, wider.code AS wider, t.code, c.additive
    FROM registry.codelist c
    JOIN registry.codelist_term t ON t.codelist_id = c.id
    LEFT JOIN registry.codelist_term wider ON wider.id = t.parent_id
)""",
)
PUBLISHED = Declared(
    districts="published.district",
    reforms="""(
    SELECT d.id AS successor_id, (p -> 'district' ->> 'id')::uuid AS predecessor_id,
           (p ->> 'share')::numeric AS share, (p ->> 'valid_on')::date AS valid_on, d.valid_from
    FROM published.district d
    CROSS JOIN jsonb_array_elements(d.document::jsonb -> 'predecessors') AS p
)""",
    terms="""(
    SELECT c.slug AS dimension, t ->> 'parent' AS wider, t ->> 'code' AS code,
           (c.document::jsonb ->> 'additive')::boolean AS additive
    FROM published.codelist c CROSS JOIN jsonb_array_elements(c.document::jsonb -> 'terms') AS t
)""",
)


def sums_declared(cursor: Cursor[Any], declared: Declared) -> Additivity:
    children, merged, terms = (
        cursor.execute(query.format(**declared._asdict())).fetchall()
        for query in (_CHILDREN, _MERGED, _TERMS)
    )
    return additivity(children, merged, terms)


def tables_of(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows of each table, of rows in the order of tables."""
    for _, table in groupby(rows, lambda row: (row.base, row.period)):
        yield list(table)


_CHILDREN: LiteralString = """
SELECT parent_id, level, id, valid_from, valid_to
FROM {districts} WHERE parent_id IS NOT NULL ORDER BY id
"""

# A successor that was there before is more than what was added to it.
_MERGED: LiteralString = """
SELECT successor_id, predecessor_id FROM {reforms} AS reform
WHERE share = 1 AND (valid_from IS NULL OR valid_from >= valid_on)
ORDER BY successor_id, predecessor_id
"""

_TERMS: LiteralString = """
SELECT dimension, coalesce(wider, ''), code FROM {terms} AS term
WHERE additive ORDER BY dimension, code
"""
