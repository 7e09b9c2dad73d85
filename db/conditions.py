"""SQL conditions: small pure functions from a table, column names and bound values.

A request's filter is a list of `Condition`: which function, on which columns, with which values.
Everything but the values is its shape; statements are compiled once a shape (db/queries.py).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    FromClause,
    Integer,
    LargeBinary,
    ScalarSelect,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

from db import published

Expression = ColumnElement[Any]
Builder = Callable[..., Expression]
Bind = BindParameter[Any]

_TYPES: dict[type, TypeEngine[Any]] = {
    bool: Boolean(),
    int: Integer(),
    float: Double(),
    str: Text(),
    bytes: LargeBinary(),
    UUID: Uuid(),
    date: Date(),
    datetime: DateTime(timezone=True),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter. `builder` is a function of this module; `columns` are names."""

    builder: Builder
    columns: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def identity(self) -> tuple[Any, ...]:
        """The same for the same condition, and hashable."""
        values = (tuple(v) if isinstance(v, list) else v for v in self.values)
        return self.builder, self.columns, *values

    @property
    def shape(self) -> "ConditionShape":
        return ConditionShape(self.builder, self.columns, tuple(map(_kind, self.values)))


@dataclass(frozen=True, slots=True)
class ConditionShape:
    """A condition without its values: what a compiled statement depends on."""

    builder: Builder
    columns: tuple[str, ...]
    kinds: tuple[tuple[type, bool], ...]

    def binds(self, position: int) -> list[Bind]:
        """The parameters of the condition at this position of the filter."""
        return [
            bindparam(f"c{position}_{index}", type_=_sql_type(kind))
            for index, kind in enumerate(self.kinds)
        ]

    def expression(self, table: Table, position: int) -> Expression:
        return self.builder(table, *self.columns, *self.binds(position))


def where(builder: Builder, columns: str | Sequence[str] = (), *values: object) -> Condition:
    """A condition: the function, the column or columns it looks at, the values it binds."""
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    return Condition(builder, names, values)


def within_districts(names: Sequence[str] | None) -> list[Condition]:
    """In one of the districts, if any are given."""
    if not names:
        return []
    several = len(names) > 1
    return [where(in_district, (), names) if several else where(in_one_district, (), names[0])]


def of_indicators(names: Sequence[str] | None) -> list[Condition]:
    """Of one of the indicators, if any are given; those of one are read in their order."""
    if not names:
        return []
    columns = ("indicator_id", "indicator")
    several = len(names) > 1
    return [
        where(refers_to, columns, names) if several else where(refers_to_one, columns, names[0])
    ]


def within_categories(codes: Sequence[str] | None, *, by_name: bool) -> list[Condition]:
    """Of one of the categories, or one below it, if any are given.

    In the order of names, one category is read from its members; in another order that would be a
    detour, for the planner takes a name and an id for independent of each other.
    """
    if not codes:
        return []
    if by_name and len(codes) == 1:
        return [where(in_one_category, (), codes[0])]
    return [where(any_of, "category", codes)]


def _kind(value: object) -> tuple[type, bool]:
    return (type(value[0]), True) if isinstance(value, list) else (type(value), False)


def _sql_type(kind: tuple[type, bool]) -> TypeEngine[Any]:
    element, is_list = kind
    return ARRAY(_TYPES[element]) if is_list else _TYPES[element]


# Plain columns


def equals(table: Table, column: str, value: Bind) -> Expression:
    return table.c[column] == value


def one_of(table: Table, column: str, values: Bind) -> Expression:
    """The column holds one of the values."""
    return table.c[column] == any_(values)


def any_of(table: Table, column: str, values: Bind) -> Expression:
    """The array column holds at least one of the values."""
    return table.c[column].op("&&")(values)


def at_least(table: Table, column: str, value: Bind) -> Expression:
    return table.c[column] >= value


def after(table: Table, column: str, value: Bind) -> Expression:
    return table.c[column] > value


def called(names: Sequence[str]) -> Condition:
    """The entities of these names: ids where they are UUIDs, else slugs and keys."""
    ids = [id_ for name in names if (id_ := as_uuid(name))]
    others = [name for name in names if not as_uuid(name)]
    if len(names) == 1 and ids:
        return where(equals, "id", ids[0])
    if not others:
        return where(with_ids, (), ids)
    return where(with_names, (), others) if not ids else where(with_ids_or_names, (), ids, others)


