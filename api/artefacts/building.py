"""Making all files of a state: aside, complete, and then visible at once.

Whatever happens in between, `current` leads to a complete state: the new one is made in a folder
beside it, written through to the disk, renamed, and only then pointed to. What an attempt left
behind is removed by the next one; a lock sees to it that there is one at a time.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from api.artefacts import manifest as manifests
from api.artefacts.keys import code, key_of
from api.artefacts.makers import MAKERS
from api.artefacts.manifest import CURRENT, MANIFEST, Manifest
from api.artefacts.snapshot import Earlier, Made, Snapshot, opened
from api.artefacts.twins import compress, has_twin

if TYPE_CHECKING:
    from api.settings import Settings

LOCK = "lock"
UNFINISHED = ".building-"
POINTER = ".current-"
STATE = re.compile(r"[0-9]+-[0-9a-f]{12}")


class Busy(RuntimeError):  # noqa: N818 - reads as the state it reports
    """Another process is building in this folder."""


def build(settings: Settings, url: str, folder: Path) -> Manifest:
    """All artefacts of the current publication, unless they are there already."""
    with locked(folder), opened(url, settings) as shown:
        key = key_of(shown.state, settings)
        known = manifests.read(folder / key)
        if known is None:
            known = _made_aside(shown, folder, key)
        if manifests.current_key(folder) != key:
            _point_to(folder, key)
        _prune(folder, settings.artefacts_keep)
        return known


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one who builds here. The kernel takes the lock back from whoever dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another process is building in {folder}") from None
        yield


def _made_aside(shown: Snapshot, folder: Path, key: str) -> Manifest:
    _remove_abandoned(folder)
    aside = folder / f"{UNFINISHED}{os.getpid()}"
    aside.mkdir()
    try:
        manifest = _made(replace(shown, earlier=_earlier(folder)), aside, key)
        _sync_folders(aside)
        shutil.rmtree(folder / key, ignore_errors=True)  # without a manifest that can be read
        aside.rename(folder / key)
        _sync(folder)
        return manifest
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _made(shown: Snapshot, aside: Path, key: str) -> Manifest:
    start = time.monotonic()
    files: list[Made] = []
    for maker in MAKERS:
        files += [_completed(aside, made) for made in maker(shown, aside, tuple(files))]
    manifest = Manifest(
        key=key,
        code=code(),
        sequence=shown.state.sequence,
        published_at=shown.state.published_at,
        built_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        seconds=round(time.monotonic() - start, 3),
        files=tuple(files),
    )
    (aside / MANIFEST).write_text(manifest.text(), encoding="utf-8")
    _sync(aside / MANIFEST)
    return manifest


def _completed(folder: Path, made: Made) -> Made:
    """With size and digest, and the compressed twin; a file that was taken over has them."""
    if made.sha256:
        return made
    path = folder / made.name
    size, digest = _measured(path)
    made = replace(made, size=size, sha256=digest)
    if made.addressed or not has_twin(made.media_type, size):
        return made
    size, digest = _measured(compress(path))
    return replace(made, gzip_size=size, gzip_sha256=digest)


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _earlier(folder: Path) -> Earlier | None:
    manifest = manifests.current(folder)
    if manifest is None or manifest.code != code():
        return None
    return Earlier(folder / manifest.key, manifest.files)


def _point_to(folder: Path, key: str) -> None:
    pointer = folder / f"{POINTER}{os.getpid()}"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(key)
    pointer.replace(folder / CURRENT)
    _sync(folder)


def _prune(folder: Path, keep: int) -> None:
    """What is beyond the newest few, and states of releases that wrote other manifests."""
    current = manifests.current_key(folder)
    readable = [state.key for state in manifests.kept(folder)]
    others = [key for key in readable if key != current]
    unreadable = {path.name for path in folder.iterdir() if STATE.fullmatch(path.name)}
    for key in (*others[max(0, keep - 1) :], *unreadable - {*readable, current}):
        shutil.rmtree(folder / key, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f"{POINTER}*"):
        path.unlink(missing_ok=True)


def _sync_folders(top: Path) -> None:
    for folder, _, _ in os.walk(top):
        _sync(Path(folder))


def _sync(path: Path) -> None:
    opened_ = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened_)
    finally:
        os.close(opened_)
