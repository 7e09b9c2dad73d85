"""Commands that look after the database."""

from __future__ import annotations

import signal
import subprocess
from typing import Annotated

import typer

from commands.checkout import build_scripts
from commands.console import notes, stop
from commands.databases import (
    cluster_of,
    databases,
    migrate_and_grant,
    prepare,
    private_cluster,
    require_prepared,
)
from commands.inbox import days_of
from commands.settings import read_settings

group = typer.Typer(help="Look after the database.", no_args_is_help=True)


@group.command()
def upgrade() -> None:
    """Apply the migrations that are missing."""
    with databases(read_settings()) as both:
        migrate_and_grant(both)


@group.command("prepare")
def prepare_database(
    demonstration: Annotated[
        bool, typer.Option(help="Load the demonstration set if the registry has none.")
    ] = True,
) -> None:
    """Do what `up` does before it serves: migrate, load what is missing, publish what that was."""
    build_scripts()
    with databases(read_settings()) as both:
        prepare(both, demonstration=demonstration)


@group.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="A revision, base, or -- -1 for one step.")],
) -> None:
    """Take migrations back. Deletes data: what the older revision cannot hold."""
    from db import migrate

    with databases(read_settings()) as both:
        migrate.downgrade(both.owner_url, revision)


@group.command()
def revise(message: str) -> None:
    """Draft a migration from the difference between the models and the database."""
    from db import migrate, published
    from db.models import Base

    with databases(read_settings()) as both:
        migrate.draft(both.owner_url, message, [Base.metadata, published.metadata])


def purge(
    older_than: Annotated[str, typer.Option(help="So many days, such as 365d.")] = "365d",
) -> None:
    """Forget what publications removed or changed so long ago; see /v1/changes."""
    from db.forgetting import forget_changes

    age = days_of(older_than)
    with databases(read_settings()) as both:
        require_prepared(both)
        done = forget_changes(both.owner_url, age)
    notes.print(f"Forgot {done.changes} changes, of publications up to number {done.sequence}")


@group.command()
def psql() -> None:
    """Open psql on the private database, as its owner."""
    settings = read_settings()
    if settings.database_url:
        stop("DATABASE_URL is set, and this is for the private database: use psql with that URL")
    with private_cluster(settings) as cluster:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for psql
        subprocess.call([cluster.program("psql"), cluster.owner_url])


@group.command("stop")
def stop_database() -> None:
    """Stop a private database that a killed process left running."""
    cluster = cluster_of(read_settings())
    if not cluster.stop():
        stop("another process still uses the database; stop that one instead")
