"""The `quartier` command.

Every command imports what it needs when it runs, so that none waits for the libraries of another.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, Protocol

import typer
from rich.console import Console
from typer.core import TyperGroup

if TYPE_CHECKING:
    import socket
    from datetime import timedelta
    from types import FrameType

    from pydantic import SecretStr
    from rich.progress import TaskID

    from api.settings import Settings
    from db.cluster import Cluster
    from db.publication import Difference, Publication

ROOT = Path(__file__).parent
CONTRACT = ROOT / "openapi" / "openapi.json"

MAKE_A_KEY = "Make one with: openssl rand -hex 32"

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)

app = typer.Typer(
    help="Quartier, the open-data registry of social offerings, districts, indicators, measures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # their local variables show passwords
)
database_commands = typer.Typer(help="Look after the database.", no_args_is_help=True)


class Notes(Console):
    """To people, on standard error. That nobody can read them is no reason to stop."""

    def print(self, *objects: Any, **how: Any) -> None:
        try:
            super().print(*objects, **how)
            self.file.flush()
        except OSError:
            # What it still holds would fail again at the exit.
            sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


notes = Notes(stderr=True, highlight=False, markup=False, soft_wrap=True)


@dataclass(frozen=True)
class Databases:
    """The same database twice: as the role that owns it and as the role that reads it.

    `secret_key` signs the links that lead to it; None: there are no such links.
    """

    owner_url: str
    public_url: str
    secret_key: SecretStr | None = None


class Importable(StrEnum):
    """The resources that can be imported from files."""

    offerings = "offerings"
    organisations = "organisations"
    districts = "districts"
    codelists = "codelists"
    indicators = "indicators"
    observations = "observations"
    strategies = "strategies"
    measures = "measures"
    decisions = "decisions"


class Status(StrEnum):
    """Whether a row is for the public."""

    draft = "draft"
    published = "published"
    archived = "archived"


class Doubled(StrEnum):
    """The resources that several sources may describe twice."""

    offerings = "offerings"
    organisations = "organisations"


class Each(StrEnum):
    """What has a workbook of its own."""

    municipality = "municipality"
    provider = "provider"


GUESSED = "guessed"


class Shorthand(TyperGroup):
    """A group whose most usual command need not be named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self.expanded(args))

    def expanded(self, args: list[str]) -> list[str]:
        raise NotImplementedError


class ListGroup(Shorthand):
    """`sources` alone is `sources list`, `inbox --json` is `inbox list --json`."""

    def expanded(self, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("--") and args[0] != "--help"):
            return ["list", *args]
        return args


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


import_commands = typer.Typer(
    help="Take files over into the registry.", no_args_is_help=True, cls=ImportGroup
)
inbox_commands = typer.Typer(help="Deal with what the public and providers say.", cls=ListGroup)
source_commands = typer.Typer(
    help="Show sources, and state their licence or rhythm.", cls=ListGroup
)
app.add_typer(database_commands, name="db")
app.add_typer(inbox_commands, name="inbox")
app.add_typer(import_commands, name="import")
app.add_typer(source_commands, name="sources")

# Commands


@app.command()
def up(
    demonstration: Annotated[
        bool, typer.Option(help="Load the demonstration set if the registry has none.")
    ] = True,
) -> None:
    """Set up what is missing, then serve the registry."""
    from api.server import claim_address

    settings = read_settings()
    end_cleanly_on_signals()
    claimed = claim_address(settings)
    build_scripts()
    with databases(settings) as both:
        prepare(both, demonstration=demonstration)
        serve_until_stopped(settings, both.public_url, both.secret_key, claimed)


@app.command()
def serve() -> None:
    """Serve what is published; changes nothing in the database."""
    from api.server import claim_address

    settings = read_settings()
    end_cleanly_on_signals()
    claimed = claim_address(settings)
    build_scripts()
    if settings.database_public_url is not None:
        url = settings.database_public_url.get_secret_value()
        serve_until_stopped(settings, url, settings.secret_key, claimed)
        return
    with databases(settings) as both:
        serve_until_stopped(settings, both.public_url, both.secret_key, claimed)


