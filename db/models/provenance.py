"""Where rows come from, who changed them, and what awaits publication."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import SLUG, Base, Key


class Source(Base):
    """A publication or data set that rows were taken from. Its licence goes with every row.

    Rows of a source whose licence is `not_stated` cannot be published.
    """

    __tablename__ = "source"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint(f"slug ~ '{SLUG}'", name="slug"),
    )

    id: Mapped[Key]
    slug: Mapped[str]
    title: Mapped[str]
    publisher: Mapped[str]
    url: Mapped[str | None]
    license: Mapped[str]
    license_url: Mapped[str | None]
    attribution: Mapped[str]
    retrieved: Mapped[date | None]
    internal_note: Mapped[str | None]


class Language(Base):
    """A language documents are published in; exactly one is the default."""

    __tablename__ = "language"
    __table_args__ = (
        Index("language_default", "is_default", unique=True, postgresql_where="is_default"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    is_default: Mapped[bool] = mapped_column(server_default="false")


class Revision(Base):
    """One change of one row, written by trigger. `actor` is the import or person behind it."""

    __tablename__ = "revision"
    __table_args__ = (Index("revision_entity", "entity", "entity_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entity: Mapped[str]
    entity_id: Mapped[UUID]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Dirty(Base):
    """An entity that changed since it was last published.

    A log, not a set: a publication deletes just the rows its snapshot shows, so a change that
    commits while a publication runs is never mistaken for one already published.
    """

    __tablename__ = "dirty"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    resource: Mapped[str]
    entity_id: Mapped[UUID]
