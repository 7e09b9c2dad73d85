"""What each analysis can be asked: one query model an address, composed by inheritance."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from api.common_parameters import Reference, Tolerance, named
from api.series import BOUNDARY
from api.types import (
    SEVERAL,
    WHOLE,
    Boolean,
    Boundary,
    Breakdown,
    Ids,
    Language,
    Name,
    Names,
    Text,
)
from db.codes import LEVELS, MOST_CLASSES, Level, Method, Scheme

REFERENCES = ("parent", "county", "state", "country", "mean")

TABLE = ("json", "csv")


def _references(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in REFERENCES:
            raise ValueError(f"{name} is none of {', '.join(REFERENCES)}")
    return names


def _one_a_dimension(values: list[str]) -> list[str]:
    dimensions = [value.partition(":")[0] for value in values]
    if len(set(dimensions)) < len(dimensions):
        raise ValueError("must name each dimension once")
    return values


References = Annotated[
    Names,
    AfterValidator(_references),
    WithJsonSchema(
        {
            "type": "array",
            "explode": False,
            "items": {"type": "string", "enum": list(REFERENCES)},
            "minItems": 1,
        }
    ),
]


class AnalysisParameters(BaseModel):
    """What every analysis understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Language | None = Field(
        None,
        description="Language of names, labels and texts: one that is published, such as `en`; "
        "without it, `Accept-Language` decides.",
        json_schema_extra={"format": "language"},
    )

    formats: ClassVar[tuple[str, ...]] = ("json",)

    @property
    def named_format(self) -> str | None:
        """The format that the query names."""
        return getattr(self, "format", None)

    def references(self) -> list[Reference]:
        """The names it uses that must exist."""
        return []


class Tabular(AnalysisParameters):
    formats = TABLE

    format: Literal["json", "csv"] | None = Field(
        None, description="Format of the answer; a suffix (`.csv`) or `Accept` does the same."
    )


class ProfileParameters(Tabular):
    """What a profile understands."""

    headline: Boolean = Field(
        False,
        description="Only the indicators marked as headline indicators; if none of those here is, "
        "all of them, and `only_headline` says so.",
    )


class Broken(AnalysisParameters):
    breakdown: (
        Annotated[
            list[Breakdown],
            Field(min_length=1, max_length=10),
            AfterValidator(_one_a_dimension),
        ]
        | None
    ) = Field(
        None,
        description="Which part of the observed, as `dimension:code` such as `sex:f`; repeat it "
        "for several dimensions. Without it the totals.",
    )

    @property
    def breakdowns(self) -> dict[str, str]:
        parts = (each.partition(":") for each in self.breakdown or ())
        return {dimension: code for dimension, _, code in parts}


class Below(Broken):
    parent: Name | None = Field(
        None, description="Only districts below this one, by id, slug or key."
    )

    def references(self) -> list[Reference]:
        return named("parent", [self.parent] if self.parent else None, "district")


class AtLevel(Below):
    level: Level | None = Field(
        None,
        description="Level of the districts; the one with the most values if not given.",
    )


class Bounded(AnalysisParameters):
    boundary: Boundary = Field(None, description=BOUNDARY)


class AtTime(Broken, Bounded):
    time: Text = Field(
        "latest",
        description="A period that the indicator has, a year, or `latest`: the last one with "
        "observations of that level that are no forecasts.",
    )


class AvailabilityParameters(Broken, Tabular):
    """What the matrix of availability understands."""


class RankingParameters(AtLevel, AtTime, Tabular):
    """What a ranking understands."""

    order: Literal["desc", "asc"] = Field(
        "desc", description="`desc`: the highest value is first; `asc`: the lowest."
    )


class Drawn(AnalysisParameters):
    simplify: Tolerance = Field(
        "0",
        description="Simplify boundaries by so many metres; shared borders stay shared.",
    )

    def geometry(self) -> str:
        """The column that holds the shape asked for."""
        return "geojson" if self.simplify == "0" else f"geojson_{self.simplify}"


class Classed(AtLevel, AtTime):
    """What decides which districts and values are on a map, and their classes."""

    method: Method | None = Field(
        None,
        description="How classes are made: as the indicator says (`classification`) if not "
        "given, else `quantile`.",
    )
    classes: Annotated[int, Field(ge=1, le=MOST_CLASSES), WHOLE] | None = Field(
        None,
        description="Number of classes, at most that of different values; if not given as many as "
        "the indicator says, else 5, but no more than there can be. `stddev` makes as many as "
        "there are standard deviations.",
    )
    scheme: Scheme | None = Field(
        None,
        description="Colours, a scheme of ColorBrewer: that of the indicator if not given, else "
        "`Blues`.",
    )
    scope: Literal["date", "series"] = Field(
        "date",
        description="`series`: classes of the values of all periods, so that maps of several "
        "periods can be compared.",
    )


class MapParameters(Classed, Drawn):
    """What a map understands."""

    formats = ("geojson", "json", "csv")

    format: Literal["geojson", "json", "csv"] | None = Field(
        None,
        description="`geojson` with boundaries, `json` or `csv` without; a suffix (`.json`) or "
        "`Accept` does the same.",
    )


class AggregationParameters(Below, AtTime, Drawn):
    """What an aggregation understands."""

    formats = ("json", "csv", "geojson")

    format: Literal["geojson", "json", "csv"] | None = Field(
        None,
        description="`geojson` with boundaries; a suffix (`.csv`) or `Accept` does the same.",
    )
    level: Level = Field(description="Level of the districts to work out values for.")
    of: Level | None = Field(
        None,
        description="Level of the districts whose values are used, below `level`; the one with the "
        "most values if not given.",
    )

    @model_validator(mode="after")
    def _is_below(self) -> Self:
        last = LEVELS[-1]
        if self.level == last:
            raise ValueError(f"level: nothing is below {last}")
        if self.of and LEVELS.index(self.of) <= LEVELS.index(self.level):
            raise ValueError(f"of: {self.of} is not below {self.level}")
        return self


class DashboardParameters(Classed):
    """What the dashboard understands: one view of an indicator, perhaps of one district in it."""

    indicator: Name | None = None
    district: Name | None = None

    def references(self) -> list[Reference]:
        own = (("indicator", self.indicator), ("district", self.district))
        return [*super().references(), *(Reference(n, n, value) for n, value in own if value)]


class CompareParameters(AtTime, Tabular):
    """What a comparison understands."""

    district: Ids = Field(description="Districts to compare, all of one level.")
    with_: References = Field(
        REFERENCES,
        alias="with",
        description="What to compare with, separated by commas: `parent`, `county`, `state`, "
        "`country`, `mean` (of all districts of the level that have a value, unweighted).",
    )

    def references(self) -> list[Reference]:
        return named("district", self.district)


class TrendParameters(AtLevel, Bounded, Tabular):
    """What a trend understands."""

    district: Annotated[list[Name], SEVERAL] | None = Field(
        None, description="Districts by id, slug or key; all of the level if not given."
    )
    from_: Text | None = Field(
        None, alias="from", description="First period or year; the first there is if not given."
    )
    to: Text | None = Field(
        None, description="Last period or year; the last that is no forecast if not given."
    )

    def references(self) -> list[Reference]:
        return [*super().references(), *named("district", self.district)]
