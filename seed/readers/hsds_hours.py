"""Opening hours from HSDS schedules, as an OSM string where that is certain.

A schedule is a rule of iCalendar (RFC 5545) with times, and a description in somebody's words. The
words may be an OSM string, as in what Quartier writes. The rule is one for certain only if it says
all there is: every week, on weekdays, from one time to a later one of the day. A rule that ends, is
of every second week or has a time zone of its own says more than a string that lists it would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from db.opening.hours import is_valid

Schedule = Mapping[str, Any]

DAYS = {"MO": "Mo", "TU": "Tu", "WE": "We", "TH": "Th", "FR": "Fr", "SA": "Sa", "SU": "Su"}
PLAIN = {"id", "freq", "interval", "byday", "opens_at", "closes_at", "wkst", "description", "notes"}
PLAIN |= {"attending_type", "schedule_link", "attributes", "metadata"}
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)(:00)?")


def opening_hours(schedules: Sequence[Schedule]) -> str | None:
    """What the schedules say together, as an OSM string; None where that is not certain."""
    stated = {str(each.get("description") or "").strip() for each in schedules}
    if len(stated) == 1 and is_valid(words := stated.pop()):
        return words
    rules = [_weekly(each) for each in schedules]
    days: dict[str, list[str]] = {}
    for rule in rules:
        if rule is None:
            return None
        for day in rule[0]:
            days.setdefault(day, []).append(rule[1])
    return "; ".join(_joined({day: ",".join(sorted({*of})) for day, of in days.items()})) or None


def opening_note(schedules: Sequence[Schedule]) -> str | None:
    """What is said of them in words, but for the string itself."""
    known = opening_hours(schedules)
    texts = [str(each.get(name) or "") for name in ("description", "notes") for each in schedules]
    return "\n".join(dict.fromkeys(text for text in texts if text.strip() not in ("", known)))


def _weekly(schedule: Schedule) -> tuple[list[str], str] | None:
    """Its days and its span; None if it is not that simple."""
    more = {name for name, value in schedule.items() if value not in (None, "")} - PLAIN
    if more or schedule.get("freq") != "WEEKLY" or str(schedule.get("interval") or 1) != "1":
        return None
    days = str(schedule.get("byday") or "").split(",")
    span = _span(str(schedule.get("opens_at")), str(schedule.get("closes_at")))
    return (days, span) if span and all(day in DAYS for day in days) else None


def _span(opens: str, closes: str) -> str | None:
    begins, ends = _TIME.fullmatch(opens), _TIME.fullmatch(closes)
    if begins is None or ends is None or opens >= closes:
        return None
    return f"{begins[1]}:{begins[2]}-{ends[1]}:{ends[2]}"


def _joined(days: Mapping[str, str]) -> Iterator[str]:
    """Days that follow each other and have the same times are one rule."""
    week = [(DAYS[day], days.get(day)) for day in DAYS]
    for times, same in groupby(week, key=lambda day: day[1]):
        names = [name for name, _ in same]
        if times:
            yield f"{names[0] if len(names) == 1 else f'{names[0]}-{names[-1]}'} {times}"
