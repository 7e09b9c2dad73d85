"""A server process of a test's own: to be stopped, starved, and read the log of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import PATIENCE, ROOT, StartFailed, free_port, wait_until_it_answers


@dataclass(frozen=True)
class Served:
    """A running server: its address, process and log."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    output: Path

    def log(self) -> list[Any]:
        """The lines of its log; every one of them is a JSON object."""
        lines = self.output.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def served(public_url: str, output: Path, **environment: str) -> Iterator[Served]:
    """Serve a database until the end of the block, unless it ended before."""
    port = int(environment.pop("PORT", free_port()))
    variables = {"DATABASE_PUBLIC_URL": public_url, "PORT": str(port), **environment}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve"],
            cwd=ROOT,
            env=os.environ | variables,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_it_answers(process, f"http://127.0.0.1:{port}/health/live")
        yield Served(f"http://127.0.0.1:{port}", port, process, output)
    except StartFailed:
        raise AssertionError(output.read_text(encoding="utf-8")) from None
    finally:
        process.terminate()
        process.wait(PATIENCE)
