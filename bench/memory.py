"""How much memory a server takes, with its children; Linux tells by /proc, others do not."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
EVERY = 0.02  # seconds


@dataclass
class Growth:
    """Bytes at first, and at most since."""

    before: int
    most: int

    @property
    def bytes(self) -> int:
        return self.most - self.before


def resident(pid: int) -> int:
    """Bytes of a process and all below it; 0 where nothing tells."""
    own, below = _read(pid, "statm"), _read(pid, f"task/{pid}/children")
    pages = int(own.split()[1]) if own else 0
    return pages * mmap.PAGESIZE + sum(resident(int(child)) for child in below.split())


@contextmanager
def watched(pid: int) -> Iterator[Growth]:
    growth = Growth(resident(pid), 0)
    growth.most = growth.before
    done = threading.Event()

    def look() -> None:
        while not done.wait(EVERY):
            growth.most = max(growth.most, resident(pid))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield growth
    finally:
        done.set()
        watcher.join()


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
