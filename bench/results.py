"""What a run found, as data: rates by case, contestant and round, and all that is not a rate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from bench.ratios import Spread, ratio, spread

REFERENCE = "reference"
UNCACHED, CACHED = "quartier", "quartier-cached"


@dataclass(frozen=True)
class Floor:
    """What a ratio must reach, or (`ceiling`) must not exceed."""

    case: str
    title: str
    found: Spread | None
    wanted: float
    unit: str
    ceiling: bool = False

    @property
    def reached(self) -> bool | None:
        """By the median. None: not measured."""
        if self.found is None:
            return None
        value = self.found.median
        return value <= self.wanted if self.ceiling else value >= self.wanted


@dataclass
class Results:
    """All of one run."""

    offerings: int
    indicators: int = 0
    against: int | None = None  # fewer offerings, whose times are compared with
    partial: bool = False  # only some cases were asked for
    versions: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    rates: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # case, contestant
    bytes_each: dict[str, dict[str, float]] = field(default_factory=dict)
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # of exports
    first_byte: dict[str, list[float]] = field(default_factory=dict)
    growth: dict[str, list[float]] = field(default_factory=dict)
    races: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # rates, as above
    publications: dict[str, list[float]] = field(default_factory=dict)  # seconds
    left_out: dict[str, str] = field(default_factory=dict)  # contestant and case, why

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def ratio(self, case: str, this: str, that: str) -> Spread | None:
        rates = self.rates.get(case, {})
        return ratio(rates[this], rates[that]) if this in rates and that in rates else None

    def longer(self, case: str, this: str, that: str) -> Spread | None:
        """How many times as long this takes in a race."""
        rates = self.races.get(case, {})
        return ratio(rates[that], rates[this]) if this in rates and that in rates else None

    def times(self, case: str, this: str, that: str) -> Spread | None:
        """How many times as long, not as often."""
        seconds = self.seconds.get(case, {})
        return ratio(seconds[this], seconds[that]) if this in seconds and that in seconds else None


# Case, contestants to compare, least ratio: the table of the issue.
_RATES: Sequence[tuple[str, str, str, float]] = (
    ("page-100", UNCACHED, REFERENCE, 0.60),
    ("bbox-small", UNCACHED, REFERENCE, 0.48),
    ("bbox-medium", UNCACHED, REFERENCE, 0.48),
    ("bbox-county", UNCACHED, REFERENCE, 0.48),
    ("districts", UNCACHED, REFERENCE, 0.85),
    ("near", UNCACHED, REFERENCE, 0.30),
    ("item", UNCACHED, "tipg", 5.5),
    ("page-10", UNCACHED, "tipg", 9),
    ("page-100", UNCACHED, "tipg", 13),
    ("bbox-small", UNCACHED, "tipg", 9),
    ("bbox-medium", UNCACHED, "tipg", 9),
    ("bbox-county", UNCACHED, "tipg", 9),
    ("districts", UNCACHED, "tipg", 13),
    ("deep", UNCACHED, "tipg", 70),
    ("item", CACHED, "tipg", 45),
    ("page-10", CACHED, "tipg", 100),
    ("page-100", CACHED, "tipg", 180),
    ("bbox-small", CACHED, "tipg", 110),
    ("bbox-medium", CACHED, "tipg", 110),
    ("bbox-county", CACHED, "tipg", 110),
    ("districts", CACHED, "tipg", 180),
)
# Case, what it is held to, how many times as long it may take: of indicators.
SQL, LIST = "sql", "list"
_RACES: Sequence[tuple[str, str, float]] = (
    ("jsonstat", SQL, 3),
    ("map-0", LIST, 2),
    ("map-200", LIST, 2),
)
# What a variant is compared with.
VARIANTS = {
    "quartier-log": UNCACHED,
    "quartier-cached-log": CACHED,
    "quartier-2": UNCACHED,
    "quartier-cached-2": CACHED,
    "quartier-gzip": UNCACHED,
    "quartier-cached-gzip": CACHED,
    "tipg-gzip": "tipg",
}
_WORDS = {UNCACHED: "uncached", CACHED: "cached", REFERENCE: "the reference",
          SQL: "its SQL in pgbench", LIST: "the list of these districts"}  # fmt: skip
EXPORT, CUBE = "export", "cube"
LINES = "quartier-ndjson"
CUBE_LINES, CUBE_COPY = "quartier-csv", "copy-csv"


def floors(results: Results) -> list[Floor]:
    """What was asked for, next to what was found."""
    if results.against:
        return _of_growth(results)
    all_ = [
        *_of_rates(results),
        *_of_export(results),
        *_of_publication(results),
        *_of_races(results),
        *_of_cube(results),
    ]
    return [floor for floor in all_ if floor.found or not results.partial]


def _of_rates(results: Results) -> list[Floor]:
    return [
        Floor(
            case,
            f"{results.titles.get(case, case)}: {_WORDS[this]}, against {_WORDS.get(that, that)}",
            results.ratio(case, this, that),
            wanted,
            "%" if that == REFERENCE else "×",
        )
        for case, this, that, wanted in _RATES
    ]


def _of_growth(results: Results) -> list[Floor]:
    few, many = f"{results.against:,}", f"{results.offerings:,}"
    return [
        Floor(case, f"{title}: time, against {few}", results.ratio(case, few, many), 1.5, "×",
              ceiling=True)
        for case, title in results.titles.items()
    ]  # fmt: skip


def _of_export(results: Results) -> list[Floor]:
    """As GeoJSON, or where this version cannot send that whole, as lines of JSON."""
    own = UNCACHED if UNCACHED in results.first_byte else LINES
    first, growth = results.first_byte.get(own), results.growth.get(own)
    return [
        Floor(EXPORT, "full export: time, against the bare COPY",
              results.times(EXPORT, own, "copy"), 1.3, "×", ceiling=True),
        Floor(EXPORT, "full export: time, against tipg",
              results.times(EXPORT, own, "tipg"), 0.2, "×", ceiling=True),
        Floor(EXPORT, "full export: first byte",
              spread([value * 1000 for value in first]) if first else None, 50, "ms",
              ceiling=True),
        Floor(EXPORT, "full export: growth of memory",
              spread([value / 1e6 for value in growth]) if growth else None, 20, "MB",
              ceiling=True),
    ]  # fmt: skip


def _of_publication(results: Results) -> list[Floor]:
    """What was published, its title, and the seconds it may take."""
    titles = {
        "changed": (f"publication of {results.offerings:,} changed offerings", 30),
        "one": ("publication of one changed offering", 0.3),
        "first-year": (f"publication of the first year of {results.indicators} indicators", 5),
        "year": (f"publication of another year of {results.indicators} indicators", 5),
    }
    return [
        Floor("publication", title, spread(found) if found else None, wanted, "s", ceiling=True)
        for name, (title, wanted) in titles.items()
        for found in [results.publications.get(name)]
    ]


def _of_races(results: Results) -> list[Floor]:
    return [
        Floor(
            case,
            f"{results.titles.get(case, case)}: time, against {_WORDS[that]}",
            results.longer(case, UNCACHED, that),
            wanted,
            "×",
            ceiling=True,
        )
        for case, that, wanted in _RACES
    ]


def _of_cube(results: Results) -> list[Floor]:
    found = results.times(CUBE, CUBE_LINES, CUBE_COPY)
    title = "all observations as CSV: time, against the bare COPY"
    return [Floor(CUBE, title, found, 1.3, "×", ceiling=True)]
