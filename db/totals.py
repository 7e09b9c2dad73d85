"""The statements that take together what is selected: counts, facets, what it is made of."""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    and_,
    any_,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from db import conditions, published, recalculated
from db.statements import STATE, Shape, Statement, bind, compiled, where


@lru_cache(maxsize=1024)
def count(shape: Shape) -> Statement:
    table = shape.source
    builders = {part.builder for part in shape.conditions}
    stored = published.STORED_TOTALS.get(shape.table)
    if builders <= {conditions.not_ended} and stored is not None and not shape.recalculated:
        return compiled(select(_stored_total(stored, of_today=bool(builders)), STATE))
    counted = select(func.count()).select_from(table).where(*where(shape)).scalar_subquery()
    return compiled(select(counted, STATE))


@lru_cache(maxsize=8)
def highest(name: str) -> Statement:
    """The highest number of a list of HSDS: where its last page ends."""
    number = published.HSDS[name].c.number
    return compiled(select(func.coalesce(func.max(number), literal_column("0")), STATE))


def _stored_total(table: Table, *, of_today: bool) -> ColumnElement[Any]:
    """How many there are, as publication counted them; of today: less those that have ended."""
    resource, ending = published.resource, published.ending
    name = literal_column(f"'{table.name}'", Text)
    total = select(resource.c.total).where(resource.c.name == name).scalar_subquery()
    ended = (
        select(func.sum(ending.c.total).cast(BigInteger))
        .where(ending.c.resource == name, ending.c.valid_to < func.current_date())
        .scalar_subquery()
    )
    nothing: ColumnElement[Any] = literal_column("0")
    known = func.coalesce(total, nothing)
    return known - func.coalesce(ended, nothing) if of_today else known


@lru_cache(maxsize=128)
def periods(shape: Shape) -> Statement:
    period = shape.source.c.period
    return compiled(select(period).where(*where(shape)).distinct().order_by(period))


@lru_cache(maxsize=128)
def dimensions(shape: Shape) -> Statement:
    breakdowns = shape.source.c.breakdowns
    some = breakdowns != literal_column("'{}'", Text)
    parts = select(breakdowns).where(some, *where(shape)).distinct().subquery("parts")
    dimension = func.jsonb_object_keys(parts.c.breakdowns.cast(JSONB)).label("dimension")
    return compiled(select(dimension).distinct().order_by(dimension))


@lru_cache(maxsize=1024)
def summary(shape: Shape) -> Statement:
    """Observations taken together (db/observed.py): grouped first, for there are many of a pair."""
    c = shape.source.c
    hidden = c.value.is_(None) & (literal_column("'suppressed'", Text) == any_(c.flags))
    dated = c.period_latest.is_not(None)
    parts = recalculated.sources(shape.source) if shape.recalculated else null()
    pair = (
        select(
            c.indicator_id,
            c.district_id,
            c.source_id,
            parts.label("parts"),
            func.count().label("count"),
            func.count().filter(hidden).label("hidden"),
            func.count(c.value).label("stated"),
            func.min(c.period).filter(dated).label("first"),
            func.max(c.period).filter(dated).label("last"),
        )
        .where(*where(shape))
        .group_by(c.indicator_id, c.district_id, c.source_id, literal_column("parts"))
        .subquery("pair")
    )
    sums = [func.coalesce(func.sum(pair.c[n]), literal_column("0")) for n in _COUNTS]
    distinct = [_distinct(pair.c[n]) for n in ("indicator_id", "district_id", "source_id")]
    return compiled(
        select(
            STATE,
            *(total.cast(Integer) for total in sums),
            func.min(pair.c.first),
            func.max(pair.c.last),
            *distinct,
            func.jsonb_agg(pair.c.parts.distinct()).cast(Text),
        ).select_from(pair)
    )


_COUNTS = ("count", "hidden", "stated")


def _distinct(column: ColumnElement[Any]) -> ColumnElement[Any]:
    empty: ColumnElement[Any] = literal_column("'{}'::uuid[]")
    return func.coalesce(func.array_agg(column.distinct()), empty)


@lru_cache(maxsize=1024)
def facet(shape: Shape, name: str) -> Statement:
    table = shape.source
    kind = published.FACETS[shape.table][name]
    counted = _FACET_COUNTS[kind](table, name).where(*where(shape)).subquery("counted")
    label = published.label
    own = published.FACET_LISTS.get((shape.table, name), name)
    by = label.c.id if kind in ("reference", "member") else label.c.value
    in_language = and_(
        label.c.kind == literal_column(f"'{own}'", Text),
        label.c.lang == bind("facet_lang", Text()),
        by == counted.c.value,
    )
    text_value = counted.c.value.cast(Text)
    rows = (
        select(
            func.coalesce(label.c.value, text_value).label("value"),
            func.coalesce(label.c.label, text_value).label("label"),
            counted.c.count,
        )
        .select_from(counted.outerjoin(label, in_language))
        .where(counted.c.value.is_not(None))
        .subquery("facet")
    )
    entry = func.row_to_json(literal_column("facet"))
    ordered = aggregate_order_by(entry, rows.c.count.desc(), rows.c.label, rows.c.value)
    empty = literal_column("'[]'", Text)
    as_text = func.array_to_json(func.array_agg(ordered)).cast(Text)
    return compiled(select(func.coalesce(as_text, empty), STATE).select_from(rows))


def _count_terms(table: Table, name: str) -> Select[Any]:
    value = func.unnest(table.c[published.FACET_COLUMNS.get(name, name)])
    return select(value.label("value"), func.count().label("count")).group_by(literal_column("1"))


def _count_codes(table: Table, name: str) -> Select[Any]:
    value = table.c[published.FACET_COLUMNS.get(name, name)]
    return select(value.label("value"), func.count().label("count")).group_by(value)


def _count_references(table: Table, name: str) -> Select[Any]:
    return _count_codes(table, f"{name}_id")


def _count_members(table: Table, _name: str) -> Select[Any]:
    member = published.district_member
    resource = literal_column(f"'{table.name}'", Text)
    return (
        select(member.c.district_id.label("value"), func.count().label("count"))
        .select_from(
            member.join(table, and_(member.c.resource == resource, member.c.id == table.c.id))
        )
        .group_by(member.c.district_id)
    )


_FACET_COUNTS = {
    "terms": _count_terms,
    "code": _count_codes,
    "reference": _count_references,
    "member": _count_members,
}
