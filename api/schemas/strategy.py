"""Strategies, their measures, and decisions."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from api.schemas.document import (
    Coded,
    DistrictReference,
    Document,
    Entity,
    ImpreciseDate,
    NamedReference,
    Source,
    TitledReference,
)


class Topic(Document):
    """A goal or focus theme, with the codelist themes it corresponds to."""

    id: UUID
    kind: Literal["goal", "focus_theme"]
    title: str
    description: str | None
    themes: list[Coded]


class StatedTotal(Document):
    """A number a source states about the measures: never mixed with those registered here."""

    axis: Literal["decision", "feasibility", "implementation"] | None
    status: Coded | None
    value: int
    statement: str
    as_of: ImpreciseDate | None
    source: Source


class StatusCount(Document):
    status: Coded
    value: int


class RegisteredMeasures(Document):
    """The measures that are entries of their own."""

    total: int
    by_implementation: list[StatusCount]


class Milestone(Document):
    title: str
    state: Coded
    date: ImpreciseDate | None
    source: Source


class Consultation(Document):
    title: str
    description: str | None
    audience: str | None
    opens: date | None
    closes: date | None
    url: str | None
    source: Source


class Report(Document):
    title: str
    description: str | None
    state: Coded
    date: ImpreciseDate | None
    covers: ImpreciseDate | None
    url: str | None
    source: Source


class StrategyDecision(TitledReference):
    result: Coded
    date: ImpreciseDate | None


class Strategy(Entity):
    title: str
    description: str | None
    kind: Coded | None
    district: DistrictReference | None
    lead: NamedReference | None
    period: ImpreciseDate | None
    themes: list[Coded]
    target_groups: list[Coded]
    topics: list[Topic]
    stated_totals: list[StatedTotal]
    registered_measures: RegisteredMeasures
    milestones: list[Milestone]
    consultations: list[Consultation]
    reports: list[Report]
    decisions: list[StrategyDecision]
    url: str | None


class MeasureTopic(Document):
    id: UUID
    kind: Literal["goal", "focus_theme"]
    title: str


class Disposition(Document):
    """Whether the measure stands alone, was bundled into something, or superseded."""

    status: Coded
    into: str | None
    measure: TitledReference | None


class Statement(Document):
    kind: Literal["statement", "recommendation", "report"]
    text: str
    organisation: NamedReference | None
    date: ImpreciseDate | None
    source: Source


class Measure(Entity):
    """Decision, feasibility, implementation and disposition are separate axes."""

    number: str | None
    title: str
    description: str | None
    strategy: TitledReference
    topics: list[MeasureTopic]
    themes: list[Coded]
    target_groups: list[Coded]
    lead: NamedReference | None
    decision: Coded
    feasibility: Coded
    implementation: Coded
    disposition: Disposition
    start: ImpreciseDate | None
    end: ImpreciseDate | None
    districts: list[DistrictReference] = Field(description="Empty: county- or city-wide.")
    offerings: list[NamedReference]
    indicators: list[TitledReference]
    statements: list[Statement]
    milestones: list[Milestone]
    url: str | None


class Votes(Document):
    """Null where the source leaves it blank."""

    yes: int | None
    no: int | None
    abstentions: int | None


class Decision(Entity):
    reference: str | None = Field(description="Number of the paper.")
    title: str
    text: str | None
    body: NamedReference | None
    result: Coded
    votes: Votes
    date: ImpreciseDate | None
    meeting: str | None
    agenda_item: str | None
    strategy: TitledReference | None
    measure: TitledReference | None
    district: DistrictReference | None
    url: str | None
