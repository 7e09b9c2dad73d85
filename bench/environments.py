"""Python environments of the servers that are measured beside ours, made once from pinned files."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from bench.statements import FOLDER
from seed.load import Progress

REQUIREMENTS = FOLDER.parent / "requirements"


def environment(folder: Path, name: str, *, progress: Progress) -> Path:
    """The folder of programs of an environment with requirements/bench-<name>.txt in it."""
    pinned = REQUIREMENTS / f"bench-{name}.txt"
    made, stamp = folder / name, folder / name / "made-of"
    known = hashlib.sha256(pinned.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == known):
        progress(f"installing {name}")
        shutil.rmtree(made, ignore_errors=True)
        _run(sys.executable, "-m", "venv", made)
        _run(
            made / "bin" / "python",
            *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--require-hashes", "--requirement", pinned),
        )
        stamp.write_text(known)
    return made / "bin"


def version(programs: Path, name: str) -> str:
    """The version of a distribution that was installed there."""
    packages = [str(path) for path in programs.parent.glob("lib/python*/site-packages")]
    return next(found.version for found in distributions(name=name, path=packages))


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildProcessError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