@app.command("test", context_settings={"ignore_unknown_options": True})
def check_and_test(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to pytest.")] = None,
) -> None:
    """Check the code and run every test. With arguments: only the tests that pytest then picks."""
    build_scripts(development=True)
    tests = ("pytest", "-n", "auto", *(arguments or ()))
    commands = (tests,) if arguments else (*CHECKS, tests)
    codes = []
    for command in commands:
        notes.print("$", *command, style="bold")
        codes.append(subprocess.call([sys.executable, "-m", *command], cwd=ROOT))
    raise typer.Exit(next((code for code in codes if code), 0))


@app.command()
def openapi(
    check: Annotated[bool, typer.Option(help="Only say whether the file is up to date.")] = False,
) -> None:
    """Write the API's contract to openapi/openapi.json."""
    import json

    from api.app import create_app
    from api.settings import Settings

    # Not from the environment: the contract is the same wherever it is written.
    contract = create_app(Settings.model_construct()).openapi()
    text = json.dumps(contract, indent=2, ensure_ascii=False) + "\n"
    if not check:
        CONTRACT.parent.mkdir(exist_ok=True)
        CONTRACT.write_text(text, encoding="utf-8")
    elif CONTRACT.read_text(encoding="utf-8") != text:
        stop("openapi/openapi.json is out of date; run ./quartier openapi")


@app.command()
def publish(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would become public.")
    ] = False,
    inbox: Annotated[
        bool, typer.Option(help="First note what providers confirmed, as `inbox apply` does.")
    ] = True,
) -> None:
    """Make public what changed in the registry since the last time."""
    from db import publication

    with databases(read_settings()) as both:
        require_prepared(both)
        if inbox and not dry_run:
            apply_inbox(both)
        done = publication.publish(both.owner_url, dry_run=dry_run)
    for difference in done.differences:
        typer.echo(describe(difference))
    notes.print(summary_of(done, dry_run=dry_run))


@app.command("confirm-links")
def confirm_links(
    organisation: Annotated[
        str | None, typer.Option(help="Only for this one; by name, slug or id.")
    ] = None,
    days: Annotated[
        int, typer.Option(help="How long the links are good for.", min=1, max=400)
    ] = 90,
) -> None:
    """Print for every provider a link by which it confirms or corrects its entries."""
    from datetime import UTC, datetime, timedelta

    from api.confirm_links import ConfirmLinks
    from db import inbox
    from db.registry import writer

    settings = read_settings()
    with databases(settings) as both:
        require_prepared(both)
        key = both.secret_key or stop(f"SECRET_KEY is not set. {MAKE_A_KEY}")
        with writer(both.owner_url, "confirm links") as connection:
            found = inbox.providers(connection, organisation)
    if organisation and not found:
        stop(f"no provider with published offerings is called {organisation!r}")
    links, until = ConfirmLinks(key.get_secret_value()), datetime.now(UTC) + timedelta(days=days)
    for one in found:
        link = f"{home_of(settings)}/confirm/{links.token(one.id, until)}"
        typer.echo(f"{one.name}\t{one.email or ''}\t{one.offerings}\t{link}")
    notes.print(f"Good until {until:%Y-%m-%d}. Whoever has such a link can use it.")
    if not settings.public_url:
        notes.print("PUBLIC_URL is not set, so the links lead to this machine")


@inbox_commands.command("list")
def list_inbox(
    everything: Annotated[bool, typer.Option("--all", help="With what is closed.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs, on standard output.")
    ] = False,
) -> None:
    """List what is open; `quartier inbox` is the same."""
    from db import inbox
    from db.registry import writer
    from seed import inbox as views

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "inbox") as connection:
            found = inbox.entries(connection, closed=everything)
    if as_json:
        typer.echo(views.as_json(found))
    else:
        notes.print(views.shown(found))


