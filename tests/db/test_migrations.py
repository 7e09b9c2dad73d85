"""The database as migrated: up and down, as the models say, and what it refuses and records."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import Connection
from psycopg.errors import (
    CheckViolation,
    ForeignKeyViolation,
    InvalidParameterValue,
    UniqueViolation,
)
from psycopg.rows import TupleRow
from sqlalchemy import NullPool, create_engine, make_url

from db import inbox, migrate, published
from db.models import Base
from tests.databases import Database

OBJECTS: LiteralString = """
SELECT 'table', format('%I.%I', table_schema, table_name) FROM information_schema.tables
WHERE table_schema IN ('registry', 'published', 'inbox')
UNION ALL
SELECT 'function', oid::regprocedure::text FROM pg_proc
WHERE pronamespace IN (SELECT oid FROM pg_namespace
                       WHERE nspname IN ('registry', 'published', 'inbox'))
UNION ALL
SELECT 'trigger', format('%s %s', tgrelid::regclass, tgname) FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'registry.%'
ORDER BY 1, 2
"""

CHECKS: LiteralString = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'c' AND connamespace = 'registry'::regnamespace
"""


@pytest.fixture
def registry(database: Database) -> Iterator[Connection[TupleRow]]:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO registry.source (slug, title, publisher, license, attribution) "
            "VALUES ('here', 'Here', 'Us', 'cc-zero', 'Us')"
        )
        yield connection


def insert(connection: Connection[TupleRow], table: str, **columns: object) -> UUID:
    """A row with what every entity needs, and these columns; gives its id."""
    identity = uuid4()
    entity = {"id": identity, "slug": f"a-{identity}", "name": "A"}
    given = {**(entity if table in ("district", "organisation", "offering") else {}), **columns}
    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, [*given, "source_id"]))
    values = psycopg.sql.SQL(", ").join(map(psycopg.sql.Literal, given.values()))
    query = psycopg.sql.SQL("INSERT INTO {} ({}) SELECT {}, id FROM registry.source").format(
        psycopg.sql.Identifier("registry", table), names, values
    )
    connection.execute(query)
    return identity


def municipality(connection: Connection[TupleRow], **columns: object) -> UUID:
    return insert(connection, "district", level="municipality", **columns)


# --- up and down ---------------------------------------------------------------------------------


