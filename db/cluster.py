"""The private PostgreSQL that Quartier runs when it is given no database.

Everything lives in one data folder: the database files, the log, the socket and two locks.
There is no TCP port. The socket sits in a folder that only the server's account (and root) can
enter, and every role logs in there without a password: whoever can reach the socket can read the
database files next to it anyway, so a password would protect nothing and would have to be stored.
One secret is, in a file for its owner alone: the key that signs links to this registry.

Two locks make it safe to start, share and kill:

* `starting` is held while somebody creates, starts or stops the server;
* `in-use` is held, shared, by every process that uses it. The kernel drops it when a process dies,
  so the last one out stops the server and a server left behind by `kill -9` is adopted.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self
from urllib.parse import quote

from db.server import (
    EXTENSIONS,
    Account,
    DatabaseUnusable,
    Server,
    newest_server,
    server_account,
    server_of,
)

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

SUPERUSER = "postgres"
OWNER = "quartier_owner"
PUBLIC = "quartier_public"
DATABASE = "quartier"

PORT = 5432
LAYOUT = "1"  # what _prepare() sets up; a higher number runs it again
PATIENCE = 60.0  # seconds for a start, which may include crash recovery
LONGEST_LOG = 10_000_000  # bytes; a start begins a new one beyond
LONGEST_SOCKET = 103  # macOS; Linux allows 107

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "jit": "off",  # compiling costs more than the short statements of an API
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
DISPOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _shared_megabytes() -> int:
    """An eighth of the memory, as far as that is sensible: a publication touches many indexes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return max(128, min(memory // 8, 512))


def default_data_folder(checkout: Path) -> Path:
    """Where a checkout keeps its database: inside it, unless that cannot work."""
    name = _digest(checkout.resolve())
    if os.geteuid() == 0:  # the borrowed account may not reach a checkout below /root
        return Path("/var/lib/quartier") / name
    if os.access(checkout, os.W_OK):
        return checkout.resolve() / ".quartier"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "quartier" / name


class Cluster:
    """A data folder and the server on it.

    `durable=False` trades safety against a power cut for speed: for tests, never for data.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data.expanduser().absolute()
        self.files = self.data / "postgresql"
        self.socket = _socket_folder(self.data)
        self.log = self.data / "postgresql.log"
        self.durable = durable
        self._in_use: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Create what is missing, then start the server or join the one that runs."""
        self._make_data_folder()
        with self._starting():
            self._create_files()
            self._create_secret_key()
            self._run()
            self._prepare()
            self._in_use = self._in_use or _lock(self.data / "in-use", fcntl.LOCK_SH)

    def stop(self) -> bool:
        """Stop the server unless another process uses it; say whether it is stopped."""
        if not self.data.is_dir():
            return True
        with self._starting():
            last = self._leave()
            if last and self.files.is_dir():
                self._shut_down()
        return last

    def url(self, role: str, database: str = DATABASE) -> str:
        folder = quote(str(self.socket), safe="")
        return f"postgresql://{role}@/{database}?host={folder}&port={PORT}"

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    @property
    def public_url(self) -> str:
        return self.url(PUBLIC)

    @property
    def secret_key(self) -> str:
        """What signs links that lead here; made once, so that they last."""
        return (self.data / "secret-key").read_text()

    def program(self, name: str) -> Path:
        """One of PostgreSQL's own, in the version of this cluster."""
        return self._server.programs / name

    def postmaster(self) -> int | None:
        """The process id of the server on these files, if there is one."""
        pid = _first_number(self.files / "postmaster.pid")
        return pid if pid and _serves(pid, self.files) else None

    @cached_property
    def _account(self) -> Account:
        return server_account()

    @cached_property
    def _server(self) -> Server:
        version = self.files / "PG_VERSION"
        if version.exists():
            return server_of(int(version.read_text()), self._account)
        return newest_server(self._account)

    # Creating

    def _make_data_folder(self) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(self.data.stat().st_mode)
        if self._account.borrowed and not mode & stat.S_IXOTH:
            self.data.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)

    def _create_files(self) -> None:
        if self.files.exists():
            return
        if self._account.run("/bin/sh", "-c", 'cd "$0"', self.data).returncode:
            raise DatabaseUnusable(f"the account that runs PostgreSQL cannot reach {self.data}")
        unfinished = self.data / "postgresql.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._private_folder(unfinished)
        self._initdb(unfinished)
        unfinished.rename(self.files)  # whole or not at all, whenever we are killed

    def _create_secret_key(self) -> None:
        key = self.data / "secret-key"
        if key.exists():
            return
        unfinished = self.data / "secret-key.new"
        unfinished.unlink(missing_ok=True)
        with os.fdopen(
            os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as file:
            file.write(secrets.token_hex(32))
        unfinished.rename(key)

    def _initdb(self, folder: Path) -> None:
        made = self._account.run(
            self._server.programs / "initdb",
            *("-D", folder, "--username", SUPERUSER, "--encoding", "UTF8"),
            # Byte order for keys, which no library upgrade changes; people's order is ICU's, per
            # column. The character classes must be Unicode's, or full text ignores umlauts.
            *("--locale-provider", "libc", "--locale", "C", "--lc-ctype", _unicode_classes()),
            *("--auth-local", "trust", "--auth-host", "reject", "--no-instructions"),
            *(() if self.durable else ("--no-sync",)),
        )
        if made.returncode:
            raise DatabaseUnusable(f"initdb failed:\n{made.stderr.strip()}")

    def _private_folder(self, folder: Path) -> None:
        """A folder only the server's account can enter; somebody else's is refused."""
        if not folder.is_symlink() and not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, self._account.uid, self._account.gid)
        seen = folder.lstat()
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != self._account.uid:
            raise DatabaseUnusable(f"{folder} belongs to somebody else")
        if stat.S_IMODE(seen.st_mode) != 0o700:
            folder.chmod(0o700)

    def _prepare(self) -> None:
        """Database, roles and extensions: what only the superuser may create."""
        stamp = self.data / "prepared"
        if stamp.exists() and stamp.read_text() == LAYOUT:
            return
        import psycopg  # noqa: PLC0415 - a warm start needs no connection

        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            _create_roles_and_database(connection)
        with psycopg.connect(self.url(SUPERUSER), autocommit=True) as connection:
            for name in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        stamp.write_text(LAYOUT)

    # Running

    def _run(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise DatabaseUnusable(
                    f"PostgreSQL did not start in {PATIENCE:.0f} s; see {self.log}"
                )
            if self.postmaster() is None and not self._is_launching():
                self._launch()
            time.sleep(0.01)
        if self._process is not None:
            self._process.returncode = 0  # it may outlive us: not a leak, not ours to wait for
            self._process = None

    def _is_ready(self) -> bool:
        return self._status() == "ready" and self.postmaster() is not None

    def _status(self) -> str:
        try:
            lines = (self.files / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[7].strip() if len(lines) > 7 else ""

    def _is_launching(self) -> bool:
        """Whether our own start is under way; a failed one raises, unless it may be repeated."""
        if self._process is None:
            return False
        if self._process.poll() is None:
            return True
        self._process = None
        said = self.log.read_bytes()[self._log_start :].decode(errors="replace")
        if "shared memory block" not in said:
            raise DatabaseUnusable(f"PostgreSQL did not start:\n{said.strip()}")
        time.sleep(0.1)  # the killed server's last sessions are still on their way out
        return False

    def _launch(self) -> None:
        self._forget_dead_server()
        self._private_folder(self.socket)
        settings = SETTINGS | {"shared_buffers": f"{_shared_megabytes()}MB"}
        settings |= {} if self.durable else DISPOSABLE
        settings["unix_socket_directories"] = '"{}"'.format(str(self.socket).replace('"', '""'))
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        with self._open_log() as log:
            self._log_start = log.tell()
            self._process = self._account.start(
                self._server.programs / "postgres", "-D", self.files, *options, log=log.fileno()
            )

    def _open_log(self) -> BinaryIO:
        """Private like the data: an error quotes the statement that caused it."""
        keep = self.log.exists() and self.log.stat().st_size < LONGEST_LOG
        kind = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if keep else os.O_TRUNC)
        return os.fdopen(os.open(self.log, kind, 0o600), "ab")

    def _forget_dead_server(self) -> None:
        """After a crash the files name a process id that by now may be anybody's.

        PostgreSQL believes such a file if that process lives; we know that it is not a server.
        """
        (self.files / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.socket.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)

    def _shut_down(self) -> None:
        """Fast first (sessions are cut, data is flushed), immediate if that takes too long."""
        for request in (signal.SIGINT, signal.SIGQUIT):
            if (pid := self.postmaster()) is None:
                break
            os.kill(pid, request)
            if self._is_gone_within(PATIENCE / 2):
                _reap(pid)
                break
        else:
            raise DatabaseUnusable(f"PostgreSQL does not stop; see {self.log}")
        if self.socket.parent != self.data:
            shutil.rmtree(self.socket, ignore_errors=True)

    def _is_gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.postmaster() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    # Sharing

    @contextmanager
    def _starting(self) -> Iterator[None]:
        held = _lock(self.data / "starting", fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(held)

    def _leave(self) -> bool:
        """Give up our share; true if nobody else holds one."""
        if self._in_use is not None:
            os.close(self._in_use)
            self._in_use = None
        try:
            os.close(_lock(self.data / "in-use", fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


def _create_roles_and_database(connection: Connection[TupleRow]) -> None:
    from db.roles import reader_settings  # noqa: PLC0415 - as above

    roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for name in (OWNER, PUBLIC):
        if name not in roles:
            connection.execute(f"CREATE ROLE {name} LOGIN")
    databases = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    if DATABASE not in databases:
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    for statement in reader_settings():  # the owner may not alter a role
        connection.execute(statement.format(reader=PUBLIC))


def _lock(path: Path, kind: int) -> int:
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, kind)
    except BaseException:
        os.close(held)
        raise
    return held


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _socket_folder(data: Path) -> Path:
    """In the data folder, unless its path is too long for a socket or holds libpq's separator."""
    inside = data / "socket"
    length = len(os.fsencode(inside / f".s.PGSQL.{PORT}"))
    if length <= LONGEST_SOCKET and "," not in str(inside):
        return inside
    return Path("/tmp") / f"quartier-{_digest(data)}"  # noqa: S108 - owner and mode are checked


def _unicode_classes() -> str:
    return "UTF-8" if sys.platform == "darwin" else "C.UTF-8"


def _first_number(path: Path) -> int | None:
    try:
        found = re.match(r"\d+", path.read_text())
    except FileNotFoundError:
        return None
    return int(found[0]) if found else None


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):  # started by another process
        os.waitpid(pid, 0)


def _serves(pid: int, files: Path) -> bool:
    """Whether this process is the server of these files, and not one that got its number."""
    command = _command_line(pid).split("\0")
    return Path(command[0]).name == "postgres" and str(files) in command


def _command_line(pid: int) -> str:
    """The arguments of a process, NUL-separated; empty for none and for a zombie."""
    if Path("/proc/self").exists():
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
        except (FileNotFoundError, ProcessLookupError):
            return ""
    shown = subprocess.run(  # noqa: S603 - a program of PostgreSQL, by its path
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip().replace(" -", "\0-").replace("-D ", "-D\0")
