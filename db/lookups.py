"""What an import asks the registry: who is there, under which names and keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, Uuid, any_, bindparam, func, not_, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import Base, Codelist, CodelistTerm, District, DistrictSuccession


@dataclass(frozen=True)
class KnownDistrict:
    """A district as an import refers to it."""

    id: UUID
    slug: str
    name: str
    level: str
    scheme: str | None
    key: str | None
    parent_id: UUID | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True)
class KnownTerm:
    """A term of a codelist, with its labels in every language."""

    id: UUID
    codelist: str
    code: str
    labels: tuple[str, ...]


def known_districts(connection: Connection) -> list[KnownDistrict]:
    """All that are not archived."""
    columns = (getattr(District, name) for name in KnownDistrict.__dataclass_fields__)
    statement = select(*columns).where(District.status != "archived")
    return [KnownDistrict(*row) for row in connection.execute(statement)]


def boundaries(connection: Connection, *, schematic: bool = False) -> Iterator[tuple[UUID, bytes]]:
    """The WKB of every real boundary, or of every schematic one, which decides nothing."""
    is_schematic = District.boundary_quality == "schematic"
    statement = select(District.id, func.ST_AsBinary(District.boundary)).where(
        District.status != "archived",
        District.boundary.is_not(None),
        is_schematic if schematic else not_(is_schematic),
    )
    for identity, shape in connection.execute(statement):
        yield identity, bytes(shape)


def successions(connection: Connection) -> list[tuple[UUID, UUID, date, Decimal]]:
    """Territorial reforms: predecessor, successor, since when, and of which share."""
    columns = (
        DistrictSuccession.predecessor_id,
        DistrictSuccession.successor_id,
        DistrictSuccession.valid_on,
        DistrictSuccession.share,
    )
    return [(old, new, on, share) for old, new, on, share in connection.execute(select(*columns))]


def known_terms(connection: Connection) -> list[KnownTerm]:
    statement = select(
        CodelistTerm.id,
        Codelist.name,
        CodelistTerm.code,
        CodelistTerm.label,
        CodelistTerm.translations,
    ).join(Codelist, Codelist.id == CodelistTerm.codelist_id)
    return [
        KnownTerm(identity, codelist, code, (label, *_labels(translations)))
        for identity, codelist, code, label, translations in connection.execute(statement)
    ]


def _labels(translations: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for texts in translations.values():
        if label := texts.get("label"):
            yield label


def labelled(connection: Connection, model: type[Base], label: str) -> list[tuple[UUID, str, str]]:
    """Id, slug and name (or title) of every entity of a kind that is not archived."""
    table = _table(model)
    statement = select(table.c.id, table.c.slug, table.c[label]).where(table.c.status != "archived")
    return [(identity, slug, name) for identity, slug, name in connection.execute(statement)]


def rows_of(
    connection: Connection, model: type[Base], ids: Sequence[UUID], columns: Sequence[str]
) -> dict[UUID, tuple[Any, ...]]:
    """Columns of those of the given rows that are there, by id."""
    table = _table(model)
    wanted = bindparam("ids", ids, type_=ARRAY(Uuid()))
    statement = select(table.c.id, *(table.c[name] for name in columns)).where(
        table.c.id == any_(wanted)
    )
    return {row[0]: tuple(row[1:]) for row in connection.execute(statement)}


def parts_of(
    connection: Connection,
    model: type[Base],
    owner: str,
    owners: Collection[UUID],
    columns: Sequence[str],
) -> list[tuple[Any, ...]]:
    """Columns of all parts that these owners have."""
    table = _table(model)
    wanted = bindparam("owners", list(owners), type_=ARRAY(Uuid()))
    statement = select(*(table.c[name] for name in columns)).where(table.c[owner] == any_(wanted))
    return [tuple(row) for row in connection.execute(statement)]


def owners_of_slugs(
    connection: Connection, model: type[Base], slugs: Collection[str]
) -> dict[str, UUID]:
    """Which of these slugs are taken, and by whom."""
    table = _table(model)
    statement = select(table.c.slug, table.c.id).where(
        table.c.slug == any_(bindparam("slugs", list(slugs), type_=ARRAY(table.c.slug.type)))
    )
    return {row.slug: row.id for row in connection.execute(statement)}


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
