"""The tables: on the terminal as text, for the documentation as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from bench.load import CONNECTIONS
from bench.ratios import Spread, spread
from bench.results import CUBE, EXPORT, VARIANTS, Floor, Results, floors

Table = Sequence[Sequence[str]]


def markdown(results: Results) -> str:
    """The figures of a run as they stand in docs/reference/benchmarks.md."""
    return "\n".join(_sections(results)) + "\n"


def _sections(results: Results) -> Iterator[str]:
    yield (
        f"{results.offerings:,} offerings, {results.indicators} indicators, "
        f"{CONNECTIONS} connections. {_versions(results)}"
    )
    for title, rows in _tables(results):
        if len(rows) > 1:
            yield from ("", f"## {title}", "", *grid(rows))
    for name, why in results.left_out.items():
        yield from ("", f"Left out: {name}. {why}")


def _tables(results: Results) -> Iterator[tuple[str, Table]]:
    yield "Figures to reach", floor_rows(results)
    yield "Requests a second", rate_rows(results)
    yield "Log, workers, compression", variant_rows(results)
    yield "Indicators, requests a second", race_rows(results)
    yield "Full export", export_rows(results)
    yield "Publication", publication_rows(results)
    yield "Kilobytes of an answer", size_rows(results)


def floor_rows(results: Results) -> Table:
    head = ("case", "found: median (least–most)", "asked for", "")
    return [head, *(_floor(floor) for floor in floors(results))]


def _floor(floor: Floor) -> Sequence[str]:
    verdict = {True: "reached", False: "missed", None: "not measured"}[floor.reached]
    sign = "≤" if floor.ceiling else "≥"
    return (
        floor.title,
        shown(floor.found, floor.unit),
        f"{sign} {number(floor.wanted, floor.unit)}",
        verdict,
    )


def shown(found: Spread | None, unit: str) -> str:
    if found is None:
        return "–"
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
    return _by_case(results, results.rates, lambda rates: _rate(median(rates)))


def size_rows(results: Results) -> Table:
    return _by_case(results, results.bytes_each, lambda size: _rate(size / 1000))


def _by_case(
    results: Results, found: Mapping[str, Mapping[str, Any]], shown: Callable[[Any], str]
) -> Table:
    names = list(dict.fromkeys(name for each in found.values() for name in each))
    names = [name for name in names if name not in VARIANTS]
    rows = [
        (results.titles[case], *(shown(each[name]) if each.get(name) else "–" for name in names))
        for case, each in found.items()
    ]
    return [("case", *names), *rows]


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}"


def race_rows(results: Results) -> Table:
    rows = [
        (results.titles[case], name, _rate(median(rates)))
        for case, each in results.races.items()
        for name, rates in each.items()
    ]
    return [("case", "who", "requests a second"), *rows]


def variant_rows(results: Results) -> Table:
    """What a variant gets done, compared with the same server without it."""
    rows = [
        (title, name, _rate(median(rates[name])), shown(results.ratio(case, name, plain), "%"))
        for case, rates in results.rates.items()
        for title in [results.titles[case]]
        for name, plain in VARIANTS.items()
        if name in rates
    ]
    return [("case", "server", "requests a second", "of those without"), *rows]


def export_rows(results: Results) -> Table:
    head = ("server", "seconds", "first byte, ms", "memory grows by, MB")
    return [
        head,
        *(
            _exported(results, name, took)
            for case in (EXPORT, CUBE)
            for name, took in results.seconds.get(case, {}).items()
        ),
    ]


def _exported(results: Results, name: str, took: Sequence[float]) -> Sequence[str]:
    first, growth = results.first_byte.get(name), results.growth.get(name)
    return (
        name,
        f"{median(took):.2f}",
        f"{median(first) * 1000:.0f}" if first else "–",
        f"{max(growth) / 1e6:.0f}" if growth else "–",
    )


def publication_rows(results: Results) -> Table:
    titles = {
        "first": f"the first, of {results.offerings:,} offerings and all else",
        "changed": f"{results.offerings:,} changed offerings",
        "one": "one changed offering",
        "first-year": f"the first year of {results.indicators} indicators",
        "year": "another year, after 15",
    }
    rows = [
        (titles[name], shown(spread(seconds), "s"))
        for name, seconds in results.publications.items()
    ]
    return [("what", "seconds"), *rows]


def grid(rows: Table) -> Iterator[str]:
    """A Markdown table that is a readable one on a terminal as well."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [any(map(_is_number, column[1:])) for column in columns]
    rule = ["-" * (width - 1) + (":" if number else "-")
            for width, number in zip(widths, numeric, strict=True)]  # fmt: skip
    for line in (rows[0], rule, *rows[1:]):
        cells = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, numeric, strict=True)
        ]
        yield f"| {' | '.join(cells)} |"


def _is_number(cell: str) -> bool:
    return bool(re.match(r"[≥≤]? ?\d[\d.,]*( ?[×%]| ms| s| MB)?( \(|$)", cell))


def _versions(results: Results) -> str:
    return ", ".join(f"{name} {version}" for name, version in results.versions.items()) + "."
