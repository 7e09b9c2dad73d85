"""When an offering is open: its sites, each with its state and the days to come."""

import datetime as dt
from typing import Literal
from uuid import UUID

from pydantic import Field

from api.schemas.document import Document
from api.schemas.page import Link

State = Literal["open", "closed", "unknown"]


class OpenSpan(Document):
    """A time that is not closed. Comments are those of the opening_hours string."""

    begins: dt.datetime
    ends: dt.datetime
    state: Literal["open", "unknown"]
    comment: str | None


class HolidayShown(Document):
    """A day that rules for holidays hold on."""

    date: dt.date
    name: str | None = Field(description="Null: nothing is known of this day.")
    kind: Literal["public", "school"]
    certain: bool = Field(
        description="False: in a part of the region only, or not known. What depends on it is "
        "unknown."
    )


class SiteOpening(Document):
    """A site that opening hours are known of."""

    id: UUID
    name: str | None
    opening_hours: str = Field(description="OpenStreetMap opening_hours.")
    opening_note: str | None
    region: str | None = Field(
        description="Whose holidays it keeps: ISO 3166-2, or a part of it by official key."
    )
    timezone: str
    at: dt.datetime = Field(description="The time asked for, by the clock of the place.")
    state: State
    comment: str | None
    next_change: dt.datetime | None = Field(
        description="When it opens or closes next; null: not foreseen within two years."
    )
    spans: list[OpenSpan] = Field(description="From `at` for so many days, without what is closed.")
    holidays: list[HolidayShown]


class OpeningTimes(Document):
    """Opening times of an offering; its sites without opening hours are left out."""

    id: UUID
    slug: str
    name: str
    sites: list[SiteOpening]
    sequence: int
    links: list[Link]
