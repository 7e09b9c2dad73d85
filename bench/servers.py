"""Starts what is measured: this server in several ways, tipg, pygeoapi, and others found on PATH.

All listen on a free port of this machine, read the same database through the same socket, write no
access log unless that is what is measured, and have one worker process unless two are.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import yaml

from api.settings import Settings
from bench.environments import environment, version
from bench.statements import FOLDER
from db.cluster import DATABASE, OWNER, PORT, Cluster
from seed.load import Progress

ROOT = FOLDER.parent
PATIENCE = 60.0  # seconds for a start
GRACE = 15.0  # seconds for an end
LARGEST = 2_000_000  # features that a peer may send at once, so that it can be asked for all


@dataclass(frozen=True)
class Server:
    """A running one. `kind` names the paths it is asked, `name` is its own."""

    name: str
    kind: str
    url: str
    pid: int
    version: str


@dataclass(frozen=True)
class Plan:
    """What it takes to start one; `ready` is a path that answers 200 when it is."""

    name: str
    kind: str
    version: str
    ready: str
    command: Callable[[int], list[str | Path]]
    environment: Callable[[int], Mapping[str, str]]


@contextmanager
def running(plan: Plan, folder: Path) -> Iterator[Server]:
    port = free_port()
    with (folder / f"{plan.name}.log").open("wb") as log:
        process = subprocess.Popen(
            plan.command(port),
            cwd=folder,
            env={**os.environ, **plan.environment(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(process, url + plan.ready, Path(log.name))
            yield Server(plan.name, plan.kind, url, process.pid, plan.version)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """It may wait for requests that nobody reads any more; then it goes with all its workers."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=PATIENCE):  # noqa: S310 - always http on this machine
                return
        except (URLError, ConnectionError, HTTPException):
            time.sleep(0.05)
    raise ChildProcessError(f"{url} does not answer:\n{log.read_text(errors='replace')[-2000:]}")


# --- this server ---------------------------------------------------------------------------------


def quartier(
    cluster: Cluster, name: str, *, cached: bool, workers: int = 1, access_log: bool = False
) -> Plan:
    variables = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": "",
        "DATABASE_PUBLIC_URL": cluster.public_url,
        "HOST": "127.0.0.1",
        "WORKERS": str(workers),
        "RATE_LIMIT": "0",
        "ACCESS_LOG": "true" if access_log else "false",
        **({} if cached else {"CACHE_BYTES": "0"}),
        "ARTEFACTS_BUILD": "false",  # it would take its share of what is measured
        **({} if access_log else {"LOG_LEVEL": "warning"}),
    }
    return Plan(
        name,
        "quartier",
        _revision(),
        "/health/ready",
        lambda _port: [sys.executable, "-P", "-m", "cli", "serve"],
        lambda port: {**variables, "PORT": str(port)},
    )


def can(setting: str) -> bool:
    """Whether this version of the server has a setting."""
    return setting in Settings.model_fields


def _revision() -> str:
    git = shutil.which("git")
    if not git:
        return "unknown"
    done = subprocess.run(
        [git, "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


# --- the others ----------------------------------------------------------------------------------


def tipg(cluster: Cluster, folder: Path, *, progress: Progress) -> Plan:
    programs = environment(folder, "bench-tipg", progress=progress)
    variables = {
        "DATABASE_URL": f"postgresql://{OWNER}@{quote(str(cluster.socket), safe='')}/{DATABASE}",
        "TIPG_DB_SCHEMAS": '["bench"]',
        "TIPG_CATALOG_TTL": "0",
        "TIPG_MAX_FEATURES_PER_QUERY": str(LARGEST),
    }
    return Plan(
        "tipg",
        "tipg",
        version(programs, "tipg"),
        "/healthz",
        lambda port: [
            programs / "uvicorn",
            "tipg.main:app",
            *("--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
        ],
        lambda _port: variables,
    )


def pygeoapi(cluster: Cluster, folder: Path, *, progress: Progress) -> Plan:
    programs = environment(folder, "bench-pygeoapi", progress=progress)
    config, contract = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.yml"
    variables = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(contract)}

    def command(port: int) -> list[str | Path]:
        config.write_text(yaml.safe_dump(_pygeoapi_config(cluster, port)), encoding="utf-8")
        subprocess.run(
            [programs / "pygeoapi", "openapi", "generate", config, "--output-file", contract],
            env={**os.environ, **variables},
            capture_output=True,
            check=True,
        )
        return [
            programs / "gunicorn",
            *("--workers", "1", "--threads", "4", "--timeout", "600", "--no-control-socket"),
            *("--bind", f"127.0.0.1:{port}", "pygeoapi.flask_app:APP"),
        ]

    return Plan(
        "pygeoapi",
        "pygeoapi",
        version(programs, "pygeoapi"),
        "/conformance?f=json",
        command,
        lambda _port: variables,
    )


def _pygeoapi_config(cluster: Cluster, port: int) -> object:
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": LARGEST, "on_exceed": "error"},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "bench", "description": "bench", "keywords": ["bench"],
                "keywords_type": "theme", "terms_of_service": "", "url": "",
            },
            "license": {"name": "", "url": ""},
            "provider": {"name": "", "url": ""},
            "contact": {"name": ""},
        },
        "resources": {
            "offering": _pygeoapi_collection(cluster, "offering"),
            "district": _pygeoapi_collection(cluster, "district"),
        },
    }  # fmt: skip


def _pygeoapi_collection(cluster: Cluster, table: str) -> object:
    return {
        "type": "collection",
        "title": table,
        "description": table,
        "keywords": [table],
        "extents": {"spatial": {"bbox": [12, 50, 15, 52]}},
        "providers": [
            {
                "type": "feature",
                "name": "PostgreSQL",
                "data": {
                    "host": str(cluster.socket), "port": PORT, "dbname": DATABASE, "user": OWNER,
                    "password": "", "search_path": ["bench", "public"],
                },
                "id_field": "id",
                "table": table,
                "geom_field": "geom",
            }
        ],
    }  # fmt: skip


def found_on_path(cluster: Cluster) -> Iterator[Plan]:
    """Servers that this command does not install, and measures where somebody else did."""
    program = shutil.which("pg_featureserv")
    if program:
        yield _pg_featureserv(cluster, Path(program))


def _pg_featureserv(cluster: Cluster, program: Path) -> Plan:
    variables = {
        "DATABASE_URL": f"host={cluster.socket} port={PORT} user={OWNER} dbname={DATABASE}",
        "PGFS_SERVER_HTTPHOST": "127.0.0.1",
        "PGFS_PAGING_LIMITMAX": str(LARGEST),
        "PGFS_DATABASE_TABLEINCLUDES": "bench",
    }
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return Plan(
        "pg_featureserv",
        "pg_featureserv",
        (told.stdout + told.stderr).strip().rpartition(" ")[2] or "unknown",
        "/index.json",
        lambda _port: [program],
        lambda port: {**variables, "PGFS_SERVER_HTTPPORT": str(port)},
    )
