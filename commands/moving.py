"""Commands that take the registry's data elsewhere, and back."""

from __future__ import annotations

import getpass
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import notes, progress, require_writable, stop
from commands.databases import databases, require_nothing, require_prepared
from commands.resources import HSDS, Importable
from commands.settings import read_settings

if TYPE_CHECKING:
    from seed.workbooks.export import Order


class Each(StrEnum):
    """What has a workbook of its own."""

    municipality = "municipality"
    provider = "provider"


def takeable(name: str) -> str:
    """What can be taken out, as an argument names it."""
    known = (*Importable, HSDS)
    if name not in known:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(known)}")
    return name


What = Annotated[
    str,
    typer.Argument(
        help=f"What to take out: a resource, or `{HSDS}` for what is published.", parser=takeable
    ),
]
Target = Annotated[Path | None, typer.Argument(help="File to write: .xlsx or .csv; for HSDS .zip.")]
Municipality = Annotated[str | None, typer.Option(help="Only what is there; by key, slug or name.")]
Provider = Annotated[str | None, typer.Option(help="Only what this organisation offers.")]
ForEach = Annotated[Each | None, typer.Option(help="A workbook for every one, into a folder.")]
Folder = Annotated[Path | None, typer.Option(help="The folder for these workbooks.")]
Private = Annotated[
    bool, typer.Option("--private", help="With internal notes and raw observations.")
]
Unsuppressed = Annotated[
    bool,
    typer.Option(
        "--unsuppressed",
        help="Observations as they were reported, with what was decided about each: not for "
        "publication, and logged.",
    ),
]
Semicolon = Annotated[
    bool, typer.Option("--semicolon", help="CSV with semicolons and decimal commas.")
]
Bom = Annotated[bool, typer.Option("--bom", help="CSV that Excel takes for the UTF-8 it is.")]


def export(
    resource: What,
    file: Target = None,
    municipality: Municipality = None,
    provider: Provider = None,
    each: ForEach = None,
    into: Folder = None,
    private: Private = False,
    unsuppressed: Unsuppressed = False,
    semicolon: Semicolon = False,
    bom: Bom = False,
) -> None:
    """Take a resource out as a workbook or CSV, drafts included.

    `quartier export hsds FILE.zip` writes the tabular package of HSDS 3.1, and only of what is
    published. `quartier import FILE.zip` takes either back.
    """
    if (file is None) == (each is None) or (into is None) != (each is None):
        stop("Name a file, or --each together with --into")
    if unsuppressed and file is None:
        stop("What is not for publication goes into one file: --unsuppressed FILE")
    if resource != HSDS:
        from seed.workbooks import export as exports
        from seed.workbooks.delimited import CsvStyle

        style = CsvStyle(semicolon=semicolon, bom=bom)
        order = exports.Order(
            resource,
            municipality,
            provider,
            private=private,
            csv=style,
            unsuppressed=unsuppressed,
            actor=person(),
        )
        export_rows(order, file, each, into)
    elif file is None or municipality or provider or private or unsuppressed or semicolon or bom:
        stop("HSDS is one file of all that is published: quartier export hsds FILE.zip")
    else:
        export_hsds(file)


def person() -> str:
    """Who runs the command, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return f"user {os.getuid()}"


def export_rows(order: Order, file: Path | None, each: Each | None, into: Path | None) -> None:
    """As one file, or as one for each of several."""
    from seed.workbooks import export as exports

    with databases(read_settings()) as both:
        require_prepared(both)
        if file is not None:
            done = exports.export_file(both.owner_url, order, file)
        else:
            assert each
            assert into
            kind = exports.Each(each.value)
            done = exports.export_each(both.owner_url, order, kind, into)
    for written in done.files:
        notes.print(f"{written.file}: {written.rows:,} rows")
    if order.unsuppressed:
        rows = sum(written.rows for written in done.files)
        notes.print(f"Not for publication. Logged: {order.actor} took out {rows:,} observations")
    if done.left_out:
        notes.print(f"{done.left_out:,} rows belong to nobody of these")


def export_hsds(file: Path) -> None:
    """Read by the reader alone: what is not published cannot be in it."""
    from db import snapshots
    from seed.hsds.export import export_package

    require_writable(file)
    with databases(read_settings()) as both:
        require_prepared(both)
        with snapshots.opened(both.public_url) as (connection, state):
            written = export_package(connection, state, file)
    for each in written:
        notes.print(f"{file}, {each.table.path}: {each.rows:,} rows")


def backup(
    file: Annotated[Path, typer.Argument(help="File to write. Drafts and notes will be in it.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if there is one.")
    ] = False,
) -> None:
    """Save the registry and what is published to one file, as pg_dump's custom format."""
    from db import backup as backups

    with databases(read_settings()) as both, progress(f"Saving to {file}"):
        backups.backup(both.owner_url, file, overwrite=overwrite)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete the registry that is there, if there is one.")
    ] = False,
) -> None:
    """Bring the registry and what is published back to the state that was saved."""
    from db import backup as backups
    from db import migrate, roles

    with databases(read_settings()) as both:
        with progress("Preparing the database"):
            left = roles.preparation_sql(both.owner_url, both.public_url)
        require_nothing(left)
        with progress(f"Restoring {file}"):
            reader = roles.role_of(both.public_url)
            done = backups.restore(both.owner_url, reader, file, replace=replace)
        notes.print(f"Restored number {done.saved}, which is number {done.sequence} from now on")
        if migrate.current(both.owner_url) != migrate.head():
            notes.print("It was saved by an older version: ./quartier db upgrade")
