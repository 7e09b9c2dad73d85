"""Runs the commands of a page in a shell, and compares what they say with what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import SERVER, Example

CURL = Path(__file__).with_name("curl.py")
PATIENCE = 60.0


class Console:
    """A shell in a folder of its own, whose curl reaches the server under test."""

    def __init__(self, folder: Path, server: str, *, own_curl: bool = False) -> None:
        self._folder = folder / "work"
        self._programs = folder / "bin"
        self._server = server
        self._folder.mkdir()
        self._programs.mkdir()
        if own_curl or not shutil.which("curl"):
            self._provide_curl()

    def check(self, example: Example) -> None:
        """Run the command; what the page shows must occur in what it says."""
        said = self.run(example.command)
        pattern = _pattern(example.shown)
        assert re.search(pattern, _bare(said)), (
            f"$ {example.command}\nshown:\n{example.shown}\n\nsaid:\n{said[:4000]}"
        )

    def run(self, command: str) -> str:
        ended = subprocess.run(
            ["sh", "-c", command.replace(SERVER, self._server)],
            cwd=self._folder,
            env=os.environ | {"PATH": f"{self._programs}:{os.environ['PATH']}"},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ended.returncode == 0, f"$ {command}\n{ended.stderr.decode()}"
        return ended.stdout.decode().replace(self._server, SERVER)

    def _provide_curl(self) -> None:
        program = self._programs / "curl"
        called = shlex.join([sys.executable, str(CURL)])
        program.write_text(f'#!/bin/sh\nexec {called} "$@"\n')
        program.chmod(0o755)


def _pattern(shown: str) -> str:
    """The text with `…` for anything. White space is layout: answers are shown indented."""
    return ".*?".join(re.escape(_bare(part)) for part in shown.split("…"))


def _bare(text: str) -> str:
    return "".join(text.split())
