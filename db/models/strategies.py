"""Strategies and action plans, their measures, and the decisions taken on them."""

import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from db.codes import DECISIONS, FEASIBILITIES, IMPLEMENTATIONS, RESULTS
from db.models.base import (
    Base,
    Entity,
    Part,
    Translations,
    by_language,
    edtf_order,
    one_of,
    owned_by,
    refers_to,
)


class Texts(Part):
    """A part with translatable texts of its own."""

    lang: Mapped[str] = mapped_column(server_default="de")
    translations: Mapped[Translations]


class Strategy(Entity, Base):
    """A strategy, action plan or alliance: what a county or city set out to do."""

    __tablename__ = "strategy"

    title: Mapped[str]
    description: Mapped[str | None]
    kind_id: Mapped[UUID | None] = refers_to("codelist_term")
    district_id: Mapped[UUID | None] = refers_to("district")
    lead_id: Mapped[UUID | None] = refers_to("organisation")
    period: Mapped[str | None]
    period_earliest: Mapped[datetime.date | None]
    period_latest: Mapped[datetime.date | None]
    url: Mapped[str | None]

    @classmethod
    def constraints(cls) -> tuple[SchemaItem, ...]:
        return (edtf_order("period"),)


class StrategyTerm(Part, Base):
    """A theme or target group of a strategy."""

    __tablename__ = "strategy_term"
    __table_args__ = (UniqueConstraint("strategy_id", "term_id"),)

    strategy_id: Mapped[UUID] = owned_by("strategy")
    term_id: Mapped[UUID] = refers_to("codelist_term")


class StrategyTopic(Texts, Base):
    """A goal or a focus theme of a strategy."""

    __tablename__ = "strategy_topic"
    __table_args__ = (one_of("kind", "goal", "focus_theme"), by_language())

    strategy_id: Mapped[UUID] = owned_by("strategy")
    kind: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="0")
    title: Mapped[str]
    description: Mapped[str | None]


class TopicTerm(Part, Base):
    """The codelist theme a goal or focus theme corresponds to."""

    __tablename__ = "topic_term"
    __table_args__ = (UniqueConstraint("topic_id", "term_id"),)

    topic_id: Mapped[UUID] = owned_by("strategy_topic")
    term_id: Mapped[UUID] = refers_to("codelist_term")


class StatedTotal(Texts, Base):
    """A number a source states about a strategy's measures, kept apart from counted ones.

    The axis and its code say what was counted; both NULL means all measures.
    """

    __tablename__ = "stated_total"
    __table_args__ = (
        one_of("axis", "decision", "feasibility", "implementation"),
        CheckConstraint("(axis IS NULL) = (code IS NULL)", name="axis_code"),
        CheckConstraint("value >= 0", name="value"),
        edtf_order("as_of"),
        by_language(),
    )

    strategy_id: Mapped[UUID] = owned_by("strategy")
    position: Mapped[int] = mapped_column(server_default="0")
    axis: Mapped[str | None]
    code: Mapped[str | None]
    value: Mapped[int]
    statement: Mapped[str]
    as_of: Mapped[str | None]
    as_of_earliest: Mapped[datetime.date | None]
    as_of_latest: Mapped[datetime.date | None]
    source_id: Mapped[UUID] = refers_to("source")


class Measure(Entity, Base):
    """A measure of a strategy. Decision, feasibility, implementation and disposition are separate.

    `disposition` says whether it stands alone, was bundled into another measure
    (`disposition_measure_id`) or process (`disposition_into`), or superseded.
    """

    __tablename__ = "measure"

    strategy_id: Mapped[UUID] = refers_to("strategy")
    number: Mapped[str | None]
    title: Mapped[str]
    description: Mapped[str | None]
    lead_id: Mapped[UUID | None] = refers_to("organisation")
    decision: Mapped[str]
    feasibility: Mapped[str] = mapped_column(server_default="not_assessed")
    implementation: Mapped[str] = mapped_column(server_default="unknown")
    disposition: Mapped[str] = mapped_column(server_default="standalone")
    disposition_into: Mapped[str | None]
    disposition_measure_id: Mapped[UUID | None] = refers_to("measure")
    start: Mapped[str | None]
    start_earliest: Mapped[datetime.date | None]
    start_latest: Mapped[datetime.date | None]
    end: Mapped[str | None]
    end_earliest: Mapped[datetime.date | None]
    end_latest: Mapped[datetime.date | None]
    url: Mapped[str | None]

    @classmethod
    def constraints(cls) -> tuple[SchemaItem, ...]:
        return (
            one_of("decision", *DECISIONS),
            one_of("feasibility", *FEASIBILITIES),
            one_of("implementation", *IMPLEMENTATIONS),
            one_of("disposition", "standalone", "bundled_into", "superseded_by"),
            CheckConstraint("disposition_measure_id <> id", name="disposition_self"),
            edtf_order("start"),
            edtf_order("end"),
        )


class MeasureTerm(Part, Base):
    """A theme or target group of a measure."""

    __tablename__ = "measure_term"
    __table_args__ = (UniqueConstraint("measure_id", "term_id"),)

    measure_id: Mapped[UUID] = owned_by("measure")
    term_id: Mapped[UUID] = refers_to("codelist_term")