def as_uuid(name: str) -> UUID | None:
    """An id in its usual form: 32 hexadecimal digits without hyphens may be a slug."""
    usual = re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", name)
    return UUID(name) if usual else None


def with_ids(table: Table, ids: Bind) -> Expression:
    return table.c.id == any_(ids)


def with_names(table: Table, names: Bind) -> Expression:
    """By slug, or by any other name the entity is known by."""
    name = literal_column(f"'{table.name}'", Text)
    by_alias = select(published.alias.c.id).where(
        published.alias.c.resource == name, published.alias.c.alias == any_(names)
    )
    by_slug = select(table.c.id).where(table.c.slug == any_(names))
    return table.c.id == any_(func.array(by_slug.union_all(by_alias).scalar_subquery()))


def with_ids_or_names(table: Table, ids: Bind, names: Bind) -> Expression:
    return or_(with_ids(table, ids), with_names(table, names))


def refers_to(table: Table, column: str, resource: str, names: Bind) -> Expression:
    """The column refers to an entity of `resource`, named by id, slug or key."""
    return table.c[column] == any_(func.array(_aliased(resource, names)))


def refers_to_one(table: Table, column: str, resource: str, name: Bind) -> Expression:
    """To just one, so that an index has the rows in order."""
    alias = published.alias
    id_ = select(alias.c.id).where(
        alias.c.resource == literal_column(f"'{resource}'", Text), alias.c.alias == name
    )
    return table.c[column] == id_.scalar_subquery()


def _aliased(resource: str, names: Bind) -> ScalarSelect[Any]:
    return (
        select(published.alias.c.id)
        .where(
            published.alias.c.resource == literal_column(f"'{resource}'", Text),
            published.alias.c.alias == any_(names),
        )
        .scalar_subquery()
    )


# Texts


def matches_text(table: Table, query: Bind) -> Expression:
    """Every word is found: its stem, a compound with it, or what was probably meant."""
    return table.c.search.op("@@")(select(func.published.search_query(query)).scalar_subquery())


def relevance(table: Table, query: Bind) -> Expression:
    """How well a text matches: as typed before guessed, in the name before elsewhere.

    What was guessed counts by where it stands, not by a rank: a rank would depend on how many words
    resemble the typed ones, and a publication in between would shuffle the pages of a walk.
    """
    exact = select(func.published.exact_query(query)).scalar_subquery()
    loose = select(func.published.search_query(query)).scalar_subquery()
    is_name = func.lower(table.c.sort_name) == func.lower(query)
    name = func.ts_filter(table.c.search, literal_column("'{a}'::\"char\"[]"))
    in_name = name.op("@@", return_type=Boolean())(loose)
    score = (
        func.ts_rank(table.c.search, exact).cast(Double) * literal_column("10")
        + is_name.cast(Integer) * literal_column("100")
        + in_name.cast(Integer)
    )
    return score.cast(Double)


# Places


def point_of(longitude: Bind, latitude: Bind) -> Expression:
    return func.ST_SetSRID(func.ST_MakePoint(longitude, latitude), literal_column("4326"))


def _box(west: Bind, south: Bind, east: Bind, north: Bind) -> Expression:
    return func.ST_MakeEnvelope(west, south, east, north, literal_column("4326"))


def _polygon(wkb: Bind) -> Expression:
    """Named with its schema, so that GeoAlchemy2 does not put a processor of its own on it."""
    return func.public.ST_GeomFromWKB(wkb, literal_column("4326"))


def intersects_box(
    table: Table, column: str, west: Bind, south: Bind, east: Bind, north: Bind
) -> Expression:
    return func.ST_Intersects(table.c[column], _box(west, south, east, north))


PLACE = published.offering_place
NEAREST = published.offering_place.alias("nearest")
"""The site of an offering that is nearest to the point asked for."""


def within_box(table: Table, west: Bind, south: Bind, east: Bind, north: Bind) -> Expression:
    """A site known by its address lies in the box, or a municipality lies in it as a whole."""
    return _certainly_within(table, _box(west, south, east, north))


def within_polygon(table: Table, wkb: Bind) -> Expression:
    return _certainly_within(table, _polygon(wkb))


