"""Cubes at random, for properties that hold of all of them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from api.cube.model import TOTAL, Area, Category, Cube, Dimension, Mark, Metric, Period
from db.state import State

STATE = State(7, "2024-05-07", "2024-05-07T16:00:00Z")
SOURCE = {
    "title": "Bericht",
    "publisher": "Amt",
    "url": None,
    "license": "cc-zero",
    "license_url": None,
    "attribution": "Amt",
    "retrieved": None,
}
MARKS = [
    Mark(("suppressed", "suppressed_primary")),
    Mark(("not_available",)),
    Mark(("final", "break")),
    Mark(("forecast",), "Variante 1"),
    Mark(("provisional",)),
]
HIDDEN = MARKS[:2]
MEASURES = ("numerator", "interval_low")
AXES = (
    Dimension("indicator", "Indikator", "metric", (Metric("poor", "Arme", symbol="Personen"),)),
    Dimension("district", "Gebiet", "geo", (Area("ags:1", "Anger"), Area("ags:2", "Buche"))),
    Dimension("time", "Zeit", "time", (Period("2021", "2021"),)),
)

labels = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
values = st.one_of(
    st.integers(-(10**14), 10**14),
    st.floats(-1e15, 1e15, allow_nan=False),
)


def _distinct(text: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(text, min_size=1, max_size=4, unique=True)


# Not of digits alone: readers of CSV take those for numbers.
slugs = st.from_regex(r"[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,4})?", fullmatch=True)
years = st.integers(1000, 2999).map(str)


@st.composite
def dimensions(draw: st.DrawFn, included: Sequence[str] = ()) -> tuple[Dimension, ...]:
    metrics = tuple(
        Metric(
            slug,
            draw(labels),
            unit="Prozent",
            symbol="%",
            decimals=1,
            beside=tuple(Metric(f"{slug}.{name}", name) for name in included),
        )
        for slug in draw(_distinct(slugs))
    )
    areas = tuple(Area(f"ags:{slug}", draw(labels)) for slug in draw(_distinct(slugs)))
    periods = tuple(
        Period(year, year, earliest=f"{year}-01-01", latest=f"{year}-12-31")
        for year in draw(_distinct(years))
    )
    broken = [
        Dimension(name, name.title(), None, _terms(draw(_distinct(slugs))))
        for name in draw(st.lists(st.sampled_from(["age", "sex"]), unique=True))
    ]
    return (
        Dimension("indicator", "Indikator", "metric", metrics),
        Dimension("district", "Gebiet", "geo", areas),
        Dimension("time", "Zeit", "time", periods),
        *broken,
    )


def _terms(codes: list[str]) -> tuple[Category, ...]:
    total = Category(TOTAL, "Insgesamt")
    return (total, *(Category(code, code.title(), parent=TOTAL) for code in codes))


@st.composite
def cubes(draw: st.DrawFn, *, including: bool = False) -> Cube:
    included = draw(st.lists(st.sampled_from(MEASURES), unique=True)) if including else []
    axes = draw(dimensions(included))
    empty = Cube(state=STATE, lang="de", dimensions=axes)
    places = draw(st.sets(st.integers(0, empty.size - 1), min_size=1, max_size=40))
    marks = {
        place: mark
        for place in places
        if (mark := draw(st.sampled_from([None, *MARKS]))) is not None
    }
    return Cube(
        state=STATE,
        lang="de",
        dimensions=axes,
        cells={
            place: None if marks.get(place) in HIDDEN else draw(values) for place in sorted(places)
        },
        marks=marks,
        included={
            name: {place: draw(st.none() | values) for place in sorted(places)} for name in included
        },
        sources=[SOURCE],
        updated="2024-05-07T16:00:00Z",
        titles={lang: tuple(each.label for each in axes[0].categories) for lang in ("de", "en")},
    )
