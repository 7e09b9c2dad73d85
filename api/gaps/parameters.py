"""What can be asked about gaps: one query model an address, composed by inheritance."""

from typing import Annotated, Literal

from pydantic import Field

from api.analyses.parameters import AnalysisParameters, Bounded
from api.common_parameters import Reference, Tolerance, named
from api.types import DECIMAL, Breakdown, Ids, Name, Text
from db.codes import Level
from db.gaps import Filter

LARGEST = 1_000_000.0
FARTHEST = 100_000.0


class GapParameters(AnalysisParameters):
    """Which offerings and which districts."""

    formats = ("json", "csv", "geojson")

    format: Literal["geojson", "json", "csv"] | None = Field(
        None,
        description="`geojson` comes with boundaries; a suffix (`.csv`) or `Accept` does the same.",
    )
    category: Ids | None = Field(
        None,
        description="Only offerings of these categories, narrower ones included; see "
        "`/v1/codelists/category`.",
    )
    target_group: Ids | None = Field(
        None, description="Only offerings for these target groups, narrower ones included."
    )
    theme: Ids | None = Field(
        None, description="Only offerings on these themes, narrower ones included."
    )
    parent: Name | None = Field(
        None, description="Only districts below this one, by id, slug or key."
    )
    district: Ids | None = Field(
        None, description="Only these districts of the level, by id, slug or key."
    )
    simplify: Tolerance = Field(
        "0", description="Simplify boundaries by so many metres; shared borders stay shared."
    )

    @property
    def offerings(self) -> Filter:
        return Filter(self.category, self.target_group, self.theme)

    @property
    def geometry(self) -> str:
        """The column that holds the shape asked for."""
        return "geojson" if self.simplify == "0" else f"geojson_{self.simplify}"

    def references(self) -> list[Reference]:
        return [
            *named("category", self.category),
            *named("target_group", self.target_group),
            *named("theme", self.theme),
            *named("parent", [self.parent] if self.parent else None, "district"),
            *named("district", self.district),
        ]


class SupplyParameters(GapParameters, Bounded):
    """Offerings by district and the people who need them."""

    population: Name | None = Field(
        None,
        description="The indicator that counts the people, by id or slug; that of all people if "
        "not given, where it is clear which one that is.",
    )
    breakdown: Annotated[list[Breakdown], Field(min_length=1, max_length=20)] | None = Field(
        None,
        description="Which part of the people, as `dimension:code` such as `age_group:under_5`; "
        "repeat it: several of one dimension are added up, of several dimensions it is those who "
        "are in both.",
    )
    level: Level | None = Field(
        None,
        description="Level of the districts; the one with the most values of `population` if not "
        "given.",
    )
    time: Text = Field(
        "latest",
        description="A period of `population`, a year, or `latest`. Offerings are always those of "
        "today.",
    )
    count: Literal["offerings", "capacity"] = Field(
        "offerings", description="What is supply: how many offerings, or what they can hold."
    )
    unit: Text | None = Field(
        None,
        description="Only capacities in this unit; needed where the offerings state several.",
    )
    per: Annotated[float, Field(gt=0, le=LARGEST), DECIMAL] = Field(
        1000.0, description="People that the rate is worked out for."
    )
    least: Annotated[float, Field(ge=0, le=LARGEST), DECIMAL] | None = Field(
        None,
        alias="min",
        description="The least supply wanted for `per` people: districts below it are gaps, with "
        "how much is missing.",
    )
    order: Literal["need", "rate", "name"] = Field(
        "need",
        description="`need`: where most is missing is first, or without `min` where most people "
        "have no offering, then where the rate is lowest. `rate`: the lowest first.",
    )

    def references(self) -> list[Reference]:
        return [
            *super().references(),
            *named("population", [self.population] if self.population else None, "indicator"),
        ]


class CoverageParameters(GapParameters):
    """Offerings and how far people have to them."""

    level: Level | None = Field(
        None,
        description="Level of the districts; the one with the most districts if not given.",
    )
    distance_m: Annotated[float, Field(gt=0, le=FARTHEST), DECIMAL] | None = Field(
        None,
        description="Metres as the crow flies: how many people live within that of an offering. "
        "Without it only the nearest offering is given, for which no population grid is needed.",
    )
    order: Literal["need", "name"] = Field(
        "need",
        description="`need`: where most people live farther away is first, or without "
        "`distance_m` where the nearest offering is farthest.",
    )
