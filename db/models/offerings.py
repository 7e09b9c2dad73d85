"""Offerings and the sites they are provided at."""

from datetime import date
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from db.codes import ORGANISATION_MODES, WHEELCHAIR
from db.models.base import (
    Base,
    Entity,
    Key,
    Part,
    Translations,
    by_language,
    edtf_order,
    on_earth,
    one_of,
    owned_by,
    refers_to,
)


class Site(Base):
    """A place with an address. `precision` says how well its point is known.

    A site known only by municipality matches that municipality, never a distance.
    `district_id` is the district as stated by the source; a point in an official boundary decides.
    """

    __tablename__ = "site"
    __table_args__ = (
        UniqueConstraint("source_id", "external_key"),
        by_language(),
        one_of("precision", "exact", "street", "municipality"),
        one_of("wheelchair", *WHEELCHAIR),
        on_earth("point"),
        Index(None, "point", postgresql_using="gist"),
        Index(None, "postcode"),
        CheckConstraint("point IS NULL OR precision IS NOT NULL", name="point_precision"),
    )

    id: Mapped[Key]
    source_id: Mapped[UUID] = refers_to("source")
    external_key: Mapped[str | None]
    name: Mapped[str | None]
    street: Mapped[str | None]
    postcode: Mapped[str | None]
    town: Mapped[str | None]
    district_id: Mapped[UUID | None] = refers_to("district")
    point: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    precision: Mapped[str | None]
    wheelchair: Mapped[str | None]
    accessibility: Mapped[str | None]
    note: Mapped[str | None]
    internal_note: Mapped[str | None]
    lang: Mapped[str] = mapped_column(server_default="de")
    translations: Mapped[Translations]


class Offering(Entity, Base):
    """What is provided, by whom, for whom. NULL means unknown, never zero and never "no"."""

    __tablename__ = "offering"

    name: Mapped[str]
    alternate_name: Mapped[str | None]
    description: Mapped[str | None]
    organisation_id: Mapped[UUID | None] = refers_to("organisation")
    organisation_mode: Mapped[str | None]
    intended_mode: Mapped[str | None]
    intended_mode_reason: Mapped[str | None]
    intended_mode_on: Mapped[date | None]
    age_min: Mapped[int | None]
    age_max: Mapped[int | None]
    free: Mapped[bool | None]
    cost: Mapped[str | None]
    eligibility: Mapped[str | None]
    application: Mapped[str | None]
    accessibility: Mapped[str | None]
    capacity: Mapped[int | None]
    capacity_unit: Mapped[str | None]
    capacity_as_of: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    confirmed_at: Mapped[date | None]
    as_of: Mapped[str | None]
    as_of_earliest: Mapped[date | None]
    as_of_latest: Mapped[date | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    url: Mapped[str | None]
    service_area: Mapped[Any | None] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
    )

    @classmethod
    def constraints(cls) -> tuple[SchemaItem, ...]:
        return (
            one_of("organisation_mode", *ORGANISATION_MODES),
            one_of("intended_mode", *ORGANISATION_MODES),
            CheckConstraint("age_min BETWEEN 0 AND 150", name="age_min"),
            CheckConstraint("age_max BETWEEN 0 AND 150 AND age_min <= age_max", name="age_max"),
            CheckConstraint("capacity >= 0", name="capacity"),
            CheckConstraint("valid_from <= valid_to", name="validity"),
            on_earth("service_area"),
            edtf_order("as_of"),
        )


class OfferingSite(Part, Base):
    """An offering at a site. `opening_hours` is an OSM opening_hours string."""

    __tablename__ = "offering_site"
    __table_args__ = (UniqueConstraint("offering_id", "site_id"),)

    offering_id: Mapped[UUID] = owned_by("offering")
    site_id: Mapped[UUID] = refers_to("site")
    position: Mapped[int] = mapped_column(server_default="0")
    opening_hours: Mapped[str | None]
    opening_note: Mapped[str | None]


class OfferingTerm(Part, Base):
    """A codelist term of an offering: its category, theme, target group or spoken language."""

    __tablename__ = "offering_term"
    __table_args__ = (UniqueConstraint("offering_id", "term_id"),)

    offering_id: Mapped[UUID] = owned_by("offering")
    term_id: Mapped[UUID] = refers_to("codelist_term")


class OfferingServiceDistrict(Part, Base):
    """A district the offering serves (HSDS `service_area`). No row at all: unknown."""

    __tablename__ = "offering_service_district"
    __table_args__ = (UniqueConstraint("offering_id", "district_id"),)

    offering_id: Mapped[UUID] = owned_by("offering")
    district_id: Mapped[UUID] = refers_to("district")


class Evaluation(Part, Base):
    """What an evaluation found about an offering, for which period, and where it is written."""

    __tablename__ = "evaluation"
    __table_args__ = (edtf_order("period"), by_language())

    offering_id: Mapped[UUID] = owned_by("offering")
    finding: Mapped[str]
    period: Mapped[str | None]
    period_earliest: Mapped[date | None]
    period_latest: Mapped[date | None]
    source_id: Mapped[UUID] = refers_to("source")
    lang: Mapped[str] = mapped_column(server_default="de")
    translations: Mapped[Translations]
