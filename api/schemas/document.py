"""What documents of several resources have in common."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Document(BaseModel):
    """Every member is always there; null means unknown, unless the member says otherwise."""

    model_config = ConfigDict(extra="forbid")


class Coded(Document):
    """A code of a codelist with its label."""

    code: str
    label: str


class NamedReference(Document):
    """Another entity by id and slug, with its name."""

    id: UUID
    slug: str
    name: str


class TitledReference(Document):
    """Another entity by id and slug, with its title."""

    id: UUID
    slug: str
    title: str


class DistrictReference(NamedReference):
    """A district by id, slug and official key."""

    level: Coded
    scheme: str | None
    key: str | None


class Source(Document):
    """Where the information was taken from, and on which terms it may be used."""

    title: str
    publisher: str
    url: str | None
    license: str = Field(description="Code of `/v1/codelists/license`.")
    license_url: str | None
    attribution: str = Field(description="The text to show next to the information.")
    retrieved: date | None


class ImpreciseDate(Document):
    """A date as precisely as it is known: EDTF (ISO 8601-2), with the bounds it leaves open."""

    edtf: str
    earliest: date | None
    latest: date | None


class Entity(Document):
    """What every published entity has."""

    id: UUID
    slug: str = Field(description="Readable part of the address; may change, the id does not.")
    note: Annotated[str | None, Field(description="A remark on the entry itself.")]
    source: Source
    lang: str = Field(description="Language this document was made for.")
    fallback: dict[str, str] | None = Field(
        description="Texts not available in `lang`: the language each of them is in instead."
    )
    updated_at: datetime = Field(description="When the publication was that last changed it.")
