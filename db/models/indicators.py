"""Indicators and their observations."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from db.codes import FLAGS, INDICATOR_TYPES, METHODS, MOST_CLASSES, SCHEMES
from db.models.base import Base, Entity, Key, Part, edtf_order, one_of, owned_by, refers_to


class Indicator(Entity, Base):
    """A statistical measure of districts: what is counted, in which unit, by which rule.

    Raw counts between 0 and `disclosure_threshold` are hidden when they are published. How a map
    of it is divided and coloured is `classification_…`; NULL leaves it to whoever draws one.
    """

    __tablename__ = "indicator"

    title: Mapped[str]
    abbreviation: Mapped[str | None]
    description: Mapped[str | None]
    unit: Mapped[str]
    unit_long: Mapped[str | None]
    decimals: Mapped[int] = mapped_column(server_default="0")
    type: Mapped[str]
    aggregation: Mapped[str]
    numerator_id: Mapped[UUID | None] = refers_to("indicator")
    denominator_id: Mapped[UUID | None] = refers_to("indicator")
    factor: Mapped[Decimal | None]
    interpretation: Mapped[str | None]
    polarity: Mapped[str | None]
    update_cycle: Mapped[str | None]
    reference_date: Mapped[str | None]
    method: Mapped[str | None]
    citation: Mapped[str | None]
    disclosure_threshold: Mapped[int] = mapped_column(server_default="3")
    headline: Mapped[bool] = mapped_column(server_default="false")
    classification_method: Mapped[str | None]
    classification_classes: Mapped[int | None]
    classification_scheme: Mapped[str | None]

    @classmethod
    def constraints(cls) -> tuple[SchemaItem, ...]:
        return (
            one_of("type", *INDICATOR_TYPES),
            one_of("aggregation", "sum", "ratio", "weighted_mean", "none"),
            one_of("polarity", "higher_is_better", "lower_is_better", "neutral"),
            one_of("classification_method", *METHODS),
            one_of("classification_scheme", *SCHEMES),
            CheckConstraint(
                f"classification_classes BETWEEN 1 AND {MOST_CLASSES}",
                name="classification_classes",
            ),
            CheckConstraint("decimals BETWEEN 0 AND 6", name="decimals"),
            CheckConstraint("factor > 0", name="factor"),
            CheckConstraint("disclosure_threshold BETWEEN 2 AND 100", name="disclosure_threshold"),
        )


class IndicatorTerm(Part, Base):
    """A theme of an indicator."""

    __tablename__ = "indicator_term"
    __table_args__ = (UniqueConstraint("indicator_id", "term_id"),)

    indicator_id: Mapped[UUID] = owned_by("indicator")
    term_id: Mapped[UUID] = refers_to("codelist_term")


class Observation(Base):
    """The value of an indicator in a district and period, with optional breakdowns.

    `period` is EDTF (`2021`, `2013/2014`, `XXXX` where the source states none). A hidden or
    missing value is NULL with a status flag saying why. `raw` values are not yet safe to publish:
    they wait for disclosure control.
    """

    __tablename__ = "observation"
    __table_args__ = (
        Index(
            "observation_cell",
            "indicator_id",
            "district_id",
            "period",
            "breakdowns",
            "source_id",
            unique=True,
        ),
        one_of("status", "draft", "published", "archived"),
        edtf_order("period"),
        CheckConstraint("cardinality(flags) > 0", name="flags_stated"),
        CheckConstraint(
            f"flags <@ '{{{','.join(FLAGS)}}}'::text[]",
            name="flags",
        ),
        CheckConstraint(
            "value IS NOT NULL OR flags && "
            "ARRAY['suppressed', 'not_available', 'not_applicable']::text[]",
            name="value_or_reason",
        ),
        CheckConstraint("value <> 'NaN' AND abs(value) < 1e15", name="value"),
        CheckConstraint("(scenario IS NOT NULL) = ('forecast' = ANY (flags))", name="scenario"),
    )

    id: Mapped[Key]
    indicator_id: Mapped[UUID] = owned_by("indicator")
    district_id: Mapped[UUID] = refers_to("district")
    period: Mapped[str]
    period_earliest: Mapped[date | None]
    period_latest: Mapped[date | None]
    breakdowns: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    value: Mapped[Decimal | None]
    numerator: Mapped[Decimal | None]
    denominator: Mapped[Decimal | None]
    flags: Mapped[list[str]] = mapped_column(server_default="{final}")
    scenario: Mapped[str | None]
    raw: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[str] = mapped_column(server_default="draft")
    note: Mapped[str | None]
    internal_note: Mapped[str | None]
    source_id: Mapped[UUID] = refers_to("source")


class Disclosure(Base):
    """What was decided about a raw observation when it was published. `kind` NULL: it is shown."""

    __tablename__ = "disclosure"
    __table_args__ = (one_of("kind", "primary", "secondary"),)

    observation_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str | None]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())
