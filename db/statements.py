"""The statements that read the published schema, compiled once a shape.

A shape is which conditions, which sort, which layout: everything but the values. Building and
compiling a statement costs more than running it, so each is looked up after its first time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, LiteralString, cast

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Double,
    Integer,
    Numeric,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, psycopg

from db import conditions, lines, published, recalculated
from db.conditions import Condition, ConditionShape
from db.state import STATE_TEXT

Layout = Literal["json", "geojson", "csv", "wide"]

COMMON_LIMITS = frozenset((10, 20, 25, 50, 100, 200, 500, 1000))
"""Lengths of unfiltered pages that have a statement of their own, so that it can be prepared: of a
limit that is bound PostgreSQL knows nothing, and would take its plan for too dear."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by: a sort of the resource, "distance" or "relevance"."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entities are asked for, in which order and shape. No `lang`: the default one."""

    table: Table
    conditions: tuple[Condition, ...]
    order: Order
    layout: Layout
    lang: str | None = None
    fields: tuple[str, ...] = ()
    geometry: str = "geojson"
    after: tuple[Any, ...] = ()
    limit: int | None = 100
    column: str = "document"
    skip: int = 0
    boundary: date | None = None
    """Of observations: recalculated to the districts of that day."""
    cells: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    @property
    def shape(self) -> "Shape":
        """What its statement depends on."""
        return Shape(
            table=self.table.name,
            conditions=tuple(condition.shape for condition in self.conditions),
            order=self.order,
            layout=self.layout,
            translated=self.lang is not None,
            picked=bool(self.fields),
            geometry=self.geometry,
            continued=bool(self.after),
            limited=self.limit is not None,
            fixed=self.limit if self._is_common else None,
            column=self.column,
            skipping=bool(self.skip),
            recalculated=self.boundary is not None,
            cells=self.cells,
            including=bool(self.include),
        )

    @property
    def _is_common(self) -> bool:
        """One plan is good for all such pages: they follow an index from any point on."""
        plain = all(part.builder in _PLAIN for part in self.conditions)
        return plain and self.boundary is None and self.limit in COMMON_LIMITS

    def values(self) -> dict[str, Any]:
        """What its statement binds, by name."""
        values: dict[str, Any] = {
            f"c{position}_{index}": value
            for position, condition in enumerate(self.conditions)
            for index, value in enumerate(condition.values)
        }
        values |= {f"after_{index}": key for index, key in enumerate(self.after)}
        return values | {
            "limit": self.limit,
            "more": (self.limit or 0) + 1,
            "lang": self.lang,
            "fields": list(self.fields),
            "skip": self.skip,
            recalculated.BOUNDARY: self.boundary,
            recalculated.LANG: self.lang or "",
            "include": list(self.include),
            **(lines.values(self.table, self.cells) if self.cells else {}),
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """Compiled SQL with the names of the values it binds, in their order.

    `prepared`: one plan is good for all values. Elsewhere each call is planned for its values: a
    plan that must do for any box is up to 190 times slower on large ones.
    """

    sql: LiteralString
    names: tuple[str, ...]
    prepared: bool = False

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[name] for name in self.names]


@dataclass(frozen=True, slots=True)
class Shape:
    """All that a compiled statement depends on."""

    table: str
    conditions: tuple[ConditionShape, ...]
    order: Order
    layout: Layout
    translated: bool
    picked: bool
    geometry: str
    continued: bool
    limited: bool
    fixed: int | None = None
    column: str = "document"
    skipping: bool = False
    cells: tuple[str, ...] = ()
    """Columns of CSV whose lines are put together without reading documents (db/lines.py)."""
    recalculated: bool = False
    including: bool = False

    @property
    def source(self) -> Any:
        """What is read: a published table, or what has its columns."""
        return recalculated.observations() if self.recalculated else published.LISTS[self.table]


_PLAIN = frozenset((conditions.not_ended, conditions.numbered))
"""What is asked of pages that follow an index: nothing is picked out."""

STATE: ColumnElement[Any] = literal_column(STATE_TEXT, Text)
_DIALECT = cast("Any", psycopg).dialect(paramstyle="numeric_dollar")  # SQLAlchemy: no types


def compiled(statement: Select[Any], *, prepared: bool = False) -> Statement:
    """SQLAlchemy's SQL, to run without SQLAlchemy: nothing may be left for execution time."""
    sql = statement.compile(dialect=_DIALECT)
    assert not sql.post_compile_params, sql.post_compile_params
    return Statement(str(sql), tuple(sql.positiontup or ()), prepared)