@inbox_commands.command("show")
def show_entry(
    number: Annotated[int, typer.Argument(help="Number of the entry, as the list says.")],
) -> None:
    """Show all of an entry."""
    from db import inbox
    from db.registry import writer
    from seed.inbox import details

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "inbox") as connection:
            found = inbox.entry(connection, number)
    if found is None:
        stop(f"there is no entry {number}")
    typer.echo("\n".join(details(found)))


@inbox_commands.command("close")
def close_entry(
    number: Annotated[int, typer.Argument(help="Number of the entry, as the list says.")],
    note: Annotated[str, typer.Option(help="What came of it.")],
    by: Annotated[str, typer.Option(help="Who dealt with it.")] = "staff",
) -> None:
    """Close an entry that was dealt with; the address to reply to is forgotten."""
    from db import inbox
    from db.registry import writer

    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "inbox") as connection:
            if not inbox.close(connection, number, by=by, outcome=note):
                stop(f"there is no open entry {number}")


@inbox_commands.command("apply")
def apply_confirmations() -> None:
    """Note in the registry what providers confirmed; suggestions wait for somebody."""
    with databases(read_settings()) as both:
        require_prepared(both)
        apply_inbox(both)


@inbox_commands.command("purge")
def purge_inbox(
    older_than: Annotated[str, typer.Option(help="So many days, such as 90d.")] = "90d",
) -> None:
    """Forget entries that were closed, and addresses that were left, so long ago."""
    from db import inbox
    from db.registry import writer

    age = days_of(older_than)
    with databases(read_settings()) as both:
        require_prepared(both)
        with writer(both.owner_url, "inbox") as connection:
            done = inbox.purge(connection, age)
    notes.print(f"Forgot {done.entries} closed entries and {done.addresses} addresses")


@import_commands.command("files")
def import_files(
    resource: Annotated[
        str,
        typer.Argument(
            help=f"What the files describe; `{GUESSED}` finds it out.",
            parser=described,
        ),
    ],
    files: Annotated[list[Path], typer.Argument(help="Files to read.")],
    mapping: Annotated[
        str | None, typer.Option(help="Name of a mapping; found by itself where only one fits.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only report what would change.")
    ] = False,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Archive what the file no longer has.")
    ] = False,
    threshold: Annotated[
        float, typer.Option(help="The share of a source that a snapshot may archive.", min=0, max=1)
    ] = 0.2,
    resume: Annotated[
        bool, typer.Option("--resume", help="Pass over files that were imported already.")
    ] = False,
    publish_after: Annotated[
        bool, typer.Option("--publish", help="Publish afterwards, if nothing was refused.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write the report to this file: .json, or .html for people.")
    ] = None,
    marked: Annotated[
        Path | None,
        typer.Option(help="Write a copy of the file, rejected cells marked."),
    ] = None,
) -> None:
    """Take files over into the registry; nothing becomes public before it is published.

    `quartier import offerings FILE` is short for `quartier import files offerings FILE`, and
    `quartier import FILE` finds out what it is. What `quartier export` made comes back by this too.
    The exit code is 0 if every row was taken, 1 if rows were rejected, 2 if a file was refused.
    """
    from db import publication
    from seed.imports.engine import Order, import_files

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
    with databases(read_settings()) as both:
        require_prepared(both)
        with rows_done() as tell:
            result = import_files(both.owner_url, files, order, progress=tell)
        result.print(notes)
        if report:
            result.write(report)
        if publish_after and not dry_run and not result.exit_code:
            done = publication.publish(both.owner_url)
            notes.print(summary_of(done, dry_run=False))
    raise typer.Exit(result.exit_code)