def _certainly_within(table: Table, area: Expression) -> Expression:
    inside = case(
        (PLACE.c.precise, func.ST_Intersects(PLACE.c.place, area)),
        else_=func.ST_CoveredBy(PLACE.c.place, area),
    )
    has_place = placed_where(table, PLACE.c.place.op("&&")(area), inside)
    return and_(_reaches(table, area), has_place)


def _reaches(table: Table, area: Expression) -> Expression:
    """Cheap to ask of a row before its places are looked up; the planner learns nothing from it,
    for it would take the two for independent of each other."""
    return func.coalesce(table.c.extent.op("&&")(area), literal_column("false"))


def placed_where(table: Table, *conditions: Expression) -> Expression:
    return table.c.id.in_(select(PLACE.c.id).where(*conditions))


def distance(_table: Table, longitude: Bind, latitude: Bind) -> Expression:
    """Great-circle metres to the nearest site. `<->` is what the index orders by."""
    return _metres(NEAREST, func.geography(point_of(longitude, latitude)))


def _metres(place: FromClause, point: Expression) -> Expression:
    return place.c.spot.op("<->", return_type=Double())(point)


def near(table: Table, longitude: Bind, latitude: Bind, radius: Bind) -> Expression:
    """The nearest site is within the radius: a join, which the index reads in order of distance."""
    point = func.geography(point_of(longitude, latitude))
    return and_(
        NEAREST.c.id == table.c.id,
        close_to(NEAREST, point, radius),
        or_(NEAREST.c.alone, not_(_another_is_nearer(point))),
    )


def close_to(place: FromClause, point: Expression, radius: Bind) -> Expression:
    """Within the radius by the great-circle distance; first, by index, in a box a little larger.

    ST_DWithin would do both, but the planner takes it for so selective that it reads all rows and
    sorts them where it could read the first hundred in order.
    """
    box = func._ST_Expand(point, radius * literal_column("1.01") + literal_column("1"))
    return and_(place.c.spot.op("&&")(box), _metres(place, point) <= radius)


def _another_is_nearer(point: Expression) -> Expression:
    other = published.offering_place.alias("other")
    here, there = _metres(NEAREST, point), _metres(other, point)
    return exists().where(
        other.c.id == NEAREST.c.id,
        or_(there < here, and_(there == here, other.c.n < NEAREST.c.n)),
    )


def contains_point(table: Table, longitude: Bind, latitude: Bind) -> Expression:
    return func.ST_Covers(table.c.boundary, point_of(longitude, latitude))


def serves_point(table: Table, longitude: Bind, latitude: Bind) -> Expression:
    """The service area, a polygon or districts, covers the point."""
    point = point_of(longitude, latitude)
    district = published.district
    around = select(district.c.id).where(
        func.ST_Covers(district.c.boundary, point), exists_today(district)
    )
    return or_(
        func.ST_Covers(table.c.service_area, point),
        table.c.serves.op("&&")(func.array(around.scalar_subquery())),
    )


def serves_district(table: Table, names: Bind) -> Expression:
    """A served district is one of the named, or has it within."""
    ancestor = published.district_ancestor
    above = select(ancestor.c.ancestor_id).where(
        ancestor.c.district_id == any_(func.array(_aliased("district", names)))
    )
    return table.c.serves.op("&&")(func.array(above.scalar_subquery()))


def in_one_district(table: Table, name: Bind) -> Expression:
    """In the district, or anywhere below it: a join, which reads members in the order of names.

    The name is worked out while the statement runs, so the planner cannot know how many members
    there are; it needs a way that is short for many and for few.
    """
    member = published.district_member.alias("within")
    alias = published.alias
    district = select(alias.c.id).where(
        alias.c.resource == literal_column("'district'", Text), alias.c.alias == name
    )
    return and_(
        member.c.resource == literal_column(f"'{table.name}'", Text),
        member.c.district_id == district.scalar_subquery(),
        member.c.sort_name == table.c.sort_name,
        member.c.id == table.c.id,
    )


def in_one_category(table: Table, code: Bind) -> Expression:
    """Of the category, or of one below it: a join, as with a district, and for the same reason the
    planner is not told which: it would read all offerings for a category that most of them have.
    """
    member = published.category_member.alias("of_category")
    return and_(
        member.c.category == select(code).scalar_subquery(),
        member.c.sort_name == table.c.sort_name,
        member.c.id == table.c.id,
    )