@lru_cache(maxsize=2048)
def page(shape: Shape) -> Statement:
    table = shape.source
    keys = _keys(shape)
    limit, more = _limits(shape)
    found = _found(shape, keys) if _is_filtered(shape) else _selected(shape, keys)
    if shape.order.name == "distance":
        found = found.order_by(keys[0]).fetch(more, with_ties=True)
    else:
        found = _ordered(found, shape, keys).limit(more)
    if shape.skipping:
        found = found.offset(bind("skip", BigInteger()))
    rows = found.subquery("rows")
    row_keys = [rows.c[f"key_{index}"] for index in range(len(keys))]
    position = func.row_number().over(
        order_by=[_directed(key, shape.order.descending) for key in row_keys]
    )
    if _is_filtered(shape):
        metres = rows.c.metres if _is_near(shape) else None
        chosen = select(_body(shape, table, metres).label("body"), *row_keys)
        chosen = _located(chosen.join(rows, rows.c.id == table.c.id), shape)
    else:
        chosen = select(rows.c.body, *row_keys)
    numbered = chosen.add_columns(position.label("position")).subquery("numbered")
    comma = literal_column("','", Text)
    body = func.string_agg(numbered.c.body, aggregate_order_by(comma, numbered.c.position))
    last = func.json_build_array(*(numbered.c[key.name] for key in row_keys)).cast(Text)
    resource = published.resource
    described = resource.c.name == literal_column(f"'{table.name}'", Text)
    return compiled(
        select(
            body.filter(numbered.c.position <= limit),
            func.count(),
            func.max(last).filter(numbered.c.position == limit),
            STATE,
            select(resource.c.attribution).where(described).scalar_subquery(),
            select(resource.c.license).where(described).scalar_subquery(),
        ).select_from(numbered),
        prepared=shape.fixed is not None,
    )


def _limits(shape: Shape) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """How long the page is, and one more: written out where that is fixed, else bound."""
    if shape.fixed is None:
        return bind("limit", Integer()), bind("more", Integer())
    return literal_column(str(shape.fixed)), literal_column(str(shape.fixed + 1))


@lru_cache(maxsize=512)
def item(shape: Shape) -> Statement:
    selected = _selected(shape, _keys(shape)).limit(literal_column("1")).subquery("one")
    return compiled(select(selected.c.body, STATE), prepared=True)


@lru_cache(maxsize=256)
def matching(shape: Shape, names: tuple[str, ...]) -> Statement:
    """Columns of all that matches: what larger statements are made around."""
    table = shape.source
    columns = (
        _document(shape, table).label(name) if name == "document" else table.c[name]
        for name in names
    )
    return compiled(select(*columns).where(*where(shape)))


@lru_cache(maxsize=1024)
def stream(shape: Shape) -> Statement:
    if shape.layout == "wide":
        return compiled(_wide(shape))
    statement = _lined(shape) if shape.cells else _of_documents(shape)
    return compiled(statement.limit(bind("limit", Integer())) if shape.limited else statement)


def _of_documents(shape: Shape) -> Select[Any]:
    keys = _keys(shape)
    return _ordered(_selected(shape, keys), shape, keys)


def _lined(shape: Shape) -> Select[Any]:
    """Lines as they are stored, else from columns; nothing else is sent along."""
    table, stored = published.LISTS[shape.table], published.observation_line
    keys = _keys(shape)
    if not lines.is_stored(table, shape.cells, translated=shape.translated):
        line = lines.composed(table, shape.cells, translated=shape.translated)
        statement = select(line.body.label("body")).select_from(line.rows)
        return _ordered(_filtered(statement, shape, keys), shape, keys)
    statement = select(lines.stored(table, shape.cells).label("body"))
    if _is_whole(shape):
        return _ordered(statement, shape, [stored.c.sort_name, stored.c.id])
    statement = statement.where(stored.c.id == table.c.id)
    return _ordered(_filtered(statement, shape, keys), shape, keys)


