"""A cube from what the database found: axes with their labels, cells at their positions."""

from collections.abc import Iterator, Mapping, Sequence
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
from db.cube import Found

Axes = Mapping[str, Sequence[Mapping[str, Any]]]


def cube(found: Found, lang: str) -> Cube:
    """All that was found, in the language it was asked for in."""
    axes = found.axes
    broken = [*_breakdowns(axes, lang)]
    dimensions = (_indicators(axes, lang), _districts(axes, lang), _periods(axes, lang), *broken)
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


def _indicators(axes: Axes, lang: str) -> Dimension:
    metrics = tuple(_metric(each["document"]) for each in axes["indicators"])
    return Dimension("indicator", texts.said(texts.INDICATOR, lang), "metric", metrics)


def _metric(document: Mapping[str, Any]) -> Metric:
    notes = (document[name] for name in ("description", "method", "note"))
    return Metric(
        code=document["slug"],
        label=document["title"],
        unit=document["unit_long"] or document["unit"],
        symbol=document["unit"],
        decimals=document["decimals"],
        notes=tuple(note for note in notes if note),
        citation=own_citation(document),
    )


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
