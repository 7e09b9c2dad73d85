"""Python environments of other servers than ours, made once from pinned files."""

from __future__ import annotations

import fcntl
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
    """The folder of programs of an environment with requirements/<name>.txt in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second finds it made
        return _made(folder / name, REQUIREMENTS / f"{name}.txt", progress)


def _made(made: Path, pinned: Path, progress: Progress) -> Path:
    stamp = made / "made-of"
    known = hashlib.sha256(pinned.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == known):
        progress(f"installing {made.name}")
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
