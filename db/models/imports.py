"""What was imported, and what of it is corrected here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import SCHEMA, Base, Key


class ImportRun(Base):
    """The import of one file; its revisions name it. A dry run leaves none.

    The source may be a row that the import itself brings, so it is looked for at the end only.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    resource: Mapped[str]
    file: Mapped[str]
    sha256: Mapped[str]
    mapping: Mapped[str]
    source_id: Mapped[UUID | None] = mapped_column(
        ForeignKey(
            f"{SCHEMA}.source.id", ondelete="SET NULL", deferrable=True, initially="DEFERRED"
        ),
        index=True,
    )
    actor: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any] | None]
    report: Mapped[dict[str, Any] | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class ExportRun(Base):
    """An export of values that are not public, with what was decided about each.

    `finished_at` and `rows` are NULL of one that broke off.
    """

    __tablename__ = "export_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    resource: Mapped[str]
    file: Mapped[str]
    actor: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    rows: Mapped[int | None]


class Correction(Base):
    """A value that staff know better than the source a row came from. No import overwrites it.

    `entity` is the name of a table. `value` is as revisions have it; NULL: it is known to be
    unknown. `source` says where the better value is from.
    """

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("entity_id", "field", "entity"),)

    id: Mapped[Key]
    entity: Mapped[str]
    entity_id: Mapped[UUID]
    field: Mapped[str]
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    source: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
