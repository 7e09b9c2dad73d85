"""The files that services are made from name what exists, and give nobody more than they need."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from api.settings import Settings
from cli import app
from db.cluster import SUPERUSER, Cluster
from db.server import EXTENSIONS, environment
from tests.docs.pages import DOCS, ROOT, blocks

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}
SETTINGS = {name.upper() for name in Settings.model_fields}
VARIABLE = re.compile(r"\$\{(\w+)(:[?-])?")


def is_command(arguments: list[str]) -> bool:
    command: object = get_command(app)
    for argument in arguments:
        if isinstance(command, TyperGroup):
            command = command.commands.get(argument)
    return command is not None and not isinstance(command, TyperGroup)


def test_one_that_does_not_exist_is_found() -> None:
    assert not is_command(["no-such-command", "--option"])
    assert not is_command(["db"])


# --- compose.yaml --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OURS)
def test_services_are_set_by_settings_that_exist(name: str) -> None:
    assert OURS[name]["environment"].keys() <= SETTINGS


@pytest.mark.parametrize("name", OURS)
def test_services_run_commands_that_exist(name: str) -> None:
    assert "command" not in OURS[name] or is_command(OURS[name]["command"])


@pytest.mark.parametrize("name", OURS)
def test_containers_can_write_nothing_and_gain_nothing(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_server_knows_the_readers_password_only() -> None:
    assert "OWNER_PASSWORD" not in str(SERVICES["server"])
    assert "POSTGRES_PASSWORD" not in str([*OURS.values(), SERVICES["proxy"]])


def test_the_server_is_published_on_this_machine_only() -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["server"]["ports"])
    assert "ports" not in SERVICES["database"]


def test_passwords_come_from_the_environment_and_are_required() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name, how in VARIABLE.findall(text):
        assert how == (":?" if name.endswith("PASSWORD") else ":-"), name
    assert re.findall(r"postgresql://\w+:(?!\$\{)", text) == []
    assert re.findall(r"PASSWORD: (?!\$\{)", text) == []


def test_the_example_has_every_variable_that_must_be_set_and_no_password() -> None:
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    text = (ROOT / "compose.yaml").read_text()
    required = {name for name, how in VARIABLE.findall(text) if how == ":?"}
    assert required <= example.keys() <= {name for name, _ in VARIABLE.findall(text)}
    assert set(example.values()) == {""}
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_what_is_mounted_exists() -> None:
    volumes = [each for service in SERVICES.values() for each in service.get("volumes", [])]
    for source in (each.split(":")[0] for each in volumes):
        assert source in COMPOSE["volumes"] or (ROOT / source).is_file(), source


def test_whoever_waits_for_health_waits_for_one_that_tells() -> None:
    for service in SERVICES.values():
        for name, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert name == "server" or "healthcheck" in SERVICES[name]
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


# --- the image -----------------------------------------------------------------------------------


def _copied() -> Iterator[str]:
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from=" not in line:
            yield from line.split()[1:-1]


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    for source in _copied():
        assert (ROOT / source).exists()
        assert any(fnmatch(source, pattern) for pattern in allowed), source


def test_the_image_has_all_code_and_no_tests() -> None:
    code = {path.name for path in ROOT.iterdir() if list(path.glob("*.py"))} - {"tests", "bench"}
    assert {*code, "cli.py"} <= set(_copied())
    assert not {".", "tests", "docs", "bench"} & set(_copied())


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = re.findall(r"^USER (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


# --- the service and the proxies -----------------------------------------------------------------


def _unit() -> dict[str, str]:
    lines = (DEPLOY / "quartier.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]\w+=", line))


def test_the_service_runs_a_command_that_exists() -> None:
    program, *arguments = shlex.split(_unit()["ExecStart"])
    assert (ROOT / Path(program).relative_to("/opt/quartier")).is_file()
    assert is_command(arguments)


def test_the_service_ends_after_running_requests_had_their_time() -> None:
    patience = int(_unit()["TimeoutStopSec"])
    assert patience > Settings.model_fields["shutdown_timeout"].default
    assert _unit()["KillMode"] == "mixed"


def test_the_service_is_confined() -> None:
    wanted = {"DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict"}
    assert wanted.items() <= _unit().items()
    assert _unit()["CapabilityBoundingSet"] == ""


def test_nginx_decides_every_header_that_is_believed() -> None:
    """A header that it does not set would be passed on as the caller wrote it."""
    text = (DEPLOY / "nginx.conf").read_text()
    believed = re.findall(r'"(proto|host|prefix)"', (ROOT / "api" / "links.py").read_text())
    assert believed
    for name in {*believed, "for"}:
        assert f"proxy_set_header X-Forwarded-{name.capitalize()} " in text


def test_no_proxy_compresses_or_buffers() -> None:
    nginx, caddy = ((DEPLOY / name).read_text() for name in ("nginx.conf", "Caddyfile"))
    assert "gzip off;" in nginx
    assert "proxy_buffering off;" in nginx
    assert "encode" not in caddy
    assert caddy.count("reverse_proxy") == caddy.count("flush_interval -1") == 2


# --- the database --------------------------------------------------------------------------------


def _statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if line and not line.startswith(("--", "\\"))]
    return [re.sub(r"PASSWORD .+;", "PASSWORD …;", line) for line in lines]


def test_the_script_for_the_database_does_what_the_page_says() -> None:
    (page,) = blocks(DOCS / "how-to" / "deploy-with-your-own-postgresql.md", "sql")
    assert _statements((DEPLOY / "database.sql").read_text()) == _statements(page)


def test_the_script_for_the_database_takes_passwords_from_the_environment(
    cluster: Cluster,
) -> None:
    names = {"quartier_owner": "scripted_owner", "quartier_reader": "scripted_reader"}
    script = (DEPLOY / "database.sql").read_text()
    for name, here in {**names, "DATABASE quartier ": "DATABASE scripted "}.items():
        script = script.replace(name, here)
    script = script.replace("connect quartier", "connect scripted")
    try:
        _psql(cluster, script, OWNER_PASSWORD="it's one", READER_PASSWORD="another")
        with psycopg.connect(cluster.url(SUPERUSER, "scripted")) as connection:
            created = connection.execute(
                "SELECT rolname FROM pg_authid WHERE rolname LIKE 'scripted_%'"
                " AND rolpassword LIKE 'SCRAM-SHA-256$%' ORDER BY 1"
            ).fetchall()
            found = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
        assert created == [("scripted_owner",), ("scripted_reader",)]
        assert set(EXTENSIONS) <= found
    finally:
        _psql(
            cluster,
            "DROP DATABASE IF EXISTS scripted WITH (FORCE);"
            "DROP ROLE IF EXISTS scripted_owner; DROP ROLE IF EXISTS scripted_reader;",
        )


def _psql(cluster: Cluster, script: str, **variables: str) -> None:
    ended = subprocess.run(
        [
            cluster.program("psql"),
            "-X",
            "-v",
            "ON_ERROR_STOP=1",
            cluster.url(SUPERUSER, "postgres"),
        ],
        input=script,
        env=environment() | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
