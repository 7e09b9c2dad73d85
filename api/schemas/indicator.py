"""Indicators and observations."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from api.schemas.document import (
    Coded,
    DistrictReference,
    Document,
    Entity,
    ImpreciseDate,
    Source,
    TitledReference,
)
from db.codes import Scheme


class Dimension(Coded):
    """What an indicator is broken down by: a codelist, and the terms that observations have."""

    terms: list[Coded]


class Classification(Document):
    """How a map of it is divided and coloured, where nothing else is asked for. Null: not said."""

    method: Coded | None
    classes: int | None
    scheme: Scheme | None = Field(description="Of ColorBrewer.")


class Indicator(Entity):
    title: str
    abbreviation: str | None
    description: str | None
    unit: str
    unit_long: str | None
    decimals: int
    type: Coded
    aggregation: Coded = Field(description="How values of parts become the value of the whole.")
    numerator: TitledReference | None
    denominator: TitledReference | None
    factor: float | None
    formula: str | None = Field(
        description="In words: `numerator` / `denominator` × `factor`. Null: not said."
    )
    interpretation: str | None
    polarity: Coded | None
    themes: list[Coded]
    update_cycle: Coded | None
    reference_date: str | None
    method: str | None
    citation: str = Field(description="As stated, else made from the source.")
    classification: Classification
    headline: bool = Field(description="Whether it is among those that are shown first.")
    disclosure_threshold: int = Field(
        description="Counts above 0 and below this are hidden, unless they were public already."
    )
    levels: list[Coded] = Field(description="Levels of districts that have observations.")
    periods: list[str] = Field(description="Periods that have observations (EDTF).")
    dimensions: list[Dimension] = Field(
        description="What observations are broken down by; each is a codelist of that name."
    )
    observations_count: int


class RecalculatedPart(Document):
    district: DistrictReference
    share: float | None = Field(description="How much of its value counts; null if unknown.")
    value: float | None


class Recalculation(Document):
    """What a value was made of, and why there is none."""

    reason: (
        Literal[
            "part_suppressed",
            "part_missing",
            "share_unknown",
            "not_additive",
            "no_counts",
            "no_weight",
            "denominator_is_zero",
        ]
        | None
    )
    parts: list[RecalculatedPart]


class Observation(Document):
    """A value of an indicator in a district and period. `flags` explain a null."""

    id: UUID
    indicator: TitledReference
    district: DistrictReference
    boundary_quality: Coded | None = Field(
        description="How sure the boundary is that GeoJSON shows: official, generalised, or "
        "schematic; null where there is none."
    )
    period: ImpreciseDate
    breakdowns: dict[str, Coded] = Field(
        description="Which part of the observed, by dimension; empty: the total."
    )
    value: float | None
    unit: str
    decimals: int
    numerator: float | None
    denominator: float | None
    flags: list[Coded]
    scenario: str | None
    note: str | None
    source: Source
    lang: str
    updated_at: datetime
    recalculation: Recalculation | None = Field(
        None, description="With `boundary`: of a value that was recalculated, from what."
    )
