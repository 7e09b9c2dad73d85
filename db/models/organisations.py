"""Organisations: providers, authorities, and the bodies that decide."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from db.models.base import Base, Entity, refers_to


class Organisation(Entity, Base):
    """A provider, authority or body. Contact data are the institution's, never a person's."""

    __tablename__ = "organisation"

    name: Mapped[str]
    alternate_name: Mapped[str | None]
    kind_id: Mapped[UUID | None] = refers_to("codelist_term")
    description: Mapped[str | None]
    parent_id: Mapped[UUID | None] = refers_to("organisation")
    district_id: Mapped[UUID | None] = refers_to("district")
    street: Mapped[str | None]
    postcode: Mapped[str | None]
    town: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    url: Mapped[str | None]
