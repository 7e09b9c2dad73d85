"""What staff take out of the registry to edit it: rows with all that belongs to them, streamed.

Which values a row has is declared by the caller; they are read together, by one statement, with a
server-side cursor. References are read as the names files use: the code of a term, `scheme:key` of
a district that has one, else the slug.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    NullPool,
    Select,
    Table,
    Text,
    TextClause,
    Uuid,
    any_,
    bindparam,
    case,
    column,
    create_engine,
    exists,
    func,
    insert,
    literal,
    make_url,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.selectable import FromClause

from db.models import (
    Base,
    Codelist,
    Decision,
    Disclosure,
    District,
    ExportRun,
    Measure,
    MeasureDistrict,
    Observation,
    Offering,
    OfferingSite,
    Organisation,
    Source,
    Strategy,
)

FETCHED = 1_000  # rows at a time


@dataclass(frozen=True)
class Plain:
    """A column as it is."""

    model: type[Base]
    column: str


@dataclass(frozen=True)
class Translation:
    """A text in another language than the row's own."""

    model: type[Base]
    text: str
    language: str


@dataclass(frozen=True)
class Coordinate:
    """Degrees of the column `point`: X is the longitude."""

    model: type[Base]
    axis: Literal["X", "Y"]


@dataclass(frozen=True)
class Name:
    """What a foreign key leads to."""

    model: type[Base]
    column: str


@dataclass(frozen=True)
class Names:
    """All that the rows of a link table lead to, in order of their names."""

    owner: type[Base]
    link: type[Base]
    column: str
    codelist: str | None = None


@dataclass(frozen=True)
class Decided:
    """What was decided about a raw observation: `shown`, or why it is hidden; None of others."""

    model: type[Base]


Value = Plain | Translation | Coordinate | Name | Names | Decided


@dataclass(frozen=True)
class Reading:
    """Rows of a table and their values. Parts have an `owner`, which decides whether they are read.

    `through` links parts to their owners where they do not name them themselves.
    """

    model: type[Base]
    values: tuple[Value, ...]
    order: tuple[Value, ...]
    owner: type[Base] | None = None
    through: type[Base] | None = None

    @property
    def entity(self) -> type[Base]:
        return self.owner or self.model


@dataclass(frozen=True)
class Scope:
    """Which rows: of a district and all below it, of a provider, of some ids; all by default.

    Archived rows are never among them, raw observations, which are subject to disclosure control,
    only with `private`.
    """

    district: UUID | None = None
    provider: UUID | None = None
    ids: Sequence[UUID] | None = field(default=None)
    private: bool = False


@dataclass(frozen=True)
class Term:
    """A term of a codelist, with its labels by language."""

    codelist: str
    code: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Moment:
    """When something was read: the time, and the number of the last publication."""

    at: datetime
    sequence: int


class Inapplicable(ValueError):  # noqa: N818 - reads as the state it reports
    """A scope that these rows cannot be chosen by. The message is for the person who asked."""


@contextmanager
def snapshot(url: str) -> Iterator[Connection]:
    """All that is read on this connection is of one moment."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )
    with engine.connect() as connection:
        yield connection


def rows(connection: Connection, reading: Reading, scope: Scope) -> Iterator[tuple[Any, ...]]:
    """The values of every row in the scope, in order; memory stays flat."""
    streamed = {"stream_results": True, "yield_per": FETCHED}
    for row in connection.execute(_statement(reading, scope), execution_options=streamed):
        yield tuple(row)


@contextmanager
def logged(url: str, resource: str, file: str, actor: str) -> Iterator[list[int]]:
    """Log an export of what is not public before anything is read. What is put into the list is
    the number of its rows."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    given = {"resource": resource, "file": file, "actor": actor}
    rows: list[int] = []
    with engine.begin() as connection:
        run = connection.scalar(insert(ExportRun).values(given).returning(ExportRun.id))
    yield rows
    done = {"finished_at": func.clock_timestamp(), "rows": sum(rows)}
    with engine.begin() as connection:
        connection.execute(update(ExportRun).where(ExportRun.id == run).values(done))


def moment(connection: Connection) -> Moment:
    found = connection.execute(text("SELECT now(), sequence FROM published.state")).one()
    return Moment(*found)


def languages(connection: Connection) -> list[str]:
    """The languages of the registry, its own first."""
    stated = "SELECT code FROM registry.public_language ORDER BY is_default DESC, position, code"
    return list(connection.scalars(text(stated)))


def languages_of_rows(connection: Connection, model: type[Base]) -> set[str]:
    """The languages that rows of a table are written in."""
    return set(connection.scalars(select(_table(model).c.lang).distinct()))