@import_commands.command("suggest")
def suggest_mapping(
    file: Annotated[Path, typer.Argument(help="File that nobody has mapped yet.")],
    resource: Annotated[Importable, typer.Option(help="What it describes.")] = Importable.offerings,
) -> None:
    """Propose a mapping from a file's headers and values; `import --suggest FILE` is the same."""
    from seed.suggestions import suggest

    typer.echo(suggest(file, resource.value), nl=False)


@import_commands.command("undo")
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


@import_commands.command("report")
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


@import_commands.command("list")
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


@app.command("set")
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


@app.command("status")
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


@app.command()
def unset(
    reference: Annotated[str, typer.Argument(help="Id or slug of what was corrected.")],
    fields: Annotated[list[str], typer.Argument(help="Fields that imports may change again.")],
) -> None:
    """Withdraw corrections: the value stays until an import brings another."""
    from seed.imports.corrections import withdraw

    with databases(read_settings()) as both:
        require_prepared(both)
        withdraw(both.owner_url, reference, fields, actor="quartier unset")


@app.command()
def revert(
    sequence: Annotated[int, typer.Argument(help="Number of the publication.")],
) -> None:
    """Undo what a publication made public, as a new publication."""
    from db import reversion

    with databases(read_settings()) as both:
        require_prepared(both)
        done = reversion.revert(both.owner_url, sequence, f"revert {sequence}")
    for row in done.kept:
        notes.print(f"Left as it is: {row.entity} {row.label} ({row.reason} by {row.by})")
    notes.print(f"{done.restored} rows are what they were before number {sequence}")
    raise typer.Exit(1 if done.kept else 0)


@source_commands.command("list")
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


@source_commands.command("set")
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


@app.command()
def export(
    resource: Annotated[Importable, typer.Argument(help="What to take out.")],
    file: Annotated[Path | None, typer.Argument(help="File to write: .xlsx or .csv.")] = None,
    municipality: Annotated[
        str | None, typer.Option(help="Only what is there; by key, slug or name.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Only what this organisation offers.")
    ] = None,
    each: Annotated[
        Each | None, typer.Option(help="A workbook for every one, into a folder.")
    ] = None,
    into: Annotated[Path | None, typer.Option(help="The folder for these workbooks.")] = None,
    private: Annotated[
        bool, typer.Option("--private", help="With internal notes and raw observations.")
    ] = False,
    semicolon: Annotated[
        bool, typer.Option("--semicolon", help="CSV with semicolons and decimal commas.")
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="CSV that Excel takes for the UTF-8 it is.")
    ] = False,
) -> None:
    """Take a resource out as a workbook or CSV, drafts included."""
    from seed.workbooks import export as exports
    from seed.workbooks.delimited import CsvStyle

    if (file is None) == (each is None) or (into is None) != (each is None):
        stop("Name a file, or --each together with --into")
    style = CsvStyle(semicolon=semicolon, bom=bom)
    order = exports.Order(resource.value, municipality, provider, private=private, csv=style)
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
    if done.left_out:
        notes.print(f"{done.left_out:,} rows belong to nobody of these")


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def bench(
    offerings: Annotated[
        int | None, typer.Option(min=200, help="How many to generate; 100000 if not given.")
    ] = None,
    against: Annotated[
        int | None,
        typer.Option(min=200, help="Measure only how much faster so many, fewer, are answered."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A case to measure; repeat it for several.")
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="Turns of each contestant, a case; 5 if not given.")
    ] = 5,
    quick: Annotated[
        bool, typer.Option("--quick", help="One round of a second, and 1000 offerings.")
    ] = False,
    peers: Annotated[bool, typer.Option(help="Measure other servers beside this one.")] = True,
    data: Annotated[
        Path | None, typer.Option(help="Folder of databases; `bench` in that of the private one.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the tables to this file as well.")
    ] = None,
) -> None:
    """Measure this server beside others on generated offerings; prints ratios with their spread."""
    if not (ROOT / "bench").is_dir():
        stop("this installation has no bench/: use a checkout")
    from bench.load import WrongAnswer
    from bench.report import markdown as tables
    from bench.run import CASES, Order, run
    from db.cluster import default_data_folder

    end_cleanly_on_signals()
    order = Order(
        folder=(data or default_data_folder(ROOT) / "bench").absolute(),
        offerings=offerings or (1_000 if quick else 100_000),
        against=against,
        only=tuple(only or ()),
        rounds=1 if quick else rounds,
        seconds=1 if quick else 3,
        warm_up=0 if quick else 1,
        peers=peers,
    )
    if unknown := set(order.only) - set(CASES):
        stop(f"no such case: {', '.join(sorted(unknown))}. There are: {', '.join(CASES)}")
    try:
        with progress("Measuring") as detail:
            results = run(order, progress=detail)
    except (WrongAnswer, ChildProcessError, FileNotFoundError) as error:
        stop(str(error))
    if markdown:
        markdown.write_text(tables(results), encoding="utf-8")
    typer.echo(tables(results))


