"""Building the scripts: what they weigh, what is checked, and what if it cannot be done."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from commands.checkout import build_scripts
from db.cluster import default_data_folder
from tests.servers import ROOT
from web import build as building
from web.build import DIST, PACKAGES, WEB, CannotBuild, build


@pytest.mark.usefixtures("scripts")
def test_the_types_of_the_components_are_right() -> None:
    folder = default_data_folder(ROOT)
    node = building._find_node() or building._node_from_wheel(folder, lambda _: None)
    command = (node.programs / "node", PACKAGES / "typescript" / "bin" / "tsc", "--noEmit")
    checked = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


def _with_imports(name: str) -> set[str]:
    """A script, and those it cannot do without."""
    found = re.findall(r'(?:from|import)"\./([\w.-]+\.js)"', (DIST / name).read_text())
    return {name}.union(*(_with_imports(other) for other in found))


def _weight(names: set[str]) -> int:
    return sum(len(gzip.compress((DIST / name).read_bytes())) for name in names)


def _chunk(name: str) -> str:
    return next(path.name for path in DIST.glob(f"{name}-*.js"))


@pytest.mark.usefixtures("scripts")
def test_a_list_weighs_15_kb_and_a_map_60_kb() -> None:
    a_list = _with_imports("quartier.js")
    a_map = a_list | _with_imports(_chunk("map")) | _with_imports(_chunk("drawing"))
    assert _weight(a_list) <= 15_000
    assert _weight(a_map) <= 60_000


@pytest.mark.usefixtures("scripts")
def test_scripts_name_nobody_to_ask() -> None:
    for script in DIST.glob("*.js"):
        hosts = set(re.findall(r"https?://([\w.-]+)", script.read_text()))
        # Names of namespaces, and of licences and issues in comments that packages want kept.
        assert hosts <= {"www.w3.org", "github.com", "lit.dev"}, script.name


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = [entry for name, entry in lock["packages"].items() if name]
    assert packages
    for entry in packages:
        assert "resolved" not in entry
        assert entry["integrity"].startswith("sha512-")


def test_versions_are_pinned() -> None:
    named = json.loads((WEB / "package.json").read_text())
    for version in (*named["dependencies"].values(), *named["devDependencies"].values()):
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


@pytest.mark.usefixtures("scripts")
def test_nothing_is_done_while_the_inputs_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_run", lambda *_: pytest.fail("something was run"))
    build(Path("/nonexistent"), progress=pytest.fail, development=True)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of web/ without what was built, and with no programs on PATH."""
    copy = tmp_path / "web"
    shutil.copytree(WEB, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    monkeypatch.setattr(building, "WEB", copy)
    monkeypatch.setattr(building, "DIST", copy / "dist")
    monkeypatch.setattr(building, "PACKAGES", copy / "node_modules")
    monkeypatch.setattr(building, "LISTS", (copy / "package.json", copy / "package-lock.json"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def _program(path: Path, said: str, code: int = 0) -> None:
    path.write_text(f"#!/bin/sh\necho '{said}'\nexit {code}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("version", ["v16.20.2", "nonsense"])
def test_node_that_is_too_old_is_not_used(version: str, elsewhere: Path) -> None:
    _program(elsewhere / "bin" / "node", version)
    _program(elsewhere / "bin" / "npm", "")
    assert building._find_node() is None


def test_what_a_tool_says_is_passed_on(elsewhere: Path) -> None:
    _program(elsewhere / "bin" / "node", "v20.0.0")
    _program(elsewhere / "bin" / "npm", "no network", 1)
    with pytest.raises(CannotBuild, match="no network"):
        build(elsewhere, progress=lambda _: None)


def test_a_server_starts_without_scripts(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("db.cluster.default_data_folder", lambda _: elsewhere)
    monkeypatch.setattr(building, "_install_wheel", _no_network)
    build_scripts()
    assert "Pages work without them" in capsys.readouterr().err


def test_a_server_that_may_write_nothing_starts(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "web" / ".building").unlink(missing_ok=True)
    (elsewhere / "web" / ".building").mkdir()  # what even root cannot open to write
    build_scripts()
    assert "Pages work without them" in capsys.readouterr().err


def _no_network(_target: Path) -> None:
    raise CannotBuild("no network")