def terms(connection: Connection) -> list[Term]:
    """All terms of all codelists, every term followed by its narrower ones."""
    return [
        Term(codelist, code, {lang: label} | dict(_labels(translations)))
        for codelist, code, lang, label, translations in connection.execute(TERMS)
    ]


def source_slugs(connection: Connection) -> list[str]:
    return list(connection.scalars(select(Source.slug).order_by(Source.slug)))


def municipalities(connection: Connection) -> list[tuple[UUID, str]]:
    """Id and slug of every municipality."""
    statement = select(District.id, District.slug).where(
        District.level == "municipality", District.status != "archived"
    )
    return [(identity, slug) for identity, slug in connection.execute(statement)]


def providers(connection: Connection, model: type[Base]) -> list[tuple[UUID, str]]:
    """Id and slug of every organisation that provides, leads or decided any of these rows."""
    provider = _table(model).c[_provider_column(model)]
    statement = select(Organisation.id, Organisation.slug).where(
        exists().where(provider == Organisation.id)
    )
    return [(identity, slug) for identity, slug in connection.execute(statement)]


# --- the statement -------------------------------------------------------------------------------


def _statement(reading: Reading, scope: Scope) -> Select[Any]:
    values = [_expression(value).label(f"v{n}") for n, value in enumerate(reading.values)]
    order = [_expression(value) for value in reading.order]
    conditions = [*_living(reading.entity, scope), *_chosen(reading, scope)]
    return select(*values).select_from(_source(reading)).where(*conditions).order_by(*order)


def _source(reading: Reading) -> FromClause:
    model = _table(reading.model)
    if reading.owner is None:
        return model
    owner = _table(reading.owner)
    if reading.through is None:
        return model.join(owner, model.c[_key_to(owner)] == owner.c.id)
    link = _table(reading.through)
    return link.join(model, link.c[_key_to(model)] == model.c.id).join(
        owner, link.c[_key_to(owner)] == owner.c.id
    )


def _expression(value: Value) -> ColumnElement[Any]:
    match value:
        case Plain():
            return _table(value.model).c[value.column]
        case Translation():
            texts = _table(value.model).c.translations
            return func.jsonb_extract_path_text(texts, value.language, value.text)
        case Coordinate():
            point = _table(value.model).c.point
            return func.ST_X(point) if value.axis == "X" else func.ST_Y(point)
        case Name():
            return _name(value)
        case Names():
            return _names(value)
        case Decided():
            return _decided(value)


def _name(value: Name) -> ColumnElement[Any]:
    column = _table(value.model).c[value.column]
    (key,) = column.foreign_keys
    goal = key.column.table.alias()
    return select(_called(goal)).where(goal.c.id == column).scalar_subquery()


def _names(value: Names) -> ColumnElement[Any]:
    owner, link = _table(value.owner), _table(value.link)
    column = link.c[value.column]
    (key,) = column.foreign_keys
    goal = key.column.table.alias()
    name = _called(goal)
    statement = (
        select(func.array_agg(aggregate_order_by(name, name), type_=ARRAY(Text)))
        .select_from(link.join(goal, goal.c.id == column))
        .where(link.c[_key_to(owner)] == owner.c.id)
    )
    if value.codelist:
        codelist = select(Codelist.id).where(Codelist.name == value.codelist).scalar_subquery()
        statement = statement.where(goal.c.codelist_id == codelist)
    return statement.correlate(owner).scalar_subquery()


def _decided(value: Decided) -> ColumnElement[Any]:
    owner, decided = _table(value.model), _table(Disclosure)
    kind = select(func.coalesce(decided.c.kind, "shown")).where(
        decided.c.observation_id == owner.c.id
    )
    found = func.coalesce(kind.correlate(owner).scalar_subquery(), "undecided")
    return case((owner.c.raw, found))


def _called(goal: FromClause) -> ColumnElement[Any]:
    """What files call a row."""
    columns = goal.c
    if "code" in columns:
        return columns.code
    if "scheme" in columns:
        keyed = columns.scheme + ":" + columns.key
        return case((columns.key.is_not(None), keyed), else_=columns.slug)
    return columns.slug if "slug" in columns else columns.name


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _key_to(table: Table) -> str:
    return f"{table.name}_id"


# --- the scope -----------------------------------------------------------------------------------


def _living(entity: type[Base], scope: Scope) -> Iterator[ColumnElement[bool]]:
    columns = _table(entity).c
    if "status" in columns:
        yield columns.status != "archived"
    if "raw" in columns and not scope.private:
        yield ~columns.raw


