"""What is said to people while commands run: notes, progress, and why one stops."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import typer
from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import TaskID


class Notes(Console):
    """To people, on standard error. That nobody can read them is no reason to stop."""

    def print(self, *objects: Any, **how: Any) -> None:
        try:
            super().print(*objects, **how)
            self.file.flush()
        except OSError:
            # What it still holds would fail again at the exit.
            sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


notes = Notes(stderr=True, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the latest detail on a terminal; one line when it is done, everywhere."""
    start = time.monotonic()
    with notes.status(doing) as status:
        yield lambda detail: status.update(f"{doing}: {detail}")
    notes.print(f"{doing}: done in {time.monotonic() - start:.1f} s")


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


def stop(message: str) -> NoReturn:
    notes.print(message, style="red")
    raise typer.Exit(1)


def require_writable(file: Path | None) -> None:
    if file and not (file.parent.is_dir() and not file.is_dir()):
        stop(f"{file} cannot be written: there is no such folder, or it is one itself")
