"""Codelists and places."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from api.schemas.document import Coded, Document


class Notations(Document):
    """What a status flag is in SDMX and in the tables of German statistical offices."""

    obs_status: str = Field(description="SDMX CL_OBS_STATUS 2.2.")
    conf_status: str = Field(description="SDMX CL_CONF_STATUS 1.2.")
    sign: str | None = Field(description="In place of a value that is not there.")
    mark: str | None = Field(description="Beside a value.")


class Term(Document):
    code: str
    label: str
    definition: str | None
    parent: str | None = Field(description="Code of the broader term.")
    exact_match: list[str] = Field(description="The same concept elsewhere (skos:exactMatch).")
    notations: Notations | None = Field(description="Of status flags only.")
    fallback: dict[str, str] | None


class Codelist(Document):
    id: UUID
    slug: str
    title: str
    description: str | None
    additive: bool = Field(
        description="Whether the widest terms make up the whole, and narrower ones their parent."
    )
    terms: list[Term]
    lang: str
    fallback: dict[str, str] | None
    updated_at: datetime


class Place(Document):
    """A district or postcode, with where to point a map."""

    kind: Literal["district", "postcode"]
    key: str | None
    slug: str | None
    name: str
    description: str | None
    centre: list[float] | None = Field(description="Longitude, latitude.")
    bbox: list[float] | None = Field(description="West, south, east, north.")
    boundary_quality: Coded | None = Field(
        description="How sure the boundary is that `bbox` encloses; null for postcodes."
    )


class Places(Document):
    items: list[Place]
    sequence: int
