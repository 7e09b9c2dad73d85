"""Reading what opening times follow from: the strings of all regions, and the holidays."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from db.conditions import as_uuid
from db.opening.calendars import Holiday
from db.pool import Pool
from db.state import STATE_TEXT, State, parse_state


class Hours(NamedTuple):
    """A row of `published.opening_hours`."""

    id: UUID
    hours: str
    region: str


class Everything(NamedTuple):
    """As of one publication."""

    state: State
    hours: Sequence[Hours]
    holidays: tuple[Holiday, ...]


@dataclass(frozen=True, slots=True)
class OfOffering:
    """The document of an offering, and the regions that its strings are published for."""

    state: State
    document: dict[str, Any]
    regions: dict[str, list[str]]


async def everything(pool: Pool) -> Everything:
    async with pool.query() as connection:
        cursor = await connection.execute(_EVERYTHING)
        row = await cursor.fetchone()
    assert row is not None  # a row of scalars
    hours = (Hours(UUID(id_), text, region) for id_, text, region in json.loads(row[1]))
    return Everything(parse_state(row[0]), tuple(hours), tuple(map(_holiday, json.loads(row[2]))))


def _holiday(row: Sequence[str]) -> Holiday:
    region, kind, name, first, last = row
    return Holiday(region, kind, name, date.fromisoformat(first), date.fromisoformat(last))


async def of_offering(pool: Pool, name: str, lang: str | None) -> OfOffering | None:
    """By id or slug; in a language, or else the default one."""
    async with pool.query() as connection:
        cursor = await connection.execute(_OF_OFFERING, [as_uuid(name), name, lang])
        row = await cursor.fetchone()
    if row is None:
        return None
    return OfOffering(parse_state(row[0]), json.loads(row[1]), json.loads(row[2]))


_EVERYTHING: LiteralString = f"""
SELECT {STATE_TEXT},
       (SELECT coalesce(json_agg(json_build_array(id, hours, region)), '[]')::text
        FROM published.opening_hours),
       (SELECT coalesce(json_agg(json_build_array(region, kind, name, first_day, last_day)), '[]')
               ::text
        FROM published.holiday)
"""

_OF_OFFERING: LiteralString = f"""
SELECT {STATE_TEXT}, coalesce(t.document, o.document),
       (SELECT coalesce(json_object_agg(hours, regions), '{{}}')::text
        FROM (SELECT h.hours, json_agg(h.region ORDER BY h.region) AS regions
              FROM published.opening_hours h WHERE h.id = ANY (o.opening) GROUP BY h.hours) AS h)
FROM published.offering o
LEFT JOIN published.translation t ON (t.resource, t.id, t.lang) = ('offering', o.id, $3::text)
WHERE o.id = $1::uuid OR o.slug = $2::text
ORDER BY (o.id = $1::uuid) DESC NULLS LAST LIMIT 1
"""
