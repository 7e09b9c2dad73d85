"""The whole command once, small: no network, no other server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.cluster import Cluster
from tests.servers import ROOT

PATIENCE = 300.0
INDICATORS = ("as JSON-stat", "map of 53 districts", "quartier-csv", "another year")


@pytest.fixture(scope="module")
def folder(cluster: Cluster) -> Path:
    return cluster.data / f"bench-{os.getpid()}"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "bench", "--quick", "--no-peers", "--indicators", "4",
         "--data", folder, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_a_run_measures_and_leaves_only_a_database(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "figures.md"
    cases = ("near", "export", "publication", "jsonstat", "map-0", "cube", "years")
    done = run(
        folder, "--offerings=300", "--markdown", str(page), *(f"--only={case}" for case in cases)
    )
    assert done.returncode == 0, done.stderr
    assert page.read_text() in done.stdout
    for told in ("near, 20 by distance", "quartier-ndjson", "one changed offering", *INDICATORS):
        assert told in done.stdout
    assert Cluster(folder / "300").postmaster() is None

    # What was filled is used again, to compare fewer offerings with it.
    filled = (folder / "300" / "filled").stat().st_mtime_ns
    done = run(folder, "--against=200", "--only=item", "--offerings=300")
    assert done.returncode == 0, done.stderr
    assert "one offering: time, against 200" in done.stdout
    assert (folder / "300" / "filled").stat().st_mtime_ns == filled


def test_a_case_that_there_is_not_is_named(folder: Path) -> None:
    done = run(folder, "--only=everything")
    assert done.returncode == 1
    assert "no such case: everything" in done.stderr
