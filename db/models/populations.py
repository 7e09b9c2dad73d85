"""Where people live, as statistics offices publish it for the cells of a grid."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, on_earth, refers_to


class PopulationCell(Base):
    """An inhabited cell, at its middle. `cell` is what its source calls it, `width` in metres."""

    __tablename__ = "population_cell"
    __table_args__ = (
        UniqueConstraint("source_id", "cell"),
        CheckConstraint("width > 0", name="width"),
        CheckConstraint("residents > 0 AND residents < 1e9", name="residents"),
        on_earth("point"),
        Index(None, "point", postgresql_using="gist"),
    )

    id: Mapped[Key]
    source_id: Mapped[UUID] = refers_to("source")
    cell: Mapped[str]
    width: Mapped[int | None]
    point: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    residents: Mapped[Decimal]
