"""Commands that look at what is public with a stranger's eyes."""

from __future__ import annotations

import typer

from commands.console import notes
from commands.databases import databases, require_prepared
from commands.settings import read_settings

group = typer.Typer(help="Check what is public.", no_args_is_help=True)


@group.command()
def disclosure() -> None:
    """Try to calculate the counts that are hidden from all that is public. Fails if one can be."""
    import psycopg

    from db.disclosure.audit import audit

    with databases(read_settings()) as both:
        require_prepared(both)
        with psycopg.connect(both.public_url) as connection:
            found = audit(connection)
    for leak in found.leaks:
        typer.echo(leak)
    notes.print(f"{found.hidden:,} hidden values, {len(found.leaks):,} of them not safe")
    raise typer.Exit(1 if found.leaks else 0)
