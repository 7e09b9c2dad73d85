"""Commands that deal with what the public and providers say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import notes, stop
from commands.databases import Databases, databases, require_prepared
from commands.settings import home_of, read_settings
from commands.shorthand import ListGroup

if TYPE_CHECKING:
    from datetime import timedelta

MAKE_A_KEY = "Make one with: openssl rand -hex 32"

group = typer.Typer(help="Deal with what the public and providers say.", cls=ListGroup)


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


@group.command("list")
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


@group.command("show")
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


@group.command("close")
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


@group.command("apply")
def apply_confirmations() -> None:
    """Note in the registry what providers confirmed; suggestions wait for somebody."""
    with databases(read_settings()) as both:
        require_prepared(both)
        apply_inbox(both)


@group.command("purge")
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