def _chosen(reading: Reading, scope: Scope) -> Iterator[ColumnElement[bool]]:
    if scope.ids is not None:
        ids = bindparam("ids", list(scope.ids), type_=ARRAY(Uuid()))
        yield _table(reading.entity).c.id == any_(ids)
    if scope.district is not None:
        yield _inside(reading.entity, scope.district)
    if scope.provider is not None:
        yield _provided(reading.entity, scope.provider)


def _provided(entity: type[Base], provider: UUID) -> ColumnElement[bool]:
    columns = _table(entity).c
    own = columns[_provider_column(entity)] == literal(provider)
    return or_(own, columns.parent_id == literal(provider)) if entity is Organisation else own


_PROVIDERS: Mapping[type[Base], str] = {
    Offering: "organisation_id",
    Organisation: "id",
    Strategy: "lead_id",
    Measure: "lead_id",
    Decision: "body_id",
}


def _provider_column(entity: type[Base]) -> str:
    if entity not in _PROVIDERS:
        raise Inapplicable(f"no {_spoken(entity)} is of a provider")
    return _PROVIDERS[entity]


def _inside(entity: type[Base], district: UUID) -> ColumnElement[bool]:
    columns, area = _table(entity).c, _listed(AREA, district)
    if entity is Offering:
        here = OfferingSite.site_id.in_(_listed(SITES_INSIDE, district))
        return columns.id.in_(select(OfferingSite.offering_id).where(here))
    if entity is Measure:
        here = MeasureDistrict.district_id.in_(area)
        return columns.id.in_(select(MeasureDistrict.measure_id).where(here))
    if entity is District:
        return columns.id.in_(area)
    if entity in (Organisation, Strategy, Decision, Observation):
        return columns.district_id.in_(area)
    raise Inapplicable(f"no {_spoken(entity)} is of a municipality")


def _spoken(entity: type[Base]) -> str:
    return str(entity.__tablename__).replace("_", " ")


def _listed(ids: TextClause, district: UUID) -> Select[Any]:
    found = ids.bindparams(root=district).columns(column("id", Uuid())).subquery()
    return select(found.c.id)


_BELOW = """
WITH RECURSIVE area AS (
    SELECT CAST(:root AS uuid) AS id
  UNION
    SELECT below.id FROM registry.district AS below JOIN area ON area.id = below.parent_id
)
"""
AREA = text(f"{_BELOW} SELECT id FROM area")

# As a publication decides it: by the point in a real boundary, else as stated, else by a schematic
# one; a site known only by municipality is where it is stated. Here only for the sites that can be
# in this area, which are found by their stated district or by the area's own boundaries.
SITES_INSIDE = text(f"""
{_BELOW}, drawn AS NOT MATERIALIZED (
    SELECT d.id, d.boundary, d.boundary_quality = 'schematic' AS schematic
    FROM registry.public_district AS d
    WHERE d.boundary IS NOT NULL
      AND CURRENT_DATE BETWEEN COALESCE(d.valid_from, '-infinity')
                           AND COALESCE(d.valid_to, 'infinity')
), covered AS (
    SELECT site.id, drawn.schematic
    FROM drawn JOIN area USING (id)
    CROSS JOIN LATERAL (
        SELECT s.id FROM registry.site AS s
        WHERE ST_Covers(drawn.boundary, s.point) AND s.precision <> 'municipality' OFFSET 0
    ) AS site
), undecided AS (
    SELECT s.id, s.district_id, s.point, s.precision
    FROM registry.site AS s
    WHERE s.district_id IN (SELECT id FROM area)
       OR (s.district_id IS NULL AND s.id IN (SELECT id FROM covered WHERE schematic))
)
SELECT id FROM covered WHERE NOT schematic
UNION
SELECT undecided.id FROM undecided
WHERE undecided.point IS NULL OR undecided.precision = 'municipality' OR NOT EXISTS (
    SELECT FROM drawn WHERE NOT schematic AND ST_Covers(drawn.boundary, undecided.point)
)
""")

TERMS = text("""
WITH RECURSIVE tree AS (
    SELECT t.*, c.name AS list
    FROM registry.codelist_term AS t JOIN registry.codelist AS c ON c.id = t.codelist_id
    WHERE t.parent_id IS NULL
  UNION ALL
    SELECT t.*, tree.list
    FROM registry.codelist_term AS t JOIN tree ON tree.id = t.parent_id
) SEARCH DEPTH FIRST BY position, code SET path
SELECT list, code, lang, label, translations FROM tree ORDER BY list, path
""")


def _labels(translations: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for language, texts in translations.items():
        if label := texts.get("label"):
            yield language, label
