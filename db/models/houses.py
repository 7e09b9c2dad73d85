"""Where houses are: what `quartier geocode` looks addresses up in. Nothing of it is published."""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import SCHEMA, Base


class HouseStreet(Base):
    """A street of a file of house coordinates, within one postcode and town.

    `source` is the file, by its name. `name` and `town` are as written there; everything else is
    for comparing, as `seed/addresses.py` writes it. `municipality` is the official key.
    """

    __tablename__ = "house_street"
    __table_args__ = (
        Index(None, "street"),
        Index(None, "postcode"),
        Index(None, "municipality"),
        Index(
            None,
            "towns",
            "short_towns",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
    name: Mapped[str]
    street: Mapped[str]
    postcode: Mapped[str | None]
    town: Mapped[str | None]
    towns: Mapped[list[str]]
    short_towns: Mapped[list[str]]
    parts: Mapped[list[str]]
    municipality: Mapped[str | None]


class House(Base):
    """A number of a street, and where it is. Several buildings may share one."""

    __tablename__ = "house"

    street_id: Mapped[int] = mapped_column(
        ForeignKey(f"{SCHEMA}.house_street.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    suffix: Mapped[str] = mapped_column(primary_key=True)
    point: Mapped[Any] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False), primary_key=True
    )
