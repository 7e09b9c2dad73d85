"""Backup and restore: pg_dump's custom format of our schemas, and what must be right around it.

A restore reaches readers like a publication: in one transaction, with a new sequence, announced.
The old state is renamed, not dropped, until the new one is complete, so that readers go on with it.
Which number the restored state gets, and why: docs/adr/0015-a-restore-is-a-publication.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from db import migrate, published, roles
from db.server import client_programs

SCHEMAS = ("registry", "published", "inbox")

# How many numbers a second were used at most since the backup, where nobody knows. A publication
# takes a tenth of a second or more, and a registry does not publish all day long.
PACE = 10

HEADER = 50  # lines; the settings at the beginning of pg_restore's script end before
# PostgreSQL 17 writes it, and older servers refuse it. It is the default.
NOT_EVERYWHERE = b"SET transaction_timeout = 0;\n"


class BackupFailed(RuntimeError):  # noqa: N818 - reads as the state it reports
    """The backup or restore was not done, and nothing changed; the message says why."""


@dataclass(frozen=True)
class Restored:
    """The number of the restored state, and the one it had when it was saved."""

    sequence: int
    saved: int


def backup(url: str, file: Path, *, overwrite: bool = False) -> None:
    """Save our schemas as one snapshot shows them, whoever edits or publishes meanwhile."""
    if file.is_dir() or (file.exists() and not overwrite):
        raise BackupFailed(f"{file} exists already")
    if not file.parent.is_dir():
        raise BackupFailed(f"{file.parent} is no folder")
    with psycopg.connect(url) as connection:
        program = _programs(connection) / "pg_dump"
        if not _is_occupied(connection):
            raise BackupFailed("there is no registry in this database")
        schemas = [f"--schema={name}" for name in _schemas(connection)]
    with _written_whole(file) as unfinished:
        _run(
            *(program, "--format=custom", "--no-owner", "--no-privileges", "--no-password"),
            *(*schemas, "--strict-names", f"--file={unfinished}"),
            environment=_environment(url),
        )


def restore(url: str, reader: str, file: Path, *, replace: bool = False) -> Restored:
    """Restore a backup as the state of this database, or leave everything as it is."""
    with psycopg.connect(url) as connection:
        programs = _programs(connection)
        saved_by = _revision_in(programs, file)
        if not migrate.knows(saved_by):
            raise BackupFailed(f"{file} was saved by a newer version of Quartier")
        occupied = _is_occupied(connection)
        if occupied and not replace:
            raise BackupFailed(
                "there is a registry in this database already; --replace replaces it"
            )
        before = _statements(connection, _BEFORE)
        after = [*_statements(connection, _AFTER), *roles.grants(connection, reader), "COMMIT;"]
    _replay(programs, url, file, before, after)
    roles.grant_reader(url, reader)
    with psycopg.connect(url) as connection:
        connection.execute(_CLEAR)
        return Restored(*_row(connection, _RESTORED))


# --- programs of PostgreSQL ----------------------------------------------------------------------


def _programs(connection: Connection[Any]) -> Path:
    """The oldest that can speak to this server, so that as many as possible can read the file."""
    server = connection.info.server_version // 10_000
    fitting = {major: folder for major, folder in client_programs() if major >= server}
    if not fitting:
        raise BackupFailed(
            f"pg_dump, pg_restore and psql of PostgreSQL {server} or newer are needed. "
            f"Debian, Ubuntu: apt-get install postgresql-client"
        )
    return fitting[min(fitting)]


def _environment(url: str) -> dict[str, str]:
    """The URL as libpq's environment variables: arguments could be read by everybody."""
    variables = {
        option.keyword.decode(): option.envvar.decode()
        for option in Conninfo.get_defaults()
        if option.envvar
    }
    given = conninfo_to_dict(url)
    known = {variables[key]: str(value) for key, value in given.items() if key in variables}
    return os.environ | known | {"LC_ALL": "C"}


