"""A folder that is watched: what is dropped there is tried, and the report left beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from seed.imports.engine import Order, import_files
from seed.report import FileReport

REPORT = ".report.html"
STILL = 2.0  # seconds a file must not have changed: it may still be copied
PAUSE = 1.0


def watch(
    url: str, folder: Path, order: Order, *, told: Callable[[FileReport], None], once: bool = False
) -> None:
    """Try every file that has no report or is newer than its report; for ever, unless `once`."""
    while True:
        for file in waiting(folder, time.time()):
            report = import_files(url, [file], order)
            report.write(report_of(file))
            told(report.files[0])
        if once:
            return
        time.sleep(PAUSE)


def waiting(folder: Path, now: float) -> Iterator[Path]:
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or file.name.endswith(REPORT) or not file.is_file():
            continue
        changed, report = file.stat().st_mtime, report_of(file)
        reported = report.stat().st_mtime if report.exists() else float("-inf")
        if changed > reported and now - changed >= STILL:
            yield file


def report_of(file: Path) -> Path:
    return file.with_name(file.name + REPORT)
