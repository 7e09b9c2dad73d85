"""Commands by which staff says better than a source."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from commands.console import notes
from commands.databases import databases, require_prepared
from commands.settings import read_settings


class Status(StrEnum):
    """Whether a row is for the public."""

    draft = "draft"
    published = "published"
    archived = "archived"


def set_fields(
    reference: Annotated[str, typer.Argument(help="Id or slug of what is corrected.")],
    assignments: Annotated[list[str], typer.Argument(help="field=value, once or several times.")],
    source: Annotated[str, typer.Option(help="Where the better value is from.")],
) -> None:
    """Correct fields so that it lasts: later imports report what they say, and leave it alone.

    `status=published` (or draft, archived) decides whether it is for the public.
    """
    from seed.imports.corrections import correct

    with databases(read_settings()) as both:
        require_prepared(both)
        correct(both.owner_url, reference, assignments, source=source, actor="quartier set")
    notes.print(f"Corrected {reference}; publish to show it: ./quartier publish")


def set_status(
    status: Annotated[Status, typer.Argument(help="What the rows are from now on.")],
    number: Annotated[int, typer.Option("--import", help="Number of the import they are from.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count the rows that would change.")
    ] = False,
) -> None:
    """Publish, withdraw or archive all that an import wrote; what is archived stays so.

    `quartier set districts/NAME status=published` does it for one.
    """
    from db.registry import writer
    from db.statuses import set_status_of_import

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, f"quartier status {status} --import {number}") as connection:
            attempt = connection.begin_nested()
            moved = set_status_of_import(connection, number, status.value)
            if dry_run:
                attempt.rollback()
    for each in moved:
        typer.echo(f"{each.entity}\t{each.before} -> {status.value}\t{each.count}")
    if not moved:
        notes.print(f"All that import {number} wrote is {status.value} or archived already")
    elif not dry_run:
        notes.print("To show it: ./quartier publish")


def unset(
    reference: Annotated[str, typer.Argument(help="Id or slug of what was corrected.")],
    fields: Annotated[list[str], typer.Argument(help="Fields that imports may change again.")],
) -> None:
    """Withdraw corrections: the value stays until an import brings another."""
    from seed.imports.corrections import withdraw

    with databases(read_settings()) as both:
        require_prepared(both)
        withdraw(both.owner_url, reference, fields, actor="quartier unset")
