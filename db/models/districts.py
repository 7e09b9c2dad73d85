"""Districts: every area of planning, in a hierarchy, with its history."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from db.codes import LEVELS
from db.models.base import Base, Entity, Part, on_earth, one_of, owned_by, refers_to


class District(Entity, Base):
    """An area of planning, addressed by id, slug, or `scheme:key` (`ags:14522180`).

    `point` lies inside the area; `boundary` is EPSG:4326. A schematic boundary is a drawing aid
    and decides nothing.
    """

    __tablename__ = "district"

    name: Mapped[str]
    level: Mapped[str]
    kind: Mapped[str | None]
    scheme: Mapped[str | None]
    key: Mapped[str | None]
    parent_id: Mapped[UUID | None] = refers_to("district")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    population: Mapped[int | None]
    population_as_of: Mapped[date | None]
    area_km2: Mapped[Decimal | None]
    description: Mapped[str | None]
    url: Mapped[str | None]
    point: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    boundary: Mapped[Any | None] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)
    )
    boundary_quality: Mapped[str | None]
    boundary_source_id: Mapped[UUID | None] = refers_to("source")

    @classmethod
    def constraints(cls) -> tuple[SchemaItem, ...]:
        return (
            UniqueConstraint("scheme", "key"),
            one_of("level", *LEVELS),
            one_of("boundary_quality", "official", "generalised", "schematic"),
            CheckConstraint("(scheme IS NULL) = (key IS NULL)", name="scheme_key"),
            CheckConstraint("scheme ~ '^[a-z][a-z0-9_]*$'", name="scheme"),
            CheckConstraint("valid_from <= valid_to", name="validity"),
            CheckConstraint("population >= 0", name="population"),
            CheckConstraint("area_km2 > 0", name="area"),
            CheckConstraint("parent_id <> id", name="parent"),
            on_earth("point"),
            Index(None, "boundary", postgresql_using="gist"),
            on_earth("boundary"),
            CheckConstraint(
                "(boundary IS NULL) = (boundary_quality IS NULL)", name="boundary_stated"
            ),
        )


class DistrictSuccession(Part, Base):
    """A territorial reform: `share` of the predecessor went to the successor on `valid_on`."""

    __tablename__ = "district_succession"
    __table_args__ = (
        UniqueConstraint("predecessor_id", "successor_id"),
        CheckConstraint("predecessor_id <> successor_id", name="distinct"),
        CheckConstraint("share > 0 AND share <= 1", name="share"),
    )

    predecessor_id: Mapped[UUID] = owned_by("district")
    successor_id: Mapped[UUID] = owned_by("district")
    valid_on: Mapped[date]
    share: Mapped[Decimal] = mapped_column(server_default="1")
    source_id: Mapped[UUID] = refers_to("source")


class Designation(Part, Base):
    """A dated status of a district, such as "besonderer Entwicklungsbedarf"."""

    __tablename__ = "designation"
    __table_args__ = (
        UniqueConstraint("district_id", "term_id", "valid_from"),
        CheckConstraint("valid_from <= valid_to", name="validity"),
    )

    district_id: Mapped[UUID] = owned_by("district")
    term_id: Mapped[UUID] = refers_to("codelist_term")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    note: Mapped[str | None]
    source_id: Mapped[UUID] = refers_to("source")
