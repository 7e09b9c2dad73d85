"""What /hsds answers, as HSDS 3.1 prescribes it: its main members. None is ever null or empty."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

_ABSENT: Any = None
"""What stands in for a member that may be absent: it is never null."""


class HsdsDocument(BaseModel):
    """What is unknown is absent, as the standard wants it."""

    model_config = ConfigDict(extra="allow")


class HsdsInformation(HsdsDocument):
    """What this interface is."""

    version: Literal["3.1"] = Field(description="The version of HSDS.")
    profile: str = Field(description="Where its use of HSDS is described.")
    openapi_url: str = Field(description="The contract of this server.")


class HsdsProfile(HsdsDocument):
    """How this registry uses HSDS."""

    title: str
    description: str
    specification: str = Field(description="The standard itself.")
    endpoints: list[str]
    not_used: dict[str, str] = Field(description="Members of HSDS that are never there, and why.")


class HsdsTaxonomy(HsdsDocument):
    """A vocabulary."""

    id: UUID
    name: str
    description: str


class HsdsTaxonomyTerm(HsdsDocument):
    """A term of a vocabulary."""

    id: UUID
    code: str
    name: str
    description: str
    taxonomy: str
    taxonomy_id: UUID
    language: str
    parent_id: UUID = Field(_ABSENT, description="The broader term; absent at the top.")
    taxonomy_detail: HsdsTaxonomy


class HsdsOrganization(HsdsDocument):
    """Who provides services. `description` is the name where nothing else is known."""

    id: UUID
    name: str
    description: str


class HsdsService(HsdsDocument):
    """What is provided. Under its own address, and with `full`, it also has phones, languages,
    attributes, service areas, cost options and the places it is provided at."""

    id: UUID
    name: str
    status: Literal["active", "inactive"] = Field(description="`inactive`: it has ended.")
    last_modified: datetime = Field(
        description="When the service or anything told with it was changed, by publication."
    )
    minimum_age: int = Field(_ABSENT, ge=0)
    maximum_age: int = Field(_ABSENT, ge=0)
    assured_date: date = Field(_ABSENT, description="When its provider confirmed it.")
    organization: HsdsOrganization = _ABSENT


class HsdsMinimalService(HsdsDocument):
    """With `minimal`: enough to see what is new."""

    id: UUID
    last_modified: datetime


class HsdsLocation(HsdsDocument):
    """A site. One that is known only by its municipality has no coordinates."""

    id: UUID
    location_type: Literal["physical"]
    latitude: float = Field(_ABSENT, ge=-90, le=90)
    longitude: float = Field(_ABSENT, ge=-180, le=180)


class HsdsServiceAtLocation(HsdsDocument):
    """A service at one of its places. Its schedules are in the full form."""

    id: UUID
    service_id: UUID
    location_id: UUID
    location: HsdsLocation
    service: HsdsService


class HsdsPage(HsdsDocument):
    """A page as HSDS has it; without `total_items` and `total_pages` if counting took too long."""

    total_items: int = Field(_ABSENT, description="How many match altogether.", ge=0)
    total_pages: int = Field(_ABSENT, ge=0)
    page_number: int = Field(ge=1)
    size: int = Field(description="Entities on this page.", ge=0)
    first_page: bool
    last_page: bool
    empty: bool = Field(description="Whether nothing is on this page.")
    contents: list[Any]


class HsdsServicePage(HsdsPage):
    """A page of services."""

    contents: list[HsdsService | HsdsMinimalService]


class HsdsOrganizationPage(HsdsPage):
    """A page of organizations."""

    contents: list[HsdsOrganization]


class HsdsServiceAtLocationPage(HsdsPage):
    """A page of services at their places."""

    contents: list[HsdsServiceAtLocation]


class HsdsTaxonomyPage(HsdsPage):
    """A page of vocabularies."""

    contents: list[HsdsTaxonomy]


class HsdsTaxonomyTermPage(HsdsPage):
    """A page of terms."""

    contents: list[HsdsTaxonomyTerm]