def _is_whole(shape: Shape) -> bool:
    return not shape.conditions and not shape.continued and shape.order.name == "name"


def _wide(shape: Shape) -> Select[Any]:
    """One line for each indicator, district and breakdown, its values by period."""
    table = shape.source
    document = _document(shape, table)
    values = func.json_object_agg(table.c.period, table.c.value).cast(Text)
    joined = (
        func.left(func.min(document), literal_column("-1"))
        .concat(literal_column("""',"values":'""", Text))
        .concat(values)
        .concat(literal_column("'}'", Text))
    )
    line = func.published.csv_line(joined, bind("columns", ARRAY(Text())))
    statement = select(line.label("body")).where(*where(shape))
    series = (table.c.indicator_id, table.c.district_id, table.c.breakdowns)
    return statement.group_by(*series).order_by(func.min(table.c.sort_name), *series)


def _selected(shape: Shape, keys: Sequence[ColumnElement[Any]]) -> Select[Any]:
    table = shape.source
    metres = _distance(shape, table) if _is_near(shape) else None
    statement = select(_body(shape, table, metres).label("body"), *_labelled(keys))
    return _located(_filtered(statement, shape, keys), shape)


def _found(shape: Shape, keys: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Ids and sort keys of what matches, and how far it is; the documents follow for one page.

    PostgreSQL would compose the document of every match and sort them with it, on disk.
    """
    table = shape.source
    metres = [_distance(shape, table).label("metres")] if _is_near(shape) else []
    return _filtered(select(table.c.id, *_labelled(keys), *metres), shape, keys)


def _labelled(keys: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [key.label(f"key_{index}") for index, key in enumerate(keys)]


def _filtered(
    statement: Select[Any], shape: Shape, keys: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    statement = statement.where(*where(shape))
    return statement.where(_beyond(keys, shape.order.descending)) if shape.continued else statement


def _located(statement: Select[Any], shape: Shape) -> Select[Any]:
    """Observations are where their district is."""
    district = published.district
    if shape.layout != "geojson" or shape.table != published.observation.name:
        return statement
    return statement.join(district, district.c.id == shape.source.c.district_id)


def _is_filtered(shape: Shape) -> bool:
    """What is recalculated would be so twice."""
    is_plain = all(part.builder in _PLAIN for part in shape.conditions)
    return shape.skipping or not (is_plain or shape.recalculated)


def _is_near(shape: Shape) -> bool:
    return any(part.builder is conditions.near for part in shape.conditions)


def _ordered(
    statement: Select[Any], shape: Shape, keys: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    return statement.order_by(*(_directed(key, shape.order.descending) for key in keys))


def where(shape: Shape) -> list[ColumnElement[Any]]:
    table = shape.source
    return [part.expression(table, position) for position, part in enumerate(shape.conditions)]


def _keys(shape: Shape) -> list[ColumnElement[Any]]:
    """The sort keys, ending with the id: a total order."""
    table = shape.source
    if shape.order.name == "distance":
        return [_distance(shape, table), table.c.id]
    if shape.order.name == "relevance":
        query = _binds_of(shape, conditions.matches_text)[0]
        return [conditions.relevance(table, query), table.c.id]
    columns = published.SORTS[shape.table][shape.order.name]
    known = [_known(table.c[column], shape.order.descending) for column in columns]
    return [*known, table.c.id]


def _known(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    """A number that is unknown comes last in either direction: a keyset cannot go on from NULL."""
    if not isinstance(column.type, Numeric):
        return column
    last = literal_column("'-Infinity'" if descending else "'Infinity'", Numeric())
    return func.coalesce(column, last)


def _distance(shape: Shape, table: Table) -> ColumnElement[Any]:
    longitude, latitude, _ = _binds_of(shape, conditions.near)
    return conditions.distance(table, longitude, latitude)


def _binds_of(shape: Shape, builder: conditions.Builder) -> list[BindParameter[Any]]:
    """The parameters of a condition of the filter, to be used again as a sort key."""
    for position, part in enumerate(shape.conditions):
        if part.builder is builder:
            return part.binds(position)
    raise LookupError(f"the filter has no condition {builder.__name__}")


def _beyond(keys: Sequence[ColumnElement[Any]], descending: bool) -> ColumnElement[bool]:
    """What comes after the last row of the page before (keyset pagination)."""
    last = [bind(f"after_{index}", _key_type(key)) for index, key in enumerate(keys)]
    if any(isinstance(key.type, Double) for key in keys):
        first, rest = (keys[0], last[0]), (keys[1], last[1])
        further = first[0] < first[1] if descending else first[0] > first[1]
        tie = rest[0] < rest[1] if descending else rest[0] > rest[1]
        return or_(further, and_(first[0] == first[1], tie))
    if descending:
        return tuple_(*keys) < tuple_(*last)
    return tuple_(*keys) > tuple_(*last)


def _key_type(key: ColumnElement[Any]) -> Any:
    return Text() if isinstance(key.type, Text) else key.type


def _directed(key: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    return key.desc() if descending else key


def _body(shape: Shape, table: Table, metres: ColumnElement[Any] | None) -> ColumnElement[Any]:
    """The document in its layout, with its distance if there is one.

    Texts are joined, never parsed, unless fields are picked.
    """
    document = _document(shape, table)
    if shape.picked and shape.layout != "csv":
        document = func.published.pick(document, bind("fields", ARRAY(Text())))
    if shape.including:
        wanted = bind("include", ARRAY(Text()))
        made = table.c.made if shape.recalculated else literal_column("NULL::jsonb")
        document = func.published.including(document, table.c.id, made, wanted)
    if metres is not None:
        document = _with_distance(document, metres)
    if any(part.builder is conditions.open_at for part in shape.conditions):
        document = _with_opening(document, shape, table)
    if shape.layout == "csv":
        return func.published.csv_line(document, bind("columns", ARRAY(Text())))
    if shape.layout == "json":
        return document
    start = literal_column("""'{"type":"Feature","id":"'""", Text)
    middle, end = literal_column("""'",'""", Text), literal_column("'}'", Text)
    properties = literal_column("""',"properties":'""", Text)
    identity = table.c.id.cast(Text)
    return start + identity + middle + _place(shape, table) + properties + document + end


def _document(shape: Shape, table: Table) -> ColumnElement[Any]:
    """The document in the language asked for, or in the default one where there is no other.

    A subquery rather than a join: PostgreSQL looks it up for the rows of the page only.
    """
    stored = recalculated.document(table) if shape.recalculated else table.c[shape.column]
    if not shape.translated:
        return stored
    translation = published.translation
    translated = select(translation.c.document).where(
        translation.c.resource == literal_column(f"'{table.name}'", Text),
        translation.c.id == table.c.id,
        translation.c.lang == bind("lang", Text()),
    )
    return func.coalesce(translated.scalar_subquery(), stored)


def _with_distance(document: ColumnElement[Any], metres: ColumnElement[Any]) -> ColumnElement[Any]:
    head = func.left(document, literal_column("-1"))
    rounded = func.round(metres.cast(published.NUMERIC), literal_column("1")).cast(Text)
    member = literal_column("""',"distance_m":'""", Text)
    return head.concat(member).concat(rounded).concat(literal_column("'}'", Text))


def _with_opening(document: ColumnElement[Any], shape: Shape, table: Table) -> ColumnElement[Any]:
    closing = conditions.closing(table, _binds_of(shape, conditions.open_at)[1])
    head = func.left(document, literal_column("-1"))
    member = literal_column("""',"opening":{"state":"open","next_change":'""", Text)
    ends = func.coalesce(closing, literal_column("'null'", Text))
    return head.concat(member).concat(ends).concat(literal_column("'}}'", Text))


def _place(shape: Shape, table: Table) -> ColumnElement[Any]:
    """The members of the Feature that say where it is; observations are where their district is."""
    is_observation = table.name == published.observation.name
    located = published.district if is_observation else table
    if shape.geometry == "geojson":
        return located.c.geojson
    return func.coalesce(located.c[shape.geometry], located.c.geojson)


def bind(name: str, type_: Any) -> BindParameter[Any]:
    return bindparam(name, type_=type_)
