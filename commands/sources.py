"""Commands about where the registry's data is from, and how well it fits together."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from commands.console import notes, require_writable, rows_done, stop
from commands.databases import databases, require_prepared
from commands.resources import Importable
from commands.settings import read_settings
from commands.shorthand import ListGroup
from commands.signals import end_cleanly_on_signals

group = typer.Typer(help="Show sources, and state their licence or rhythm.", cls=ListGroup)


class Doubled(StrEnum):
    """The resources that several sources may describe twice."""

    offerings = "offerings"
    organisations = "organisations"


@group.command("list")
def list_sources() -> None:
    """Show who delivers what how often, what is overdue, and what nobody confirmed."""
    from db.registry import writer
    from db.sources import sources_overview
    from seed.sources import shown

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "sources") as connection:
            found = sources_overview(connection)
    notes.print(shown(found))


@group.command("set")
def set_source(
    slug: Annotated[str, typer.Argument(help="Slug of a source, or of a file of houses.")],
    assignments: Annotated[
        list[str], typer.Argument(help="rhythm=P1Y, license=cc-zero, attribution=… and the like.")
    ],
) -> None:
    """State what a source has for licence, attribution, publisher, title, url or rhythm."""
    from seed.sources import set_source

    with databases(read_settings()) as both:
        require_prepared(both)
        set_source(both.owner_url, slug, assignments, actor="quartier sources set")
    notes.print(f"Set {slug}; publish to show it: ./quartier publish")


def duplicates(
    resource: Annotated[Doubled, typer.Argument(help="What may be there twice.")],
    limit: Annotated[int, typer.Option(help="How many pairs, the likeliest first.", min=1)] = 50,
) -> None:
    """List what several sources may describe twice, with a score; nothing is merged."""
    from db.duplicates import possible_duplicates
    from db.registry import writer

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "duplicates") as connection:
            kind: Literal["offering", "organisation"] = (
                "offering" if resource is Doubled.offerings else "organisation"
            )
            found = possible_duplicates(connection, kind, None, limit=limit)
    for pair in found:
        reasons = ", ".join(pair.reasons)
        typer.echo(f"{pair.score:.2f}\t{pair.id}\t{pair.other_id}\t{pair.name}\t{reasons}")


def geocode(
    houses: Annotated[
        list[Path] | None, typer.Option(help="A file of house coordinates; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only report what would be found.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write what was found to this file: .json or .csv.")
    ] = None,
    all_failures: Annotated[
        bool, typer.Option("--all-failures", help="Show every address that was not found.")
    ] = False,
) -> None:
    """Find the points of addresses in files of house coordinates; nothing is sent to anybody."""
    from seed.geocode import geocode as find_points

    require_writable(report)
    with databases(read_settings()) as both:
        require_prepared(both)
        with rows_done() as tell:
            found = find_points(
                both.owner_url,
                files=houses or (),
                dry_run=dry_run,
                actor="quartier geocode",
                progress=tell,
            )
    found.print(notes, all_failures=all_failures)
    if report:
        found.write(report)
    raise typer.Exit(found.exit_code)


def watch(
    folder: Annotated[Path, typer.Argument(help="Folder that files are dropped into.")],
    resource: Annotated[
        Importable | None, typer.Option(help="What the files describe; found out if left away.")
    ] = None,
    mapping: Annotated[str | None, typer.Option(help="Name of a mapping.")] = None,
) -> None:
    """Try files that are dropped into a folder, and leave the report beside each of them."""
    from seed.imports.engine import Order
    from seed.imports.watch import watch as watch_folder

    if not folder.is_dir():
        stop(f"{folder} is no folder")
    end_cleanly_on_signals()
    order = Order(resource and resource.value, mapping, dry_run=True, actor="quartier watch")
    with databases(read_settings()) as both:
        require_prepared(both)
        notes.print(f"Watching {folder}; stop with Ctrl+C")
        watch_folder(both.owner_url, folder, order, told=lambda report: notes.print(report.line()))
