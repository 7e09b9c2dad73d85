"""A real server process, for tests that must go over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0


@contextmanager
def running_server(public_url: str, **environment: str) -> Iterator[str]:
    """Serve a database on a free port; `environment` sets further settings."""
    port = free_port()
    variables = {"DATABASE_PUBLIC_URL": public_url, "PORT": str(port), **environment}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve"],
            cwd=ROOT,
            env=os.environ | variables,
            stdout=output,
            stderr=output,
        )
        try:
            wait_until_it_answers(process, f"http://127.0.0.1:{port}/health/live")
            yield f"http://127.0.0.1:{port}"
        except StartFailed:
            output.seek(0)
            raise AssertionError(output.read().decode()) from None
        finally:
            process.terminate()
            process.wait(PATIENCE)


class StartFailed(Exception):  # noqa: N818
    """The server process ended, or did not answer in time."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_answers(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - always http on this machine
                return
        except (URLError, ConnectionError):
            time.sleep(0.05)
    raise StartFailed
