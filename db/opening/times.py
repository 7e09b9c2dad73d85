"""When a place is open, closed, or nobody knows: opening_hours strings at a place and a time.

Whatever the answer depends on and is not known, a holiday that only a part of the region keeps,
school holidays of a year not listed yet, the sun of a place whose point is not given, is tried in
all the ways it could be. Where these agree, that is the answer; where they do not, it is unknown.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise, product
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours
from opening_hours import State as LibraryState

from db.opening.calendars import Calendar, Kind, zone_of
from db.opening.hours import KINDS_OF_HOLIDAYS, Alternatives, Rule, expression, parse

State = Literal["open", "closed", "unknown"]
Point = tuple[float, float]
"""Latitude, longitude, as the library has it."""

FORESEEN = (timedelta(days=8), timedelta(days=70), timedelta(days=740))
"""How far a change of state is looked for, the near future first."""

_ONE_DAY = timedelta(days=1)
_TODAY = 1.5 * _ONE_DAY
_SELDOM = 30 * _ONE_DAY  # no clock is set twice in a month
_SPILL = 2 * _ONE_DAY  # a time may be as late as 48:00
_MINUTE = timedelta(minutes=1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_Holidays = dict[str, set[date]]
"""The dates that `PH` and `SH` stand for."""

_ANYWHERE = (47.2, 5.8, 69.1, 24.2)
_BOXES = {
    "DE": (47.2, 5.8, 55.1, 15.1),
    "DE-SH": (53.3, 7.8, 55.1, 11.4),
    "DE-HH": (53.3, 8.4, 54.0, 10.4),
    "DE-NI": (51.2, 6.3, 53.9, 11.6),
    "DE-HB": (53.0, 8.4, 53.7, 9.0),
    "DE-NW": (50.3, 5.8, 52.6, 9.5),
    "DE-HE": (49.3, 7.7, 51.7, 10.3),
    "DE-RP": (48.9, 6.1, 51.0, 8.6),
    "DE-BW": (47.5, 7.5, 49.8, 10.5),
    "DE-BY": (47.2, 8.9, 50.6, 13.9),
    "DE-SL": (49.1, 6.3, 49.7, 7.5),
    "DE-BE": (52.3, 13.0, 52.7, 13.8),
    "DE-BB": (51.3, 11.2, 53.6, 14.8),
    "DE-MV": (53.1, 10.5, 54.7, 14.5),
    "DE-SN": (50.1, 11.8, 51.7, 15.1),
    "DE-ST": (50.9, 10.5, 53.1, 13.2),
    "DE-TH": (50.2, 9.8, 51.7, 12.7),
    "SE": (55.3, 10.9, 69.1, 24.2),
}
"""South, west, north, east of the regions whose sun rises and sets between those of the corners."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a string holds. With a point, the sun is that of the point."""

    region: str
    point: Point | None = None

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.region)

    @property
    def points(self) -> list[Point]:
        """Between which the sun is that of the place."""
        if self.point:
            return [self.point]
        state = self.region.partition("/")[0]
        south, west, north, east = _BOXES.get(state) or _BOXES.get(state[:2], _ANYWHERE)
        return [(south, west), (south, east), (north, west), (north, east)]


class _Sun(NamedTuple):
    """Where it rises, and by which clock."""

    zone: ZoneInfo
    point: Point


class Span(NamedTuple):
    """A time in one state."""

    begins: datetime
    ends: datetime
    state: State
    comment: str


def state_at(hours: str, place: Place, calendar: Calendar, at: datetime) -> Span:
    """The state at a moment, to the minute."""
    return next(spans(hours, place, calendar, at, at + _MINUTE))


def soon(
    hours: str, place: Place, calendar: Calendar, at: datetime
) -> tuple[State, datetime | None]:
    """The state at a moment; and if it is open, when it ends, if that is within days.

    Of what is closed no more is found out: this is asked of every string there is.
    """
    today = at + _TODAY
    found = spans(hours, place, calendar, at, today)
    state = next(found).state
    if state != "open":
        return state, None
    ends = next((span.begins for span in found if span.state != state), None)
    return state, ends or _end(hours, place, calendar, at, FORESEEN[0])


