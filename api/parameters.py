"""What each resource can be asked: one query model a resource, composed by inheritance."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.common_parameters import (
    SORT,
    InDistrict,
    Limits,
    ListParameters,
    Reference,
    Search,
    Simplified,
    Sort,
    TargetGroups,
    Themes,
    given,
    named,
)
from api.types import (
    DECIMAL,
    SEVERAL,
    WHOLE,
    Area,
    AreaInBody,
    Boolean,
    Box,
    Day,
    Ids,
    Language,
    OpenAt,
    Parts,
    Position,
    Postcode,
    Text,
    vertices,
)
from db import conditions as c
from db.codes import (
    DecisionState,
    Feasibility,
    Implementation,
    IndicatorType,
    Level,
    OrganisationMode,
    Result,
    Wheelchair,
)
from db.conditions import Builder, Condition, where

DEFAULT_RADIUS = 10_000.0
FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)


class HomeParameters(BaseModel):
    """What the landing page understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Language | None = Field(
        None,
        description="Language of the page, one that is published; else `Accept-Language` decides.",
        json_schema_extra={"format": "language"},
    )


class OfferingParameters(Search, Themes, TargetGroups, InDistrict):
    """Filters of offerings. An unknown value matches no filter: it is neither yes nor no."""

    resource = "offering"

    sort: (
        Literal[
            "name",
            "-name",
            "updated_at",
            "-updated_at",
            "distance",
            "-relevance",
        ]
        | None
    ) = Field(
        None,
        description="`name`, `updated_at`, `distance` (with `near`, and then by itself) or "
        "`-relevance` (with `q`, and then by itself); a minus in front reverses it.",
    )
    category: Ids | None = Field(
        None,
        description="Codes of categories, narrower ones included; see `/v1/codelists/category`.",
    )
    organisation: Ids | None = Field(None, description="Providers by id or slug.")
    postcode: Annotated[list[Postcode], SEVERAL] | None = Field(
        None, description="Postcode of a site."
    )
    organisation_mode: Annotated[list[OrganisationMode], SEVERAL] | None = Field(
        None, description="How the offering is organised in space."
    )
    language: Ids | None = Field(None, description="Spoken languages (ISO 639).")
    wheelchair: Annotated[list[Wheelchair], SEVERAL] | None = Field(
        None, description="Wheelchair access of a site, as in OpenStreetMap."
    )
    age: Annotated[int, Field(ge=0, le=150), WHOLE] | None = Field(
        None, description="An age in years that the stated age range includes."
    )
    free: Boolean | None = Field(None, description="Free of charge, or not.")
    confirmed_since: Day | None = Field(
        None, description="Confirmed by its provider on or after this day."
    )
    stale: Boolean | None = Field(
        None, description="`true`: not confirmed within a year, or never. `false`: confirmed."
    )
    include_ended: Boolean = Field(False, description="Offerings that have ended as well.")
    open_at: OpenAt | None = Field(
        None,
        description="Certainly open at this time at one of its sites, with the holidays of its "
        "state; without an offset by the clock of the place. `left_out` counts those whose hours "
        "are unknown.",
    )
    open_now: Boolean = Field(False, description="The same at this minute.")
    bbox: Box | None = Field(None, description="West, south, east, north in degrees.")
    near: Position | None = Field(
        None,
        description="Longitude, latitude in degrees: only sites within `radius`, the nearest "
        "first, with `distance_m` (great-circle metres to the nearest site).",
    )
    radius: Annotated[float, Field(gt=0, le=1_000_000), DECIMAL] | None = Field(
        None,
        description="Metres around `near`; 10 km if not given. At most 100 km, unless the "
        "operator allows more or less.",
        json_schema_extra={"maximum": 100_000},
    )
    within: Area | None = Field(
        None,
        description="A polygon as WKT or GeoJSON (EPSG:4326, longitude first). Long ones by POST "
        "to `/v1/offerings/search`.",
    )
    serves: Position | None = Field(
        None, description="Longitude, latitude: whose service area covers this point."
    )
    serves_district: Ids | None = Field(
        None, description="Districts whose whole area the offering serves."
    )

    def natural_sort(self) -> str:
        return "distance" if self.near else super().natural_sort()

    @property
    def opening(self) -> datetime | Literal["now"] | None:
        return "now" if self.open_now else self.open_at

    @model_validator(mode="after")
    def _distance_needs_a_point(self) -> Self:
        if self.radius is not None and self.near is None:
            raise ValueError("radius: needs near, the point it is measured from")
        if self.sort == "distance" and self.near is None:
            raise ValueError("sort: distance needs near, the point it is measured from")
        return self

    @model_validator(mode="after")
    def _open_at_one_time(self) -> Self:
        if self.open_at is not None and self.open_now:
            raise ValueError("open_now: is another time than open_at; ask for one of them")
        return self

    def check(self, limits: Limits) -> None:
        if self.radius is not None and self.radius > limits.max_radius:
            raise ValueError(f"radius: must be at most {limits.max_radius:g} metres")
        if self.within is not None and vertices(self.within) > limits.max_vertices:
            raise ValueError(f"within: must have at most {limits.max_vertices} vertices")

    def conditions(self) -> list[Condition]:
        return [*self._without_place(), *self._place(c.within_box, c.near, c.within_polygon)]

    def possible(self) -> list[Condition] | None:
        possible = self._place(c.possibly_in_box, c.possibly_near, c.possibly_in_polygon)
        if self.district:
            possible += [where(c.possibly_in_district, (), self.district)]
        if not possible:
            return None
        by_district = (c.in_district, c.in_one_district)
        settled = [part for part in self._without_place() if part.builder not in by_district]
        return [*settled, *possible]

    def _without_place(self) -> list[Condition]:
        return [
            *super().conditions(),
            *c.within_categories(self.category, by_name=self.order().name == "name"),
            *self._of_organisation(),
            *given(c.any_of, "postcode", self.postcode),
            *given(c.one_of, "organisation_mode", self.organisation_mode),
            *given(c.any_of, "language", self.language),
            *given(c.any_of, "wheelchair", self.wheelchair),
            *given(c.for_age, (), self.age),
            *given(c.equals, "free", self.free),
            *given(c.at_least, "confirmed_at", self.confirmed_since),
            *given(c.stale, (), self.stale),
            *([] if self.include_ended else [where(c.not_ended)]),
            *([] if self.serves is None else [where(c.serves_point, (), *self.serves)]),
            *given(c.serves_district, (), self.serves_district),
        ]

    def _of_organisation(self) -> list[Condition]:
        return given(c.refers_to, ("organisation_id", "organisation"), self.organisation)

    def _place(self, box: Builder, near: Builder, polygon: Builder) -> list[Condition]:
        radius = self.radius or DEFAULT_RADIUS
        return [
            *([] if self.bbox is None else [where(box, (), *self.bbox)]),
            *([] if self.near is None else [where(near, (), *self.near, radius)]),
            *given(polygon, (), self.within),
        ]

    def references(self) -> list[Reference]:
        return [
            *super().references(),
            *named("category", self.category),
            *named("organisation", self.organisation),
            *named("language", self.language),
            *named("serves_district", self.serves_district, "district"),
        ]