def test_down_takes_everything_away_and_up_brings_it_back(database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        before = connection.execute(OBJECTS).fetchall()
        migrate.downgrade(database.owner_url, "base")
        left = connection.execute(OBJECTS).fetchall()
        assert left == [("table", "registry.alembic_version")]
        assert migrate.upgrade(database.owner_url)
        assert connection.execute(OBJECTS).fetchall() == before
    assert migrate.current(database.owner_url) == migrate.head()
    assert not migrate.upgrade(database.owner_url)


@pytest.mark.parametrize(
    ("schema", "metadata"),
    [
        ("registry", Base.metadata),
        ("published", published.metadata),
        ("inbox", inbox.metadata),
    ],
    ids=["registry", "published", "inbox"],
)
def test_models_and_database_are_the_same(database: Database, schema: str, metadata: Any) -> None:
    url = make_url(database.owner_url).set(drivername="postgresql+psycopg")

    def is_ours(thing: Any, name: str | None, kind: str, reflected: bool, _: object) -> bool:
        owner = thing if kind == "table" else getattr(thing, "table", thing)
        if getattr(owner, "schema", schema) != schema or name == "alembic_version":
            return False
        # The published indexes are for speed; what they are is only in the migration.
        return not (schema == "published" and kind == "index" and reflected)

    options = {
        "include_schemas": True,
        "include_object": is_ours,
        "compare_type": True,
        "compare_server_default": schema != "published",
    }
    with create_engine(url, poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_every_check_of_the_models_is_in_the_database(registry: Connection[TupleRow]) -> None:
    """Alembic does not compare checks."""
    from sqlalchemy import CheckConstraint

    expected = {
        (f"registry.{table.name}", str(constraint.name))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert set(registry.execute(CHECKS).fetchall()) == expected


def test_no_table_goes_without_a_record(registry: Connection[TupleRow]) -> None:
    """Of every change a revision is kept, but for languages (settings), what is a record, and
    houses, which are replaced as whole files."""
    unwatched = registry.execute(
        "SELECT relname FROM pg_class t WHERE relnamespace = 'registry'::regnamespace "
        "AND relkind = 'r' AND (SELECT count(*) FROM pg_trigger "
        "WHERE tgrelid = t.oid AND tgname LIKE 'record_%') < 3 ORDER BY 1"
    ).fetchall()
    assert [name for (name,) in unwatched] == [
        "alembic_version",
        "dirty",
        "disclosure",
        "export_run",
        "house",
        "house_street",
        "import_run",
        "language",
        "publication",
        "revision",
    ]


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"slug": "Not.A.Slug"}, "district_slug_check"),
        ({"status": "secret"}, "district_status_check"),
        ({"level": "galaxy"}, "district_level_check"),
        ({"scheme": "ags"}, "district_scheme_key_check"),
        ({"population": -1}, "district_population_check"),
        ({"valid_from": "2024-01-01", "valid_to": "2023-01-01"}, "district_validity_check"),
        ({"removal_reason": "merged_into"}, "district_merged_into_check"),
        ({"point": "SRID=4326;POINT(380459 5640000)"}, "district_point_on_earth_check"),
        ({"point": "SRID=4326;POINT EMPTY"}, "district_point_on_earth_check"),
        (
            {
                "boundary": "SRID=4326;MULTIPOLYGON(((0 0, 1 1, 0 1, 1 0, 0 0)))",
                "boundary_quality": "official",
            },
            "district_boundary_on_earth_check",
        ),
        (
            {"boundary": "SRID=4326;MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))"},
            "district_boundary_stated_check",
        ),
        ({"translations": '{"en": "A"}'}, "district_translations_check"),
        ({"translations": '{"en": {"name": null}}'}, "district_translations_check"),
        ({"translations": '["en"]'}, "district_translations_check"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_district_is_refused(
    registry: Connection[TupleRow], columns: dict[str, object], constraint: str
) -> None:
    with pytest.raises(CheckViolation) as refused:
        insert(registry, "district", **{"level": "municipality", **columns})
    assert refused.value.diag.constraint_name == constraint


def test_other_coordinates_and_shapes_are_refused(registry: Connection[TupleRow]) -> None:
    with pytest.raises(InvalidParameterValue, match="SRID"):
        municipality(registry, point="SRID=25833;POINT(380459 5640000)")
    with pytest.raises(InvalidParameterValue, match="Geometry type"):
        municipality(registry, point="SRID=4326;LINESTRING(0 0, 1 1)")


def test_what_is_referred_to_must_exist_and_stay(registry: Connection[TupleRow]) -> None:
    with pytest.raises(ForeignKeyViolation):
        municipality(registry, parent_id=uuid4())
    with pytest.raises(ForeignKeyViolation):
        municipality(registry, removal_reason="merged_into", merged_into_id=uuid4())
    organisation = insert(registry, "organisation")
    insert(registry, "offering", organisation_id=organisation)
    with pytest.raises(ForeignKeyViolation):
        registry.execute("DELETE FROM registry.organisation")
    with pytest.raises(ForeignKeyViolation):
        registry.execute("DELETE FROM registry.source")


def test_keys_are_given_once(registry: Connection[TupleRow]) -> None:
    municipality(registry, slug="same", scheme="ags", key="1")
    for columns in ({"slug": "same"}, {"scheme": "ags", "key": "1"}):
        with pytest.raises(UniqueViolation):
            municipality(registry, **columns)


def test_a_tree_has_no_cycle(registry: Connection[TupleRow]) -> None:
    top = municipality(registry)
    middle = municipality(registry, parent_id=top)
    low = municipality(registry, parent_id=middle)
    with pytest.raises(CheckViolation, match="ancestor"):
        registry.execute("UPDATE registry.district SET parent_id = %s WHERE id = %s", [low, top])
    with pytest.raises(CheckViolation):
        registry.execute("UPDATE registry.district SET parent_id = id WHERE id = %s", [top])


def test_two_who_close_a_cycle_together_do_not_both_succeed(
    database: Database, registry: Connection[TupleRow]
) -> None:
    one, other = insert(registry, "organisation"), insert(registry, "organisation")
    move: LiteralString = "UPDATE registry.organisation SET parent_id = %s WHERE id = %s"
    with psycopg.connect(database.owner_url) as first, ThreadPoolExecutor() as pool:
        first.execute(move, [other, one])

        def second() -> None:
            with psycopg.connect(database.owner_url) as connection:
                connection.execute(move, [one, other])

        waiting = pool.submit(second)
        first.execute("SELECT pg_sleep(0.3)")
        assert not waiting.done()
        first.commit()
        with pytest.raises(CheckViolation, match="ancestor"):
            waiting.result(timeout=20)


def test_a_hidden_value_says_why(registry: Connection[TupleRow]) -> None:
    district = municipality(registry)
    indicator = insert(
        registry,
        "indicator",
        id=(identity := uuid4()),
        slug="people",
        title="People",
        unit="1",
        type="count",
        aggregation="sum",
    )
    assert indicator != identity
    cell = {"indicator_id": identity, "district_id": district, "period": "2022"}
    with pytest.raises(CheckViolation):
        insert(registry, "observation", **cell, value=None)
    with pytest.raises(CheckViolation):
        insert(registry, "observation", **cell, value="NaN")
    insert(registry, "observation", **cell, value=None, flags=["suppressed"])
    with pytest.raises(UniqueViolation):
        insert(registry, "observation", **cell, value=1)


# --- what is recorded ----------------------------------------------------------------------------


def revisions(connection: Connection[TupleRow]) -> list[TupleRow]:
    rows = connection.execute(
        "SELECT before ->> 'name', after ->> 'name', actor FROM registry.revision "
        "WHERE entity = 'organisation' ORDER BY id"
    )
    return rows.fetchall()


def test_revisions_tell_before_after_and_who(registry: Connection[TupleRow]) -> None:
    identity = insert(registry, "organisation", name="Alt")
    with registry.transaction():
        registry.execute("SELECT set_config('quartier.actor', 'import 7', true)")
        registry.execute("UPDATE registry.organisation SET name = 'Neu'")
    registry.execute("DELETE FROM registry.organisation")
    owner = registry.info.user
    assert revisions(registry) == [
        (None, "Alt", owner),
        ("Alt", "Neu", "import 7"),
        ("Neu", None, owner),
    ]
    about = registry.execute(
        "SELECT DISTINCT entity_id FROM registry.revision WHERE entity = 'organisation'"
    )
    assert about.fetchall() == [(identity,)]


def test_an_update_to_the_same_leaves_no_trace(registry: Connection[TupleRow]) -> None:
    insert(registry, "organisation", name="Alt")
    registry.execute("DELETE FROM registry.dirty")
    registry.execute("UPDATE registry.organisation SET name = name")
    assert len(revisions(registry)) == 1
    assert registry.execute("SELECT count(*) FROM registry.dirty").fetchone() == (0,)


def test_a_new_identity_is_an_end_and_a_beginning(registry: Connection[TupleRow]) -> None:
    insert(registry, "organisation", name="Alt")
    registry.execute("UPDATE registry.organisation SET id = gen_random_uuid()")
    assert {row[:2] for row in revisions(registry)} == {(None, "Alt"), ("Alt", None)}


def test_a_part_marks_the_entity_it_belongs_to(registry: Connection[TupleRow]) -> None:
    offering = insert(registry, "offering")
    insert(registry, "site", id=(site := uuid4()))
    registry.execute("DELETE FROM registry.dirty")
    registry.execute(
        "INSERT INTO registry.offering_site (offering_id, site_id) VALUES (%s, %s)",
        [offering, site],
    )
    registry.execute("DELETE FROM registry.offering")  # cascades
    marks = registry.execute("SELECT DISTINCT resource, entity_id FROM registry.dirty")
    assert marks.fetchall() == [("offering", offering)]
