"""What /hsds can be asked, in the words of HSDS 3.1 and of Open Referral UK."""

import re
from datetime import datetime, time
from typing import Annotated, Literal, NoReturn, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from api.types import DECIMAL, WHOLE, Boolean, Moment, OpenAt, Postcode, Text
from db.conditions import as_uuid

MAX_PER_PAGE = 1_000
PER_PAGE = 100
MINIMAL_PER_PAGE = 100_000
FULL_SERVICE_PER_PAGE = 20
"""An organization may have very many services, each with everything."""

_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)


def _id(value: object) -> UUID:
    return as_uuid(str(value)) or _refuse("must be a UUID")


def _time(value: object) -> time:
    if isinstance(value, str) and re.fullmatch(_TIME, value):
        return time.fromisoformat(value)
    return _refuse("must be a time of day, as HH:MM")


Id = Annotated[UUID, BeforeValidator(_id), WithJsonSchema({"type": "string", "format": "uuid"})]
TimeOfDay = Annotated[
    time, BeforeValidator(_time), WithJsonSchema({"type": "string", "pattern": _TIME})
]
Age = Annotated[int, Field(ge=0, le=150), WHOLE]
Day = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class HsdsParameters(BaseModel):
    """What every list understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: Text | None = Field(
        None, description="Words to find; forgives umlauts and typing errors, best match first."
    )
    page: Annotated[int, Field(ge=1), WHOLE] | None = Field(
        None,
        description="Which page, counted from 1. A page beyond the last one is empty.",
        json_schema_extra={"maximum": 999_999_999},
    )
    per_page: Annotated[int, Field(ge=1, le=MAX_PER_PAGE), WHOLE] | None = Field(
        None, description=f"Entities on a page, 1 to {MAX_PER_PAGE}; {PER_PAGE} if not given."
    )
    format: Literal["json", "ndjson"] | None = Field(
        None, description="`ndjson` streams everything that matches, a line an entity, unpaged."
    )
    modified_after: Moment | None = Field(
        None, description="Only what was modified at or after this time."
    )

    @property
    def column(self) -> str:
        """Which form of the documents is wanted."""
        return "document"

    @property
    def length(self) -> int:
        return self.per_page or PER_PAGE

    @property
    def opening(self) -> datetime | Literal["now"] | None:
        """When what is wanted has to be open."""
        return None


class TaxonomyParameters(HsdsParameters):
    """Filters of vocabularies."""


class TermParameters(HsdsParameters):
    """Filters of terms."""

    taxonomy_id: Id | None = Field(None, description="Terms of this taxonomy.")
    top_only: Boolean | None = Field(
        None, description="`true`: only terms that have no broader term."
    )
    parent_id: Id | None = Field(None, description="Terms directly below this one.")


class Classified(HsdsParameters):
    taxonomy_term_id: Id | None = Field(
        None, description="With this term or one below it; see `/hsds/taxonomy_terms`."
    )
    taxonomy_id: Id | None = Field(None, description="With any term of this taxonomy.")
    full: Boolean | None = Field(
        None, description="Everything that is known of each, as under its own address."
    )

    @property
    def column(self) -> str:
        return "whole" if self.full else "document"


class OrganizationParameters(Classified):
    """Filters of organizations."""

    full_service: Boolean | None = Field(
        None,
        description="Everything that is known, and of each service as well; at most "
        f"{FULL_SERVICE_PER_PAGE} on a page.",
    )

    @property
    def column(self) -> str:
        return "whole_with_services" if self.full_service else super().column

    @property
    def length(self) -> int:
        return self.per_page or (FULL_SERVICE_PER_PAGE if self.full_service else PER_PAGE)

    @model_validator(mode="after")
    def _few_with_all_services(self) -> Self:
        if self.full_service and self.length > FULL_SERVICE_PER_PAGE:
            raise ValueError(f"per_page: at most {FULL_SERVICE_PER_PAGE} with full_service")
        return self


class OrganizationItemParameters(BaseModel):
    """What the address of one organization understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    full_service: Boolean | None = Field(
        None, description="Its services with everything that is known of them."
    )


class ServiceAtLocationParameters(Classified):
    """Filters of services at their places. What is unknown matches no filter."""

    organization_id: Id | None = Field(None, description="Provided by this organization.")
    postcode: Postcode | None = Field(
        None,
        description="Services for people here: whose service area covers the place of this "
        "postcode, or, where no area is known, with a site that has it.",
    )
    proximity: Annotated[float, Field(gt=0, le=1_000_000), DECIMAL] | None = Field(
        None,
        description="Metres around the place of `postcode`: only sites within. At most 100 km, "
        "unless the operator allows more or less.",
        json_schema_extra={"maximum": 100_000},
    )
    minimum_age: Age | None = Field(
        None, description="Whose stated minimum age is at least this one."
    )
    maximum_age: Age | None = Field(
        None, description="Whose stated maximum age is at most this one."
    )
    start_time: TimeOfDay | None = Field(
        None, description="With a schedule that opens at this time of day or later."
    )
    end_time: TimeOfDay | None = Field(
        None, description="With a schedule that closes at this time of day or earlier."
    )
    day: Day | None = Field(None, description="With a schedule on this day of the week.")
    open_at: OpenAt | None = Field(
        None,
        description="Certainly open at this time, with the holidays of the state; without an "
        "offset by the clock of the place.",
    )
    open_now: Boolean = Field(False, description="The same at this minute.")

    @property
    def opening(self) -> datetime | Literal["now"] | None:
        return "now" if self.open_now else self.open_at

    @model_validator(mode="after")
    def _open_at_one_time(self) -> Self:
        if self.open_at is not None and self.open_now:
            raise ValueError("open_now: is another time than open_at; ask for one of them")
        return self

    @model_validator(mode="after")
    def _proximity_needs_a_place(self) -> Self:
        if self.proximity is not None and self.postcode is None:
            raise ValueError("proximity: needs postcode, the place it is measured from")
        return self


class ServiceParameters(ServiceAtLocationParameters):
    """Filters of services. What is unknown matches no filter."""

    minimal: Boolean | None = Field(
        None,
        description="Only `id` and `last_modified`, and without `per_page` of all on one page.",
    )

    @property
    def column(self) -> str:
        return "minimal" if self.minimal else super().column

    @property
    def length(self) -> int:
        return self.per_page or (MINIMAL_PER_PAGE if self.minimal else PER_PAGE)

    @model_validator(mode="after")
    def _minimal_or_full(self) -> Self:
        if self.minimal and self.full:
            raise ValueError("minimal: is the opposite of full; give one of them")
        return self