@database_commands.command()
def upgrade() -> None:
    """Apply the migrations that are missing."""
    with databases(read_settings()) as both:
        migrate_and_grant(both)


@database_commands.command("prepare")
def prepare_database(
    demonstration: Annotated[
        bool, typer.Option(help="Load the demonstration set if the registry has none.")
    ] = True,
) -> None:
    """Do what `up` does before it serves: migrate, load what is missing, publish what that was."""
    build_scripts()
    with databases(read_settings()) as both:
        prepare(both, demonstration=demonstration)


@database_commands.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="A revision, base, or -- -1 for one step.")],
) -> None:
    """Take migrations back. Deletes data: what the older revision cannot hold."""
    from db import migrate

    with databases(read_settings()) as both:
        migrate.downgrade(both.owner_url, revision)


@database_commands.command()
def revise(message: str) -> None:
    """Draft a migration from the difference between the models and the database."""
    from db import migrate, published
    from db.models import Base

    with databases(read_settings()) as both:
        migrate.draft(both.owner_url, message, [Base.metadata, published.metadata])


@database_commands.command()
def psql() -> None:
    """Open psql on the private database, as its owner."""
    settings = read_settings()
    if settings.database_url:
        stop("DATABASE_URL is set, and this is for the private database: use psql with that URL")
    with private_cluster(settings) as cluster:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for psql
        subprocess.call([cluster.program("psql"), cluster.owner_url])


@database_commands.command("stop")
def stop_database() -> None:
    """Stop a private database that a killed process left running."""
    cluster = cluster_of(read_settings())
    if not cluster.stop():
        stop("another process still uses the database; stop that one instead")


# What commands share


def read_settings() -> Settings:
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        stop("\n".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()))


def cluster_of(settings: Settings) -> Cluster:
    from db.cluster import Cluster, default_data_folder

    return Cluster(settings.quartier_data or default_data_folder(ROOT))


@contextmanager
def private_cluster(settings: Settings) -> Iterator[Cluster]:
    cluster = cluster_of(settings)
    is_new = not cluster.files.exists()
    with ExitStack() as running:
        with progress("Creating the database" if is_new else "Starting the database"):
            running.enter_context(cluster)
        yield cluster


@contextmanager
def databases(settings: Settings) -> Iterator[Databases]:
    """The database that was named, or the private one for as long as it is used."""
    owner, public = settings.database_url, settings.database_public_url
    if owner and public:
        yield Databases(owner.get_secret_value(), public.get_secret_value(), settings.secret_key)
    elif owner or public:
        stop("DATABASE_URL and DATABASE_PUBLIC_URL must be set both, or neither")
    else:
        from pydantic import SecretStr

        with private_cluster(settings) as cluster:
            key = settings.secret_key or SecretStr(cluster.secret_key)
            yield Databases(cluster.owner_url, cluster.public_url, key)


