"""Corrections: values that staff know better than the source. No import overwrites them."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, LiteralString, cast
from uuid import UUID

from geoalchemy2 import Geometry
from psycopg import Cursor, DataError, IntegrityError, InternalError, sql
from psycopg.errors import CheckViolation, NotNullViolation
from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    Numeric,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import ARRAY

from db import models
from db.models import Base
from db.registry import acting, hex_ewkb

CORRECTABLE: tuple[type[Base], ...] = (
    models.Offering,
    models.Organisation,
    models.Site,
    models.District,
    models.Indicator,
    models.Observation,
    models.Strategy,
    models.Measure,
    models.Decision,
    models.Codelist,
    models.CodelistTerm,
    models.Source,
)
"""What staff name by id or slug."""

# What says which row it is, where it is from, and whether it is public, is no matter of opinion.
LOCKED = frozenset(
    {"id", "source_id", "external_key", "status", "removal_reason", "merged_into_id", "created_at"}
)
_IDENTIFYING: Mapping[type[Base], frozenset[str]] = {
    models.Observation: frozenset(
        {"indicator_id", "district_id", "period", "period_earliest", "period_latest"}
        | {"breakdowns", "raw"}
    ),
    models.Measure: frozenset({"strategy_id"}),
    models.Codelist: frozenset({"name"}),
    models.CodelistTerm: frozenset({"codelist_id", "code"}),
}


class CorrectionRefused(ValueError):  # noqa: N818 - reads as the state it reports
    """Nothing was corrected; the message says why, to whoever asked for it."""


class UnknownField(CorrectionRefused):
    """There is no such field, or none that may be corrected."""


class ValueRefused(CorrectionRefused):
    """The field cannot hold the value."""


class UnknownEntity(CorrectionRefused):
    """The reference names nothing, or several things."""


def set_field(
    connection: Connection,
    model: type[Base],
    entity_id: UUID,
    field: str,
    value: Any,
    *,
    source: str,
    actor: str,
) -> None:
    """Write the value into the row, and remember that it is right, whatever imports say.

    None: it is known to be unknown. A geometry is given as in rows of `upsert`, as WKT or GeoJSON.
    """
    set_fields(connection, model, entity_id, {field: value}, source=source, actor=actor)


def set_fields(
    connection: Connection,
    model: type[Base],
    entity_id: UUID,
    values: Mapping[str, Any],
    *,
    source: str,
    actor: str,
) -> None:
    """Correct fields that depend on each other, such as the bounds of an imprecise date."""
    for field in values:
        _require_correctable(model, field)
    cursor = cast("Cursor[Any]", connection.connection.cursor())
    try:
        with connection.begin_nested(), acting(connection, actor):
            written = _write(cursor, model, entity_id, values)
            _remember(cursor, model, entity_id, written, (source, actor))
    except (DataError, IntegrityError, InternalError) as error:
        raise ValueRefused(_refusal(values, error)) from error


def unset_field(
    connection: Connection, model: type[Base], entity_id: UUID, field: str, *, actor: str
) -> bool:
    """Forget a correction: the next import may say otherwise. False if there was none."""
    _require_correctable(model, field)
    correction = models.Correction
    forgotten = delete(correction).where(
        correction.entity == _table(model).name,
        correction.entity_id == entity_id,
        correction.field == field,
    )
    with acting(connection, actor):
        return connection.execute(forgotten).rowcount > 0


def corrections(
    connection: Connection, model: type[Base], ids: Collection[UUID]
) -> dict[UUID, dict[str, Any]]:
    """The corrected values of these entities by field, as rows of `upsert` have them."""
    correction, columns = models.Correction, _table(model).c
    among = correction.entity_id == any_(bindparam("ids", type_=ARRAY(Uuid())))
    value = cast_to(correction.value, Text)
    query = select(correction.entity_id, correction.field, value).where(
        correction.entity == _table(model).name, among
    )
    found: dict[UUID, dict[str, Any]] = {}
    for entity_id, field, text in connection.execute(query, {"ids": list(ids)}):
        if field in columns:  # an older version may have had it
            found.setdefault(entity_id, {})[field] = _read(columns[field], text)
    return found


def find_entity(connection: Connection, reference: str) -> tuple[type[Base], UUID]:
    """What an id, a slug, a `scheme:key` or, if a slug is not enough, `offering/slug` names."""
    kind, _, name = reference.rpartition("/")
    among = [_model_of(kind)] if kind else CORRECTABLE
    known = _with_id(connection, among, name) or _with_name(connection, among, name)
    if len(known) == 1:
        return known[0]
    if known:
        tables = ", ".join(f"{_table(model).name}/{name}" for model, _ in known)
        raise UnknownEntity(f"{name!r} names more than one thing: {tables}")
    raise UnknownEntity(f"nothing is called {reference!r}{_closest(connection, among, name)}")


# --- fields --------------------------------------------------------------------------------------


def correctable(model: type[Base]) -> list[str]:
    """The fields of a model that staff may set."""
    if model not in CORRECTABLE:
        return []
    locked = LOCKED | _IDENTIFYING.get(model, frozenset())
    return [column.name for column in _table(model).c if column.name not in locked]


def _require_correctable(model: type[Base], field: str) -> None:
    known, name = correctable(model), _table(model).name
    if field in known:
        return
    if field in _table(model).c:
        raise UnknownField(f"{field!r} of {name} cannot be corrected")
    near = get_close_matches(field, known, n=1)
    raise UnknownField(f"{name} has no field {field!r}" + (f"; {near[0]!r}?" if near else ""))


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


# --- values --------------------------------------------------------------------------------------


def _write(
    cursor: Cursor[Any], model: type[Base], entity_id: UUID, values: Mapping[str, Any]
) -> dict[str, str | None]:
    """Let PostgreSQL convert the values; gives them back as revisions have them, each as JSON."""
    columns = _table(model).c
    given = {field: _given(columns[field], value) for field, value in values.items()}
    fields = list(values)
    statement = sql.SQL(_WRITE).format(
        table=sql.Identifier("registry", _table(model).name),
        values=_listed("{0} = given.{0}", fields),
        written=sql.SQL(", ").join(_written(columns[field]) for field in fields),
    )
    row = cursor.execute(statement, (json.dumps(given, default=str), entity_id)).fetchone()
    if row is None:
        raise UnknownEntity(f"there is no {_table(model).name} {entity_id}")
    return dict(zip(fields, row, strict=True))


def _listed(template: LiteralString, names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(template).format(sql.Identifier(name)) for name in names)


def _given(target: Column[Any], value: Any) -> Any:
    if isinstance(target.type, Geometry) and isinstance(value, tuple | bytes):
        return hex_ewkb(value)
    return value


def _written(target: Column[Any]) -> sql.Composed:
    shown = "to_jsonb(t.{}::text)::text" if isinstance(target.type, Geometry) else None
    return sql.SQL(shown or "to_jsonb(t.{})::text").format(sql.Identifier(target.name))


def _read(target: Column[Any], text: str | None) -> Any:
    if text is None:
        return None
    value = json.loads(text, parse_float=Decimal)
    reader = next((to for kind, to in _READERS.items() if isinstance(target.type, kind)), None)
    return reader(value) if reader else value


_READERS: Mapping[type, Callable[[Any], Any]] = {
    Uuid: UUID,
    Date: date.fromisoformat,
    DateTime: datetime.fromisoformat,
    Numeric: Decimal,
    Geometry: bytes.fromhex,
}


def _remember(
    cursor: Cursor[Any],
    model: type[Base],
    entity_id: UUID,
    written: Mapping[str, str | None],
    because: tuple[str, str],
) -> None:
    about = (_table(model).name, entity_id)
    cursor.executemany(
        _REMEMBER, [(*about, field, value, *because) for field, value in written.items()]
    )


def _refusal(values: Mapping[str, Any], error: DataError | IntegrityError | InternalError) -> str:
    shown = ", ".join(f"{field} = {value!r}" for field, value in values.items())
    said = error.diag.message_primary
    if not isinstance(error, CheckViolation | NotNullViolation):  # theirs shows the whole row
        said = error.diag.message_detail or said
    return f"{shown}: {said}"


# --- references ----------------------------------------------------------------------------------


def _model_of(kind: str) -> type[Base]:
    known = {_table(model).name: model for model in CORRECTABLE}
    if kind in known:
        return known[kind]
    near = get_close_matches(kind, known, n=1)
    raise UnknownEntity(f"there is no kind {kind!r}" + (f"; {near[0]!r}?" if near else ""))


Found = list[tuple[type[Base], UUID]]


def _with_id(connection: Connection, among: Iterable[type[Base]], name: str) -> Found:
    try:
        identity = UUID(name)
    except ValueError:
        return []
    queries = [
        select(literal(_table(model).name), _table(model).c.id).where(
            _table(model).c.id == identity
        )
        for model in among
    ]
    return _found(connection, queries)


def _with_name(connection: Connection, among: Iterable[type[Base]], name: str) -> Found:
    queries = [
        select(literal(table.name), table.c.id).where(table.c[called] == name)
        for table, called in _named(among)
    ]
    scheme, _, key = name.partition(":")
    if key and models.District in among:
        district = _table(models.District)
        same = (district.c.scheme == scheme) & (district.c.key == key)
        queries.append(select(literal(district.name), district.c.id).where(same))
    return _found(connection, queries)


def _found(connection: Connection, queries: list[Select[Any]]) -> Found:
    if not queries:
        return []
    return [(_model_of(table), key) for table, key in connection.execute(union_all(*queries))]


def _named(among: Iterable[type[Base]]) -> list[tuple[Table, str]]:
    """The tables that have a column for what a row is called in addresses."""
    tables = [_table(model) for model in among]
    found = [(table, "slug") for table in tables if "slug" in table.c]
    return found + [(table, "name") for table in tables if table.name == "codelist"]


def _closest(connection: Connection, among: Iterable[type[Base]], name: str) -> str:
    queries = [select(table.c[called].label("called")) for table, called in _named(among)]
    if not queries:
        return ""
    called = union_all(*queries).subquery().c.called
    likeness = func.similarity(called, name)
    near = connection.scalar(
        select(called).where(likeness > LIKE).order_by(likeness.desc(), called).limit(1)
    )
    return f"; {near!r}?" if near else ""


LIKE = 0.3  # similarity of names, from 0 to 1, that makes one worth a question

_WRITE: LiteralString = """
UPDATE {table} t SET {values}
FROM (SELECT (jsonb_populate_record(NULL::{table}, %s::jsonb)).*) AS given
WHERE t.id = %s RETURNING {written}
"""

_REMEMBER: LiteralString = """
INSERT INTO registry.correction (entity, entity_id, field, value, source, actor)
VALUES (%s, %s, %s, %s::jsonb, %s, %s)
ON CONFLICT (entity_id, field, entity) DO UPDATE
SET value = excluded.value, source = excluded.source, actor = excluded.actor, at = now()
"""
