"""What every registry table shares: naming, types, and the columns of an entity."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

SCHEMA = "registry"
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Base(DeclarativeBase):
    """The metadata of schema `registry`."""

    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a plain class attribute)
        str: Text,
        date: Date,
        datetime: DateTime(timezone=True),
        UUID: Uuid,
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
    }


Key = Annotated[UUID, mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))]
Translations = Annotated[dict[str, Any], mapped_column(server_default=text("'{}'::jsonb"))]
"""Texts in further languages: `{"en": {"name": "…", "description": "…"}}`."""


def refers_to(target: str, *, on_delete: str = "RESTRICT") -> MappedColumn[Any]:
    """A foreign key column with an index, as every join and every cascade needs one."""
    key = ForeignKey(f"{SCHEMA}.{target}.id", ondelete=on_delete)
    return mapped_column(key, index=True)


def owned_by(target: str) -> MappedColumn[Any]:
    """A foreign key to the entity this row is a part of; the row goes when the entity goes."""
    return refers_to(target, on_delete="CASCADE")


def one_of(column: str, *codes: str) -> CheckConstraint:
    """The column holds one of the codes (or NULL, where the column allows it)."""
    listed = ", ".join(f"'{code}'" for code in codes)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def edtf_order(prefix: str) -> CheckConstraint:
    """The bounds of an imprecise date (`<prefix>_earliest`, `<prefix>_latest`) are in order."""
    bounds = f"{prefix}_earliest <= {prefix}_latest"
    return CheckConstraint(bounds, name=f"{prefix}_order")


def on_earth(column: str) -> CheckConstraint:
    """A valid shape in degrees, not in metres and not at infinity (EPSG:4326, longitude first)."""
    inside = (
        f"ST_IsValid({column}) AND NOT ST_IsEmpty({column})"
        f" AND ST_XMin({column}) >= -180 AND ST_XMax({column}) <= 180"
        f" AND ST_YMin({column}) >= -90 AND ST_YMax({column}) <= 90"
    )
    return CheckConstraint(inside, name=f"{column}_on_earth")


def by_language() -> CheckConstraint:
    """Translations are texts by language and field, as documents read them."""
    return CheckConstraint("registry.are_translations(translations)", name="translations")


class Part:
    """A row that belongs to an entity and is published as a part of its document."""

    id: Mapped[Key]


class Entity:
    """A thing with an identity of its own: published on its own, addressed by id or slug.

    `lang` is the language of the row's own texts, `note` is public, `internal_note` never leaves
    the registry. `(source_id, external_key)` is what the id of an imported row is made from.
    """

    __tablename__: Any

    id: Mapped[Key]
    slug: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="draft")
    lang: Mapped[str] = mapped_column(server_default="de")
    translations: Mapped[Translations]
    note: Mapped[str | None]
    internal_note: Mapped[str | None]
    source_id: Mapped[UUID] = refers_to("source")
    external_key: Mapped[str | None]
    removal_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @declared_attr
    @classmethod
    def merged_into_id(cls) -> Mapped[UUID | None]:
        """What took its place: another of its kind."""
        return refers_to(cls.__tablename__)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[SchemaItem, ...]:
        return (*cls.entity_constraints(), *cls.constraints())

    @classmethod
    def constraints(cls) -> tuple[SchemaItem, ...]:
        """What this table demands beyond what every entity does."""
        return ()

    @classmethod
    def entity_constraints(cls) -> tuple[SchemaItem, ...]:
        return (
            UniqueConstraint("slug"),
            UniqueConstraint("source_id", "external_key"),
            CheckConstraint(f"slug ~ '{SLUG}'", name="slug"),
            one_of("status", "draft", "published", "archived"),
            one_of("removal_reason", "deleted", "unpublished", "merged_into"),
            CheckConstraint(
                "(removal_reason IS NOT DISTINCT FROM 'merged_into') "
                "= (merged_into_id IS NOT NULL)",
                name="merged_into",
            ),
            CheckConstraint("merged_into_id <> id", name="merged_into_self"),
            by_language(),
        )