def prepare(both: Databases, *, demonstration: bool) -> None:
    """Migrate, load what is missing, and publish what this start itself brought.

    That is a first set of data, codelist terms of a new version, or its way to build documents.
    Edits that wait for publication are somebody's decision, not a restart's: a publication cannot
    leave them out, so while there are any, nothing is published here.
    """
    from db.standing import standing

    migrate_and_grant(both)
    before = standing(both.owner_url)
    load(both, demonstration=demonstration)
    if standing(both.owner_url).current:
        return
    if before.published and before.edits_wait:
        notes.print("Edits wait to be published: ./quartier publish")
        return
    from db import publication  # only now: no start that publishes nothing waits for it

    with progress("Publishing"):
        publication.publish(both.owner_url)


def load(both: Databases, *, demonstration: bool) -> None:
    from seed.load import load_demonstration, load_vocabulary

    if demonstration:
        with progress("Loading the demonstration set") as detail:
            load_demonstration(both.owner_url, progress=detail)
    else:
        with progress("Loading the codelists") as detail:
            load_vocabulary(both.owner_url, progress=detail)


def require_prepared(both: Databases) -> None:
    from db import migrate

    if migrate.current(both.owner_url) != migrate.head():
        stop("the database is not prepared for this version: ./quartier db upgrade")


def migrate_and_grant(both: Databases) -> None:
    from db import migrate, roles

    with progress("Preparing the database"):
        left = roles.preparation_sql(both.owner_url, both.public_url)
        if not left:
            migrate.upgrade(both.owner_url)
            roles.grant_reader(both.owner_url, roles.role_of(both.public_url))
    require_nothing(left)


def apply_inbox(both: Databases) -> None:
    """Without a key nobody can tell who confirmed what, so it waits until there is one."""
    from api.confirm_links import ConfirmLinks
    from db import inbox
    from db.registry import writer

    with writer(both.owner_url, "inbox") as connection:
        inbox.forget_addresses(connection)
        waiting = inbox.waiting_confirmations(connection)
        if not waiting:
            return
        if both.secret_key is None:
            notes.print(f"{waiting} confirmations wait: SECRET_KEY is not set. {MAKE_A_KEY}")
            return
        links = ConfirmLinks(both.secret_key.get_secret_value())
        applied = inbox.apply_confirmations(connection, links.organisation)
    for number, reason in applied.refused:
        notes.print(f"Refused: entry {number}, {reason}")
    notes.print(f"Providers confirmed {applied.confirmed} offerings")


def days_of(text: str) -> timedelta:
    from datetime import timedelta

    number = text.removesuffix("d")
    if not (number.isascii() and number.isdecimal() and len(number) < 6):
        stop(f"{text!r} is no number of days, such as 90d")
    return timedelta(days=int(number))


def require_nothing(left: list[str]) -> None:
    if left:
        notes.print("The owner of the database may not do this; run it with a role that may:\n")
        typer.echo("\n".join(left))
        raise typer.Exit(2)


def describe(difference: Difference) -> str:
    """One line a field: what is public now, and what would be."""
    import json

    def shown(value: object) -> str:
        return "(absent)" if value is None else json.dumps(value, ensure_ascii=False)

    where = f"{difference.resource} {difference.slug} {difference.field} [{difference.lang}]"
    return f"{where}: {shown(difference.before)} -> {shown(difference.after)}"


def summary_of(done: Publication, *, dry_run: bool) -> str:
    counts = [f"{number} {name} changed" for name, number in done.changed.items()]
    counts += [f"{number} {name} removed" for name, number in done.removed.items()]
    if not counts:
        return f"Nothing to publish; the public state is still number {done.sequence}"
    doing = "Would publish" if dry_run else f"Published as number {done.sequence}"
    return f"{doing}: {', '.join(counts)}"


