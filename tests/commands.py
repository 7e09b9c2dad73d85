"""Commands as processes, and within the tests' own, which spares them the start of Python."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from unittest.mock import patch

from cli import main
from tests.servers import ROOT

PATIENCE = 60.0


def call(*arguments: str, **environment: str) -> CompletedProcess[str]:
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment),
        patch("sys.argv", ["quartier", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = _code()
    return CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def as_process(*arguments: str, **environment: str) -> CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _code() -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
