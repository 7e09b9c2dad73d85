"""The regular week of an opening_hours string, as schedules of HSDS (iCalendar's RRULE).

What a schedule says is true: on its days it is open from `opens_at` to `closes_at`. Public holidays
are left to the description, for HSDS has no other place for them. What repeats in another way, by
months, in school holidays or with the sun, has a description only.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from opening_hours import OpeningHours, State

from db.opening.hours import Alternatives, Rule, expression, parse

Schedule = dict[str, str]
Session = tuple[time, time]
Period = tuple[date, date]

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_ONE_DAY = timedelta(days=1)
_WEEK = 7 * _ONE_DAY
_A_MONDAY = datetime.combine(date(2024, 7, 1), time())
_PERIOD = re.compile(
    r"([12]\d{3}) ?([A-Z][a-z]{2}) ?(\d{1,2})"
    r"(?:-(?:(?:([12]\d{3}) ?)?([A-Z][a-z]{2}) ?)?(\d{1,2}))?",
    re.IGNORECASE,
)
_WEEKS = re.compile(r"week ?\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*")
_NTH = re.compile(r"([A-Z][a-z])\[(-?\d(?:,-?\d)*)\]", re.IGNORECASE)
_NTHS = re.compile(f"{_NTH.pattern}(?:,{_NTH.pattern})*", re.IGNORECASE)


def schedules(hours: str) -> list[Schedule]:
    """HSDS schedules without ids. Each has the string as its description, or there is only that."""
    alternatives = parse(hours)
    found = [] if alternatives is None else list(_scheduled(alternatives))
    return [schedule | {"description": hours} for schedule in found or [{}]]


def _scheduled(alternatives: Alternatives) -> Iterator[Schedule]:
    regular, *others = alternatives
    rules = [rule for rule in map(_on_other_days, regular) if rule]
    if any(_is_open(rule) for other in others for rule in other) or any(map(_is_irregular, rules)):
        return
    if all(_is_weekly(rule) and not rule.wide for rule in rules):
        yield from _weekly(rules)
    elif all(_is_weekly(rule) and _is_dated(rule) for rule in rules):
        yield from _dated(rules)
    elif _are_apart(rules):
        for rule in rules:
            yield from _recurring(rule)


def _on_other_days(rule: Rule) -> Rule | None:
    """The rule as it is but for public holidays; None if it is about them alone."""
    days = rule.selected
    if not days.holidays or "SH" in days.holidays:
        return rule
    return replace(rule, days=days.weekdays) if days.weekdays and not days.both else None


def _is_open(rule: Rule) -> bool:
    return (rule.state or ("unknown" if rule.comment else "open")) == "open"


def _is_irregular(rule: Rule) -> bool:
    return "SH" in rule.selected.holidays or rule.names_sun


def _is_weekly(rule: Rule) -> bool:
    return "[" not in rule.days


# --- the same every week -------------------------------------------------------------------------


def _weekly(rules: Sequence[Rule], among: Collection[int] = range(7)) -> Iterator[Schedule]:
    """A schedule for each time span, its days joined."""
    by_session: dict[Session, list[int]] = defaultdict(list)
    for weekday, session in sorted(_sessions(rules)):
        if weekday in among:
            by_session[session].append(weekday)
    for (opens, closes), weekdays in by_session.items():
        days = ",".join(DAYS[weekday] for weekday in weekdays)
        yield {"freq": "WEEKLY", "byday": days, **_times(opens, closes)}


def _times(opens: time, closes: time) -> Schedule:
    """It closes on the next day if that is no later: at 00:00 if a day ends with it."""
    return {"opens_at": f"{opens:%H:%M}", "closes_at": f"{closes:%H:%M}"}


def _sessions(rules: Sequence[Rule]) -> Iterator[tuple[int, Session]]:
    """When it opens in any week, and when it closes again."""
    for opens, closes in _open_spans(OpeningHours(expression(rules))):
        if _A_MONDAY <= opens < _A_MONDAY + _WEEK:
            yield opens.weekday(), (opens.time(), closes.time())


def _open_spans(hours: OpeningHours) -> Iterator[tuple[datetime, datetime]]:
    """Spans without a break, whatever is said of them; longer ones than a day part at midnight."""
    begun: datetime | None = None
    for begins, ends, state, _ in hours.intervals(_A_MONDAY - _WEEK, _A_MONDAY + 2 * _WEEK):
        if state == State.OPEN:
            begun, ended = begun or begins, ends
        elif begun:
            yield from _by_day(begun, ended)
            begun = None
    if begun:
        yield from _by_day(begun, ended)


def _by_day(begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    if ends - begins <= _ONE_DAY:
        yield begins, ends
        return
    midnight = datetime.combine(begins.date() + _ONE_DAY, time())
    yield begins, midnight
    while midnight < ends:
        yield midnight, min(midnight + _ONE_DAY, ends)
        midnight += _ONE_DAY


# --- from one date to another --------------------------------------------------------------------


def _is_dated(rule: Rule) -> bool:
    """On dates with a year, and within a day: what spills into the next may meet another rule."""
    periods = [_period(text) for text in rule.wide.split(",")] if rule.wide else []
    return None not in periods and _within_a_day(rule)


def _within_a_day(rule: Rule) -> bool:
    any_day = replace(rule, wide="", days="", state="open")
    return all(opens < closes or closes == time() for _, (opens, closes) in _sessions([any_day]))


def _period(text: str) -> Period | None:
    """The days of `2026 Dec 24`, `2026 Dec 24-26` or `2026 Dec 24-Jan 06`."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        return None
    year, month, day, last_year, last_month, last_day = found.groups()
    first = _date(year, month, day)
    last = _date(last_year or year, last_month or month, last_day or day)
    if first and last and last < first and not last_year:
        last = _date(str(first.year + 1), last_month or month, last_day)
    return (first, last) if first and last and first <= last else None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), MONTHS.index(month.title()) + 1, int(day))
    except ValueError:
        return None


