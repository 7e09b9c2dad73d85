"""Commands that take files over, and look after what they brought."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from commands.console import notes, require_writable, rows_done, stop
from commands.databases import databases, require_prepared
from commands.publishing import summary_of
from commands.resources import Importable
from commands.settings import read_settings
from commands.shorthand import Shorthand

if TYPE_CHECKING:
    from seed.imports.engine import Order

GUESSED = "guessed"


class ImportGroup(Shorthand):
    """`import offerings FILE` is `import files offerings FILE`, `--suggest FILE` a command too.

    `import FILE` leaves it to the file to say what it describes.
    """

    def expanded(self, args: list[str]) -> list[str]:
        if args and args[0] == "--suggest":
            return ["suggest", *args[1:]]
        if not args or args[0] in (*self.commands, "--help"):
            return args
        return ["files", *([GUESSED] if Path(args[0]).suffix else []), *args]


def described(name: str) -> str:
    """What files describe, as an argument names it."""
    if name not in (*Importable, GUESSED):
        raise typer.BadParameter(f"{name!r} is not one of {', '.join((*Importable, GUESSED))}")
    return name


group = typer.Typer(
    help="Take files over into the registry.", no_args_is_help=True, cls=ImportGroup
)


What = Annotated[
    str,
    typer.Argument(help=f"What the files describe; `{GUESSED}` finds it out.", parser=described),
]
MappingName = Annotated[
    str | None, typer.Option(help="Name of a mapping; found by itself where only one fits.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only report what would change.")]
Snapshot = Annotated[bool, typer.Option("--snapshot", help="Archive what the file no longer has.")]
Threshold = Annotated[
    float, typer.Option(help="The share of a source that a snapshot may archive.", min=0, max=1)
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Pass over files that were imported already.")
]
PublishAfter = Annotated[
    bool, typer.Option("--publish", help="Publish afterwards, if nothing was refused.")
]
ReportFile = Annotated[
    Path | None, typer.Option(help="Write the report to this file: .json, or .html for people.")
]
MarkedFile = Annotated[
    Path | None, typer.Option(help="Write a copy of the file, rejected cells marked.")
]


@group.command("files")
def import_files(
    resource: What,
    files: Annotated[list[Path], typer.Argument(help="Files to read.")],
    mapping: MappingName = None,
    dry_run: DryRun = False,
    snapshot: Snapshot = False,
    threshold: Threshold = 0.2,
    resume: Resume = False,
    publish_after: PublishAfter = False,
    report: ReportFile = None,
    marked: MarkedFile = None,
) -> None:
    """Take files over into the registry; nothing becomes public before it is published.

    `quartier import offerings FILE` is short for `quartier import files offerings FILE`, and
    `quartier import FILE` finds out what it is. What `quartier export` made comes back by this too.
    The exit code is 0 if every row was taken, 1 if rows were rejected, 2 if a file was refused.
    """
    from seed.imports.engine import Order

    if marked and len(files) > 1:
        stop("--marked is for one file")
    require_writable(report)
    require_writable(marked)
    order = Order(
        None if resource == GUESSED else resource,
        mapping,
        dry_run=dry_run,
        snapshot=snapshot,
        threshold=threshold,
        resume=resume,
        marked=marked,
        actor=f"import {resource}",
    )
    take_over(files, order, report, publish_after=publish_after)


def take_over(
    files: list[Path], order: Order, report: Path | None, *, publish_after: bool
) -> NoReturn:
    """Ends with the exit code of the report."""
    from db import publication
    from seed.imports import engine

    with databases(read_settings()) as both:
        require_prepared(both)
        with rows_done() as tell:
            result = engine.import_files(both.owner_url, files, order, progress=tell)
        result.print(notes)
        if report:
            result.write(report)
        if publish_after and not order.dry_run and not result.exit_code:
            done = publication.publish(both.owner_url)
            notes.print(summary_of(done, dry_run=False))
    raise typer.Exit(result.exit_code)


@group.command("holidays")
def import_school_holidays(
    file: Annotated[
        Path, typer.Argument(help="CSV: region, kind, name, first_day, last_day, source.")
    ],
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Remove what the file no longer has of its sources.")
    ] = False,
) -> None:
    """Take over school holidays, or public ones of a part of a state, from a file.

    Opening times follow from them once they are published. Public holidays of countries and states
    are known. A file with a wrong row is refused as a whole.
    """
    from seed.holidays import FileRefused, import_holidays

    with databases(read_settings()) as both:
        require_prepared(both)
        try:
            taken = import_holidays(
                both.owner_url, file, snapshot=snapshot, actor="import holidays"
            )
        except FileRefused as refused:
            stop(f"{file} is refused:\n{refused}")
    counts = taken.counts
    notes.print(f"{counts.new} new, {counts.changed} changed, {taken.removed} removed")
    for slug in taken.new_sources:
        notes.print(
            f"The licence of {slug} is not stated, so it is not published: "
            f"./quartier sources set {slug} license=…"
        )


@group.command("grid")
def import_population_grid(
    file: Annotated[Path, typer.Argument(help="CSV, GeoJSON, GeoPackage: cells with residents.")],
    source: Annotated[str, typer.Option(help="What it is called; the same name replaces it.")],
    residents: Annotated[
        str | None, typer.Option(help="The column with the residents, if it is not found.")
    ] = None,
    crs: Annotated[
        str | None, typer.Option(help="Coordinate system, such as EPSG:3035, if it is not stated.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="The table, if the file has several.")] = None,
) -> None:
    """Take over how many people live where, from the cells of a population grid.

    Cells in districts with a real boundary are taken; where the file has some, those of other
    sources go. What is published of it is told by `/v1/gaps/coverage`.
    """
    from seed.grids import Given, GridRefused, import_grid

    given = Given(source, residents, crs, table)
    with databases(read_settings()) as both:
        require_prepared(both)
        try:
            with rows_done() as tell:
                taken = import_grid(both.owner_url, file, given, actor="import grid", progress=tell)
        except GridRefused as refused:
            stop(f"{file} is refused: {refused}")
    counts = taken.counts
    notes.print(
        f"{counts.new} new, {counts.changed} changed, {taken.removed} removed: "
        f"{taken.residents:,.0f} residents"
    )
    for reason, count in (taken.left_out + taken.rejected).items():
        notes.print(f"{count} rows left out: {reason}")
    if taken.new_source:
        notes.print(
            f"The licence of {taken.new_source} is not stated, so it is not published: "
            f"./quartier sources set {taken.new_source} license=…"
        )
    raise typer.Exit(1 if taken.rejected else 0)


@group.command("suggest")
def suggest_mapping(
    file: Annotated[Path, typer.Argument(help="File that nobody has mapped yet.")],
    resource: Annotated[Importable, typer.Option(help="What it describes.")] = Importable.offerings,
) -> None:
    """Propose a mapping from a file's headers and values; `import --suggest FILE` is the same."""
    from seed.suggestions import suggest

    typer.echo(suggest(file, resource.value), nl=False)


