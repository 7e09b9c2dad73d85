"""Sources: the overview for people, and what they state of them by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection

from db.corrections import CorrectionRefused
from db.geocoding import sources as house_files
from db.lookups import known_terms
from db.models import Source
from db.registry import upsert, writer
from db.sources import SourceState, source_row
from seed.identity import source_id
from seed.mappings.model import SourceRule, explained, nearest

COLUMNS = ("source", "publisher", "rhythm", "last delivery", "rows", "unconfirmed", "")


def shown(sources: Iterable[SourceState]) -> Table:
    """A row a source: what it delivered when, and what is to be done about it."""
    table = Table()
    for column in COLUMNS:
        table.add_column(column)
    for source in sources:
        table.add_row(*map(Text, _cells(source)))
    return table


def _cells(source: SourceState) -> tuple[str, ...]:
    delivery = f"{source.last_import:%Y-%m-%d} {source.last_file}" if source.last_import else "none"
    remarks = ("overdue", bool(source.overdue)), ("licence not stated", source.not_stated)
    return (
        source.title,
        source.publisher,
        source.rhythm or "unknown",
        delivery,
        ", ".join(f"{count} {name}" for name, count in sorted(source.rows.items())),
        str(source.unconfirmed or ""),
        ", ".join(remark for remark, is_so in remarks if is_so),
    )


# --- what is stated by hand ----------------------------------------------------------------------

STATED = [name for name in SourceRule.model_fields if name != "slug"]


def set_source(url: str, slug: str, assignments: Sequence[str], *, actor: str) -> None:
    """State the licence, rhythm and so on of a source (`rhythm=P1Y`); nothing after `=` empties.

    A file of house coordinates becomes a source when something is stated of it.
    """
    given = dict(map(_assigned, assignments))
    with writer(url, actor) as connection:
        standing = _standing(connection, slug)
        stated = _checked(standing | given)
        if (code := stated["license"]) not in (known := _licences(connection)):
            raise CorrectionRefused(f"license cannot be {code!r}{nearest(code, known)}")
        identity = standing.get("id") or source_id(slug)
        upsert(connection, Source, [{"id": identity, **stated}])


def _assigned(assignment: str) -> tuple[str, str | None]:
    name, sign, text = assignment.partition("=")
    if not sign:
        raise CorrectionRefused(f"{assignment!r} is not field=value")
    if name.strip() not in STATED:
        raise CorrectionRefused(f"sources have no field {name!r}{nearest(name, STATED)}")
    return name.strip(), text.strip() or None


def _standing(connection: Connection, slug: str) -> dict[str, Any]:
    """What is known of a source by now; of a file of house coordinates that is its name."""
    if row := source_row(connection, slug):
        return row
    known = [name for name, _ in house_files(connection)]
    if slug in known:
        return {"slug": slug, "title": slug}
    raise CorrectionRefused(f"there is no source {slug!r}: `quartier sources` lists them")


def _checked(stated: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: stated.get(name) for name in SourceRule.model_fields if stated.get(name)}
    try:
        return SourceRule.model_validate(own).model_dump()
    except ValidationError as error:
        raise CorrectionRefused("; ".join(explained(error.errors()))) from error


def _licences(connection: Connection) -> list[str]:
    return [term.code for term in known_terms(connection) if term.codelist == "license"]