def in_district(table: Table, names: Bind) -> Expression:
    """In one of the districts, or anywhere below them."""
    member = published.district_member
    return table.c.id.in_(
        select(member.c.id).where(
            member.c.resource == literal_column(f"'{table.name}'", Text),
            member.c.district_id == any_(func.array(_aliased("district", names))),
        )
    )


# What a place filter finds or may find: known only by a municipality that reaches into it


def possibly_in_box(table: Table, west: Bind, south: Bind, east: Bind, north: Bind) -> Expression:
    return _possibly_within(table, _box(west, south, east, north))


def possibly_in_polygon(table: Table, wkb: Bind) -> Expression:
    return _possibly_within(table, _polygon(wkb))


def _possibly_within(table: Table, area: Expression) -> Expression:
    return placed_where(table, func.ST_Intersects(PLACE.c.place, area))


def possibly_near(table: Table, longitude: Bind, latitude: Bind, radius: Bind) -> Expression:
    point = func.geography(point_of(longitude, latitude))
    reaches = func.ST_DWithin(func.geography(PLACE.c.place), point, radius, literal_column("false"))
    return or_(
        placed_where(table, close_to(PLACE, point, radius)),
        placed_where(table, not_(PLACE.c.precise), reaches),
    )


def possibly_in_district(table: Table, names: Bind) -> Expression:
    return or_(in_district(table, names), maybe_in_district(table, names))


def maybe_in_district(table: Table, names: Bind) -> Expression:
    """Known only by a municipality that has the named district within."""
    ancestor, member = published.district_ancestor, published.district_member
    above = (
        select(ancestor.c.ancestor_id)
        .join(published.district, published.district.c.id == ancestor.c.ancestor_id)
        .where(
            ancestor.c.district_id == any_(func.array(_aliased("district", names))),
            ancestor.c.depth > literal_column("0"),
            published.district.c.level == literal_column("'municipality'", Text),
        )
    )
    inside = select(member.c.id).where(
        member.c.resource == literal_column(f"'{table.name}'", Text),
        member.c.district_id.in_(above),
    )
    return and_(
        placed_where(table, not_(PLACE.c.precise)),
        table.c.id.in_(inside),
        not_(in_district(table, names)),
    )


# Time


def not_ended(table: Table) -> Expression:
    valid_to = table.c.valid_to
    return or_(valid_to.is_(None), valid_to >= func.current_date())


def valid_on(table: Table, day: Expression) -> Expression:
    begins, ends = table.c.valid_from, table.c.valid_to
    return and_(or_(begins.is_(None), begins <= day), or_(ends.is_(None), ends >= day))


def exists_today(table: Table) -> Expression:
    return valid_on(table, func.current_date())


def stale(table: Table, is_stale: Bind) -> Expression:
    """Not confirmed within a year, or never."""
    year_ago = func.current_date() - literal_column("365")
    fresh = (table.c.confirmed_at >= year_ago).is_(true())
    return fresh != is_stale


def overlaps_period(table: Table, begins: str, ends: str, first: Bind, last: Bind) -> Expression:
    """The entity's period, open where a bound is unknown, meets the days from first to last."""
    known = or_(table.c[begins].is_not(None), table.c[ends].is_not(None))
    return and_(
        known,
        func.coalesce(table.c[begins], first) <= last,
        func.coalesce(table.c[ends], last) >= first,
    )


def within_period(table: Table, first: Bind, last: Bind) -> Expression:
    return and_(table.c.period_earliest >= first, table.c.period_latest <= last)


def latest_period(table: Table) -> Expression:
    """No later period is observed for the same indicator, district and breakdown.

    What is foreseen is not the latest that is known, unless nothing was observed.
    """
    later, observed = table.alias("later"), table.alias("observed")
    return and_(
        table.c.period_latest.is_not(None),
        not_(
            exists().where(
                _same_series(later, table),
                later.c.period_latest > table.c.period_latest,
                or_(not_(_is_forecast(later)), _is_forecast(table)),
            )
        ),
        or_(
            not_(_is_forecast(table)),
            not_(exists().where(_same_series(observed, table), not_(_is_forecast(observed)))),
        ),
    )


