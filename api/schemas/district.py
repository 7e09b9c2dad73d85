"""A district: any area of planning."""

from datetime import date

from pydantic import Field

from api.schemas.document import Coded, DistrictReference, Document, Entity, Source


class Succession(Document):
    district: DistrictReference
    valid_on: date
    share: float = Field(description="Part of the predecessor that went to the successor.")


class Designation(Document):
    designation: Coded
    valid_from: date | None
    valid_to: date | None
    note: str | None


class District(Entity):
    name: str
    level: Coded
    kind: str | None = Field(description="Official kind, such as Stadt or Gemeinde.")
    scheme: str | None = Field(description="What the key belongs to, such as ags or kommunkod.")
    key: str | None
    parent: DistrictReference | None
    ancestors: list[DistrictReference] = Field(description="The largest first.")
    children_count: int
    valid_from: date | None
    valid_to: date | None
    predecessors: list[Succession]
    successors: list[Succession]
    population: int | None
    population_as_of: date | None
    area_km2: float | None
    designations: list[Designation]
    longitude: float | None = Field(description="Of a point inside the district.")
    latitude: float | None
    boundary_quality: Coded | None = Field(
        description="official, generalised, or schematic: then the boundary is a drawing aid. "
        "Null: there is no boundary."
    )
    boundary_source: Source | None
    description: str | None
    url: str | None
