"""What filters of HSDS and Open Referral UK mean, beyond what those of the native API do.

Like db/conditions.py: pure functions from a table and bound values to an expression.
"""

from typing import Any

from sqlalchemy import Table, and_, any_, case, false, func, literal_column, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from db import published
from db.conditions import (
    PLACE,
    Bind,
    Expression,
    any_of,
    close_to,
    not_ended,
    one_of,
    placed_where,
    point_of,
    serves_point,
)


def nothing(_table: Table) -> Expression:
    return false()


def has_terms(table: Table, column: str) -> Expression:
    """Any term of a vocabulary."""
    return func.cardinality(table.c[column]) > literal_column("0")


def is_stated(table: Table, column: str) -> Expression:
    return table.c[column].is_not(None)


def is_unstated(table: Table, column: str) -> Expression:
    return table.c[column].is_(None)


def from_age(table: Table, age: Bind) -> Expression:
    """The stated minimum age is at least so much."""
    return func.lower(table.c.age) >= age


def to_age(table: Table, age: Bind) -> Expression:
    """The stated maximum age is at most so much; the range ends before the year that follows."""
    return func.upper(table.c.age) <= age + literal_column("1")


def provides_any_of(table: Table, column: str, values: Bind) -> Expression:
    """The organisation provides an offering that has one of the terms."""
    return table.c.id.in_(_providers(any_of(published.offering, column, values)))


def provides_one_of(table: Table, column: str, values: Bind) -> Expression:
    return table.c.id.in_(_providers(one_of(published.offering, column, values)))


def provides_terms(table: Table, column: str) -> Expression:
    """The organisation provides an offering that has any term of a vocabulary."""
    return table.c.id.in_(_providers(has_terms(published.offering, column)))


def provides_stated(table: Table, column: str) -> Expression:
    return table.c.id.in_(_providers(is_stated(published.offering, column)))


def _providers(condition: Expression) -> Any:
    offering = published.offering
    return select(offering.c.organisation_id).where(condition, not_ended(offering))


def is_scheduled(table: Table, opens: Bind, closes: Bind, day: Bind) -> Expression:
    """Provided somewhere by a schedule within these times of day; the empty text: at any time."""
    place = published.HSDS["service_at_location"]
    there = place.c.opening_id == any_(_openings(opens, closes, day))
    return table.c.id.in_(select(place.c.service_id).where(there))


def is_scheduled_here(table: Table, opens: Bind, closes: Bind, day: Bind) -> Expression:
    return table.c.opening_id == any_(_openings(opens, closes, day))


def _openings(opens: Bind, closes: Bind, day: Bind) -> Expression:
    hours = published.opening_hours
    fitting = func.published.has_schedule(hours.c.schedules, opens, closes, day)
    return func.array(select(hours.c.id).where(fitting).scalar_subquery())


def has_site_near(table: Table, longitude: Bind, latitude: Bind, radius: Bind) -> Expression:
    """A site known by its address is within the radius, by great-circle distance."""
    point = func.geography(point_of(longitude, latitude))
    return placed_where(table, close_to(PLACE, point, radius))


def is_near(table: Table, longitude: Bind, latitude: Bind, radius: Bind) -> Expression:
    """The place itself is."""
    return close_to(table, func.geography(point_of(longitude, latitude)), radius)


def may_serve_point(table: Table, longitude: Bind, latitude: Bind) -> Expression:
    """The service area covers the point, where one is known."""
    return or_(not_(_has_area(table)), _serves(table, longitude, latitude))


def serves_postcode(
    table: Table, column: str, longitude: Bind, latitude: Bind, postcode: Bind
) -> Expression:
    """The service area covers the point; where none is known, a site has the postcode."""
    known = _has_area(table)
    return case(
        (known, _serves(table, longitude, latitude)), else_=_has_postcode(table, column, postcode)
    )


def in_postcode(table: Table, column: str, postcode: Bind) -> Expression:
    """The same where nobody knows the point: whether an area covers it cannot be said."""
    return and_(not_(_has_area(table)), _has_postcode(table, column, postcode))


def _has_area(table: Table) -> Expression:
    return or_(
        table.c.service_area.is_not(None),
        func.cardinality(table.c.serves) > literal_column("0"),
    )


def _serves(table: Table, longitude: Bind, latitude: Bind) -> Expression:
    return func.coalesce(serves_point(table, longitude, latitude), literal_column("false"))


def _has_postcode(table: Table, column: str, postcode: Bind) -> Expression:
    own = table.c[column]
    return postcode == (any_(own) if isinstance(own.type, ARRAY) else own)
