"""Alembic without a command line: bring a database to a revision of db/migrations/versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, make_url, text

from db.server import DatabaseUnusable

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_SCHEMA = "registry"
LOCK = 0x51554152544945  # "QUARTIE": one number for every process that migrates this database


def upgrade(url: str, revision: str = "head") -> bool:
    """Apply what is missing; false if nothing was. Whoever starts second waits for the first."""
    with _exclusively(url) as connection:
        before = _revision(connection)
        command.upgrade(_config(connection), revision)
        return _revision(connection) != before


def downgrade(url: str, revision: str) -> None:
    with _exclusively(url) as connection:
        command.downgrade(_config(connection), revision)


def current(url: str) -> str | None:
    """The revision a database is at, or none if it was never migrated."""
    with _connection(url) as connection:
        return _revision(connection)


def head() -> str | None:
    """The newest revision in this checkout."""
    return _scripts().get_current_head()


def knows(revision: str) -> bool:
    """Whether this checkout has the migration, so that it can work with what is at it."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def draft(url: str, message: str, metadata: Sequence[MetaData]) -> None:
    """Write a new revision file from what the models have and the database lacks."""
    with _exclusively(url) as connection:
        config = _config(connection)
        config.attributes["metadata"] = metadata
        command.revision(config, message, autogenerate=True)


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@contextmanager
def _exclusively(url: str) -> Iterator[Connection]:
    """A session lock, so that it outlasts Alembic's own transactions and dies with us."""
    with _connection(url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {VERSION_SCHEMA}"))
        connection.commit()
        _revision(connection)
        yield connection


def _revision(connection: Connection) -> str | None:
    """Where the database is. What this checkout does not know, it had better not touch."""
    options = {"version_table_schema": VERSION_SCHEMA}
    found = MigrationContext.configure(connection, opts=options).get_current_revision()
    connection.commit()  # reading opened a transaction that Alembic would take for its own
    if found and not knows(found):
        raise DatabaseUnusable(
            f"the database was upgraded by a newer version of Quartier (to {found!r}): use that "
            "one, or go back as docs/how-to/upgrade-and-roll-back.md says"
        )
    return found


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
