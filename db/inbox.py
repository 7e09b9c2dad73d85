"""The inbox, as its owner sees it: reports of the public, what providers confirm and suggest.

All of it is private, and nothing that arrives changes anything by itself. A confirmation is written
into the registry by the owner, who checks its link anew, and becomes public like any other edit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import Offering, Organisation
from db.models.base import NAMING
from db.registry import acting

SCHEMA = "inbox"
KEPT = timedelta(days=90)
"""How long an entry that was dealt with is kept, and a reply address at most."""

Kind = Literal["report", "confirmation", "suggestion"]

metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)

# What of this is checked, and the function that puts rows in, is only in the migration.
_entry = Table(
    "entry",
    metadata,
    Column("id", BigInteger, Identity(always=True)),
    Column("kind", Text, nullable=False),
    Column("offering_ids", ARRAY(Uuid), nullable=False),
    Column("organisation_id", Uuid),
    Column("topics", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("text", Text),
    Column("reply_to", Text),
    Column("token", Text),
    Column("arrived_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_by", Text),
    Column("outcome", Text),
    PrimaryKeyConstraint("id"),
    Index(None, "kind", "arrived_at"),
    Index("entry_open_idx", "kind", postgresql_where=text("closed_at IS NULL")),
)
_is_open = _entry.c.closed_at.is_(None)


@dataclass(frozen=True)
class Entry:
    """What somebody said. Open until `closed_at`; `outcome` says what came of it.

    `offerings` are slugs, `organisation` is a name: as they are now, none where they are gone.
    """

    id: int
    kind: Kind
    offerings: tuple[str, ...]
    organisation: str | None
    topics: tuple[str, ...]
    text: str | None
    reply_to: str | None
    arrived_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None


@dataclass(frozen=True)
class Provider:
    """An organisation that has offerings published, and how to reach the institution."""

    id: UUID
    slug: str
    name: str
    email: str | None
    offerings: int


@dataclass(frozen=True)
class Applied:
    """What became of confirmations: how many offerings; which entries were refused, and why."""

    confirmed: int
    refused: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Purged:
    """What was forgotten."""

    entries: int
    addresses: int


# --- looking -------------------------------------------------------------------------------------


def entries(connection: Connection, *, closed: bool = False) -> list[Entry]:
    """What is open, and with `closed` the rest; the oldest first."""
    return _found(connection, *(() if closed else (_is_open,)))


def entry(connection: Connection, number: int) -> Entry | None:
    return next(iter(_found(connection, _entry.c.id == number)), None)


def waiting_confirmations(connection: Connection) -> int:
    """How many confirmations nobody has written into the registry yet."""
    waiting = select(func.count()).where(_entry.c.kind == "confirmation", _is_open)
    return connection.scalar(waiting) or 0


def providers(connection: Connection, named: str | None = None) -> list[Provider]:
    """Who has offerings published, by name; or those whom an id, a slug or a name means."""
    offered = func.count(Offering.id)
    columns = (Organisation.id, Organisation.slug, Organisation.name, Organisation.email)
    query = (
        select(*columns, offered)
        .join(Offering, Offering.organisation_id == Organisation.id)
        .where(Organisation.status == "published", Offering.status == "published")
        .group_by(Organisation.id)
        .order_by(Organisation.name, Organisation.id)
    )
    if named is not None:
        query = query.where(_is_called(named))
    return [Provider(*row) for row in connection.execute(query)]


def _is_called(name: str) -> ColumnElement[bool]:
    return or_(
        Organisation.slug == name,
        func.lower(Organisation.name) == name.lower(),
        cast_to(Organisation.id, Text) == name.lower(),
    )


def _found(connection: Connection, *conditions: ColumnElement[bool]) -> list[Entry]:
    slugs = (
        select(func.array_agg(Offering.slug))
        .where(Offering.id == any_(_entry.c.offering_ids))
        .scalar_subquery()
    )
    columns = [_entry.c[name] for name in Entry.__dataclass_fields__ if name in _entry.c]
    query: Select[Any] = (
        select(*columns, slugs.label("offerings"), Organisation.name.label("organisation"))
        .outerjoin(Organisation, Organisation.id == _entry.c.organisation_id)
        .where(*conditions)
        .order_by(_entry.c.id)
    )
    return [_as_entry(row) for row in connection.execute(query)]


def _as_entry(row: Row[Any]) -> Entry:
    values = {**row._mapping}
    lists = {name: tuple(values[name] or ()) for name in ("offerings", "topics")}
    return Entry(**values | lists)


# --- dealing with it -----------------------------------------------------------------------------


def close(connection: Connection, number: int, *, by: str, outcome: str) -> bool:
    """Say what came of an entry, and forget where to reply to. False if it is not an open one."""
    closing = (
        update(_entry)
        .where(_entry.c.id == number, _is_open)
        .values(closed_at=func.now(), closed_by=by, outcome=outcome, reply_to=None)
    )
    return connection.execute(closing).rowcount > 0


def apply_confirmations(
    connection: Connection, provider_of: Callable[[str, datetime], UUID]
) -> Applied:
    """Note in the registry what providers confirmed, and close their entries.

    `provider_of` tells whose link a token was at a time, or raises ValueError with what is wrong.
    """
    confirmed, refused = 0, []
    waiting = select(_entry).where(_entry.c.kind == "confirmation", _is_open).order_by(_entry.c.id)
    for row in connection.execute(waiting.with_for_update()).all():
        try:
            provider = provider_of(row.token, row.arrived_at)
        except ValueError as error:
            refused.append((row.id, str(error)))
            close(connection, row.id, by="quartier inbox apply", outcome=f"refused: {error}")
        else:
            confirmed += _confirm(connection, row, provider)
    return Applied(confirmed, tuple(refused))


def _confirm(connection: Connection, row: Row[Any], provider: UUID) -> int:
    """Only what the provider still offers; never back to an earlier day."""
    name = connection.scalar(select(Organisation.name).where(Organisation.id == provider))
    actor = f"confirm link of {name or provider}"
    day = row.arrived_at.date()
    confirming = (
        update(Offering)
        .where(
            Offering.id.in_(row.offering_ids),
            Offering.organisation_id == provider,
            Offering.status == "published",
        )
        .values(confirmed_at=func.greatest(Offering.confirmed_at, day))
    )
    with acting(connection, actor):
        count = connection.execute(confirming).rowcount
    outcome = f"{count} of {len(row.offering_ids)} confirmed as of {day}"
    close(connection, row.id, by=actor, outcome=outcome)
    return count


def purge(connection: Connection, older_than: timedelta) -> Purged:
    """Forget entries that were closed, and reply addresses that arrived, longer ago than that."""
    moment = func.now() - older_than
    gone = connection.execute(delete(_entry).where(_entry.c.closed_at < moment)).rowcount
    return Purged(gone, forget_addresses(connection, older_than))


def forget_addresses(connection: Connection, older_than: timedelta = KEPT) -> int:
    """Forget reply addresses that arrived longer ago, whether anybody replied or not."""
    old = and_(_entry.c.arrived_at < func.now() - older_than, _entry.c.reply_to.is_not(None))
    return connection.execute(update(_entry).where(old).values(reply_to=None)).rowcount