class MeasureTopic(Part, Base):
    """A goal or focus theme that a measure serves."""

    __tablename__ = "measure_topic"
    __table_args__ = (UniqueConstraint("measure_id", "topic_id"),)

    measure_id: Mapped[UUID] = owned_by("measure")
    topic_id: Mapped[UUID] = owned_by("strategy_topic")


class MeasureDistrict(Part, Base):
    """A district a measure is for. No row: county- or city-wide."""

    __tablename__ = "measure_district"
    __table_args__ = (UniqueConstraint("measure_id", "district_id"),)

    measure_id: Mapped[UUID] = owned_by("measure")
    district_id: Mapped[UUID] = refers_to("district")


class MeasureOffering(Part, Base):
    """An offering that a measure creates, changes or relies on."""

    __tablename__ = "measure_offering"
    __table_args__ = (UniqueConstraint("measure_id", "offering_id"),)

    measure_id: Mapped[UUID] = owned_by("measure")
    offering_id: Mapped[UUID] = owned_by("offering")


class MeasureIndicator(Part, Base):
    """An indicator that a measure is judged by."""

    __tablename__ = "measure_indicator"
    __table_args__ = (UniqueConstraint("measure_id", "indicator_id"),)

    measure_id: Mapped[UUID] = owned_by("measure")
    indicator_id: Mapped[UUID] = owned_by("indicator")


class Statement(Texts, Base):
    """What a body or administration said about a measure: a statement, recommendation, report."""

    __tablename__ = "statement"
    __table_args__ = (
        one_of("kind", "statement", "recommendation", "report"),
        edtf_order("date"),
        by_language(),
    )

    measure_id: Mapped[UUID] = owned_by("measure")
    kind: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="0")
    organisation_id: Mapped[UUID | None] = refers_to("organisation")
    text: Mapped[str]
    date: Mapped[str | None]
    date_earliest: Mapped[datetime.date | None]
    date_latest: Mapped[datetime.date | None]
    source_id: Mapped[UUID] = refers_to("source")


class Milestone(Texts, Base):
    """A dated step of a strategy, or of one of its measures."""

    __tablename__ = "milestone"
    __table_args__ = (
        one_of("state", "planned", "reached", "missed", "unknown"),
        edtf_order("date"),
        by_language(),
    )

    strategy_id: Mapped[UUID] = owned_by("strategy")
    measure_id: Mapped[UUID | None] = refers_to("measure", on_delete="CASCADE")
    position: Mapped[int] = mapped_column(server_default="0")
    title: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="unknown")
    date: Mapped[str | None]
    date_earliest: Mapped[datetime.date | None]
    date_latest: Mapped[datetime.date | None]
    source_id: Mapped[UUID] = refers_to("source")


class Consultation(Texts, Base):
    """A round in which the public or named bodies could give their views on a strategy."""

    __tablename__ = "consultation"
    __table_args__ = (CheckConstraint("opens <= closes", name="period"), by_language())

    strategy_id: Mapped[UUID] = owned_by("strategy")
    title: Mapped[str]
    description: Mapped[str | None]
    audience: Mapped[str | None]
    opens: Mapped[datetime.date | None]
    closes: Mapped[datetime.date | None]
    url: Mapped[str | None]
    source_id: Mapped[UUID] = refers_to("source")


class Report(Texts, Base):
    """A report on a strategy's subject, published or announced."""

    __tablename__ = "report"
    __table_args__ = (
        one_of("state", "announced", "in_preparation", "published"),
        edtf_order("date"),
        edtf_order("covers"),
        by_language(),
    )

    strategy_id: Mapped[UUID] = owned_by("strategy")
    title: Mapped[str]
    description: Mapped[str | None]
    state: Mapped[str]
    date: Mapped[str | None]
    date_earliest: Mapped[datetime.date | None]
    date_latest: Mapped[datetime.date | None]
    covers: Mapped[str | None]
    covers_earliest: Mapped[datetime.date | None]
    covers_latest: Mapped[datetime.date | None]
    url: Mapped[str | None]
    source_id: Mapped[UUID] = refers_to("source")


class Decision(Entity, Base):
    """What a body decided on a paper. Vote counts are NULL where the source leaves them blank."""

    __tablename__ = "decision"

    title: Mapped[str]
    text: Mapped[str | None]
    reference: Mapped[str | None]
    body_id: Mapped[UUID | None] = refers_to("organisation")
    strategy_id: Mapped[UUID | None] = refers_to("strategy")
    measure_id: Mapped[UUID | None] = refers_to("measure")
    district_id: Mapped[UUID | None] = refers_to("district")
    result: Mapped[str]
    date: Mapped[str | None]
    date_earliest: Mapped[datetime.date | None]
    date_latest: Mapped[datetime.date | None]
    meeting: Mapped[str | None]
    agenda_item: Mapped[str | None]
    votes_yes: Mapped[int | None]
    votes_no: Mapped[int | None]
    votes_abstentions: Mapped[int | None]
    url: Mapped[str | None]

    @classmethod
    def constraints(cls) -> tuple[SchemaItem, ...]:
        return (
            one_of("result", *RESULTS),
            CheckConstraint(
                "votes_yes >= 0 AND votes_no >= 0 AND votes_abstentions >= 0", name="votes"
            ),
            edtf_order("date"),
        )
