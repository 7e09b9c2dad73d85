"""opening_hours strings of OpenStreetMap: the rules they are made of, and their regular week.

`opening-hours-py` reads and evaluates them. What it takes otherwise than the specification or knows
nothing of is written out here in words that it does know, rule by rule (ADR 0033):

* a comment without `open` leaves open whether it is open: `unknown`;
* after an open end (`17:00+`) nobody knows, and of repeated times (`10:00-16:00/01:00`) only when
  something begins;
* `||` asks the next rules at any time that the ones before leave closed, not on a whole day;
* holidays are dates (db/opening/times.py), for they differ by state and by school.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from opening_hours import validate

KINDS_OF_HOLIDAYS: dict[str, Literal["public", "school"]] = {"PH": "public", "SH": "school"}
LONGEST = 2_000
"""Longer ones are not evaluated: they are no opening hours, and would hold up a publication."""

_DAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_OFFSET = r"(?: [+-]\d+ days?)?"
_RANGE = rf"{_DAY}(?:-{_DAY}|\[[^\]]*\]{_OFFSET})?"
_RANGES = rf"{_RANGE}(?:,{_RANGE})*"
_HOLIDAY = rf"(?:PH{_OFFSET}|SH)"
_HOLIDAYS = rf"{_HOLIDAY}(?:,{_HOLIDAY})*"
_EVENT = "(?:dawn|sunrise|sunset|dusk)"
_TIME = rf"(?:\d{{1,2}}:\d\d|{_EVENT}|\({_EVENT}[+-]\d{{1,2}}:\d\d\))"
_SPAN = rf"{_TIME}(?: ?- ?{_TIME})?(?:\+| ?/ ?\d\d(?::\d\d)?)?"
_STATE = "open|closed|off|unknown"

_QUOTED = re.compile(r'"[^"]*"')
_HIDDEN = re.compile(r'"(\d+)"')
_FALLBACK = re.compile(r"\s*\|\|\s*")
_NORMAL = re.compile(r"\s*;\s*")
_ADDITIONAL = re.compile(rf'(?<=[\d+)"a-z]), +(?!{_TIME})(?=\S)', re.IGNORECASE)
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_LIST = re.compile(
    rf"({_DAY}(?:\[[^\]]*\])?|PH|SH), +(?={_DAY}|PH|SH)|({_MONTH} \d+), +(?=(?:\d{{4}} )?{_MONTH})",
    re.IGNORECASE,
)
_RULE = re.compile(
    rf"(?P<wide>.*?)[ :]*"
    rf"(?P<days>{_HOLIDAYS}[, ]{_RANGES}|{_RANGES}[, ]{_HOLIDAYS}|{_HOLIDAYS}|{_RANGES})?[ :]*"
    rf"(?P<times>24/7|{_SPAN}(?:, ?{_SPAN})*)? *"
    rf'(?P<state>{_STATE})? *(?P<comment>"\d+")?',
    re.IGNORECASE,
)
_DAYS = re.compile(
    rf"(?P<first>{_HOLIDAYS})?(?P<joint>[, ])?(?P<weekdays>{_RANGES})?(?P<joint2>[, ])?"
    rf"(?P<second>{_HOLIDAYS})?",
    re.IGNORECASE,
)
_STEPS = re.compile(r"(?<!\d)(\d+)-(\d+)/(\d+)")
_CLOSED = ("closed", "off")


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the week and holidays: one of them, or such a day (`both`) that is a holiday."""

    weekdays: str
    holidays: tuple[str, ...]
    both: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of an opening_hours string, in its parts; `operator` parts it from the one before."""

    operator: str
    wide: str
    days: str
    times: str
    state: str
    comment: str

    @property
    def dates(self) -> str:
        """On which days it holds; empty: on all."""
        return f"{self.wide} {self.days}".strip()

    @property
    def selected(self) -> Days:
        return _selected(self.days)

    @property
    def names_sun(self) -> bool:
        return re.search(_EVENT, self.times, re.IGNORECASE) is not None

    def plain(self) -> str:
        """In words that the library takes as they are meant."""
        state = self.state or ("unknown" if self.comment else "open")
        if state != "open":
            return self._written(_as_one(self.times), state)
        certain, uncertain = _spans(self.times)
        parts = [self._written(certain, "open")] if certain or not uncertain else []
        if uncertain:
            parts.append(self._written(uncertain, "unknown"))
        return ", ".join(parts)

    def _written(self, times: str, state: str) -> str:
        """With its days: after a comma times alone would belong to the rule before."""
        times = times.replace("24/7", "")
        return " ".join(filter(None, [self.dates or "Mo-Su", times, state, self.comment]))


@lru_cache(maxsize=5_000)
def _selected(days: str) -> Days:
    found = _DAYS.fullmatch(days)
    assert found is not None  # a rule's days are made of the same patterns
    holidays = found["first"] or found["second"] or ""
    joint = found["joint"] or found["joint2"]
    return Days(found["weekdays"] or "", tuple(filter(None, holidays.split(","))), joint == " ")


Alternatives = tuple[tuple[Rule, ...], ...]
"""The rules, divided where `||` stands."""


@lru_cache(maxsize=20_000)
def parse(hours: str) -> Alternatives | None:
    """The rules of an opening_hours string; None if it is not one."""
    text = _tidied(hours)
    if not text or len(text) > LONGEST or not validate(text):
        return None
    comments = _QUOTED.findall(text)
    numbers = iter(range(len(comments)))
    hidden = _QUOTED.sub(lambda _: f'"{next(numbers)}"', text)
    parts = [list(_rules(part, comments)) for part in _FALLBACK.split(hidden)]
    found = tuple(tuple(rule for rule in part if rule) for part in parts)
    complete = all(None not in part for part in parts)
    return found if complete and all(map(_is_understood, found)) else None


def is_valid(hours: str) -> bool:
    """Whether it is an opening_hours string, so that it can be known when a place is open."""
    return parse(hours) is not None


def kinds_of_holidays(hours: str) -> set[Literal["public", "school"]]:
    """Of which holidays its rules speak."""
    rules = [rule for part in parse(hours) or () for rule in part]
    return {KINDS_OF_HOLIDAYS[name[:2]] for rule in rules for name in rule.selected.holidays}


def _tidied(hours: str) -> str:
    """What everybody writes and the specification does not know: a list of days with blanks."""
    return _LIST.sub(lambda found: f"{found[1] or found[2]},", " ".join(hours.split()).rstrip("; "))


def _rules(part: str, comments: Sequence[str]) -> Iterator[Rule | None]:
    for several in _NORMAL.split(part):
        operator = "; "
        for one in _ADDITIONAL.split(several):
            yield _rule(operator, one, comments)
            operator = ", "


def _rule(operator: str, text: str, comments: Sequence[str]) -> Rule | None:
    matched = _RULE.fullmatch(text)
    if matched is None:
        return None
    parts = {name: _shown(value or "", comments) for name, value in matched.groupdict().items()}
    state = parts["state"].lower()
    parts["state"] = "closed" if state == "off" else state
    return Rule(operator, **parts | {"wide": _STEPS.sub(_stepped, parts["wide"])})


def _shown(text: str, comments: Sequence[str]) -> str:
    return _HIDDEN.sub(lambda hidden: comments[int(hidden[1])], text)


def _stepped(steps: re.Match[str]) -> str:
    """Every second week, each by itself: the library forgets a step longer than its range."""
    first, last, step = map(int, steps.groups())
    return ",".join(f"{number:02}" for number in range(first, last + 1, max(step, 1)))


def _is_understood(rules: Sequence[Rule]) -> bool:
    """Each is a rule by itself, so it was divided where the library divides it."""
    return bool(rules) and all(validate(rule.plain()) for rule in rules)


def expression(rules: Iterable[Rule]) -> str:
    """The rules as one string that the library evaluates."""
    return "".join(f"{rule.operator}{rule.plain()}" for rule in rules).lstrip(";, ") or "closed"


def _spans(times: str) -> tuple[str, str]:
    """The times at which it is open for certain, and those of which only the beginning is known."""
    certain, uncertain = [], []
    for span in filter(None, re.split(", ?", times)):
        if span.endswith("+"):
            begins, _, ends = span.removesuffix("+").partition("-")
            certain += [f"{begins}-{ends}"] if ends else []
            uncertain.append(_open_end((ends or begins).strip()))
        elif "/" in span and span != "24/7":
            uncertain.append(span.partition("/")[0].strip())
        else:
            certain.append(span)
    return ",".join(certain), ",".join(uncertain)


def _open_end(begins: str) -> str:
    """As long as opening_hours.js supposes, the later in the evening the longer into the night."""
    if not begins[0].isdigit():
        return f"{begins}-24:00"
    hour, minute = map(int, begins.split(":"))
    hours = 8 if hour % 24 >= 22 else 10 if hour % 24 >= 17 else 0
    return f"{begins}-{hour + hours:02}:{minute:02}" if hours else f"{begins}-24:00"


def _as_one(times: str) -> str:
    """Of a rule that is not open: all its times, open ends and repetitions among them."""
    return ",".join(filter(None, _spans(times)))
