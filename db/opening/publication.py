"""What publish() does about opening times: each string of a region once, and the holidays.

PostgreSQL cannot read opening hours. Python makes schedules of those strings that no published
offering had before, and of no others: a publication that brings none asks it nothing.
"""

import json
from typing import Any, LiteralString

from psycopg import Cursor

from db.opening.schedules import schedules


def replace_opening_times(cursor: Cursor[Any], changed: dict[str, int], *, rebuild: bool) -> None:
    """Within the transaction of a publication, once its offerings are replaced."""
    holidays = sum(cursor.execute(statement).rowcount for statement in (_ENDED, _HOLIDAYS))
    if holidays:
        changed["holiday"] = holidays
    if rebuild:
        cursor.execute("DELETE FROM published.opening_hours")
        _add_hours(cursor, _ALL)
    elif _has_offerings(cursor):
        _add_hours(cursor, _NEW)
        cursor.execute(_UNUSED)


def _has_offerings(cursor: Cursor[Any]) -> bool:
    """Whether offerings were among what was built."""
    row = cursor.execute("SELECT to_regclass('pg_temp.changed_offering') IS NOT NULL").fetchone()
    return bool(row and row[0])


def _add_hours(cursor: Cursor[Any], wanted: LiteralString) -> None:
    rows = cursor.execute(wanted).fetchall()
    with cursor.copy(_COPY) as copy:
        for id_, hours, region in rows:
            copy.write_row((id_, hours, region, json.dumps(schedules(hours), ensure_ascii=False)))


_ENDED: LiteralString = """
DELETE FROM published.holiday p
WHERE NOT EXISTS (SELECT FROM registry.public_holiday h WHERE h.id = p.id)
"""

_HOLIDAYS: LiteralString = """
INSERT INTO published.holiday AS p (id, region, kind, name, first_day, last_day, attribution)
SELECT id, region, kind, name, first_day, last_day, attribution FROM registry.public_holiday
ON CONFLICT (id) DO UPDATE
SET region = excluded.region, kind = excluded.kind, name = excluded.name,
    first_day = excluded.first_day, last_day = excluded.last_day,
    attribution = excluded.attribution
WHERE p IS DISTINCT FROM excluded
"""

_HOURS: LiteralString = """
SELECT DISTINCT opening.id, x.opening_hours, opening.region
FROM {offerings}
JOIN registry.offering_site x ON x.offering_id = o.id
JOIN registry.public_site s ON s.id = x.site_id
LEFT JOIN site_region r ON r.site_id = s.id
CROSS JOIN LATERAL (
    SELECT coalesce(r.region, '') AS region,
           published.opening_id(x.opening_hours, coalesce(r.region, '')) AS id
) AS opening
WHERE x.opening_hours IS NOT NULL
  AND NOT EXISTS (SELECT FROM published.opening_hours h WHERE h.id = opening.id)
"""
_ALL: LiteralString = _HOURS.replace("{offerings}", "published.offering o")
_NEW: LiteralString = _HOURS.replace(
    "{offerings}",
    "(SELECT id FROM changed_offering WHERE opening IS DISTINCT FROM opening_before) AS o",
)

_COPY: LiteralString = "COPY published.opening_hours (id, hours, region, schedules) FROM STDIN"

_UNUSED: LiteralString = """
DELETE FROM published.opening_hours h
WHERE h.id IN (SELECT unnest(opening_before) FROM changed_offering
               WHERE opening IS DISTINCT FROM opening_before
               UNION SELECT unnest(opening) FROM removed_offering)
  AND NOT EXISTS (SELECT FROM published.offering o WHERE o.opening @> ARRAY[h.id])
"""