def next_change(hours: str, place: Place, calendar: Calendar, at: datetime) -> datetime | None:
    """When the state changes next; None if that is not foreseen."""
    ends = (_end(hours, place, calendar, at, ahead) for ahead in FORESEEN)
    return next(filter(None, ends), None)


def _end(
    hours: str, place: Place, calendar: Calendar, at: datetime, ahead: timedelta
) -> datetime | None:
    found = spans(hours, place, calendar, at, at + ahead)
    state = next(found).state
    return next((span.begins for span in found if span.state != state), None)


def spans(
    hours: str, place: Place, calendar: Calendar, begins: datetime, ends: datetime
) -> Iterator[Span]:
    """From one moment to another, without a gap; no two in a row are the same."""
    alternatives = parse(hours)
    zone = place.zone
    found = (
        Span(_moment(span.begins, offset, zone), _moment(span.ends, offset, zone), *span[2:])
        for first, last, offset in _wall_clock(begins, ends, zone)
        for span in (
            _local_spans(alternatives, place, calendar, first, last)
            if alternatives
            else [Span(first, last, "unknown", "")]
        )
    )
    return _joined(found)


def _joined(found: Iterable[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in found:
        if last and last[2:] == span[2:]:
            last = last._replace(ends=span.ends)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def _days(first: date, last: date) -> list[date]:
    return [first + _ONE_DAY * number for number in range((last - first).days + 1)]


# --- the clock on the wall -----------------------------------------------------------------------


def _wall_clock(
    begins: datetime, ends: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """What the clock there shows, and how far ahead of UTC, parted where it is put forward or back:
    an hour that comes twice is open twice, one that is left out never."""
    begun, ended = begins.astimezone(UTC), ends.astimezone(UTC)
    months = range(1, (ended - begun) // _SELDOM + 1)
    marks = [begun, *(begun + _SELDOM * number for number in months), ended]
    parts = [begun, *filter(None, (_switch(a, b, zone) for a, b in pairwise(marks))), ended]
    for first, last in pairwise(parts):
        offset = _offset(first, zone)
        yield (first + offset).replace(tzinfo=None), (last + offset).replace(tzinfo=None), offset


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _switch(first: datetime, last: datetime, zone: ZoneInfo) -> datetime | None:
    """When the clock is set between the two, to the minute."""
    after = _offset(last, zone)
    if _offset(first, zone) == after:
        return None
    while last - first > _MINUTE:
        middle = first + (last - first) / 2
        first, last = (first, middle) if _offset(middle, zone) == after else (middle, last)
    return last.replace(second=0, microsecond=0)


def _moment(local: datetime, offset: timedelta, zone: ZoneInfo) -> datetime:
    return (local - offset).replace(tzinfo=UTC).astimezone(zone)


# --- in all the ways it could be -----------------------------------------------------------------


def _local_spans(
    alternatives: Alternatives, place: Place, calendar: Calendar, begins: datetime, ends: datetime
) -> Iterable[Span]:
    """By the clock of the place."""
    rules = [rule for part in alternatives for rule in part]
    suns = [_Sun(place.zone, point) for point in place.points] if _follow_sun(rules) else [None]
    window = _days(begins.date() - _SPILL, ends.date())
    ways = [
        _with_fallbacks(
            [_spans(_text(part, days, window), sun, begins, ends) for part in alternatives]
        )
        for days, sun in product(_ways(rules, place.region, calendar, window), suns)
    ]
    return ways[0] if len(ways) == 1 else _overlaid(ways, _agreed)


def _follow_sun(rules: Iterable[Rule]) -> bool:
    return any(rule.names_sun for rule in rules)


def _ways(
    rules: Iterable[Rule], region: str, calendar: Calendar, window: Sequence[date]
) -> list[_Holidays]:
    """Which days are holidays, in all ways that make a difference to a day and the one before."""
    names = {name for rule in rules for name in rule.selected.holidays}
    margin = _ONE_DAY * max((abs(_offset_of(name)) for name in names), default=0)
    first, last = window[0] - margin, window[-1] + margin
    choices = [
        [(code, days) for days in _choices(calendar, kind, region, first, last)]
        for code, kind in KINDS_OF_HOLIDAYS.items()
        if any(name.startswith(code) for name in names)
    ]
    return [dict(one) for one in product(*choices)]


def _choices(
    calendar: Calendar, kind: Kind, region: str, first: date, last: date
) -> list[set[date]]:
    certain = set(calendar.certain(kind, region, first, last))
    possible = set(calendar.possible(kind, region, first, last)) - certain
    if not possible:
        return [certain]
    odd = {day for day in possible if day.toordinal() % 2}
    return [certain, certain | possible, certain | odd, certain | possible - odd]


def _offset_of(holiday: str) -> int:
    """`PH -1 day`: the day before one."""
    return int(holiday.split()[1]) if " " in holiday else 0


def _text(part: tuple[Rule, ...], days: _Holidays, window: Sequence[date]) -> str:
    """The rules with dates in place of holidays: those around the time that is asked for."""
    if not days:
        return _expression(part)
    return expression(filter(None, (_on_dates(rule, days, window) for rule in part)))


@lru_cache(maxsize=20_000)
def _expression(part: tuple[Rule, ...]) -> str:
    return expression(part)


def _on_dates(rule: Rule, days: _Holidays, window: Sequence[date]) -> Rule | None:
    selected = rule.selected
    if not selected.holidays:
        return rule
    holidays = {
        day + _ONE_DAY * _offset_of(name) for name in selected.holidays for day in days[name[:2]]
    }
    joined = all if selected.both else any
    dates = [
        day
        for day in window
        if _covers(rule.wide, day)
        and joined([day in holidays, bool(selected.weekdays) and _covers(selected.weekdays, day)])
    ]
    listed = ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day:02}" for day in dates)
    return replace(rule, wide=listed, days="") if dates else None


def _covers(dates: str, day: date) -> bool:
    return not dates or bool(_compiled(dates, None).is_open(datetime.combine(day, time(12))))


# --- in one of these ways ------------------------------------------------------------------------


@lru_cache(maxsize=20_000)
def _compiled(text: str, sun: _Sun | None) -> OpeningHours:
    if sun is None:
        return OpeningHours(text)
    return OpeningHours(text, timezone=sun.zone, coords=sun.point, auto_country=False)


def _spans(text: str, sun: _Sun | None, begins: datetime, ends: datetime) -> list[Span]:
    hours = _compiled(text, sun)
    if sun is None:
        return [Span(*span[:2], _name(span[2]), span[3]) for span in hours.intervals(begins, ends)]
    first, last = (
        datetime.combine(day, time(), sun.zone)  # a time that any clock shows
        for day in (begins.date(), ends.date() + _ONE_DAY)
    )
    found = (
        Span(
            max(span[0].replace(tzinfo=None), begins),
            min(span[1].replace(tzinfo=None), ends),
            _name(span[2]),
            span[3],
        )
        for span in hours.intervals(first, last)
    )
    return [span for span in found if span.begins < span.ends]


def _name(state: LibraryState) -> State:
    if state == LibraryState.OPEN:
        return "open"
    return "closed" if state == LibraryState.CLOSED else "unknown"


def _with_fallbacks(parts: Sequence[list[Span]]) -> list[Span]:
    """What follows `||` is asked wherever all before it is closed."""
    return parts[0] if len(parts) == 1 else list(_overlaid(parts, _first_not_closed))


Choice = Callable[[Sequence[Span]], tuple[State, str]]


def _overlaid(ways: Sequence[Sequence[Span]], choose: Choice) -> Iterator[Span]:
    """Several accounts of the same time, made into one."""
    moments = sorted({moment for way in ways for span in way for moment in span[:2]})
    starts = [[span.begins for span in way] for way in ways]
    for begins, ends in pairwise(moments):
        at_once = [way[bisect(start, begins) - 1] for way, start in zip(ways, starts, strict=True)]
        yield Span(begins, ends, *choose(at_once))


def _agreed(spans: Sequence[Span]) -> tuple[State, str]:
    states, comments = {span.state for span in spans}, {span.comment for span in spans}
    return states.pop() if len(states) == 1 else "unknown", comments.pop() if len(
        comments
    ) == 1 else ""


def _first_not_closed(spans: Sequence[Span]) -> tuple[State, str]:
    found = next((span for span in spans if span.state != "closed"), spans[0])
    return found.state, found.comment
