"""What is worked out of the values of an indicator, and around a district."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.analyses import aggregation, comparison, trends
from api.schemas.document import (
    Coded,
    DistrictReference,
    Document,
    ImpreciseDate,
    Source,
    TitledReference,
)
from api.schemas.geojson import Geometry
from api.schemas.indicator import IntervalBounds
from api.schemas.page import Link, Reason, Sentence
from db.codes import Method, Scheme


class Measured(TitledReference):
    """An indicator, and how its values are written."""

    unit: str
    decimals: int
    type: Coded


class Analysis(Document):
    """What every analysis carries."""

    reason: Reason | None = Field(description="Why there is nothing to tell; else null.")
    sentence: Sentence
    sources: list[Source] = Field(description="Where the values are from.")
    attribution: list[str]
    license: str | None = Field(
        description="The licence all values share; null where they differ, see `sources`."
    )
    citation: str = Field(description="How to cite the values.")
    sequence: int = Field(description="Number of the publication this shows.")
    lang: str
    links: list[Link]


class OfIndicator(Analysis):
    indicator: Measured
    breakdowns: dict[str, Coded] = Field(
        description="Which part of the observed, by dimension; empty: the totals."
    )


class Counts(Document):
    published: int = Field(description="Districts with a value.")
    suppressed: int = Field(description="Districts whose value is hidden.")
    missing: int = Field(description="Districts that existed then, and have no value.")


class OfDistricts(OfIndicator, Counts):
    boundary: date | None = Field(
        description="The day whose districts are meant; null: as values were reported."
    )


class AtOneTime(OfDistricts):
    level: Coded | None
    period: ImpreciseDate | None


class AvailabilityItem(Counts):
    level: Coded
    period: ImpreciseDate


class Availability(OfIndicator):
    """Where an indicator has values: a matrix of levels and periods."""

    known_breakdowns: list[dict[str, Coded]] = Field(
        description="What `breakdown` can name, beside the totals."
    )
    reforms: list[date] = Field(
        description="Days since which there are other districts: `boundary` of one of them, or of "
        "the day before, recalculates what lies beyond it."
    )
    items: list[AvailabilityItem]


class RankingItem(Document):
    rank: int = Field(description="Equal values share it.")
    first_rank: int | None = Field(
        description="The first rank it may have, as far as intervals can tell; null without them."
    )
    last_rank: int | None
    distinct_from_next: bool | None = Field(
        description="False: not distinguishable from the next one. Null: without an interval of "
        "both, or nothing follows."
    )
    district: DistrictReference
    value: float
    interval: IntervalBounds | None
    numerator: float | None
    denominator: float | None
    flags: list[Coded]


class Ranking(AtOneTime):
    """Districts by their values."""

    order: Literal["desc", "asc"]
    interval: Literal["wilson_95"] | None = Field(
        description="95 % intervals after Wilson, of rates whose counts are published."
    )
    items: list[RankingItem]


class MapItem(DistrictReference):
    boundary_quality: Coded | None
    value: float | None
    flags: list[Coded]
    class_: int | None = Field(alias="class", description="Index of its class, from 0.")
    color: str | None
    contrast: str | None = Field(description="What can be read on the colour: black or white.")


class Classification(Document):
    method: Method
    scope: Literal["date", "series"]
    scheme: Scheme
    breaks: list[float] = Field(
        description="Ends of the classes, one more than there are; each includes its upper end, "
        "the first one its lower end as well."
    )
    colors: list[str]
    contrasts: list[str]
    counts: list[int] = Field(description="Districts in each class.")
    without_data: int


class Map(AtOneTime):
    """Classes and colours of a map, without its boundaries."""

    classification: Classification
    items: list[MapItem]


class MapFeature(Document):
    """A district with its boundary, class and colour."""

    type: Literal["Feature"]
    id: UUID
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    geometry: Geometry | None
    properties: MapItem


class MapCollection(AtOneTime):
    """A choropleth map as GeoJSON."""

    type: Literal["FeatureCollection"]
    classification: Classification
    features: list[MapFeature]
    numberReturned: int  # noqa: N815 - of OGC API - Features


class Compared(Document):
    """Null where `missing` says why."""

    difference: float | None = Field(description="In the unit of the indicator.")
    ratio: float | None
    index: float | None = Field(description="100 where both are equal.")
    missing: dict[str, comparison.Missing]


class Comparison(Compared):
    """Beside one other value."""

    with_: Literal["parent", "county", "state", "country", "mean"] = Field(alias="with")
    reference: DistrictReference | None
    reference_value: float | None
    flags: list[Coded] = Field(description="Of the other value.")


class Standing(Document):
    """Among all districts of its level that have a value, itself included."""

    mean: float | None
    deviation: float | None
    z_score: float | None
    missing: dict[str, comparison.Missing]


class CompareItem(Document):
    district: DistrictReference
    value: float | None
    flags: list[Coded]
    standing: Standing
    comparisons: list[Comparison]


class Comparisons(AtOneTime):
    """Districts beside what is around them. What is counted are the districts of their level."""

    items: list[CompareItem]


class End(Document):
    period: str
    value: float | None


class Change(Document):
    """From `base` to `end`; nothing is compared across a break. Null where `missing` says why."""

    base: End
    end: End
    absolute: float | None = Field(
        description="In the unit of the indicator; of a percentage in percentage points."
    )
    relative: float | None = Field(description="In percent of the base.")
    slope: float | None = Field(
        description="In the unit a year, by least squares, since the last break."
    )
    breaks: list[str] = Field(description="Periods that begin the series anew.")
    missing: dict[str, trends.Missing]


class TrendPoint(Document):
    period: str
    value: float | None
    flags: list[Coded]


class TrendItem(Change):
    district: DistrictReference
    points: list[TrendPoint]


class Trend(OfDistricts):
    """How values changed. What is counted are values: of each district in each period."""

    level: Coded | None = Field(description="Null where districts were named.")
    from_: ImpreciseDate | None = Field(alias="from")
    to: ImpreciseDate | None
    absolute_in: Literal["unit", "percentage_points"]
    items: list[TrendItem]


class Coverage(Counts):
    """Of how many members there are, and how many take part."""

    members: int
    used: int = Field(description="Members whose value takes part.")
    population_share: float | None = Field(
        description="Of the people of all members, the share of those used; null where unknown."
    )


class StatedValue(Document):
    value: float | None
    flags: list[Coded]


class AggregationItem(Document):
    district: DistrictReference
    calculated: float | None = Field(description="From the members that are used.")
    numerator: float | None
    denominator: float | None = Field(description="Of a weighted mean the sum of its weights.")
    status: aggregation.Status = Field(
        description="`complete`: all members take part. `none`: see `reason`."
    )
    reason: aggregation.Reason | None
    coverage: Coverage
    unassignable: StatedValue | None = Field(
        description="What belongs to the district and to none of its members; null if nothing is "
        "stated."
    )
    stated: StatedValue | None = Field(description="The value that a source states of it.")
    difference: float | None = Field(
        description="Stated, less what is calculated and, of sums, what is unassignable; null "
        "unless complete."
    )


class AggregationFrame(OfDistricts):
    level: Coded | None
    of: Coded | None = Field(description="Level of the members; null: nothing is observed below.")
    period: ImpreciseDate | None
    rule: Coded
    weighted_by: TitledReference | None = Field(
        description="The indicator that weights a mean, where one is named."
    )


class Aggregation(AggregationFrame):
    """Values worked out from those of smaller districts. What is counted are the members."""

    items: list[AggregationItem]


class AggregationFeature(Document):
    """A district with its boundary, and what was worked out for it."""

    type: Literal["Feature"]
    id: UUID
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    geometry: Geometry | None
    properties: AggregationItem


class AggregationCollection(AggregationFrame):
    """Values worked out from those of smaller districts, as GeoJSON."""

    type: Literal["FeatureCollection"]
    features: list[AggregationFeature]
    numberReturned: int  # noqa: N815 - of OGC API - Features


class BesideParent(Compared):
    value: float | None = Field(description="Of the parent, in the same period.")


class Calculated(Document):
    """What the values of the districts below make, where something else is stated.

    `value` + `unassignable` + `difference` is what is stated; rates are not added to.
    """

    value: float
    difference: float
    unassignable: float | None = Field(description="What is in none of the districts below.")
    coverage: Coverage


class ProfileItem(Document):
    indicator: Measured
    headline: bool = Field(description="Whether it is marked as a headline indicator.")
    polarity: Coded | None
    period: ImpreciseDate = Field(description="The latest with an observation.")
    value: float | None
    flags: list[Coded]
    calculated: Calculated | None = Field(
        description="Null where all districts below make the same, or not all are published."
    )
    parent: BesideParent
    trend: Change | None = Field(description="Null where there are not two values.")


class Profile(Analysis):
    """A district in all indicators that are observed of it."""

    district: DistrictReference
    parent: DistrictReference | None
    offerings: int = Field(description="Offerings there that have not ended.")
    measures: int
    only_headline: bool = Field(
        description="Whether only headline indicators are shown; else these come first."
    )
    items: list[ProfileItem]


ANSWERS: dict[str, dict[str, type[Document]]] = {
    "availability": {"json": Availability},
    "ranking": {"json": Ranking},
    "map": {"geojson": MapCollection, "json": Map},
    "compare": {"json": Comparisons},
    "trend": {"json": Trend},
    "aggregation": {"json": Aggregation, "geojson": AggregationCollection},
    "profile": {"json": Profile},
}
"""By address, then by format: what is answered."""

SUMMARIES = {
    "availability": "Where an indicator has values: how many districts of each level and period "
    "have one, a hidden one, or none",
    "ranking": "Districts by their values, with intervals of rates, and which ranks can be told "
    "apart",
    "map": "Districts with boundaries, classes and colours, for a choropleth map",
    "compare": "Districts beside their parent, county, state, country and the mean of their level",
    "trend": "How the values of districts changed between two periods",
    "aggregation": "Values of larger districts worked out from those of smaller ones, by the "
    "rule of the indicator, beside what is stated",
    "profile": "A district in all indicators: latest value, that of its parent, and its trend",
}