class OfferingSearch(OfferingParameters):
    """The filters of `GET /v1/offerings` as a JSON object: lists are arrays there."""

    within: AreaInBody | None = Field(None, description="A polygon as GeoJSON or WKT.")


class DistrictItemParameters(Simplified):
    resource = "district"


class DistrictParameters(Simplified, Search):
    resource = "district"

    sort: (
        Literal[
            "name",
            "-name",
            "level",
            "-level",
            "population",
            "-population",
            "updated_at",
            "-updated_at",
            "-relevance",
        ]
        | None
    ) = Field(None, description="What to sort by; a minus in front reverses it.")
    level: Annotated[list[Level], SEVERAL] | None = Field(
        None, description="Levels of the hierarchy."
    )
    parent: Ids | None = Field(None, description="Districts whose direct children are wanted.")
    valid_on: Day | None = Field(None, description="Only districts that exist on this day.")
    designation: Ids | None = Field(
        None, description="Codes of designations; see `/v1/codelists/designation`."
    )
    contains: Position | None = Field(
        None,
        description="Longitude, latitude: the chain of districts around this point, the largest "
        "first; those of today, or of `valid_on`.",
    )
    bbox: Box | None = Field(None, description="West, south, east, north in degrees.")

    def natural_sort(self) -> str:
        return "level" if self.contains else super().natural_sort()

    def conditions(self) -> list[Condition]:
        return [
            *super().conditions(),
            *given(c.one_of, "level", self.level),
            *given(c.refers_to, ("parent_id", "district"), self.parent),
            *given(c.valid_on, (), self.valid_on),
            *given(c.any_of, "designation", self.designation),
            *self._around(),
            *([] if self.bbox is None else [where(c.intersects_box, "geometry", *self.bbox)]),
        ]

    def _around(self) -> list[Condition]:
        """A chain is of one day: today, unless another is given."""
        if self.contains is None:
            return []
        chain = where(c.contains_point, (), *self.contains)
        return [chain] if self.valid_on else [chain, where(c.exists_today)]

    def references(self) -> list[Reference]:
        return [
            *super().references(),
            *named("parent", self.parent, "district"),
            *named("designation", self.designation),
        ]


class OrganisationParameters(Search):
    resource = "organisation"

    sort: Sort | None = SORT
    kind: Ids | None = Field(None, description="Codes of `/v1/codelists/organisation_kind`.")
    postcode: Annotated[list[Postcode], SEVERAL] | None = Field(
        None, description="Postcode of the organisation's own address."
    )

    def conditions(self) -> list[Condition]:
        return [
            *super().conditions(),
            *given(c.one_of, "kind", self.kind),
            *given(c.one_of, "postcode", self.postcode),
        ]

    def references(self) -> list[Reference]:
        return [*super().references(), *named("kind", self.kind, "organisation_kind")]