def _run(*command: str | Path, environment: dict[str, str]) -> str:
    ended = subprocess.run(  # noqa: S603 - a program of PostgreSQL, no shell
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if ended.returncode:
        raise BackupFailed(ended.stderr.decode(errors="replace").strip())
    return ended.stdout.decode(errors="replace")


# --- the file ------------------------------------------------------------------------------------


@contextmanager
def _written_whole(file: Path) -> Iterator[Path]:
    """A file beside it that takes its name when it is complete. Drafts are in it: for us alone."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    unfinished = Path(name)
    try:
        yield unfinished
        os.fsync(descriptor)
        unfinished.replace(file)
    finally:
        os.close(descriptor)
        unfinished.unlink(missing_ok=True)


def _revision_in(programs: Path, file: Path) -> str:
    """The migration that the saved schemas are at."""
    wanted = ("--schema=registry", "--table=alembic_version", "--data-only")
    if not file.is_file():
        raise BackupFailed(f"{file} is no file")
    try:
        script = _run(programs / "pg_restore", *wanted, "--file=-", file, environment={})
    except BackupFailed as error:
        raise BackupFailed(f"{file} cannot be read: {error}") from None
    found = re.search(r"^COPY registry\.alembic_version .*\n(\w+)$", script, re.MULTILINE)
    if not found:
        raise BackupFailed(f"{file} is no backup of a registry")
    return found[1]


def _replay(programs: Path, url: str, file: Path, before: list[str], after: list[str]) -> None:
    """Feed psql our statements with the file's between them; only the very last one commits."""
    called = (programs / "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password")
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(  # noqa: S603 - a program of PostgreSQL, no shell
            [*called, "--file=-"],
            env=_environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as psql:
            assert psql.stdin
            with suppress(BrokenPipeError), psql.stdin as script:
                _write(script, before)
                _copy_script(programs / "pg_restore", file, script)
                _write(script, after)
        if psql.returncode:
            said.seek(0)
            raise BackupFailed(said.read().decode(errors="replace").strip())


def _write(script: IO[bytes], statements: list[str]) -> None:
    script.write("".join(f"{each}\n" for each in statements).encode())
    script.flush()


def _copy_script(pg_restore: Path, file: Path, script: IO[bytes]) -> None:
    """The file as SQL. If it breaks off, psql's input does too, before anything is committed."""
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--file=-")
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(  # noqa: S603 - a program of PostgreSQL, no shell
            [pg_restore, *options, file], env={}, stdout=subprocess.PIPE, stderr=said
        ) as reading:
            assert reading.stdout
            header = islice(reading.stdout, HEADER)
            script.writelines(line for line in header if line != NOT_EVERYWHERE)
            shutil.copyfileobj(reading.stdout, script)
        if reading.returncode:
            said.seek(0)
            raise BackupFailed(f"{file} is damaged: {said.read().decode(errors='replace').strip()}")


# --- the state -----------------------------------------------------------------------------------


def _is_occupied(connection: Connection[Any]) -> bool:
    """Whether any of our tables are there. Without migrations there is Alembic's own at most."""
    occupied: bool = _row(connection, _OCCUPIED)[0]
    return occupied


def _schemas(connection: Connection[Any]) -> list[str]:
    """Those that are there: a registry that was not upgraded yet may lack some."""
    found = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(SCHEMAS)]
    )
    return [name for (name,) in found]


def _row(connection: Connection[Any], query: LiteralString) -> tuple[Any, ...]:
    found = connection.execute(query).fetchone()
    assert found is not None
    return tuple(found)


def _statements(connection: Connection[Any], script: LiteralString) -> list[str]:
    names = sql.SQL(", ").join(map(sql.Literal, published.RESOURCES))
    dated = [table.name for table in published.HSDS.values() if "updated_at" in table.columns]
    composed = sql.SQL(script).format(
        lock=sql.Literal(migrate.LOCK),
        pace=sql.Literal(PACE),
        channel=sql.Literal(published.CHANNEL),
        resources=names,
        dated=sql.SQL(", ").join(map(sql.Literal, dated)),
    )
    return [composed.as_string(connection)]


_OCCUPIED: LiteralString = """
SELECT EXISTS (SELECT FROM pg_class
               WHERE relnamespace IN (to_regnamespace('registry'), to_regnamespace('published'),
                                      to_regnamespace('inbox'))
                 AND relkind = 'r' AND relname <> 'alembic_version')
"""

_RESTORED: LiteralString = """
SELECT state.sequence, restoration.saved
FROM published.state JOIN published.restoration USING (sequence)
"""

# Publishers and migrations wait. Readers do not: for them nothing is renamed until we commit.
_BEFORE: LiteralString = """
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = 0;
SET LOCAL statement_timeout = 0;
SELECT pg_advisory_xact_lock({lock});
DO $$ BEGIN
    IF to_regclass('published.state') IS NOT NULL THEN
        LOCK TABLE published.state IN EXCLUSIVE MODE;
    END IF;
    CREATE SCHEMA IF NOT EXISTS registry;
    CREATE SCHEMA IF NOT EXISTS published;
    CREATE SCHEMA IF NOT EXISTS inbox;
    CREATE TABLE IF NOT EXISTS published.state (sequence bigint, published_at timestamptz);
    DROP SCHEMA IF EXISTS replaced_registry, replaced_published, replaced_inbox CASCADE;
    ALTER SCHEMA registry RENAME TO replaced_registry;
    ALTER SCHEMA published RENAME TO replaced_published;
    ALTER SCHEMA inbox RENAME TO replaced_inbox;
END $$;
"""

