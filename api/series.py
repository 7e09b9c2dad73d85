"""What observations can be asked: of one indicator, and of all."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from api.common_parameters import ListParameters, Reference, Simplified, given, named
from api.types import SEVERAL, Boundary, Ids, Names, Parts, Time
from db import conditions as c
from db.codes import Flag, Level, Recalculation, Suppression
from db.conditions import Condition, where

TOTAL = "total"
BOUNDARY = (
    "Values for the districts of a day (`2023-01-01`) or of the end of a year, recalculated where "
    "reforms came between. `as_reported`, or not given: as they were published."
)


INCLUDED = ("numerator", "denominator", "interval")


def _included(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in INCLUDED:
            raise ValueError(f"{name} is none of {', '.join(INCLUDED)}")
    return names


Included = Annotated[
    Names,
    AfterValidator(_included),
    WithJsonSchema(
        {
            "type": "array",
            "explode": False,
            "items": {"type": "string", "enum": list(INCLUDED)},
            "minItems": 1,
        }
    ),
]


class Including(Simplified):
    """What an observation is asked for besides."""

    resource: ClassVar[str] = "observation"

    include: Included | None = Field(
        None,
        description="More of each value, separated by commas: `numerator` and `denominator`, where "
        "not stated those that their indicators have in the same cell; `interval`, the Wilson 95 % "
        "interval of a rate from counts.",
    )


class SeriesParameters(Including, ListParameters):
    """Filters of the observations of one indicator."""

    sort: (
        Literal[
            "name",
            "-name",
            "period",
            "-period",
            "district",
            "-district",
            "value",
            "-value",
            "updated_at",
            "-updated_at",
        ]
        | None
    ) = Field(
        None,
        description="What to sort by; a minus in front reverses it. A value that is not known "
        "comes last.",
    )
    district: Ids | None = Field(
        None, description="Districts by id, slug, `scheme:key` or a key that is unique."
    )
    district_scope: Literal["children", "descendants"] | None = Field(
        None, description="Instead of the districts themselves: their children, or all below."
    )
    parent: Ids | None = Field(
        None, description="Only districts directly below these, by id, slug or key."
    )
    level: Annotated[list[Level], SEVERAL] | None = Field(
        None, description="Levels of the districts."
    )
    time: Time | None = Field(
        None,
        description="A year, a range of years (`2019..2022`), `latest`: the last period of each "
        "district, or `last:4`: the last so many periods that the indicator has at that level. "
        "Forecasts are not the latest; they are asked for by their years.",
    )
    breakdown: Parts | None = Field(
        None,
        description="Parts of the observed: a term of a dimension (`sex:f`), any term of it "
        "(`sex`), or `total`, what is not broken down. Several of a dimension mean or, different "
        "dimensions and; `total` comes in addition.",
    )
    boundary: Boundary = Field(None, description=BOUNDARY)
    status: Annotated[list[Flag | Suppression | Recalculation], SEVERAL] | None = Field(
        None, description="Status flags of the value."
    )
    layout: Literal["long", "wide"] = Field(
        "long", description="`wide`, for CSV: one line a district and a column a period."
    )

    @model_validator(mode="after")
    def _scope_needs_a_district(self) -> "SeriesParameters":
        if self.district_scope and not self.district:
            raise ValueError("district_scope: needs district")
        return self

    def conditions(self) -> list[Condition]:
        scope = {None: c.of_district, "children": c.of_children, "descendants": c.of_descendants}
        return [
            *super().conditions(),
            *given(scope[self.district_scope], (), self.district),
            *given(c.of_children, (), self.parent),
            *given(c.one_of, "level", self.level),
            *self._time(),
            *self._parts(),
            *given(c.any_of, "flags", self.status),
        ]

    def _time(self) -> list[Condition]:
        match self.time:
            case None:
                return []
            case "latest":
                return [where(c.latest_period)]
            case int():
                return [where(c.last_periods, (), self.time)]
            case _:
                return [where(c.within_period, (), *self.time)]

    def _parts(self) -> list[Condition]:
        if self.breakdown is None:
            return []
        dimensions: dict[str, list[str]] = {}
        for part in self._named_parts():
            dimensions.setdefault(part.partition(":")[0], []).append(part)
        builder = c.broken_down_or_not if TOTAL in self.breakdown else c.broken_down
        return [where(builder, (), *dimensions.values())]

    def _named_parts(self) -> list[str]:
        return [part for part in self.breakdown or () if part != TOTAL]

    def references(self) -> list[Reference]:
        return [
            *super().references(),
            *named("district", self.district),
            *named("parent", self.parent, "district"),
            *named("breakdown", self._named_parts()),
        ]


class ObservationParameters(SeriesParameters):
    """Filters of all observations."""

    indicator: Ids | None = Field(None, description="Indicators by id or slug.")

    def conditions(self) -> list[Condition]:
        return [
            *c.of_indicators(self.indicator),
            *super().conditions(),
        ]

    def references(self) -> list[Reference]:
        return [*super().references(), *named("indicator", self.indicator)]
