"""The PostgreSQL programs on this machine, and the account that may run them."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15
EXTENSIONS = ("postgis", "pg_trgm", "unaccent", "btree_gin")

# Where packages put the server programs, newest layout of each system first.
# Debian keeps them off the PATH, Homebrew and Alpine keep one folder a version.
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql/bin",
)

ADVICE = (
    "Install PostgreSQL, its contrib modules and PostGIS, or set DATABASE_URL and "
    "DATABASE_PUBLIC_URL to use a database that runs elsewhere."
)


class DatabaseUnusable(RuntimeError):  # noqa: N818 - reads as the state it reports
    """The registry cannot live here as things are; the message says what to change."""


@dataclass(frozen=True)
class Account:
    """Who runs the server. PostgreSQL refuses to run as root, so root lends it another account."""

    uid: int
    gid: int
    borrowed: bool

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - programs found in PLACES, no shell
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",  # the caller's folder may be closed to the borrowed account
            env=environment(),
            stdin=subprocess.DEVNULL,
            user=self.uid if self.borrowed else None,
            group=self.gid if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
        )

    def start(self, *command: str | Path, log: int) -> subprocess.Popen[bytes]:
        """Start a server that outlives Ctrl-C: it is stopped after the HTTP server, not with it."""
        return subprocess.Popen(  # noqa: S603 - programs found in PLACES, no shell
            [str(part) for part in command],
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=self.uid if self.borrowed else None,
            group=self.gid if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
        )


@dataclass(frozen=True)
class Server:
    """One installed version of the server programs."""

    major: int
    programs: Path
    extensions: Path

    def lacks(self) -> list[str]:
        return [n for n in EXTENSIONS if not (self.extensions / f"{n}.control").is_file()]


def environment() -> dict[str, str]:
    """Nothing of the caller's PGPORT, PGDATA or locale reaches the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def server_account() -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), borrowed=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, borrowed=True)
    raise DatabaseUnusable("PostgreSQL does not run as root, and there is no account 'nobody'")


def newest_server(account: Account) -> Server:
    """The newest version that has every extension; PostGIS often lags behind a new PostgreSQL."""
    found = sorted(installed_servers(account), key=lambda server: server.major, reverse=True)
    usable = [server for server in found if server.major >= OLDEST_MAJOR]
    if complete := [server for server in usable if not server.lacks()]:
        return complete[0]
    raise DatabaseUnusable(f"{_what_is_missing(found, usable)}. {ADVICE}")


def server_of(major: int, account: Account) -> Server:
    """The version that made a data folder: no other one can open it."""
    for server in installed_servers(account):
        if server.major == major:
            return server
    raise DatabaseUnusable(f"the data was written by PostgreSQL {major}, which is not installed")


def installed_servers(account: Account) -> Iterator[Server]:
    for programs in _program_folders():
        if server := _inspect(programs, account):
            yield server


def client_programs() -> Iterator[tuple[int, Path]]:
    """Folders with pg_dump, pg_restore and psql of one version; those on PATH come last."""
    found = _folders_of_packages()
    if on_path := shutil.which("pg_dump"):
        found.append(Path(on_path).parent)
    for folder in dict.fromkeys(found):
        if all((folder / name).is_file() for name in ("pg_dump", "pg_restore", "psql")):
            yield _major_of(folder / "pg_dump"), folder


def _major_of(program: Path) -> int:
    shown = subprocess.run(  # noqa: S603 - a program found in PLACES or on PATH, no shell
        [program, "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"\d+", shown.stdout)
    return int(version[0]) if version else 0


def _folders_of_packages() -> list[Path]:
    return [path for place in PLACES for path in Path("/").glob(place.removeprefix("/"))]


def _program_folders() -> list[Path]:
    found = _folders_of_packages()
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    with_server = [path for path in found if (path / "postgres").is_file()]
    return list(dict.fromkeys(with_server))


def _inspect(programs: Path, account: Account) -> Server | None:
    """Ask initdb where its files are: unlike pg_config it comes with every server package."""
    shown = account.run(programs / "initdb", "--show", "-D", "/nonexistent").stderr
    version = re.search(r"^VERSION=(\d+)", shown, re.MULTILINE)
    share = re.search(r"^share_path=(.+)$", shown, re.MULTILINE)
    if not version or not share:
        return None
    return Server(int(version[1]), programs, Path(share[1]) / "extension")


def _what_is_missing(found: list[Server], usable: list[Server]) -> str:
    if usable:
        return f"PostgreSQL {usable[0].major} lacks: {', '.join(usable[0].lacks())}"
    if found:
        return f"PostgreSQL {found[0].major} is too old, {OLDEST_MAJOR} or newer is needed"
    return "PostgreSQL is not installed"
