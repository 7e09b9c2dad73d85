"""Two login roles: the owner writes the registry, the reader sees `published` and nothing else.

One thing the reader may do besides looking: put something into the inbox, by a function.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import FeatureNotSupported, InsufficientPrivilege
from psycopg.rows import TupleRow

from db.server import EXTENSIONS, OLDEST_MAJOR, DatabaseUnusable

LOCK = 0x51554152544952

# A backstop under the limits of the API's own connections: for whoever else logs in as the reader.
READER_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "1min",
}


@dataclass(frozen=True)
class Step:
    """One thing the database lacks. `shown` is `run` without a password in it."""

    shown: sql.Composed
    run: sql.Composed | None  # none: certainly beyond the owner


def role_of(url: str) -> str:
    name = conninfo_to_dict(url).get("user")
    if not isinstance(name, str):
        raise DatabaseUnusable("a database URL must name the role: postgresql://role@host/name")
    return name


def preparation_sql(owner_url: str, public_url: str) -> list[str]:
    """Create what the owner may; return what somebody with more rights must run for the rest."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        _check_server(connection)
        steps = [*_missing_rights(connection), *_missing_extensions(connection)]
        steps += _missing_reader(connection, public_url)
        left = [step for step in steps if not _done(connection, step)]
        _check_reader(connection, role_of(public_url))
        return [step.shown.as_string(connection) + ";" for step in left]


def grant_reader(owner_url: str, reader: str) -> None:
    """Let the reader see `published`, and take away whatever else it could do here."""
    with psycopg.connect(owner_url) as connection:
        # Two processes that change the same grants at once would fail on each other.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        names = _names(connection, reader)
        for statement in _grants():
            connection.execute(sql.SQL(statement).format(**names))
        if connection.execute("SELECT to_regnamespace('registry')").fetchone() != (None,):
            for statement in _refusals():
                connection.execute(sql.SQL(statement).format(**names))
        for statement in _restrictions():
            with suppress(InsufficientPrivilege), connection.transaction():
                connection.execute(sql.SQL(statement).format(**names))


def grants(connection: Connection[TupleRow], reader: str) -> list[str]:
    """The part of `grant_reader` that concerns the schemas, for a transaction that makes them."""
    names = _names(connection, reader)
    statements = (*_grants(), *_refusals())
    return [sql.SQL(each).format(**names).as_string(connection) + ";" for each in statements]


def _check_server(connection: Connection[TupleRow]) -> None:
    if connection.info.server_version < OLDEST_MAJOR * 10_000:
        raise DatabaseUnusable(f"PostgreSQL {OLDEST_MAJOR} or newer is needed")
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise DatabaseUnusable("the database must be encoded in UTF8")


def _check_reader(connection: Connection[TupleRow], reader: str) -> None:
    """A reader with the owner's rights would make every private note public."""
    too_mighty = connection.execute(
        "SELECT rolsuper OR pg_has_role(rolname, current_user, 'member')"
        " FROM pg_roles WHERE rolname = %s",
        [reader],
    ).fetchone()
    if too_mighty == (True,):
        raise DatabaseUnusable(
            f"the role {reader!r} has the owner's rights; the API must read with a lesser one"
        )


def _missing_rights(connection: Connection[TupleRow]) -> Iterator[Step]:
    row = connection.execute(
        "SELECT has_database_privilege(current_database(), 'CREATE'),"
        " current_database(), current_user"
    ).fetchone()
    if row and not row[0]:
        step = sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(*map(sql.Identifier, row[1:]))
        yield Step(step, run=None)


def _missing_extensions(connection: Connection[TupleRow]) -> Iterator[Step]:
    present = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
    for name in EXTENSIONS:
        if name not in present:
            step = sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
            yield Step(step, run=step)


def _missing_reader(connection: Connection[TupleRow], public_url: str) -> Iterator[Step]:
    reader = role_of(public_url)
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [reader]).fetchone()
    if found:
        return
    create = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(reader))
    password = conninfo_to_dict(public_url).get("password")
    if not password:
        yield Step(create, run=create)
        return
    # Hashed here, so that neither the server's log nor its activity view ever holds it.
    hashed = connection.pgconn.encrypt_password(
        str(password).encode(), reader.encode(), b"scram-sha-256"
    )
    yield Step(
        create + sql.SQL(" PASSWORD ") + sql.Literal("the one in its database URL"),
        run=create + sql.SQL(" PASSWORD ") + sql.Literal(hashed.decode()),
    )


def _done(connection: Connection[TupleRow], step: Step) -> bool:
    if step.run is None:
        return False
    try:
        connection.execute(step.run)
    except (InsufficientPrivilege, FeatureNotSupported):
        return False
    return True


def _names(connection: Connection[TupleRow], reader: str) -> dict[str, sql.Identifier]:
    database = connection.info.dbname
    return {"reader": sql.Identifier(reader), "database": sql.Identifier(database)}


def _grants() -> Iterator[LiteralString]:
    """Both schemas belong to the owner, so each of these must succeed."""
    yield "GRANT CONNECT ON DATABASE {database} TO {reader}"
    yield "REVOKE ALL ON ALL TABLES IN SCHEMA published FROM {reader}, PUBLIC"
    yield "REVOKE CREATE ON SCHEMA published FROM {reader}, PUBLIC"
    yield "GRANT USAGE ON SCHEMA published TO {reader}"
    yield "GRANT SELECT ON ALL TABLES IN SCHEMA published TO {reader}"
    yield "ALTER DEFAULT PRIVILEGES IN SCHEMA published GRANT SELECT ON TABLES TO {reader}"


def _refusals() -> Iterator[LiteralString]:
    yield "REVOKE ALL ON SCHEMA registry FROM {reader}, PUBLIC"
    yield "REVOKE ALL ON ALL TABLES IN SCHEMA registry FROM {reader}, PUBLIC"
    yield _INBOX


def _restrictions() -> Iterator[str]:
    """What only the owner of the database or the creator of the role may do.

    Functions in `public` stay executable: PostGIS needs them, and none of them can see more than
    its caller.
    """
    yield "REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM {reader}, PUBLIC"
    yield "REVOKE CREATE ON SCHEMA public FROM {reader}, PUBLIC"
    yield from reader_settings()


def reader_settings() -> Iterator[str]:
    for name, value in READER_SETTINGS.items():
        yield f"ALTER ROLE {{reader}} SET {name} = '{value}'"


# A backup of an older version has no inbox, and a restore grants before it is upgraded.
_INBOX: LiteralString = """
DO $inbox$ BEGIN
    IF to_regnamespace('inbox') IS NOT NULL THEN
        REVOKE ALL ON SCHEMA inbox FROM {reader}, PUBLIC;
        REVOKE ALL ON ALL TABLES IN SCHEMA inbox FROM {reader}, PUBLIC;
        REVOKE ALL ON ALL SEQUENCES IN SCHEMA inbox FROM {reader}, PUBLIC;
        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA inbox FROM {reader}, PUBLIC;
        GRANT USAGE ON SCHEMA inbox TO {reader};
        GRANT EXECUTE ON FUNCTION inbox.submit TO {reader};
    END IF;
END $inbox$
"""