@group.command("undo")
def undo_import(
    number: Annotated[int, typer.Argument(help="Number of the import, as its report says.")],
) -> None:
    """Put every row an import wrote back to what it was, unless it was edited since."""
    from db import imports
    from db.registry import writer

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, f"undo import {number}") as connection:
            undone = imports.undo(connection, number, f"undo import {number}")
    for row in undone.kept:
        notes.print(f"Left as it is: {row.entity} {row.label} ({row.reason} by {row.by})")
    notes.print(f"{undone.restored} rows are what they were before import {number}")
    raise typer.Exit(1 if undone.kept else 0)


@group.command("report")
def report_import(
    number: Annotated[int, typer.Argument(help="Number of the import, as its report says.")],
) -> None:
    """Print the report of an earlier import again, as JSON."""
    import json

    from db import imports
    from db.registry import writer

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "report import") as connection:
            found = imports.report_of(connection, number)
    if found is None:
        stop(f"there is no report of an import {number}")
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


@group.command("list")
def list_imports(
    limit: Annotated[int, typer.Option(help="How many, from the latest.", min=1)] = 20,
) -> None:
    """List imports, with what each of them did."""
    from db import imports
    from db.registry import writer

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "list imports") as connection:
            found = imports.runs(connection, limit)
    for run in found:
        counts = ", ".join(f"{count} {name}" for name, count in (run.counts or {}).items() if count)
        typer.echo(
            f"{run.id}\t{run.started_at:%Y-%m-%d %H:%M}\t{run.resource}\t{run.file}\t{counts}"
        )
