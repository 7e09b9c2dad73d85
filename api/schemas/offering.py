"""An offering: what is provided, by whom, where, for whom."""

from datetime import date, datetime
from typing import Any, Literal
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
)


class Site(Document):
    """A place where the offering is provided."""

    id: UUID
    name: str | None
    street: str | None
    postcode: str | None
    town: str | None
    longitude: float | None
    latitude: float | None
    precision: Coded | None = Field(
        description="exact, street, or municipality: then the point is only somewhere in it, and "
        "the site never matches a distance."
    )
    district: DistrictReference | None = Field(description="The smallest known district.")
    district_assignment: Literal["point", "stated", "schematic"] | None = Field(
        description="How the district is known: by the point in a boundary, as stated by the "
        "source, or by a schematic boundary."
    )
    wheelchair: Coded | None
    accessibility: str | None
    opening_hours: str | None = Field(description="OpenStreetMap opening_hours.")
    opening_note: str | None
    note: str | None


class IntendedMode(Document):
    """How the offering should be organised in future, why, and since when that is intended."""

    mode: Coded
    reason: str | None
    on: date | None


class Capacity(Document):
    value: int
    unit: str | None
    as_of: date | None


class ServiceArea(Document):
    """Whom the offering is for by place of residence. Null: unknown."""

    districts: list[DistrictReference]
    polygon: dict[str, Any] | None


class Evaluation(Document):
    finding: str
    period: ImpreciseDate | None
    source: Source


class Opening(Document):
    """Found open, and when that changes; null: not within days."""

    state: Literal["open"]
    next_change: datetime | None


class Offering(Entity):
    name: str
    alternate_name: str | None
    description: str | None
    organisation: NamedReference | None = Field(description="The provider.")
    categories: list[Coded]
    themes: list[Coded]
    target_groups: list[Coded]
    languages: list[Coded] = Field(description="Languages spoken (ISO 639).")
    organisation_mode: Coded | None
    intended_mode: IntendedMode | None
    age_min: int | None
    age_max: int | None
    free: bool | None
    cost: str | None
    eligibility: str | None
    application: str | None = Field(description="How to get in touch or take part.")
    accessibility: str | None
    capacity: Capacity | None
    phone: str | None
    email: str | None
    url: str | None
    sites: list[Site]
    districts: list[DistrictReference] = Field(
        description="The districts of its sites and all that these lie in, the largest first."
    )
    service_area: ServiceArea | None
    evaluations: list[Evaluation]
    as_of: ImpreciseDate | None = Field(description="When the source said so.")
    valid_from: date | None
    valid_to: date | None
    confirmed_at: date | None
    opening: Opening | None = Field(None, description="Only with `open_at` or `open_now`.")
    distance_m: float | None = Field(
        None, description="Great-circle metres to the nearest site; only with `near`."
    )
