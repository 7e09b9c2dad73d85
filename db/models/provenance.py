"""Where rows come from, who changed them, and what awaits publication."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import OID
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import SLUG, Base, Key

RHYTHM = "^P(?=[1-9])([1-9][0-9]{0,3}Y)?([1-9][0-9]{0,3}M)?([1-9][0-9]{0,3}W)?([1-9][0-9]{0,3}D)?$"
"""An ISO 8601 duration in whole years, months, weeks and days, as PostgreSQL reads it."""


class Source(Base):
    """A publication or data set that rows were taken from. Its licence goes with every row.

    Rows of a source whose licence is `not_stated` cannot be published. `rhythm` says how often it
    is expected to deliver (`P1M`, `P1Y`); NULL: unknown.
    """

    __tablename__ = "source"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint(f"slug ~ '{SLUG}'", name="slug"),
        CheckConstraint(f"rhythm ~ '{RHYTHM}'", name="rhythm"),
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
    rhythm: Mapped[str | None]


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
    """One change of one row, written by trigger. `actor` is the import or person behind it.

    `import_run_id` is the import that made the change, `undone_run_id` the one whose undoing did.
    `transaction` is its number, to be compared with the snapshots of publications; NULL where it
    was made before they were recorded. Geometries are hexadecimal EWKB.
    """

    __tablename__ = "revision"
    __table_args__ = (
        Index("revision_entity", "entity", "entity_id"),
        Index("revision_import_run_id", "import_run_id", postgresql_using="brin"),
        Index("revision_transaction", "transaction", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    entity: Mapped[str]
    entity_id: Mapped[UUID]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    import_run_id: Mapped[int | None] = mapped_column(BigInteger)
    undone_run_id: Mapped[int | None] = mapped_column(BigInteger)
    transaction: Mapped[int | None] = mapped_column(BigInteger)


class Dirty(Base):
    """An entity that changed since it was last published.

    A log, not a set: a publication deletes just the rows its snapshot shows, so a change that
    commits while a publication runs is never mistaken for one already published.
    """

    __tablename__ = "dirty"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    resource: Mapped[str]
    entity_id: Mapped[UUID]


class Publication(Base):
    """A publication that changed something, and which revisions it saw.

    `snapshot` is that of its transaction (`pg_snapshot` as text); NULL: what was public then cannot
    be told from revisions. A row with `inherited` begins a record: the transactions of revisions up
    to that id were numbered by another server. `home` is the oid of this table when the row was
    written, another one after any restore.
    """

    __tablename__ = "publication"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    snapshot: Mapped[str | None]
    inherited: Mapped[int | None] = mapped_column(BigInteger)
    home: Mapped[int] = mapped_column(OID)
