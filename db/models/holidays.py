"""Days on which rules of opening hours for holidays hold."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from db.models.base import Base, Key, one_of, refers_to

REGION = "^[A-Z]{2}(-[A-Z0-9]{1,3}(/[0-9]{2,12})?)?$"
"""A country or state (ISO 3166), or within a state what begins with an official key."""


class Holiday(Base):
    """Public or school holidays of a region, from the first day to the last.

    Public holidays of a country or state need no rows: these are for what law does not say.
    """

    __tablename__ = "holiday"
    __table_args__ = (
        UniqueConstraint("region", "kind", "first_day", "name"),
        CheckConstraint(f"region ~ '{REGION}'", name="region"),
        one_of("kind", "public", "school"),
        CheckConstraint("first_day <= last_day", name="period"),
    )

    id: Mapped[Key]
    region: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    source_id: Mapped[UUID] = refers_to("source")