def _same_series(other: FromClause, table: FromClause) -> Expression:
    names = ("indicator_id", "district_id", "breakdowns")
    return and_(*(other.c[name] == table.c[name] for name in names))


def _is_forecast(table: FromClause) -> Expression:
    return literal_column("'forecast'", Text) == any_(table.c.flags)


def last_periods(table: Table, count: Bind) -> Expression:
    """One of the last so many periods that the indicator has at this level, but for forecasts."""
    past = published.observation_slot
    last = func.max(past.c.period_latest)
    recent = (
        select(past.c.period)
        .where(
            past.c.indicator_id == table.c.indicator_id,
            past.c.level == table.c.level,
            past.c.period_latest.is_not(None),
            not_(past.c.is_forecast),
        )
        .group_by(past.c.period)
        .order_by(last.desc(), past.c.period.desc())
        .limit(count)
    )
    return table.c.period == any_(func.array(recent.scalar_subquery()))


def open_at(table: Table, ids: Bind, _closes: Bind) -> Expression:
    """One of its sites has opening hours that were found to be open."""
    return _share(table.c.opening, ids)


def is_open(table: Table, ids: Bind) -> Expression:
    """The same, without saying until when."""
    return _share(table.c.opening, ids)


def perhaps_open(table: Table, open_ids: Bind, unknown_ids: Bind) -> Expression:
    """Not found to be open, and not known to be closed: it may have no hours at all."""
    opening = table.c.opening
    unknown = or_(_share(opening, unknown_ids), func.cardinality(opening) == literal_column("0"))
    return and_(unknown, not_(_share(opening, open_ids)))


def _share(one: Expression, other: Expression) -> Expression:
    """The two arrays have an element in common."""
    return one.op("&&", return_type=Boolean())(other)


def closing(table: Table, closes: Bind) -> Expression:
    """Until when it is open, as JSON: the latest of its sites that are open, null if not soon.

    `closes` is a JSON object by the ids of opening hours.
    """
    known = closes.cast(JSONB)
    id_ = func.unnest(table.c.opening).column_valued("opening_id")
    ends = known.op("->")(id_.cast(Text))
    is_late = func.bool_or(func.jsonb_typeof(ends) == literal_column("'null'", Text))
    latest = func.to_json(func.max(ends.op("#>>")(literal_column("'{}'"))))
    return select(case((is_late, None), else_=latest.cast(Text))).scalar_subquery()


# Age and money


def for_age(table: Table, age: Bind) -> Expression:
    """The stated age range holds the age. Without a stated range nothing is known."""
    return table.c.age.op("@>")(age)


# Parts and districts of observations


def broken_down(table: Table, *dimensions: Bind) -> Expression:
    """One of the parts named of every dimension."""
    return and_(true(), *(any_of(table, "breakdown", parts) for parts in dimensions))


def broken_down_or_not(table: Table, *dimensions: Bind) -> Expression:
    """The same, or not broken down at all."""
    is_total = table.c.breakdowns == literal_column("'{}'", Text)
    return or_(is_total, broken_down(table, *dimensions)) if dimensions else is_total


def broken_down_as(table: Table, breakdowns: Bind) -> Expression:
    """Broken down in one of these ways and no further; each is a JSON object of terms."""
    written = select(cast(cast(func.unnest(breakdowns), JSONB), Text)).scalar_subquery()
    return table.c.breakdowns == any_(func.array(written))


def of_district(table: Table, names: Bind) -> Expression:
    return table.c.district_id == any_(func.array(_aliased("district", names)))


def of_children(table: Table, names: Bind) -> Expression:
    return _of_relatives(table, names, published.district_ancestor.c.depth == literal_column("1"))


def of_descendants(table: Table, names: Bind) -> Expression:
    return _of_relatives(table, names, true())


def _of_relatives(table: Table, names: Bind, depth: Expression) -> Expression:
    ancestor = published.district_ancestor
    return table.c.district_id.in_(
        select(ancestor.c.district_id).where(
            ancestor.c.ancestor_id == any_(func.array(_aliased("district", names))), depth
        )
    )


# Pages by number


def numbered(table: Table, first: Bind, last: Bind) -> Expression:
    """A page by its numbers: no row moves to another one, and the last is as near as the first."""
    return and_(table.c.number >= first, table.c.number <= last)