def _dated(rules: Sequence[Rule]) -> Iterator[Schedule]:
    """Between two dates that rules name, the same ones hold every week."""
    periods = {rule: list(filter(None, map(_period, rule.wide.split(",")))) for rule in rules}
    named = [period for several in periods.values() for period in several]
    starts = {date.min, *(first for first, _ in named), *(last + _ONE_DAY for _, last in named)}
    for first, next_ in pairwise([*sorted(starts), date.max]):
        held = [
            replace(rule, wide="")
            for rule in rules
            if not rule.wide or any(begins <= first <= ends for begins, ends in periods[rule])
        ]
        for schedule in _weekly(held, _weekdays(first, next_)):
            yield schedule | _valid(first, next_)


def _weekdays(first: date, next_: date) -> set[int]:
    """The days of the week between two dates that are not long apart; else all."""
    days = min((next_ - first).days, 7)
    return {(first.weekday() + index) % 7 for index in range(days)}


def _valid(first: date, next_: date) -> Schedule:
    begins = {} if first == date.min else {"valid_from": first.isoformat()}
    ends = {} if next_ == date.max else {"valid_to": (next_ - _ONE_DAY).isoformat()}
    return begins | ends


# --- on some weeks of a year, or some days of a month --------------------------------------------


def _are_apart(rules: Sequence[Rule]) -> bool:
    """Each has days of the week to itself, so that none changes what another says."""
    days = [_days_of(rule) for rule in rules]
    alone = len(rules) == 1 or all(map(_within_a_day, rules))
    return alone and sum(map(len, days)) == len(set().union(*days)) and all(days)


def _days_of(rule: Rule) -> set[int]:
    """Nothing, if it is no rule of that kind."""
    if not _is_open(rule):
        return set()
    if _NTHS.fullmatch(rule.days) and not rule.wide:
        return {DAYS.index(day.upper()) for day, _ in _NTH.findall(rule.days)}
    if _is_weekly(rule) and (not rule.wide or _WEEKS.fullmatch(rule.wide)):
        whole = replace(rule, wide="", times="", comment="", state="open")
        return {weekday for weekday, _ in _sessions([whole])}
    return set()


def _recurring(rule: Rule) -> Iterator[Schedule]:
    if _is_weekly(rule):
        weeks = {"byweekno": _numbers(rule.wide)} if rule.wide else {}
        for schedule in _weekly([replace(rule, wide="")]):
            yield schedule | weeks
        return
    days = ",".join(
        f"{nth}{day.upper()}" for day, nths in _NTH.findall(rule.days) for nth in nths.split(",")
    )
    for opens, closes in sorted({session for _, session in _sessions([replace(rule, days="")])}):
        yield {"freq": "MONTHLY", "byday": days, **_times(opens, closes)}


def _numbers(weeks: str) -> str:
    """`week 10-12,20` as 10,11,12,20."""
    found = [list(map(int, part.split("-"))) for part in weeks.removeprefix("week").split(",")]
    return ",".join(str(n) for part in found for n in range(part[0], part[-1] + 1))
