"""Zip files: what they hold, looked at before anything is unpacked."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from seed.readers import UnreadableError

BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

LARGEST = 2 * 10**9  # bytes, unpacked
HARMLESS = 100 * 10**6  # bytes, unpacked: no ratio is asked for
RATIO = 100  # unpacked to packed; text comes to 30, a bomb to 1,000
MOST_MEMBERS = 10_000

ENCRYPTED = 0x1  # APPNOTE.TXT, 4.4.4: bit 0 of the general purpose flags
DAMAGED = (BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)


def directory(path: Path) -> Mapping[str, ZipInfo]:
    """The files in a zip by name, or the reason why they are not to be unpacked."""
    with _read(path) as archive:
        members = [info for info in archive.infolist() if not info.filename.endswith("/")]
    _refuse_bombs(members, path.stat().st_size)
    for info in members:
        _refuse_namelessness(info.filename)
        _refuse_traversal(info.filename)
        if info.flag_bits & ENCRYPTED:
            raise UnreadableError(f"{info.filename!r} in the zip needs a password: pack it without")
    return {info.filename: info for info in members}


def verify(path: Path) -> None:
    """Unpack every file once, to nowhere: sizes that lie and broken checksums come out."""
    with _read(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise UnreadableError(f"the zip is damaged: {damaged!r} does not fit its checksum")


@contextmanager
def opened(path: Path, member: str) -> Iterator[IO[bytes]]:
    with _read(path) as archive, archive.open(member) as file:
        yield file


@contextmanager
def _read(path: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(path) as archive:
            yield archive
    except DAMAGED as error:
        raise UnreadableError(f"the zip is damaged or cut off: {error}") from error


def _refuse_bombs(members: list[ZipInfo], packed: int) -> None:
    unpacked = sum(info.file_size for info in members)
    if len(members) > MOST_MEMBERS:
        raise UnreadableError(f"the zip holds {len(members):,} files, more than {MOST_MEMBERS:,}")
    if unpacked > LARGEST or unpacked > max(HARMLESS, RATIO * packed):
        size = f"{unpacked / 1e6:,.0f} MB unpacked from {packed / 1e6:,.1f} MB"
        raise UnreadableError(f"the zip would be {size}; this is not unpacked")
    if sum(info.compress_size for info in members) > packed:
        raise UnreadableError("the files in the zip overlap; this is not unpacked")


def _refuse_namelessness(name: str) -> None:
    if not name:
        raise UnreadableError("the zip is damaged: a file in it has no name")


def _refuse_traversal(name: str) -> None:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.anchor or ".." in windows.parts:
        raise UnreadableError(f"the zip holds a file that would leave its folder: {name!r}")
