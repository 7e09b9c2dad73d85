"""What a dashboard shows of an indicator: asked of the analyses, all of one publication."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote_plus

from api.analyses.answers.asked import Asked, Between, Memory
from api.analyses.answers.availability import availability
from api.analyses.answers.comparison import comparison
from api.analyses.answers.envelope import Answer
from api.analyses.answers.map import choropleth as mapped
from api.analyses.answers.ranking import ranking
from api.analyses.answers.trend import development
from api.analyses.differing import differing
from api.analyses.parameters import (
    AnalysisParameters,
    AvailabilityParameters,
    CompareParameters,
    DashboardParameters,
    MapParameters,
    RankingParameters,
    TrendParameters,
)
from api.errors import NotFound, Problem
from api.formats import FORMATS
from api.links import Address
from api.pages.reading import Document, Reading
from api.parameters import IndicatorParameters
from api.resources import INDICATORS

SHAPE = "200"
MANY = 10_000
"""Indicators that one can choose from: all there are."""

Analysis = Callable[[Asked[Any]], Awaitable[Answer | None]]
Item = dict[str, Any]
P = TypeVar("P", bound=AnalysisParameters)


@dataclass(frozen=True, slots=True)
class View:
    """What is asked for, and the address that asks for it."""

    parameters: DashboardParameters
    address: Address

    def without(self, name: str) -> View:
        """The same with one parameter as if nobody had named it."""
        usual = DashboardParameters.model_fields[name].default
        kept = [pair for pair in self.address.parameters if pair[0] != name]
        return View(
            self.parameters.model_copy(update={name: usual}),
            replace(self.address, parameters=tuple(kept)),
        )

    def of(self, indicator: str) -> View:
        """The same, naming the indicator that is shown."""
        found = self.without("indicator")
        pairs = [*found.address.parameters, ("indicator", quote_plus(indicator))]
        return View(
            self.parameters.model_copy(update={"indicator": indicator}),
            replace(self.address, parameters=tuple(sorted(pairs))),
        )

    def asking(self, place: str, model: type[AnalysisParameters], **more: str | None) -> str:
        """The address of the same as data."""
        known = {*model.model_fields, "lang"}
        kept = tuple(pair for pair in self.address.parameters if pair[0] in known)
        return replace(self.address, parameters=kept).at(place, **more)


@dataclass(frozen=True, slots=True)
class Board:
    """What was found, all of one state; `district`: the one that was chosen, where it is shown."""

    indicator: Document
    available: Answer
    drawn: Answer
    ranked: Answer
    developed: Answer | None
    compared: Answer | None
    district: Item | None
    made: Mapping[int, Item]
    """What the parts of an area make, where it is stated otherwise: by its place on the map."""

    @property
    def answers(self) -> list[Answer]:
        found = (self.drawn, self.ranked, self.compared, self.developed)
        return [answer for answer in found if answer]


# --- reading -------------------------------------------------------------------------------------


async def indicators(reading: Reading) -> list[Document]:
    """All that one can choose from, by title."""
    found = await reading.some(INDICATORS, IndicatorParameters(), MANY, counted=False)
    return found.documents


def usual(known: Sequence[Document], problem: Problem | None = None) -> str | None:
    """The indicator shown where none is named: of those that come first, or else of all, the one
    with the most observations. None in place of one that there is not."""
    if problem and problem.errors[0]["parameter"] == "indicator":
        return None
    found = max(known, key=lambda i: (i["headline"], i["observations_count"]), default=None)
    return str(found["slug"]) if found else None


@dataclass(frozen=True, slots=True)
class Question:
    """What all analyses of a board are asked, one after the other: what one has read, the others
    need not read."""

    reading: Reading
    indicator: str
    parameters: DashboardParameters
    memory: Memory = field(default_factory=Memory)

    async def answer(
        self, analyse: Analysis, model: type[P], form: str = "json", **more: object
    ) -> Answer:
        """What an analysis says to it; its parameters were checked with those of the page."""
        shared = {n: value for n, value in self.parameters if n in model.model_fields}
        asked = Asked(
            self.reading.service.pool,
            self.indicator,
            self.reading.lang,
            FORMATS[form],
            model.model_construct(None, **shared | more),
            self.memory,
        )
        found = await analyse(asked)
        if found is None:
            raise NotFound(f"There is no {self.indicator} among the indicators.")
        self.reading.states.add(found.state)
        return found


async def board(reading: Reading, known: Sequence[Document], view: View) -> Board:
    """All that the page shows of an indicator."""
    parameters = view.parameters
    assert parameters.indicator is not None
    question = Question(reading, parameters.indicator, parameters)
    drawn = await drawing(question)
    ranked = await question.answer(ranking, RankingParameters)
    available = await question.answer(availability, AvailabilityParameters)
    district = _chosen(drawn.items, parameters.district)
    compared = await _compared(question, district)
    return Board(
        indicator=_indicator(known, drawn.members["indicator"]["id"]),
        available=available,
        drawn=drawn,
        ranked=ranked,
        developed=await _developed(question, drawn, compared),
        compared=compared,
        district=district,
        made=await _made(question, drawn),
    )


async def _made(question: Question, drawn: Answer) -> Mapping[int, Item]:
    """Of values as they were published: what was recalculated is made of parts already."""
    shown = drawn.members
    if shown["period"] is None or shown["boundary"]:
        return {}
    common = {"indicator": shown["indicator"]["id"], "period": shown["period"]["edtf"]}
    common |= {"breakdowns": question.parameters.breakdowns}
    stated = [{"district": item["id"], **common} for item in drawn.items]
    state, found = await differing(question.reading.service.pool, stated)
    question.reading.states.add(state)
    return found


async def drawing(question: Question) -> Answer:
    return await question.answer(mapped, MapParameters, "geojson", simplify=SHAPE)


async def _compared(question: Question, district: Item | None) -> Answer | None:
    if district is None:
        return None
    return await question.answer(comparison, CompareParameters, district=[district["id"]])


async def _developed(question: Question, drawn: Answer, compared: Answer | None) -> Answer | None:
    """Of the district and what is above it; of all of its level, if none was chosen."""
    if compared:
        names = [each["id"] for each in _beside(compared)]
        return await question.answer(
            development, TrendParameters, level=None, parent=None, district=names
        )
    if drawn.members["level"] is None:
        return None
    return await question.answer(
        development, TrendParameters, level=drawn.members["level"]["code"], district=None
    )


def _beside(compared: Answer) -> list[Item]:
    """A district and those around it that it is compared with, once each."""
    (item,) = compared.items
    others = (each["reference"] for each in item["comparisons"] if each["reference"])
    found = {each["id"]: each for each in (item["district"], *others)}
    return list(found.values())


def _chosen(items: Sequence[Item], name: str | None) -> Item | None:
    if name is None:
        return None
    return next((item for item in items if name in _names(item)), None)


def _names(item: Item) -> Collection[str | None]:
    return item["id"], item["slug"], item["key"], f"{item['scheme']}:{item['key']}"


def _indicator(known: Sequence[Document], identity: str) -> Document:
    found = [each for each in known if each["id"] == identity]
    if not found:
        raise Between  # it was published since
    return found[0]
