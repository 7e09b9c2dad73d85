"""Commands that make the files of a publication, and say how far they are."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from commands.checkout import ROOT
from commands.console import notes, progress, stop
from commands.databases import databases
from commands.settings import read_settings
from commands.signals import end_cleanly_on_signals

if TYPE_CHECKING:
    from pathlib import Path

    from api.settings import Settings

group = typer.Typer(help="The files that are made of each publication.", no_args_is_help=True)

PAUSE = 0.5


@group.command()
def build() -> None:
    """Make the files of what is published now, unless they are there."""
    import threading

    from api.artefacts import manifest as manifests
    from api.artefacts.following import BUSY, build_apart

    with reading() as (settings, url, folder), progress("Making files"):
        code, reason = build_apart(quiet(settings), url, folder, threading.Event())
        if code == BUSY:
            stop(f"Another process is making files in {folder}")
        if code:
            stop(f"The files could not be made: {reason or code}")
        made = manifests.current(folder)
    if made:
        notes.print(f"The files in {folder} show publication {made.sequence}")


@group.command()
def follow() -> None:
    """Make the files of every publication, until this is ended."""
    import threading

    from api.artefacts.following import Following
    from api.logs import Log

    end_cleanly_on_signals()
    with reading() as (settings, url, folder), Log(settings).running():
        notes.print(f"Following publications; files are made in {folder}")
        Following(settings, url, folder, threading.Event()).run()


@group.command()
def status() -> None:
    """Say which publication the files show, and whether that is the current one.

    The exit code is 1 if it is not.
    """
    from api.artefacts import manifest as manifests
    from db import snapshots

    with reading() as (_, url, folder):
        with snapshots.opened(url) as (_, state):
            published = state
        made, failure = manifests.current(folder), manifests.failure(folder)
        for kept in manifests.kept(folder):
            size = sum(file.size for file in kept.files)
            typer.echo(
                f"{kept.sequence}\t{kept.built_at}\t{len(kept.files)} files\t{size} bytes"
                f"\t{kept.seconds} s"
            )
    if failure:
        notes.print(f"Failed {failure.count} times until {failure.at}: {failure.reason}")
    if made and (made.sequence, made.published_at) == (published.sequence, published.published_at):
        notes.print(f"The files in {folder} show the current publication, {made.sequence}")
        return
    shown = f"publication {made.sequence}" if made else "nothing yet"
    stop(f"The files in {folder} show {shown}; the current publication is {published.sequence}")


@contextmanager
def reading() -> Iterator[tuple[Settings, str, Path]]:
    """The settings, the database as the reader sees it, and where its files are."""
    settings = read_settings()
    if settings.database_public_url is not None:
        url = settings.database_public_url.get_secret_value()
        yield settings, url, folder_of(settings)
        return
    with databases(settings) as both:
        yield settings, both.public_url, folder_of(settings)


def folder_of(settings: Settings) -> Path:
    """Where files are made, unless it is set: beside the private database, apart by database."""
    if settings.artefacts is not None:
        return settings.artefacts.expanduser().absolute()
    from db.cluster import default_data_folder

    data = settings.quartier_data or default_data_folder(ROOT)
    return data.expanduser().absolute() / "artefacts" / _name_of_database(settings)


def quiet(settings: Settings) -> Settings:
    """What is said to a person need not be in a log as well."""
    return settings.model_copy(update={"log_level": "error"})


def _name_of_database(settings: Settings) -> str:
    """The same however its role and password are called."""
    if settings.database_public_url is None:
        return "private"
    from psycopg.conninfo import conninfo_to_dict

    known = conninfo_to_dict(settings.database_public_url.get_secret_value())
    parts = [str(known.get(part)) for part in ("host", "hostaddr", "port", "dbname")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def wait_until_made(settings: Settings, url: str, seconds: float) -> None:
    """Until the files show what is published now. Whoever makes files is waited for; if nobody
    does, they are made here."""
    from api.artefacts import manifest as manifests
    from db import snapshots

    folder = folder_of(settings)
    with snapshots.opened(url) as (_, state):
        wanted = (state.sequence, state.published_at)
    deadline = time.monotonic() + seconds
    with progress(f"Waiting for the files of publication {state.sequence}") as detail:
        while True:
            made = manifests.current(folder)
            if made and (made.sequence, made.published_at) >= wanted:
                break
            if time.monotonic() >= deadline:
                stop(f"The files of publication {state.sequence} were not made in {seconds:g} s")
            _build_or_wait(settings, url, folder, deadline, detail)
    notes.print(f"The files in {folder} show publication {made.sequence}")


def _build_or_wait(
    settings: Settings, url: str, folder: Path, deadline: float, tell: Callable[[str], None]
) -> None:
    import threading

    from api.artefacts.following import BUSY, build_apart

    out_of_time = threading.Event()
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), out_of_time.set)
    timer.start()
    try:
        tell(f"making them in {folder}")
        code, reason = build_apart(quiet(settings), url, folder, out_of_time)
    finally:
        timer.cancel()
    if code == BUSY:
        tell("another process is making them")
        time.sleep(PAUSE)
    elif code and not out_of_time.is_set():
        stop(f"The files could not be made: {reason or code}")
