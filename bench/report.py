"""The tables: on the terminal as text, for the documentation as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from bench.load import CONNECTIONS
from bench.ratios import Spread
from bench.results import EXPORT, Floor, Results, floors

Table = Sequence[Sequence[str]]


def markdown(results: Results) -> str:
    """The figures of a run as they stand in docs/reference/benchmarks.md."""
    return "\n".join(_sections(results)) + "\n"


def _sections(results: Results) -> Iterator[str]:
    yield f"{results.offerings:,} offerings, {CONNECTIONS} connections. " + _versions(results)
    yield ""
    yield "### Figures to reach"
    yield ""
    yield from grid(floor_rows(results), numbers=(1, 2))
    yield ""
    yield "### Requests a second"
    yield ""
    yield from grid(rate_rows(results), numbers=range(1, 20))
    if results.seconds.get(EXPORT):
        yield ""
        yield "### Full export"
        yield ""
        yield from grid(export_rows(results), numbers=range(1, 5))
    for name, why in results.left_out.items():
        yield ""
        yield f"Left out: {name}. {why}"


def floor_rows(results: Results) -> Table:
    head = ("case", "found: median (least–most)", "asked for", "")
    return [head, *(_floor(floor) for floor in floors(results))]


def _floor(floor: Floor) -> Sequence[str]:
    verdict = {True: "reached", False: "missed", None: "not measured"}[floor.reached]
    sign = "≤" if floor.ceiling else "≥"
    return (
        floor.title,
        shown(floor.found, floor.unit) if floor.found else "–",
        f"{sign} {number(floor.wanted, floor.unit)}",
        verdict,
    )


def shown(found: Spread, unit: str) -> str:
    if found.least == found.most:
        return number(found.median, unit)
    least, most = (number(value, unit) for value in (found.least, found.most))
    return f"{number(found.median, unit)} ({least}–{most})"


def number(value: float, unit: str) -> str:
    """Three figures that mean something: `62 %`, `9.1×`, `181×`, `0.24 s`."""
    if unit == "%":
        return f"{value * 100:.0f} %"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text}×" if unit == "×" else f"{text} {unit}"


def rate_rows(results: Results) -> Table:
    """Cases that have a contestant in common stand in one table; a dash is: not asked."""
    names = list(dict.fromkeys(name for rates in results.rates.values() for name in rates))
    rows = [
        (results.titles[case], *(_rate(rates.get(name)) for name in names))
        for case, rates in results.rates.items()
    ]
    return [("case", *names), *rows]


def _rate(rates: Sequence[float] | None) -> str:
    if not rates:
        return "–"
    rate = median(rates)
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}"


def export_rows(results: Results) -> Table:
    head = ("server", "seconds", "first byte, ms", "memory grows by, MB")
    return [head, *(_exported(results, name) for name in results.seconds[EXPORT])]


def _exported(results: Results, name: str) -> Sequence[str]:
    first, growth = results.first_byte.get(name), results.growth.get(name)
    return (
        name,
        f"{median(results.seconds[EXPORT][name]):.2f}",
        f"{median(first) * 1000:.0f}" if first else "–",
        f"{max(growth) / 1e6:.0f}" if growth else "–",
    )


def grid(rows: Table, *, numbers: Sequence[int]) -> Iterator[str]:
    """A Markdown table that is a readable one on a terminal as well."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    rule = [
        "-" * (width - 1) + ":" if place in numbers else "-" * width
        for place, width in enumerate(widths)
    ]
    for place, row in enumerate(rows):
        cells = [
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"| {' | '.join(cells)} |"
        if place == 0:
            yield f"| {' | '.join(rule)} |"


def _versions(results: Results) -> str:
    return ", ".join(f"{name} {version}" for name, version in results.versions.items()) + "."
