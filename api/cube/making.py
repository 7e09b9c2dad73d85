"""A cube from what the database found: axes with their labels, cells at their positions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from api.analyses.reading import SPOKEN, own_citation
from api.cube import texts
from api.cube.model import (
    PLAIN,
    TOTAL,
    Area,
    Category,
    Cube,
    Dimension,
    Mark,
    Metric,
    Period,
    strides,
)
from api.pages.templates import Writer
from api.pages.texts import locale_of
from db.cube import COUNTS, Found

Axes = Mapping[str, Sequence[Mapping[str, Any]]]


MEASURES = {
    "numerator": ("numerator",),
    "denominator": ("denominator",),
    "interval": ("interval_low", "interval_high"),
}
"""What can be included, and the names it has beside the value."""


def cube(found: Found, lang: str, include: Sequence[str] = ()) -> Cube:
    """All that was found, in the language it was asked for in."""
    measures = [name for each in MEASURES if each in include for name in MEASURES[each]]
    axes = found.axes
    broken = [*_breakdowns(axes, lang)]
    dimensions = (
        _indicators(axes, measures, lang),
        _districts(axes, lang),
        _periods(axes, lang),
        *broken,
    )
    places = _positions(found, dimensions)
    noted = {place: mark for place, mark in enumerate(map(_mark, found.marks)) if mark != PLAIN}
    marked = dict(zip(places, found.places[4], strict=True))
    cells = dict(zip(places, found.values, strict=True))
    return Cube(
        state=found.state,
        lang=lang,
        dimensions=dimensions,
        cells=cells,
        marks={place: noted[mark] for place, mark in marked.items() if mark in noted},
        included={
            name: dict(zip(places, found.counts[COUNTS.index(name)], strict=True))
            for name in measures
        },
        flags=found.labels,
        sources=found.sources,
        updated=found.updated or found.state.published_at,
        doubled=len(places) - len(cells),
        titles={
            spoken: tuple(each["spoken"][n] for each in axes["indicators"])
            for n, spoken in enumerate(SPOKEN)
        },
    )


def _mark(entry: Mapping[str, Any]) -> Mark:
    return Mark(tuple(entry["flags"]), entry["scenario"])


def _positions(found: Found, dimensions: Sequence[Dimension]) -> list[int]:
    """Where each cell is; cells of the same breakdown are equally far from where its total is."""
    indicator, district, time, *others = strides([len(each.categories) for each in dimensions])
    shifts = [
        sum(
            dimension.places[breakdown.get(dimension.id, TOTAL)] * stride
            for dimension, stride in zip(dimensions[3:], others, strict=True)
        )
        for breakdown in found.axes["breakdowns"]
    ]
    return [
        i * indicator + d * district + p * time + shifts[b]
        for i, d, p, b in zip(*found.places[:4], strict=True)
    ]


def _indicators(axes: Axes, measures: Sequence[str], lang: str) -> Dimension:
    metrics = tuple(_with_measures(each, measures, lang) for each in axes["indicators"])
    return Dimension("indicator", texts.said(texts.INDICATOR, lang), "metric", metrics)


def _with_measures(entry: Mapping[str, Any], measures: Sequence[str], lang: str) -> Metric:
    document = entry["document"]
    metric = _metric(document)
    beside = (
        Metric(
            code=f"{metric.code}.{name}",
            label=f"{metric.label}: {texts.said(texts.MEASURES[name], lang)}",
            **_unit(_counted(entry, name)),
        )
        for name in measures
    )
    return replace(metric, beside=tuple(beside))


def _counted(entry: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The indicator whose unit a measure has: that of the count, if it says which, or itself."""
    document: Mapping[str, Any] = entry["document"]
    if name not in document:
        return document
    reference = document[name]
    return entry["counted"][reference["id"]] if reference else None


def _metric(document: Mapping[str, Any]) -> Metric:
    notes = (document[name] for name in ("description", "method", "note"))
    return Metric(
        code=document["slug"],
        label=document["title"],
        **_unit(document),
        notes=tuple(note for note in notes if note),
        citation=own_citation(document),
    )


def _unit(document: Mapping[str, Any] | None) -> dict[str, Any]:
    if document is None:
        return {}
    long, symbol = document["unit_long"], document["unit"]
    return {"unit": long or symbol, "symbol": symbol, "decimals": document["decimals"]}


def _districts(axes: Axes, lang: str) -> Dimension:
    rows = axes["districts"]
    codes = [f"{row['scheme']}:{row['key']}" if row["key"] else row["slug"] for row in rows]
    areas = tuple(
        Area(
            code=code,
            label=row["name"],
            parent=None if row["parent"] is None else codes[row["parent"]],
            id=row["id"],
            slug=row["slug"],
            level=row["level"],
        )
        for code, row in zip(codes, rows, strict=True)
    )
    return Dimension("district", texts.said(texts.DISTRICT, lang), "geo", areas)


def _periods(axes: Axes, lang: str) -> Dimension:
    periods = tuple(
        Period(
            code=row["edtf"],
            label=_said(row["edtf"], lang),
            earliest=row["earliest"],
            latest=row["latest"],
        )
        for row in axes["periods"]
    )
    return Dimension("time", texts.said(texts.TIME, lang), "time", periods)


@lru_cache(maxsize=1024)
def _said(edtf: str, lang: str) -> str:
    return Writer(locale_of(lang)).imprecise({"edtf": edtf})


def _breakdowns(axes: Axes, lang: str) -> Iterator[Dimension]:
    """A dimension for each that something is broken down by, in the order of their names."""
    lists = {document["slug"]: document for document in axes["codelists"]}
    for name in sorted({name for each in axes["breakdowns"] for name in each}):
        used = {each.get(name, TOTAL) for each in axes["breakdowns"]}
        document = lists.get(name, {"title": name, "terms": []})
        categories = tuple(_categories(used, document["terms"], lang))
        yield Dimension(name, document["title"], None, categories)


def _categories(
    used: set[str], terms: Sequence[Mapping[str, Any]], lang: str
) -> Iterator[Category]:
    """The total, then the terms that are used, as the codelist has them, then any it has not."""
    if TOTAL in used:
        yield Category(TOTAL, texts.said(texts.TOTAL, lang))
    known = {term["code"]: term for term in terms}
    for code, term in known.items():
        if code in used:
            parent = term["parent"] if term["parent"] in used else None
            yield Category(code, term["label"], parent)
    for code in sorted(used - known.keys() - {TOTAL}):
        yield Category(code, code)
