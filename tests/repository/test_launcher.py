"""The launcher is plain sh, and what it installs is pinned and comes from nowhere in particular."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = sorted((ROOT / "requirements").glob("*.txt"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_launcher_is_posix_shell() -> None:
    assert (ROOT / "quartier").read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", ROOT / "quartier"], check=False).returncode == 0


@pytest.mark.parametrize("script", ["quartier", ".ci/run"])
def test_shellcheck_finds_nothing(script: str) -> None:
    program = Path(sysconfig.get_path("scripts")) / "shellcheck"
    found = subprocess.run([program, ROOT / script], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("name", ["quartier", ".ci/run"])
def test_what_is_run_is_executable(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_requirement_has_a_version_and_a_hash(path: Path) -> None:
    blocks = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", path.read_text()).strip())
    assert blocks
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", block)
        assert "--hash=sha256:" in block


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_no_registry_is_named(path: Path) -> None:
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host|://", path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_names_a_registry(path: Path) -> None:
    assert not re.search(r"\b(pypi|pythonhosted|npmjs|debian)\.(org|com)\b", path.read_text())


def test_every_direct_requirement_is_pinned() -> None:
    for source in (ROOT / "requirements").glob("*.in"):
        pinned = source.with_suffix(".txt").read_text()
        for line in source.read_text().splitlines():
            if name := re.match(r"\w[\w.-]*", line):
                assert re.search(rf"(?mi)^{re.escape(name[0])}(\[.*\])?==", pinned), name[0]


def test_development_extends_what_runs() -> None:
    """The same versions in both, or the tests would test something else."""
    base, development = (
        set(re.findall(r"(?m)^[^\s#]+==\S+", (ROOT / "requirements" / name).read_text()))
        for name in ("base.txt", "dev.txt")
    )
    assert base <= development


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy with a blank in its path, and an interpreter that says how it was called."""
    copy = tmp_path / "a check out"
    shutil.copytree(ROOT / "requirements", copy / "requirements")
    shutil.copy(ROOT / "quartier", copy)
    (copy / ".venv" / "bin").mkdir(parents=True)
    python = copy / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$PWD|$PYTHONPATH|$*"\n')
    python.chmod(0o755)
    for name in ("base", "dev"):
        with (copy / "requirements" / f"{name}.txt").open("rb") as pinned:
            sum_ = subprocess.run(["cksum"], stdin=pinned, capture_output=True, check=True).stdout
        (copy / ".venv" / f"{name}.stamp").write_bytes(sum_)
    return copy


def _call(launcher: Path, *arguments: str, cwd: Path) -> str:
    called = subprocess.run(
        [launcher, *arguments], cwd=cwd, env={}, capture_output=True, text=True, check=True
    )
    return called.stdout


def test_the_launcher_hands_over_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    said = _call(checkout / "quartier", "openapi", "--name", "two words", cwd=tmp_path)
    assert said == f"{tmp_path}|{checkout}|-P -m cli openapi --name two words\n"


def test_the_launcher_may_be_called_through_links(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "first").symlink_to("../a check out/quartier")
    (tmp_path / "second").symlink_to(tmp_path / "bin" / "first")
    assert f"|{checkout}|" in _call(tmp_path / "second", "openapi", cwd=tmp_path)


def test_a_warm_launcher_costs_little(checkout: Path) -> None:
    """50 ms are promised: of the processor, as the clock runs on when the machine is busy."""
    seconds = []
    for _ in range(5):
        before = os.times()
        _call(checkout / "quartier", "up", cwd=checkout)
        after = os.times()
        used = after.children_user + after.children_system
        seconds.append(used - before.children_user - before.children_system)
    assert min(seconds) < 0.05


def test_a_link_to_a_postgresql_without_postgis_is_not_enough(
    checkout: Path, tmp_path: Path
) -> None:
    """Images put links to Debian's programs on PATH; PostGIS is missing all the same."""
    programs = tmp_path / "postgresql" / "15" / "bin"
    programs.mkdir(parents=True)
    (programs / "initdb").write_text("#!/bin/sh\n")
    (programs / "initdb").chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "basename", "readlink", "cat", "cksum", "id"):
        (tools / name).symlink_to(shutil.which(name) or name)
    (tools / "initdb").symlink_to(programs / "initdb")
    launcher = checkout / "quartier"
    here = launcher.read_text().replace("/usr/lib/postgresql", str(tmp_path / "postgresql"))
    launcher.write_text(here.replace("/usr/share/postgresql", str(tmp_path / "share")))
    called = subprocess.run(
        [launcher, "up"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert called.returncode == 1
    assert "PostGIS is needed" in called.stderr


def test_without_a_load_generator_the_launcher_says_what_to_install(
    checkout: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "basename", "readlink", "cat", "cksum", "id"):
        (tools / name).symlink_to(shutil.which(name) or name)
    called = subprocess.run(
        [checkout / "quartier", "bench"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert called.returncode == 1
    assert "wrk is needed to measure" in called.stderr


def test_without_a_browser_the_launcher_says_what_to_install(
    checkout: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "basename", "readlink", "cat", "cksum", "id"):
        (tools / name).symlink_to(shutil.which(name) or name)
    (tools / "wrk").symlink_to("sh")
    called = subprocess.run(
        [checkout / "quartier", "test"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert called.returncode == 1
    assert "Chromium is needed to test" in called.stderr


def test_without_python_the_launcher_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "id"):
        (tools / name).symlink_to(shutil.which(name) or name)
    called = subprocess.run(
        [checkout / "quartier", "up"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert called.returncode == 1
    for system in ("Debian", "Fedora", "Alpine", "macOS"):
        assert system in called.stderr
