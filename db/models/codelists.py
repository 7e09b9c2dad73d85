"""Codelists: categories, target groups, themes, languages, statuses, as data."""

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, Translations, by_language, owned_by, refers_to


class Codelist(Base):
    """A named list of terms, such as `category` or `target_group`.

    `additive`: its widest terms make up the whole, and narrower ones their parent, as sexes do.
    """

    __tablename__ = "codelist"
    __table_args__ = (
        UniqueConstraint("name"),
        by_language(),
        CheckConstraint("name ~ '^[a-z]+(_[a-z]+)*$'", name="name"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    lang: Mapped[str] = mapped_column(server_default="de")
    translations: Mapped[Translations]
    additive: Mapped[bool] = mapped_column(server_default="false")


class CodelistTerm(Base):
    """A term of a codelist. `exact_match` holds URIs of the same concept elsewhere (SKOS)."""

    __tablename__ = "codelist_term"
    __table_args__ = (
        UniqueConstraint("codelist_id", "code"),
        by_language(),
        CheckConstraint("code ~ '^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$'", name="code"),
    )

    id: Mapped[Key]
    codelist_id: Mapped[UUID] = owned_by("codelist")
    code: Mapped[str]
    parent_id: Mapped[UUID | None] = refers_to("codelist_term")
    position: Mapped[int] = mapped_column(server_default="0")
    label: Mapped[str]
    definition: Mapped[str | None]
    lang: Mapped[str] = mapped_column(server_default="de")
    translations: Mapped[Translations]
    exact_match: Mapped[list[str]] = mapped_column(server_default="{}")