class IndicatorParameters(Search, Themes):
    resource = "indicator"

    sort: Sort | None = SORT
    level: Annotated[list[Level], SEVERAL] | None = Field(
        None, description="Levels that have observations."
    )
    type: Annotated[list[IndicatorType], SEVERAL] | None = Field(
        None, description="Kind of number."
    )
    breakdown: Parts | None = Field(
        None, description="Dimensions that observations are broken down by (`sex`, `sex:f`)."
    )
    headline: Boolean | None = Field(None, description="Marked as headline indicators, or not.")

    def conditions(self) -> list[Condition]:
        return [
            *super().conditions(),
            *given(c.any_of, "level", self.level),
            *given(c.one_of, "type", self.type),
            *given(c.any_of, "breakdown", self.breakdown),
            *given(c.equals, "headline", self.headline),
        ]

    def references(self) -> list[Reference]:
        return [*super().references(), *named("breakdown", self.breakdown)]


class StrategyParameters(Search, Themes, TargetGroups):
    resource = "strategy"

    sort: Sort | None = SORT
    kind: Ids | None = Field(None, description="Codes of `/v1/codelists/strategy_kind`.")

    def conditions(self) -> list[Condition]:
        return [*super().conditions(), *given(c.one_of, "kind", self.kind)]

    def references(self) -> list[Reference]:
        return [*super().references(), *named("kind", self.kind, "strategy_kind")]


class MeasureParameters(Search, Themes, TargetGroups, InDistrict):
    resource = "measure"

    sort: Sort | None = SORT
    strategy: Ids | None = Field(None, description="Strategies by id or slug.")
    decision: (
        Annotated[
            list[DecisionState],
            SEVERAL,
        ]
        | None
    ) = Field(None, description="What was decided about it.")
    feasibility: (
        Annotated[
            list[Feasibility],
            SEVERAL,
        ]
        | None
    ) = Field(None, description="Whether it can be done.")
    implementation: (
        Annotated[
            list[Implementation],
            SEVERAL,
        ]
        | None
    ) = Field(None, description="How far it is.")
    lead: Ids | None = Field(None, description="Organisations in the lead, by id or slug.")
    from_: Day | None = Field(
        None,
        alias="from",
        description="Only measures whose known period reaches this day or later.",
    )
    to: Day | None = Field(
        None, description="Only measures whose known period begins on this day or earlier."
    )

    @model_validator(mode="after")
    def _period_in_order(self) -> Self:
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError("to: must not be before from")
        return self

    def conditions(self) -> list[Condition]:
        return [
            *super().conditions(),
            *given(c.refers_to, ("strategy_id", "strategy"), self.strategy),
            *given(c.one_of, "decision", self.decision),
            *given(c.one_of, "feasibility", self.feasibility),
            *given(c.one_of, "implementation", self.implementation),
            *given(c.refers_to, ("lead_id", "organisation"), self.lead),
            *self._period(),
        ]

    def _period(self) -> list[Condition]:
        if self.from_ is None and self.to is None:
            return []
        first, last = self.from_ or FIRST_DAY, self.to or LAST_DAY
        return [where(c.overlaps_period, ("starts", "ends"), first, last)]

    def references(self) -> list[Reference]:
        return [
            *super().references(),
            *named("strategy", self.strategy),
            *named("lead", self.lead, "organisation"),
        ]


class DecisionParameters(Search):
    resource = "decision"
    default_sort = "-date"

    sort: (
        Literal["date", "-date", "name", "-name", "updated_at", "-updated_at", "-relevance"] | None
    ) = Field(None, description="What to sort by, newest first if not given.")
    body: Ids | None = Field(None, description="Deciding bodies, by id or slug.")
    result: (
        Annotated[
            list[Result],
            SEVERAL,
        ]
        | None
    ) = Field(None, description="How it ended.")
    strategy: Ids | None = Field(None, description="Strategies by id or slug.")

    def conditions(self) -> list[Condition]:
        return [
            *super().conditions(),
            *given(c.refers_to, ("body_id", "organisation"), self.body),
            *given(c.one_of, "result", self.result),
            *given(c.refers_to, ("strategy_id", "strategy"), self.strategy),
        ]

    def references(self) -> list[Reference]:
        return [
            *super().references(),
            *named("body", self.body, "organisation"),
            *named("strategy", self.strategy),
        ]


class CodelistParameters(ListParameters):
    resource = "codelist"

    sort: Literal["name", "-name", "updated_at", "-updated_at"] | None = SORT


class OpeningParameters(BaseModel):
    """For which time, and how far ahead, the opening times of an offering are told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: OpenAt | None = Field(
        None, description="A time; without an offset by the clock of the place. Else this minute."
    )
    days: Annotated[int, Field(ge=1, le=31), WHOLE] = Field(7, description="Days to tell of.")
    lang: Language | None = Field(
        None,
        description="Language of names: one that is published, such as `en`.",
        json_schema_extra={"format": "language"},
    )


class PlaceParameters(BaseModel):
    """What a search box sends while somebody types."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Text = Field(description="The beginning of a name or postcode.")
    limit: Annotated[int, Field(ge=1, le=100), WHOLE] = Field(10, description="Places at most.")