def serve_until_stopped(
    settings: Settings, public_url: str, secret_key: SecretStr | None, claimed: socket.socket
) -> None:
    """The server gets the reader's URL only: what it does not know, it cannot leak."""
    from pydantic import SecretStr

    known = {
        "database_url": None,
        "database_public_url": SecretStr(public_url),
        "secret_key": secret_key,
    }
    os.environ.pop("DATABASE_URL", None)  # workers inherit the environment
    serving = settings.model_copy(update=known)
    if serving.workers > 1:
        from api.workers import Supervisor

        Supervisor(serving, claimed, lambda: say_where(serving)).run()
    else:
        from api.app import create_app
        from api.server import run

        run(create_app(serving), serving, claimed, lambda: say_where(serving))


def home_of(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"


def say_where(settings: Settings) -> None:
    home = home_of(settings)
    notes.print(f"Quartier is ready: {home}  (API reference: {home}/docs)", style="bold")


def build_scripts(*, development: bool = False) -> None:
    """Bring web/dist up to date, in a checkout. Pages work without it, so nothing stops here."""
    if not (ROOT / "web" / "build.py").is_file():
        return
    from db.cluster import default_data_folder
    from web.build import CannotBuild, build

    try:
        build(default_data_folder(ROOT), progress=notes.print, development=development)
    except CannotBuild as error:
        notes.print(f"The scripts in web/ could not be built: {error}", style="yellow")
        notes.print("Pages work without them; what was built before stays in use.", style="yellow")


class RowsDone(Protocol):
    """Takes a file's name, how many of its rows are done, and of how many, where that is known."""

    def __call__(self, file: str, rows: int, of: int | None = None) -> None: ...


@contextmanager
def rows_done() -> Iterator[RowsDone]:
    """A bar for each file with the rows that are done, on terminals only."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=notes, disable=not notes.is_terminal, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(file: str, rows: int, of: int | None = None) -> None:
            done = f"{rows:,} rows" if of is None else f"{rows:,} of {of:,} rows"
            if file not in tasks:
                tasks[file] = bar.add_task(file, total=None, done=done)
            bar.update(tasks[file], completed=rows, total=of, done=done)

        yield tell


def require_writable(file: Path | None) -> None:
    if file and not (file.parent.is_dir() and not file.is_dir()):
        stop(f"{file} cannot be written: there is no such folder, or it is one itself")


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the latest detail on a terminal; one line when it is done, everywhere."""
    start = time.monotonic()
    with notes.status(doing) as status:
        yield lambda detail: status.update(f"{doing}: {detail}")
    notes.print(f"{doing}: done in {time.monotonic() - start:.1f} s")


def end_cleanly_on_signals() -> None:
    """Let `with` blocks close, so that the private database stops with the server."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup asked to ignore SIGHUP
            signal.signal(number, _exit)


def _exit(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def stop(message: str) -> NoReturn:
    notes.print(message, style="red")
    raise typer.Exit(1)


def expected_errors() -> tuple[type[Exception], ...]:
    """Those whose message is all that helps; any other keeps its traceback."""
    from psycopg import OperationalError

    from api.server import CannotListen
    from api.workers import CannotStart
    from db.backup import BackupFailed
    from db.corrections import CorrectionRefused
    from db.imports import CannotUndo
    from db.server import DatabaseUnusable
    from seed.mappings import MappingError
    from seed.readers import UnreadableError
    from seed.workbooks.export import CannotExport

    return (
        BackupFailed,
        CannotExport,
        CannotListen,
        CannotStart,
        CannotUndo,
        CorrectionRefused,
        DatabaseUnusable,
        MappingError,
        OperationalError,
        PermissionError,
        UnreadableError,
    )


def main() -> None:
    try:
        app(prog_name="quartier")
    except Exception as error:
        if not isinstance(error, expected_errors()):
            raise
        notes.print(str(error).strip(), style="red")
        sys.exit(1)


if __name__ == "__main__":
    main()
