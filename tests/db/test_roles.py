"""What an owner without special rights is told, and what the reader may do."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from db import roles
from db.cluster import PUBLIC, SUPERUSER
from db.server import EXTENSIONS, DatabaseUnusable
from tests.databases import Database, Foreign


@pytest.fixture
def database(database: Database) -> Database:
    """A clone has its template's grants, except those on the database itself."""
    roles.grant_reader(database.owner_url, PUBLIC)
    return database


def test_what_the_owner_may_not_create_is_returned_as_sql(foreign: Foreign) -> None:
    left = roles.preparation_sql(foreign.owner_url, foreign.public_url)
    assert len(left) == 2
    assert left[0] == 'CREATE EXTENSION IF NOT EXISTS "postgis";'
    assert left[1].startswith(f'CREATE ROLE "{foreign.reader}" LOGIN PASSWORD ')
    assert "secret" not in "".join(left)


def test_trusted_extensions_are_created_by_the_owner(foreign: Foreign) -> None:
    roles.preparation_sql(foreign.owner_url, foreign.public_url)
    with psycopg.connect(foreign.owner_url) as connection:
        present = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
    assert present & set(EXTENSIONS) == {"pg_trgm", "unaccent", "btree_gin"}


def test_after_the_sql_was_run_nothing_is_left(foreign: Foreign) -> None:
    foreign.as_admin(*roles.preparation_sql(foreign.owner_url, foreign.public_url))
    assert roles.preparation_sql(foreign.owner_url, foreign.public_url) == []


def test_an_owner_who_may_create_roles_creates_the_reader(foreign: Foreign) -> None:
    foreign.as_admin(
        "CREATE EXTENSION postgis",
        f"ALTER ROLE {roles.role_of(foreign.owner_url)} CREATEROLE",
    )
    assert roles.preparation_sql(foreign.owner_url, foreign.public_url) == []
    with psycopg.connect(foreign.admin_url) as connection:
        row = connection.execute(
            "SELECT rolcanlogin, rolpassword LIKE 'SCRAM-SHA-256$%%' FROM pg_authid"
            " WHERE rolname = %s",
            [foreign.reader],
        ).fetchone()
    assert row == (True, True)


def test_an_owner_without_create_is_told_to_ask_for_it(foreign: Foreign) -> None:
    owner = roles.role_of(foreign.owner_url)
    foreign.as_admin(f"ALTER DATABASE {owner} OWNER TO {SUPERUSER}")
    left = roles.preparation_sql(foreign.owner_url, foreign.public_url)
    assert left[0] == f'GRANT CREATE ON DATABASE "{owner}" TO "{owner}";'
    foreign.as_admin(*left)
    assert roles.preparation_sql(foreign.owner_url, foreign.public_url) == []


def test_a_reader_with_the_owners_rights_is_refused(foreign: Foreign) -> None:
    with pytest.raises(DatabaseUnusable, match="owner's rights"):
        roles.preparation_sql(foreign.owner_url, foreign.owner_url)


def test_a_url_must_name_its_role() -> None:
    with pytest.raises(DatabaseUnusable, match="name the role"):
        roles.role_of("postgresql:///quartier")


@pytest.mark.parametrize(
    "statement",
    [
        "TABLE registry.alembic_version",
        "SELECT name FROM registry.offering",
        "SELECT name FROM registry.public_offering",
        "SELECT registry.coded('category', 'advice', 'de')",
        "SELECT registry.removal('offering', gen_random_uuid())",
        "UPDATE registry.offering SET status = 'published'",
        "DELETE FROM registry.revision",
        "SELECT report FROM registry.import_run",
        "SELECT value FROM registry.correction",
        "SELECT snapshot FROM registry.publication",
        "SELECT text FROM inbox.entry",
        "SELECT count(*) FROM inbox.entry",
        "INSERT INTO inbox.entry (kind, offering_ids, text) VALUES ('report', '{}', 'x')",
        "UPDATE inbox.entry SET text = 'x'",
        "DELETE FROM inbox.entry",
        "TRUNCATE inbox.entry",
        "LOCK TABLE inbox.entry",
        "SELECT nextval('inbox.entry_id_seq')",
        "SELECT last_value FROM inbox.entry_id_seq",
        "CREATE TABLE inbox.mine ()",
        "ALTER FUNCTION inbox.submit SECURITY INVOKER",
        "CREATE TABLE mine ()",
        "CREATE TABLE published.mine ()",
        "CREATE TEMPORARY TABLE mine ()",
        "CREATE SCHEMA mine",
        "INSERT INTO published.state DEFAULT VALUES",
        "DELETE FROM published.state",
        "UPDATE published.offering SET document = '{}'",
        "INSERT INTO published.word VALUES ('mine', 'mine')",
        "LOCK TABLE published.state IN EXCLUSIVE MODE",
        "CREATE FUNCTION published.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE published.offering DISABLE TRIGGER ALL",
        "TRUNCATE published.state",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SET ROLE quartier_owner",
    ],
)
def test_the_reader_may_not(database: Database, statement: str) -> None:
    with psycopg.connect(database.public_url) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()  # anybody can switch it off: rights have to hold without it
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement)


def test_the_readers_sessions_are_read_only(database: Database) -> None:
    with psycopg.connect(database.public_url) as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)


def test_the_reader_may_read_every_published_table_and_use_postgis(database: Database) -> None:
    with psycopg.connect(database.public_url) as connection:
        unreadable = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'published'"
            " AND NOT has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
        ).fetchall()
        point = connection.execute(
            "SELECT ST_X(ST_Transform(ST_SetSRID(ST_MakePoint(13.3, 50.9), 4326), 25833))"
        ).fetchone()
    assert unreadable == []
    assert point
    assert point[0] == pytest.approx(380_459, abs=1)


def test_a_table_that_is_published_later_can_be_read_too(database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("CREATE TABLE published.later AS SELECT 1 AS one")
    with psycopg.connect(database.public_url) as connection:
        assert connection.execute("TABLE published.later").fetchone() == (1,)


def test_granting_again_changes_nothing_and_takes_away_what_crept_in(database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA published TO {PUBLIC}")
        connection.execute(f"GRANT USAGE ON SCHEMA registry TO {PUBLIC}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA inbox TO {PUBLIC}")
    for _ in range(2):
        roles.grant_reader(database.owner_url, PUBLIC)
    test_the_reader_may_not(database, "DELETE FROM published.state")
    test_the_reader_may_not(database, "TABLE registry.alembic_version")
    test_the_reader_may_not(database, "SELECT text FROM inbox.entry")
