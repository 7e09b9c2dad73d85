"""Need against supply, and how near offerings are."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.gaps import supply
from api.schemas.analysis import Measured
from api.schemas.document import (
    Coded,
    DistrictReference,
    Document,
    ImpreciseDate,
    NamedReference,
    Source,
)
from api.schemas.geojson import Geometry
from api.schemas.page import Link, Sentence


class OfGaps(Document):
    """What both answers carry."""

    reason: Literal["no_observations", "no_districts", "no_points"] | None = Field(
        description="Why there is nothing to tell; else null."
    )
    sentence: Sentence
    sources: list[Source] = Field(description="Where the numbers and the offerings are from.")
    attribution: list[str]
    license: str | None = Field(
        description="The licence all of it shares; null where they differ, see `sources`."
    )
    citation: str = Field(description="How to cite it.")
    sequence: int = Field(description="Number of the publication this shows.")
    lang: str
    links: list[Link]


class ChosenOfferings(Document):
    """Codes of the offerings that were asked for; empty: of any."""

    category: list[str]
    target_group: list[str]
    theme: list[str]


class CapacityTogether(Document):
    """What offerings can hold together. `value` is null if none states it, or in several units."""

    value: int | None
    unit: str | None
    stated: int = Field(description="Offerings that state it, in the unit asked for if one was.")
    unstated: int = Field(description="Offerings that do not.")


class ByMode(Document):
    """By organisation mode; `unknown`: none is stated."""

    district: int
    central: int
    central_with_outreach: int
    mobile: int
    online: int
    unknown: int


class ServingFromElsewhere(Document):
    """Offerings located elsewhere whose service area covers the district."""

    total: int
    by_mode: ByMode


class SupplyBalance(Document):
    """Need and supply. What is not known is null, never 0."""

    status: supply.Status = Field(
        description="`no_offering`: none is located there. `gap`: less than `min`. `no_data`: the "
        "number of people or the capacity is not known. `suppressed`: the number of people is "
        "hidden. `ended`: the district is no more, and today's offerings are counted elsewhere."
    )
    population: float | None
    population_flags: list[Coded]
    offerings: int | None = Field(description="Located there, and not ended.")
    capacity: CapacityTogether | None
    supply: int | None = Field(description="What was counted: offerings, or what they can hold.")
    supply_is_least: bool = Field(
        description="There may be more: not every offering states its capacity."
    )
    rate: float | None = Field(description="Supply for `per` people.")
    needed: float | None = Field(description="Supply that `min` asks for; null without `min`.")
    missing: int | None = Field(
        description="How much more is needed, in whole offerings or places; null if that cannot be "
        "said."
    )
    serving: ServingFromElsewhere | None


class SupplyItem(DistrictReference, SupplyBalance):
    boundary_quality: Coded | None


class SupplyTotal(SupplyBalance):
    """Of `parent`, or of all districts listed."""

    district: DistrictReference | None
    population_is: Literal["stated", "summed"] = Field(
        description="As published for `parent`, or the sum of the districts."
    )


class StatusCounts(Document):
    """Districts by status."""

    no_offering: int
    gap: int
    ok: int
    no_data: int
    suppressed: int
    ended: int


class Unplaced(Document):
    """Offerings that are counted in no district."""

    larger_area: int = Field(description="Known to be in a larger area only.")
    nowhere: int = Field(description="Without a place in any district.")


class SuppliedGaps(OfGaps):
    indicator: Measured = Field(description="What counts the people.")
    breakdown: list[dict[str, str]] = Field(
        description="The parts of the people that are added up, codes by dimension."
    )
    level: Coded | None
    period: ImpreciseDate | None
    boundary: date | None = Field(
        description="The day whose districts are meant; null: those of the period."
    )
    filter: ChosenOfferings
    count: Literal["offerings", "capacity"]
    unit: str | None
    per: float
    min: float | None
    order: Literal["need", "rate", "name"]
    statuses: StatusCounts
    unplaced: Unplaced
    total: SupplyTotal


class SupplyGaps(SuppliedGaps):
    """Districts with their people and their offerings."""

    items: list[SupplyItem]


class SupplyFeature(Document):
    type: Literal["Feature"]
    id: UUID
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    geometry: Geometry | None
    properties: SupplyItem


class SupplyCollection(SuppliedGaps):
    """Districts with their people and their offerings, as GeoJSON."""

    type: Literal["FeatureCollection"]
    features: list[SupplyFeature]
    numberReturned: int  # noqa: N815 - of OGC API - Features


class NearestOffering(Document):
    offering: NamedReference
    distance_m: int
    from_: Literal["residents", "point"] = Field(
        alias="from",
        description="Measured from the middle of where its residents live, or without a grid from "
        "a point inside the district.",
    )


class Covered(Document):
    residents: float | None = Field(
        description="Of the population grid; null where it has no inhabited cell."
    )
    covered: float | None = Field(description="Those within `distance_m` of an offering.")
    uncovered: float | None
    percent: float | None


class CoverageItem(DistrictReference, Covered):
    boundary_quality: Coded | None
    nearest: NearestOffering | None = Field(
        description="Null if no offering has a point that is known precisely."
    )


class CoverageTotal(Covered):
    """Of `parent`, or of all districts listed."""

    district: DistrictReference | None


class CoveredGaps(OfGaps):
    level: Coded | None
    filter: ChosenOfferings
    distance_m: float | None
    distance_is: Literal["air_line"] = Field(description="Great-circle metres, not by road.")
    cell_m: int | None = Field(description="Width of the grid's cells, if it is known.")
    order: Literal["need", "name"]
    left_out: Unplaced = Field(description="Offerings without a point that is known precisely.")
    total: CoverageTotal


class CoverageGaps(CoveredGaps):
    """Districts and how far people there have to an offering."""

    items: list[CoverageItem]


class CoverageFeature(Document):
    type: Literal["Feature"]
    id: UUID
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    geometry: Geometry | None
    properties: CoverageItem


class CoverageCollection(CoveredGaps):
    """Districts and how far people there have to an offering, as GeoJSON."""

    type: Literal["FeatureCollection"]
    features: list[CoverageFeature]
    numberReturned: int  # noqa: N815 - of OGC API - Features


ANSWERS: dict[str, dict[str, type[Document]]] = {
    "offerings": {"json": SupplyGaps, "geojson": SupplyCollection},
    "coverage": {"json": CoverageGaps, "geojson": CoverageCollection},
}
"""By address, then by format: what is answered."""

SUMMARIES = {
    "offerings": "Offerings for so many people by district: need against supply",
    "coverage": "How many people live within a distance of an offering, and the nearest one by "
    "district",
}
