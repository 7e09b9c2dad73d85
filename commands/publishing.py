"""Commands that decide what is public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from commands.artefacts import wait_until_made
from commands.console import notes
from commands.databases import databases, require_prepared
from commands.inbox import apply_inbox
from commands.settings import read_settings

if TYPE_CHECKING:
    from db.publication import Difference, Publication

REASONS = {
    "no_count": "stays private, as nothing says how many persons it is about",
    "follows_from_public_values": "is hidden, but can be calculated from values that are public",
}


def publish(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would become public.")
    ] = False,
    inbox: Annotated[
        bool, typer.Option(help="First note what providers confirmed, as `inbox apply` does.")
    ] = True,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the files for download show it, too.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=1, help="With `--wait`: seconds after which that has failed.")
    ] = 600.0,
    leaks: Annotated[
        bool,
        typer.Option("--leaks", help="Even if hidden counts can be calculated then."),
    ] = False,
) -> None:
    """Make public what changed in the registry since the last time."""
    from db import publication

    settings = read_settings()
    with databases(settings) as both:
        require_prepared(both)
        if inbox and not dry_run:
            apply_inbox(both)
        done = publication.publish(both.owner_url, dry_run=dry_run, leaks=leaks)
        for difference in done.differences:
            typer.echo(describe(difference))
        for each in done.withheld:
            reason = REASONS[each.reason]
            notes.print(f"{each.indicator} of {each.district}, {each.period}: {reason}")
        notes.print(summary_of(done, dry_run=dry_run))
        if wait and not dry_run:
            wait_until_made(settings, both.public_url, timeout)


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