# The number is above the one that was there, and above any that was served since the backup by a
# database that is gone. Then the same is done as by a publication: what differs from what readers
# saw is logged and gets the time of now. `,"updated_at":"YYYY-MM-DDTHH:MM:SSZ"}` has 37 characters.
# The record of what publications saw begins anew, as the numbers of transactions do.
_AFTER: LiteralString = """
SET LOCAL search_path = public, registry;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
WITH moment AS (
    SELECT saved.sequence AS saved,
           greatest(date_trunc('second', clock_timestamp()), saved.published_at, old.published_at)
               AS at,
           greatest(saved.sequence, old.sequence, saved.sequence + {pace} * greatest(0,
               ceil(extract(epoch FROM clock_timestamp() - saved.published_at))))::bigint + 1
               AS sequence
    FROM published.state AS saved LEFT JOIN replaced_published.state AS old ON true
), noted AS (
    INSERT INTO published.restoration (sequence, saved, at) SELECT sequence, saved, at FROM moment
)
UPDATE published.state SET sequence = moment.sequence, published_at = moment.at FROM moment;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'replaced_published'::regnamespace AND relname IN ({resources})
          AND to_regclass(format('published.%I', relname)) IS NOT NULL
    LOOP
        EXECUTE format($statement$
            INSERT INTO published.change
                   (sequence, resource, id, slug, kind, reason, merged_into_id, at)
            SELECT state.sequence, %1$L, id, coalesce(new.slug, old.slug),
                   CASE WHEN new.id IS NULL THEN 'remove' ELSE 'upsert' END,
                   ended.reason, ended.merged_into_id, state.published_at
            FROM published.state,
                 published.%1$I AS new FULL JOIN replaced_published.%1$I AS old USING (id)
                 LEFT JOIN LATERAL registry.removal(%1$L, id) AS ended ON new.id IS NULL
            WHERE (new.hash, new.updated_at) IS DISTINCT FROM (old.hash, old.updated_at);

            UPDATE published.%1$I AS new
            SET updated_at = change.at,
                document = left(document, -37) || ',"updated_at":"'
                    || to_char(change.at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}}'
            FROM published.change JOIN published.state USING (sequence)
            WHERE change.resource = %1$L AND change.kind = 'upsert' AND change.id = new.id;

            UPDATE published.translation AS new
            SET document = left(document, -37) || ',"updated_at":"'
                    || to_char(change.at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}}'
            FROM published.change JOIN published.state USING (sequence)
            WHERE change.resource = %1$L AND change.kind = 'upsert' AND change.id = new.id
              AND new.resource = %1$L
        $statement$, name);
    END LOOP;
    FOR name IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'replaced_published'::regnamespace AND relname IN ({dated})
          AND to_regclass(format('published.%I', relname)) IS NOT NULL
    LOOP
        EXECUTE format($statement$
            UPDATE published.%1$I AS new SET updated_at = state.published_at
            FROM published.state
            WHERE NOT EXISTS (
                SELECT FROM replaced_published.%1$I AS old
                WHERE (old.id, old.hash, old.updated_at) = (new.id, new.hash, new.updated_at))
        $statement$, name);
    END LOOP;
    IF to_regclass('registry.publication') IS NOT NULL THEN
        EXECUTE $statement$
            INSERT INTO registry.publication (sequence, at, snapshot, inherited, home)
            SELECT sequence, published_at,
                   CASE WHEN NOT EXISTS (SELECT FROM registry.dirty)
                        THEN pg_current_snapshot()::text END,
                   (SELECT coalesce(max(id), 0) FROM registry.revision),
                   'registry.publication'::regclass
            FROM published.state
        $statement$;
    END IF;
    FOR name IN
        SELECT oid::regclass FROM pg_class
        WHERE relnamespace IN (to_regnamespace('registry'), to_regnamespace('published'),
                               to_regnamespace('inbox'))
          AND relkind = 'r'
    LOOP
        EXECUTE format('ANALYZE %s', name);
    END LOOP;
END $$;
SELECT pg_notify({channel}, sequence::text) FROM published.state;
"""

# After the commit, as it waits for streams that read the old tables. Nobody waits for it by then.
_CLEAR: LiteralString = """
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS replaced_registry, replaced_published, replaced_inbox CASCADE
"""
