"""The `quartier` command: puts together what is in commands/, in the order of its help."""

from __future__ import annotations

import gc
import sys

import typer

from commands import (
    artefacts,
    auditing,
    corrections,
    developing,
    importing,
    inbox,
    maintaining,
    moving,
    publishing,
    serving,
    sources,
)
from commands.console import notes

STARTING = 10_000
"""New objects between two collections. What imports make stays: with Python's 700, the collector
takes a sixth of a server's start to find nothing."""

app = typer.Typer(
    help="Quartier, the open-data registry of social offerings, districts, indicators, measures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # their local variables show passwords
)

app.add_typer(maintaining.group, name="db")
app.add_typer(auditing.group, name="audit")
app.add_typer(inbox.group, name="inbox")
app.add_typer(importing.group, name="import")
app.add_typer(sources.group, name="sources")
app.add_typer(artefacts.group, name="artefacts")

app.command()(serving.up)
app.command()(serving.serve)
app.command("test", context_settings={"ignore_unknown_options": True})(developing.check_and_test)
app.command()(developing.openapi)
app.command()(publishing.publish)
app.command("confirm-links")(inbox.confirm_links)
app.command("set")(corrections.set_fields)
app.command("status")(corrections.set_status)
app.command()(corrections.unset)
app.command()(publishing.revert)
app.command()(moving.export)
app.command()(sources.duplicates)
app.command()(sources.geocode)
app.command()(sources.watch)
app.command()(moving.backup)
app.command()(moving.restore)
app.command()(maintaining.purge)
app.command()(developing.bench)


def expected_errors() -> tuple[type[Exception], ...]:
    """Those whose message is all that helps; any other keeps its traceback."""
    from psycopg import OperationalError

    from api.server import CannotListen
    from api.workers import CannotStart
    from db.backup import BackupFailed
    from db.corrections import CorrectionRefused
    from db.disclosure.audit import LeaksFound
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
        LeaksFound,
        MappingError,
        OperationalError,
        PermissionError,
        UnreadableError,
    )


def main() -> None:
    gc.set_threshold(STARTING)
    try:
        app(prog_name="quartier")
    except Exception as error:
        if not isinstance(error, expected_errors()):
            raise
        notes.print(str(error).strip(), style="red")
        sys.exit(1)


if __name__ == "__main__":
    main()
